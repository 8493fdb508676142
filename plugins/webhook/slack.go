package webhook

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/connector-relay/relay/relay/card"
)

// slackText is a text object, or a bare string.
type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// UnmarshalJSON takes both forms.
func (t *slackText) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		t.Type = "mrkdwn"
		return json.Unmarshal(b, &t.Text)
	}
	type plain slackText
	return json.Unmarshal(b, (*plain)(t))
}

// markdown is the text in the card's Markdown.
func (t slackText) markdown() string {
	if t.Type == "plain_text" {
		return card.Escape(t.Text)
	}
	return fromMrkdwn(t.Text)
}

type slackBlock struct {
	Type     string         `json:"type"`
	Text     *slackText     `json:"text"`
	Fields   []slackText    `json:"fields"`
	Elements []slackElement `json:"elements"`
	ImageURL string         `json:"image_url"`
	AltText  string         `json:"alt_text"`
	Title    *slackText     `json:"title"`
	Access   *slackElement  `json:"accessory"`
}

// slackElement is a button, a picture, or, in a context block, a text.
type slackElement struct {
	Type     string    `json:"type"`
	Text     slackText `json:"text"`
	URL      string    `json:"url"`
	ImageURL string    `json:"image_url"`
	AltText  string    `json:"alt_text"`
}

type slackAttachment struct {
	Color      string       `json:"color"`
	Pretext    string       `json:"pretext"`
	AuthorName string       `json:"author_name"`
	AuthorIcon string       `json:"author_icon"`
	Title      string       `json:"title"`
	TitleLink  string       `json:"title_link"`
	Text       string       `json:"text"`
	Fallback   string       `json:"fallback"`
	ImageURL   string       `json:"image_url"`
	Footer     string       `json:"footer"`
	Blocks     []slackBlock `json:"blocks"`
	Fields     []struct {
		Title string `json:"title"`
		Value any    `json:"value"`
	} `json:"fields"`
	Actions []slackElement `json:"actions"`
}

// fromSlack reads what an application posts to Slack's incoming webhooks.
func fromSlack(b []byte) (card.Card, error) {
	var p struct {
		Text        string            `json:"text"`
		Blocks      []slackBlock      `json:"blocks"`
		Attachments []slackAttachment `json:"attachments"`
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return card.Card{}, fmt.Errorf("not a payload for Slack: %w", err)
	}
	var c card.Card
	// Beside blocks the text is only what a notification shows.
	if len(p.Blocks) > 0 {
		c.Summary = card.Plain(fromMrkdwn(p.Text))
	} else {
		c.Text = fromMrkdwn(p.Text)
	}
	addBlocks(&c, p.Blocks)
	for _, a := range p.Attachments {
		addAttachment(&c, a)
	}
	if c.Title == "" && c.Text == "" && c.Summary == "" && len(c.Sections) == 0 {
		return c, fmt.Errorf("summary or text is required")
	}
	return c, nil
}

func addBlocks(c *card.Card, blocks []slackBlock) {
	for _, b := range blocks {
		if b.Type == "header" && c.Title == "" && b.Text != nil {
			c.Title = card.Escape(b.Text.Text)
			continue
		}
		if s, ok := blockSection(b); ok {
			c.Sections = append(c.Sections, s)
		}
	}
}

// blockSection is a block as a section; dividers and what has nothing to show are
// none, as every section begins a new part anyway.
func blockSection(b slackBlock) (card.Section, bool) {
	var s card.Section
	if b.Text != nil {
		s.Text = b.Text.markdown()
		if b.Type == "header" {
			s.Text = "**" + card.Escape(b.Text.Text) + "**"
		}
	}
	for _, f := range b.Fields {
		name, value, _ := strings.Cut(f.markdown(), "\n")
		s.Facts = append(s.Facts, card.Fact{Name: strings.Trim(name, "* :"), Value: strings.TrimSpace(value)})
	}
	if isWeb(b.ImageURL) {
		s.Images = append(s.Images, card.Image{URL: b.ImageURL, Title: b.AltText})
	}
	elements := b.Elements
	if b.Access != nil {
		elements = append(elements, *b.Access)
	}
	var words []string
	for _, e := range elements {
		switch {
		case isWeb(e.URL):
			s.Actions = append(s.Actions, openLink(orElse(e.Text.Text, "Open"), e.URL))
		case isWeb(e.ImageURL):
			s.Images = append(s.Images, card.Image{URL: e.ImageURL, Title: e.AltText})
		case b.Type == "context":
			words = append(words, e.Text.markdown())
		}
	}
	if len(words) > 0 {
		s.Text = strings.Join(words, "  ")
	}
	return s, s.Text != "" || len(s.Facts) > 0 || len(s.Images) > 0 || len(s.Actions) > 0
}

