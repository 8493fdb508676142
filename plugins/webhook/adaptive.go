package webhook

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/connector-relay/relay/relay/card"
)

// maxDepth bounds how deep a payload may nest.
const maxDepth = 32

// element is what of an Adaptive Card's elements a Connector Card can show.
type element struct {
	Type    string          `json:"type"`
	Text    string          `json:"text"`
	Weight  string          `json:"weight"`
	Size    string          `json:"size"`
	Style   string          `json:"style"`
	URL     string          `json:"url"`
	AltText string          `json:"altText"`
	Inlines json.RawMessage `json:"inlines"`
	Items   []element       `json:"items"`
	Columns []element       `json:"columns"`
	Images  []element       `json:"images"`
	Facts   []struct {
		Title string `json:"title"`
		Value string `json:"value"`
	} `json:"facts"`
	Body    []element `json:"body"`
	Actions []struct {
		Type  string  `json:"type"`
		Title string  `json:"title"`
		URL   string  `json:"url"`
		Card  element `json:"card"`
	} `json:"actions"`
	FallbackText string `json:"fallbackText"`
}

// fromAdaptive reads an Adaptive Card: its first heading is the title, texts
// become sections in order, facts, pictures and links stay what they are.
func fromAdaptive(b []byte) (card.Card, error) {
	var root element
	if err := json.Unmarshal(b, &root); err != nil {
		return card.Card{}, fmt.Errorf("not an Adaptive Card: %w", err)
	}
	var a adaptiveReader
	a.elements(root.Body, 0)
	a.actions(root, 0)
	a.flush()
	c := a.card
	if c.Title == "" && c.Text == "" && len(c.Sections) == 0 {
		c.Text = root.FallbackText
	}
	if c.Title == "" && c.Text == "" && len(c.Sections) == 0 {
		return c, fmt.Errorf("the Adaptive Card shows nothing: it needs a body")
	}
	return c, nil
}

// adaptiveReader collects a Connector Card. Section is the one being filled.
type adaptiveReader struct {
	card    card.Card
	section card.Section
}

// flush ends the section being filled.
func (a *adaptiveReader) flush() {
	s := a.section
	if s.Text != "" || len(s.Facts) > 0 || len(s.Images) > 0 || len(s.Actions) > 0 {
		a.card.Sections = append(a.card.Sections, s)
	}
	a.section = card.Section{}
}

func (a *adaptiveReader) elements(list []element, depth int) {
	if depth > maxDepth {
		return
	}
	for _, e := range list {
		a.element(e, depth)
	}
}

func (a *adaptiveReader) element(e element, depth int) {
	switch e.Type {
	case "TextBlock":
		a.text(e, e.Text)
	case "RichTextBlock":
		a.text(e, inlines(e.Inlines))
	case "FactSet":
		for _, f := range e.Facts {
			a.section.Facts = append(a.section.Facts, card.Fact{Name: f.Title, Value: f.Value})
		}
	case "Image":
		if isWeb(e.URL) {
			a.section.Images = append(a.section.Images, card.Image{URL: e.URL, Title: e.AltText})
		}
	case "Container", "Column", "TableCell":
		if e.Type == "Container" {
			a.flush()
		}
		a.elements(e.Items, depth+1)
	case "ColumnSet":
		a.elements(e.Columns, depth+1)
	case "ImageSet":
		a.elements(e.Images, depth+1)
	case "ActionSet":
		a.actions(e, depth)
	}
}

// text adds a paragraph. The first heading, or first bold line, is the title.
func (a *adaptiveReader) text(e element, text string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return
	}
	heading := strings.EqualFold(e.Style, "heading") || strings.EqualFold(e.Weight, "bolder") || strings.EqualFold(e.Size, "large") || strings.EqualFold(e.Size, "extralarge")
	nothingYet := a.card.Title == "" && len(a.card.Sections) == 0 && a.section.Text == ""
	switch {
	case heading && nothingYet && !strings.Contains(text, "\n"):
		a.card.Title = text
		return
	case strings.EqualFold(e.Weight, "bolder"):
		text = "**" + text + "**"
	}
	if a.section.Text != "" {
		a.section.Text += "\n\n"
	}
	a.section.Text += text
}

// actions keeps the links. What needs an answer cannot work from a webhook and
// did not work in Teams either.
func (a *adaptiveReader) actions(e element, depth int) {
	for _, act := range e.Actions {
		switch act.Type {
		case "Action.OpenUrl":
			if !isWeb(act.URL) {
				continue
			}
			link := card.Action{Type: card.OpenURI, Name: orElse(act.Title, "Open"), Targets: []card.Target{{OS: "default", URI: act.URL}}}
			if e.Type == "AdaptiveCard" {
				a.card.Actions = append(a.card.Actions, link)
			} else {
				a.section.Actions = append(a.section.Actions, link)
			}
		case "Action.ShowCard":
			if depth > maxDepth {
				return
			}
			a.flush()
			a.elements(act.Card.Body, depth+1)
			a.actions(act.Card, depth+1)
			a.flush()
		}
	}
}

// inlines joins the runs of a RichTextBlock, which hold no Markdown.
func inlines(b json.RawMessage) string {
	var runs []json.RawMessage
	if json.Unmarshal(b, &runs) != nil {
		return ""
	}
	var text strings.Builder
	for _, r := range runs {
		var plain string
		var run struct {
			Text   string `json:"text"`
			Weight string `json:"weight"`
			Italic bool   `json:"italic"`
		}
		switch {
		case json.Unmarshal(r, &plain) == nil:
			text.WriteString(card.Escape(plain))
		case json.Unmarshal(r, &run) == nil:
			text.WriteString(emphasise(card.Escape(run.Text), strings.EqualFold(run.Weight, "bolder"), run.Italic))
		}
	}
	return text.String()
}

// emphasise puts marks around a text but not around the blanks at its ends, where
// they would not be read as marks.
func emphasise(s string, bold, italic bool) string {
	mark := ""
	if bold {
		mark = "**"
	}
	if italic {
		mark += "*"
	}
	core := strings.TrimSpace(s)
	if mark == "" || core == "" {
		return s
	}
	lead := s[:strings.Index(s, core)]
	return lead + mark + core + mark + s[len(lead)+len(core):]
}

func isWeb(address string) bool {
	return strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://")
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
