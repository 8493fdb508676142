package webhook

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
)

// slack reads what an application posts to Slack's incoming webhooks
// (https://docs.slack.dev/reference/block-kit and, for the attachments, Slack's
// "legacy" reference) into a Connector Card. What asks the reader to answer is only
// named: a button counts only with an address.
type slack struct{ builder }

func fromSlack(root node) (card.Card, error) {
	var s slack
	text, blocks := root.get("text").text(), root.get("blocks").list()
	s.activity(root.get("icon_url").text(), card.Escape(root.get("username").text()), "", "")
	if len(blocks) == 0 {
		s.paragraph(fromMrkdwn(text))
	}
	s.blocks(blocks)
	if len(blocks) > 0 && s.empty() {
		s.paragraph(fromMrkdwn(text)) // none of the blocks shows anything
	} else if len(blocks) > 0 {
		// Beside blocks the text is only what a list or a notification shows.
		s.card.Summary = card.Plain(fromMrkdwn(text))
	}
	for _, a := range root.get("attachments").list() {
		s.attachment(a)
	}
	c := s.done()
	if !shows(c) {
		return c, errEmptyCard
	}
	return c, nil
}

// slackText is a text object, or a bare text, in the card's Markdown.
func slackText(n node) string {
	switch {
	case !n.isObject():
		return fromMrkdwn(n.text())
	case n.get("type").word() == "plain_text":
		return card.Escape(plainText(n))
	}
	return fromMrkdwn(n.get("text").text())
}

// plainText is a text object or a bare text, without markup.
func plainText(n node) string {
	if n.get("emoji").is(false) {
		return unescape(n.get("text").text())
	}
	if n.isObject() {
		n = n.get("text")
	}
	return withEmoji(unescape(n.text()))
}

func (s *slack) blocks(list []node) {
	for _, b := range list {
		s.block(b)
	}
}

func (s *slack) block(b node) {
	switch b.get("type").word() {
	case "header":
		s.heading(card.Escape(plainText(b.get("text"))))
	case "divider":
		s.divide()
	case "context":
		s.context(b.get("elements").list())
	case "image":
		s.image(b.get("image_url").text(), orElse(plainText(b.get("title")), b.get("alt_text").text()))
	case "actions":
		s.buttons(b.get("elements").list())
	case "input":
		s.ask(orElse(plainText(b.get("label")), "input"))
	case "rich_text":
		s.paragraph(richText(b.get("elements").list()))
	case "markdown":
		s.paragraph(b.get("text").text())
	case "video":
		s.paragraph(slackText(b.get("description")))
		s.image(b.get("thumbnail_url").text(), b.get("alt_text").text())
		s.link(plainText(b.get("title")), orElse(b.get("title_url").text(), b.get("video_url").text()))
	default: // section, and what is new and has a text
		s.paragraph(slackText(b.get("text")))
		for _, f := range b.get("fields").list() {
			s.field(f)
		}
		s.buttons([]node{b.get("accessory")})
	}
}

// field reads "*Name*\nvalue" and "*Name:* value", the two ways in which fields
// are written, as a fact.
func (s *slack) field(f node) {
	text := strings.TrimSpace(f.text())
	if f.isObject() {
		text = strings.TrimSpace(f.get("text").text())
	}
	convert := fromMrkdwn
	if f.get("type").word() == "plain_text" {
		convert = card.Escape
	}
	name, value, found := strings.Cut(text, "\n")
	if bold, rest, ok := boldStart(text); ok {
		name, value, found = bold, rest, true
	}
	name, value = strings.Trim(name, " *:\t"), strings.TrimLeft(value, " :\n")
	if !found || name == "" || len(name) > longName || strings.Contains(name, "\n") {
		s.paragraph(convert(text))
		return
	}
	s.fact(convert(name), convert(value))
}

// boldStart splits "*name* rest".
func boldStart(s string) (name, rest string, ok bool) {
	if !strings.HasPrefix(s, "*") {
		return "", "", false
	}
	return strings.Cut(s[1:], "*")
}

// context is small print. A single picture in it is an avatar.
func (s *slack) context(elements []node) {
	var words, pictures []string
	for _, e := range elements {
		if address := e.get("image_url").text(); address != "" {
			pictures = append(pictures, address)
			continue
		}
		if w := slackText(e); w != "" {
			words = append(words, w)
		}
	}
	text := strings.Join(words, "  ")
	if len(pictures) == 1 && text != "" {
		s.activity(pictures[0], "", "", text)
		return
	}
	s.paragraph(text)
}

// buttons adds the elements that need no answer, links and pictures, and names the
// others.
func (s *slack) buttons(elements []node) {
	for _, e := range elements {
		links := append([]node{e}, e.get("options").list()...)
		if !slices.ContainsFunc(links, func(n node) bool { return isWeb(n.get("url").text()) }) {
			s.element(e)
			continue
		}
		for _, l := range links {
			if name, address := plainText(l.get("text")), l.get("url").text(); isWeb(address) {
				s.link(name, address)
			} else {
				s.ask(name)
			}
		}
	}
}

// element is one that leads nowhere: a picture, or what waits for an answer.
func (s *slack) element(e node) {
	switch kind := e.get("type").word(); kind {
	case "":
	case "image":
		s.image(e.get("image_url").text(), e.get("alt_text").text())
	default:
		s.ask(orElse(plainText(e.get("text")), orElse(plainText(e.get("placeholder")), strings.ReplaceAll(kind, "_", " "))))
	}
}