func addAttachment(c *card.Card, a slackAttachment) {
	if c.ThemeColor == "" {
		c.ThemeColor = slackColor(a.Color)
	}
	s := card.Section{ActivityTitle: card.Escape(a.AuthorName), Title: fromMrkdwn(a.Title)}
	if isWeb(a.AuthorIcon) {
		s.ActivityImage = a.AuthorIcon
	}
	var words []string
	for _, t := range []string{a.Pretext, a.Text, a.Footer} {
		if t != "" {
			words = append(words, fromMrkdwn(t))
		}
	}
	s.Text = strings.Join(words, "\n\n")
	for _, f := range a.Fields {
		s.Facts = append(s.Facts, card.Fact{Name: fromMrkdwn(f.Title), Value: fromMrkdwn(fmt.Sprint(f.Value))})
	}
	if isWeb(a.ImageURL) {
		s.Images = append(s.Images, card.Image{URL: a.ImageURL})
	}
	if isWeb(a.TitleLink) {
		s.Actions = append(s.Actions, openLink(orElse(card.Plain(fromMrkdwn(a.Title)), "Open"), a.TitleLink))
	}
	for _, e := range a.Actions {
		if isWeb(e.URL) {
			s.Actions = append(s.Actions, openLink(orElse(e.Text.Text, "Open"), e.URL))
		}
	}
	if s.Text == "" && s.Title == "" && len(s.Facts)+len(s.Images)+len(s.Actions) == 0 && len(a.Blocks) == 0 {
		s.Text = fromMrkdwn(a.Fallback)
	}
	if s.Text != "" || s.Title != "" || len(s.Facts)+len(s.Images)+len(s.Actions) > 0 || s.ActivityTitle != "" {
		c.Sections = append(c.Sections, s)
	}
	addBlocks(c, a.Blocks)
}

func openLink(name, address string) card.Action {
	return card.Action{Type: card.OpenURI, Name: name, Targets: []card.Target{{OS: "default", URI: address}}}
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
	s = strings.TrimPrefix(s, "#")
	if len(s) == 6 && strings.Trim(s, "0123456789abcdefABCDEF") == "" {
		return s
	}
	return ""
}

// fromMrkdwn turns Slack's markup into the card's Markdown
// (https://api.slack.com/reference/surfaces/formatting): *bold*, ~struck~, links
// <url|label>, mentions <@U1>, and only &, < and > escaped.
func fromMrkdwn(s string) string {
	angle := regexp.MustCompile(`<([^<>\n]+)>`)
	s = angle.ReplaceAllStringFunc(s, func(m string) string { return angled(m[1 : len(m)-1]) })
	s = regexp.MustCompile(`(^|[\s(])\*([^*\n]+)\*`).ReplaceAllString(s, "$1**$2**")
	s = regexp.MustCompile(`(^|[\s(])~([^~\n]+)~`).ReplaceAllString(s, "$1~~$2~~")
	s = strings.ReplaceAll(s, "\n", "\n\n")
	return strings.NewReplacer("&gt;", ">", "&amp;", "&").Replace(s)
}

// angled is what stands between angle brackets: a link or a mention.
func angled(s string) string {
	address, label, labelled := strings.Cut(s, "|")
	switch {
	case isWeb(address) && labelled:
		return "[" + strings.NewReplacer("[", "(", "]", ")").Replace(label) + "](" + address + ")"
	case isWeb(address):
		return "[" + address + "](" + address + ")"
	case strings.HasPrefix(address, "mailto:"):
		return orElse(label, strings.TrimPrefix(address, "mailto:"))
	case labelled:
		return label
	}
	return strings.TrimPrefix(address, "!")
}
