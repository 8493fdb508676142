package webhook

import (
	"cmp"
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
	text, blocks := root.string("text"), root.get("blocks").list()
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
	candidates := []string{root.string("text")}
	for _, a := range root.get("attachments").list() {
		for _, name := range []string{"title", "fallback", "pretext", "text"} {
			candidates = append(candidates, a.string(name))
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
	name := card.Escape(root.string("username", "alias"))
	image := root.string("icon_url", "avatar")
	emoji := root.string("icon_emoji", "emoji")
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
	case n.kind() == "plain_text":
		return card.Escape(plainText(n))
	}
	return s.mrkdwn(n.string("text"))
}

// plainText is a text object or a bare text, without markup.
func plainText(n node) string {
	if n.get("emoji").is(false) {
		return unescape(n.string("text"))
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
	switch b.kind() {
	case "header":
		s.heading(card.Escape(plainText(b.get("text"))))
	case "divider":
		s.divide()
	case "context":
		s.context(b.get("elements").list())
	case "image":
		s.image(b.string("image_url"), cmp.Or(plainText(b.get("title")), b.string("alt_text")))
	case "actions":
		s.buttons(b.get("elements").list())
	case "input":
		s.ask(cmp.Or(plainText(b.get("label")), "input"))
	case "rich_text":
		s.paragraph(richText(b.get("elements").list()))
	case "markdown":
		s.paragraph(b.string("text"))
	case "video":
		s.paragraph(s.slackText(b.get("description")))
		s.image(b.string("thumbnail_url"), b.string("alt_text"))
		s.link(plainText(b.get("title")), b.string("title_url", "video_url"))
	case "table":
		s.slackTable(b.get("rows").list())
	case "section":
		s.parts(b)
	default: // an unknown block, which may have a text
		if !s.parts(b) {
			s.ask(strings.ReplaceAll(b.string("type"), "_", " "))
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
			text := card.Escape(cell.string("text"))
			if cell.kind() == "rich_text" {
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
		text = strings.TrimSpace(f.string("text"))
	}
	convert := s.mrkdwn
	if f.kind() == "plain_text" {
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
		if address := e.string("image_url"); address != "" {
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
		if !slices.ContainsFunc(links, func(n node) bool { return n.string("url") != "" }) {
			s.element(e)
			continue
		}
		for i, l := range links {
			if name, address := plainText(l.get("text")), l.string("url"); address != "" || i > 0 {
				s.link(name, address)
			}
		}
	}
}

// element adds an element without an address: a picture, or one that waits for an
// answer.
func (s *slack) element(e node) {
	switch kind := e.kind(); kind {
	case "":
	case "image":
		s.image(e.string("image_url"), e.string("alt_text"))
	default:
		s.ask(cmp.Or(plainText(e.get("text")), plainText(e.get("placeholder")), strings.ReplaceAll(kind, "_", " ")))
	}
}

// attachment reads a section with a coloured bar, which Slack has deprecated and most
// senders still use.
func (s *slack) attachment(a node) {
	s.divide()
	if s.card.ThemeColor == "" {
		s.card.ThemeColor = slackColor(a.string("color"))
	}
	s.paragraph(s.mrkdwn(a.string("pretext")))
	before := len(s.card.Sections)
	if title := a.string("title"); title != "" {
		s.heading(s.mrkdwn(title))
	}
	if name := card.Escape(a.string("author_name")); name != "" {
		s.author(a, name)
	}
	s.paragraph(s.mrkdwn(a.string("text")))
	for _, f := range a.get("fields").list() {
		s.fact(s.mrkdwn(f.string("title")), s.mrkdwn(f.string("value")))
	}
	s.image(a.string("image_url"), "")
	s.image(a.string("thumb_url"), "")
	title := card.Plain(s.mrkdwn(a.string("title")))
	for _, l := range []struct{ name, member string }{
		{cmp.Or(title, "Open"), "title_link"}, {"Listen", "audio_url"}, {"Watch", "video_url"}, {"Open", "message_link"}, {"Download", "title_link_download"},
	} {
		if address := a.string(l.member); strings.Contains(address, ":") {
			s.link(l.name, address)
		}
	}
	s.buttons(a.get("actions").list())
	s.blocks(a.get("blocks").list())
	if s.sectionEmpty() && len(s.card.Sections) == before {
		s.paragraph(s.mrkdwn(a.string("fallback")))
	}
	if a.string("author_name") == "" {
		s.paragraph(s.footer(a))
	}
	s.flush()
}

// author puts the author and the small print beside the attachment's title.
func (s *slack) author(a node, name string) {
	if len(s.text) > 0 {
		s.flush()
	}
	s.open()
	s.section.ActivityTitle, s.section.ActivitySubtitle = linked(name, a.string("author_link")), s.footer(a)
	if icon := a.string("author_icon"); isWeb(icon) {
		s.section.ActivityImage = icon
	}
}

// footer is an attachment's small print, with its time.
func (s *slack) footer(a node) string {
	var parts []string
	if text := s.mrkdwn(a.string("footer")); text != "" {
		parts = append(parts, text)
	}
	if ts, err := strconv.ParseFloat(a.string("ts"), 64); err == nil && ts > 0 && ts < 1<<36 {
		parts = append(parts, time.Unix(int64(ts), 0).UTC().Format("2006-01-02 15:04 UTC"))
	} else if at, err := time.Parse(time.RFC3339, a.string("ts")); err == nil { // Rocket.Chat's form
		parts = append(parts, at.UTC().Format("2006-01-02 15:04 UTC"))
	}
	return strings.Join(parts, " · ")
}

// slackColor reads a colour; Slack has names for three.
func slackColor(s string) string {
	return cmp.Or(map[string]string{"good": "2EB886", "warning": "DAA038", "danger": "A30200"}[s], hexColor(s))
}
