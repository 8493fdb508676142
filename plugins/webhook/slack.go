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
// "legacy" reference) into a Connector Card. Whatever asks the reader for an answer is
// only named: a button needs an address.
type slack struct {
	builder
	// mrkdwn converts texts of no declared type.
	mrkdwn func(string) string
}

func fromSlack(root node) (card.Card, error) {
	s := slack{mrkdwn: fromMrkdwn}
	if isImitator(root) {
		s.mrkdwn = fromMattermost
	}
	text, blocks := root.get("text").text(), root.get("blocks").list()
	s.sender(root)
	if len(blocks) == 0 {
		s.paragraph(s.mrkdwn(text))
	}
	s.blocks(blocks)
	if len(blocks) > 0 && s.empty() {
		s.paragraph(s.mrkdwn(text)) // none of the blocks shows anything
	} else if len(blocks) > 0 {
		// Beside blocks, the text is only a summary.
		s.card.Summary = card.Plain(s.mrkdwn(text))
	}
	for _, a := range root.get("attachments").list() {
		s.attachment(a)
	}
	c := s.done()
	if !shows(c) {
		return c, errEmptyCard
	}
	if c.Title == "" && c.Summary == "" {
		c.Summary = s.headline(root)
	}
	return c, nil
}

// headline sets the summary of a payload without a title: anything but the sender's
// name.
func (s *slack) headline(root node) string {
	candidates := []string{root.get("text").text()}
	for _, a := range root.get("attachments").list() {
		for _, name := range []string{"title", "fallback", "pretext", "text"} {
			candidates = append(candidates, a.get(name).text())
		}
	}
	for _, text := range candidates {
		line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
		if line = card.Plain(s.mrkdwn(line)); strings.Trim(line, "# ") != "" {
			return strings.TrimLeft(line, "# ")
		}
	}
	return ""
}

// sender reads the sender, with a picture or an emoji, also by Rocket.Chat's names.
func (s *slack) sender(root node) {
	name := card.Escape(orElse(root.get("username").text(), root.get("alias").text()))
	image := orElse(root.get("icon_url").text(), root.get("avatar").text())
	emoji := orElse(root.get("icon_emoji").text(), root.get("emoji").text())
	if found := withEmoji(emoji); image == "" && name != "" && found != emoji {
		name = found + " " + name
	}
	if !isWeb(image) && name == "" {
		return
	}
	s.activity(image, name, "", "")
}

// slackText is a text object, or a bare text, in the card's Markdown.
func (s *slack) slackText(n node) string {
	switch {
	case !n.isObject():
		return s.mrkdwn(n.text())
	case n.get("type").word() == "plain_text":
		return card.Escape(plainText(n))
	}
	return s.mrkdwn(n.get("text").text())
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
		s.paragraph(s.slackText(b.get("description")))
		s.image(b.get("thumbnail_url").text(), b.get("alt_text").text())
		s.link(plainText(b.get("title")), orElse(b.get("title_url").text(), b.get("video_url").text()))
	case "table":
		s.slackTable(b.get("rows").list())
	case "section":
		s.parts(b)
	default: // an unknown block, which may have a text
		if !s.parts(b) {
			s.ask(strings.ReplaceAll(b.get("type").text(), "_", " "))
		}
	}
}

// parts reads a section, or a block with the same members.
func (s *slack) parts(b node) bool {
	text, fields, accessory := s.slackText(b.get("text")), b.get("fields").list(), b.get("accessory")
	s.paragraph(text)
	for _, f := range fields {
		s.field(f)
	}
	s.buttons([]node{accessory})
	return text != "" || len(fields) > 0 || accessory.isObject()
}

// slackTable reads a table, whose first row is its header.
func (s *slack) slackTable(rows []node) {
	var lines [][]string
	for _, row := range rows {
		var line []string
		for _, cell := range row.list() {
			text := card.Escape(cell.get("text").text())
			if cell.get("type").word() == "rich_text" {
				text = richText(cell.get("elements").list())
			}
			line = append(line, oneLine(text))
		}
		lines = append(lines, line)
	}
	s.table(lines, len(lines) > 0)
}