// attachment is a section with the bar of colour that Slack has given up, and most
// senders have not.
func (s *slack) attachment(a node) {
	s.divide()
	if s.card.ThemeColor == "" {
		s.card.ThemeColor = slackColor(a.get("color").text())
	}
	s.paragraph(fromMrkdwn(a.get("pretext").text()))
	before := len(s.card.Sections)
	if title := a.get("title").text(); title != "" {
		s.heading(fromMrkdwn(title))
	}
	if name := card.Escape(a.get("author_name").text()); name != "" {
		s.author(a, name)
	}
	s.paragraph(fromMrkdwn(a.get("text").text()))
	for _, f := range a.get("fields").list() {
		s.fact(fromMrkdwn(f.get("title").text()), fromMrkdwn(f.get("value").text()))
	}
	s.image(a.get("image_url").text(), "")
	s.image(a.get("thumb_url").text(), "")
	s.link(orElse(card.Plain(fromMrkdwn(a.get("title").text())), "Open"), a.get("title_link").text())
	s.buttons(a.get("actions").list())
	s.blocks(a.get("blocks").list())
	if s.sectionEmpty() && len(s.card.Sections) == before {
		s.paragraph(fromMrkdwn(a.get("fallback").text()))
	}
	if a.get("author_name").text() == "" {
		s.paragraph(footer(a))
	}
	s.flush()
}

// author puts who it was, and the small print, beside the attachment's title.
func (s *slack) author(a node, name string) {
	if address := a.get("author_link").text(); isWeb(address) {
		name = "[" + name + "](" + linkAddress(address) + ")"
	}
	if len(s.text) > 0 {
		s.flush()
	}
	s.open()
	s.section.ActivityTitle, s.section.ActivitySubtitle = name, footer(a)
	if icon := a.get("author_icon").text(); isWeb(icon) {
		s.section.ActivityImage = icon
	}
}

// footer is an attachment's small print, with its time.
func footer(a node) string {
	var parts []string
	if text := fromMrkdwn(a.get("footer").text()); text != "" {
		parts = append(parts, text)
	}
	if ts, err := strconv.ParseFloat(a.get("ts").text(), 64); err == nil && ts > 0 && ts < 1<<36 {
		parts = append(parts, time.Unix(int64(ts), 0).UTC().Format("2006-01-02 15:04 UTC"))
	}
	return strings.Join(parts, " · ")
}

// slackColor reads a colour; Slack has names for three.
func slackColor(s string) string {
	switch s {
	case "good":
		return "2EB886"
	case "warning":
		return "DAA038"
	case "danger":
		return "A30200"
	}
	return hexColor(s)
}

// richText reads a rich_text block, which senders get when they copy what Slack's
// own editor made.
func richText(elements []node) string {
	var parts []string
	for _, e := range elements {
		switch e.get("type").word() {
		case "rich_text_list":
			parts = append(parts, richList(e))
		case "rich_text_quote":
			parts = append(parts, "> "+strings.ReplaceAll(richRuns(e), "\n\n", "\n> \n> "))
		case "rich_text_preformatted":
			parts = append(parts, fence(plainRuns(e), ""))
		default:
			parts = append(parts, richRuns(e))
		}
	}
	return strings.Join(parts, "\n\n")
}

func richList(e node) string {
	mark := "- "
	if e.get("style").word() == "ordered" {
		mark = "1. "
	}
	indent, _ := strconv.Atoi(e.get("indent").text())
	var lines []string
	for _, point := range e.get("elements").list() {
		lines = append(lines, strings.Repeat("  ", min(max(indent, 0), 8))+mark+strings.ReplaceAll(richRuns(point), "\n\n", " "))
	}
	return strings.Join(lines, "\n")
}

// richRuns joins the runs of a section.
func richRuns(e node) string {
	var b strings.Builder
	for _, r := range e.get("elements").list() {
		b.WriteString(richRun(r))
	}
	return strings.TrimSpace(b.String())
}

func richRun(r node) string {
	text := r.get("text").text()
	switch r.get("type").word() {
	case "link":
		if address := r.get("url").text(); isWeb(address) {
			return link(orElse(text, address), address)
		}
		return card.Escape(text)
	case "emoji":
		return richEmoji(r)
	case "user", "channel", "usergroup", "broadcast":
		for _, name := range []string{"user_id", "channel_id", "usergroup_id", "range"} {
			if id := r.get(name).text(); id != "" {
				return "@" + card.Escape(id)
			}
		}
		return ""
	}
	style := r.get("style")
	if style.get("code").is(true) {
		return emphasise(strings.ReplaceAll(text, "`", "'"), "`")
	}
	text = strings.ReplaceAll(card.Escape(text), "\n", "\n\n")
	for _, mark := range []struct{ name, with string }{{"strike", "~~"}, {"italic", "_"}, {"bold", "**"}} {
		if style.get(mark.name).is(true) {
			text = emphasise(text, mark.with)
		}
	}
	return text
}

func plainRuns(e node) string {
	var b strings.Builder
	for _, r := range e.get("elements").list() {
		b.WriteString(orElse(r.get("text").text(), r.get("url").text()))
	}
	return b.String()
}