// field reads "*Name*\nvalue" and "*Name:* value", the two common forms of fields, as a
// fact.
func (s *slack) field(f node) {
	text := strings.TrimSpace(f.text())
	if f.isObject() {
		text = strings.TrimSpace(f.get("text").text())
	}
	convert := s.mrkdwn
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

// context reads small print. A single picture in it is an avatar.
func (s *slack) context(elements []node) {
	var words, pictures []string
	for _, e := range elements {
		if address := e.get("image_url").text(); address != "" {
			pictures = append(pictures, address)
			continue
		}
		if w := s.slackText(e); w != "" {
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
		if !slices.ContainsFunc(links, func(n node) bool { return n.get("url").text() != "" }) {
			s.element(e)
			continue
		}
		for i, l := range links {
			if name, address := plainText(l.get("text")), l.get("url").text(); address != "" || i > 0 {
				s.link(name, address)
			}
		}
	}
}

// element adds an element without an address: a picture, or one that waits for an
// answer.
func (s *slack) element(e node) {
	switch kind := e.get("type").word(); kind {
	case "":
	case "image":
		s.image(e.get("image_url").text(), e.get("alt_text").text())
	default:
		s.ask(orElse(plainText(e.get("text")), orElse(plainText(e.get("placeholder")), strings.ReplaceAll(kind, "_", " "))))
	}
}

// attachment reads a section with a coloured bar, which Slack has deprecated and most
// senders still use.
func (s *slack) attachment(a node) {
	s.divide()
	if s.card.ThemeColor == "" {
		s.card.ThemeColor = slackColor(a.get("color").text())
	}
	s.paragraph(s.mrkdwn(a.get("pretext").text()))
	before := len(s.card.Sections)
	if title := a.get("title").text(); title != "" {
		s.heading(s.mrkdwn(title))
	}
	if name := card.Escape(a.get("author_name").text()); name != "" {
		s.author(a, name)
	}
	s.paragraph(s.mrkdwn(a.get("text").text()))
	for _, f := range a.get("fields").list() {
		s.fact(s.mrkdwn(f.get("title").text()), s.mrkdwn(f.get("value").text()))
	}
	s.image(a.get("image_url").text(), "")
	s.image(a.get("thumb_url").text(), "")
	title := card.Plain(s.mrkdwn(a.get("title").text()))
	for _, l := range []struct{ name, member string }{
		{orElse(title, "Open"), "title_link"}, {"Listen", "audio_url"}, {"Watch", "video_url"}, {"Open", "message_link"}, {"Download", "title_link_download"},
	} {
		if address := a.get(l.member).text(); strings.Contains(address, ":") {
			s.link(l.name, address)
		}
	}
	s.buttons(a.get("actions").list())
	s.blocks(a.get("blocks").list())
	if s.sectionEmpty() && len(s.card.Sections) == before {
		s.paragraph(s.mrkdwn(a.get("fallback").text()))
	}
	if a.get("author_name").text() == "" {
		s.paragraph(s.footer(a))
	}
	s.flush()
}

// author puts the author and the small print beside the attachment's title.
func (s *slack) author(a node, name string) {
	if address := a.get("author_link").text(); isWeb(address) {
		name = "[" + name + "](" + linkAddress(address) + ")"
	}
	if len(s.text) > 0 {
		s.flush()
	}
	s.open()
	s.section.ActivityTitle, s.section.ActivitySubtitle = name, s.footer(a)
	if icon := a.get("author_icon").text(); isWeb(icon) {
		s.section.ActivityImage = icon
	}
}

// footer is an attachment's small print, with its time.
func (s *slack) footer(a node) string {
	var parts []string
	if text := s.mrkdwn(a.get("footer").text()); text != "" {
		parts = append(parts, text)
	}
	if ts, err := strconv.ParseFloat(a.get("ts").text(), 64); err == nil && ts > 0 && ts < 1<<36 {
		parts = append(parts, time.Unix(int64(ts), 0).UTC().Format("2006-01-02 15:04 UTC"))
	} else if at, err := time.Parse(time.RFC3339, a.get("ts").text()); err == nil { // Rocket.Chat's form
		parts = append(parts, at.UTC().Format("2006-01-02 15:04 UTC"))
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
