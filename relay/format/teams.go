package format

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/connector-relay/relay/relay/card"
)

// teamsLimit is what a Workflow takes: about 28 KB a message, counted after Teams
// has expanded it, so a good part of it stays free.
func teamsLimit() Limit {
	return Limit{
		Bytes: 20_000, Sections: 30, Images: 10, Actions: 6,
		Source: "28 KB a message (Teams connector reference), measured after expansion; six visible actions (Teams cards format)",
	}
}

// TeamsMessage writes the envelope that the flow template "Post to a channel when
// a webhook request is received" expects: one Adaptive Card as an attachment.
func TeamsMessage() Format {
	a := adaptive{newMarkdown()}
	return Format{Name: "teams message", ContentType: contentType, Limit: teamsLimit(), encode: func(c card.Card) ([]byte, error) {
		type attachment struct {
			ContentType string       `json:"contentType"`
			ContentURL  *string      `json:"contentUrl"`
			Content     adaptiveCard `json:"content"`
		}
		return encode(struct {
			Type        string       `json:"type"`
			Attachments []attachment `json:"attachments"`
		}{"message", []attachment{{ContentType: "application/vnd.microsoft.card.adaptive", Content: a.card(c)}}})
	}}
}

// TeamsCard writes the bare Adaptive Card, for flows that post the request's body
// as the card.
func TeamsCard() Format {
	a := adaptive{newMarkdown()}
	return Format{Name: "teams card", ContentType: contentType, Limit: teamsLimit(), encode: func(c card.Card) ([]byte, error) {
		return encode(a.card(c))
	}}
}

// TeamsConnectorCard writes the Connector Card itself, which newer flow templates
// are reported to show, without its buttons.
func TeamsConnectorCard() Format {
	f := Office365()
	f.Name = "teams connector-card"
	return f
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// adaptiveCard is an Adaptive Card. Version 1.4 is the newest that Workflows are
// reported to take.
type adaptiveCard struct {
	Schema       string           `json:"$schema"`
	Type         string           `json:"type"`
	Version      string           `json:"version"`
	FallbackText string           `json:"fallbackText,omitempty"`
	Body         []element        `json:"body"`
	Actions      []adaptiveAction `json:"actions,omitempty"`
	Teams        teamsExtras      `json:"msteams"`
}

type teamsExtras struct {
	Width string `json:"width"`
}

// element is any element of an Adaptive Card's body; empty members are left out.
type element struct {
	Type      string           `json:"type"`
	Text      string           `json:"text,omitempty"`
	Wrap      bool             `json:"wrap,omitempty"`
	Weight    string           `json:"weight,omitempty"`
	Size      string           `json:"size,omitempty"`
	Color     string           `json:"color,omitempty"`
	Style     string           `json:"style,omitempty"`
	Spacing   string           `json:"spacing,omitempty"`
	IsSubtle  bool             `json:"isSubtle,omitempty"`
	Separator bool             `json:"separator,omitempty"`
	Bleed     bool             `json:"bleed,omitempty"`
	URL       string           `json:"url,omitempty"`
	AltText   string           `json:"altText,omitempty"`
	Width     string           `json:"width,omitempty"`
	ImageSize string           `json:"imageSize,omitempty"`
	Items     []element        `json:"items,omitempty"`
	Columns   []element        `json:"columns,omitempty"`
	Images    []element        `json:"images,omitempty"`
	Facts     []adaptiveFact   `json:"facts,omitempty"`
	Actions   []adaptiveAction `json:"actions,omitempty"`
}

type adaptiveFact struct {
	Title string `json:"title"`
	Value string `json:"value"`
}

type adaptiveAction struct {
	Type  string `json:"type"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

// adaptive converts cards, part by part, as Microsoft's own guidance maps them.
type adaptive struct{ markdown }

func (w adaptive) card(c card.Card) adaptiveCard {
	a := adaptiveCard{
		Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4",
		FallbackText: card.Plain(c.Summary), Teams: teamsExtras{Width: "Full"},
	}
	add := func(e ...element) { a.Body = append(a.Body, e...) }
	if c.Title != "" {
		// The title holds no Markdown but what a person wrote; it may not be cut.
		add(element{Type: "TextBlock", Text: w.subset(c.Title), Wrap: true, Weight: "Bolder", Size: "Medium", Color: themeColor(c.ThemeColor)})
	} else if c.Text == "" && len(c.Sections) == 0 {
		add(element{Type: "TextBlock", Text: w.subset(c.Summary), Wrap: true})
	}
	add(w.paragraphs(c.Text, element{})...)
	for i, s := range c.Sections {
		if items := w.section(s); len(items) > 0 {
			add(element{Type: "Container", Separator: s.StartGroup || i > 0, Spacing: "Medium", Items: items})
		}
	}
	links, rest := actions(c.Actions)
	a.Actions = links
	if rest != "" {
		add(element{Type: "TextBlock", Text: rest, Wrap: true, IsSubtle: true})
	}
	return a
}

func (w adaptive) section(s card.Section) []element {
	var items []element
	add := func(e ...element) { items = append(items, e...) }
	if s.Title != "" {
		add(element{Type: "TextBlock", Text: w.subset(s.Title), Wrap: true, Weight: "Bolder"})
	}
	add(w.activity(s)...)
	if s.HeroImage != nil {
		add(element{Type: "Image", URL: s.HeroImage.URL, AltText: card.Plain(s.HeroImage.Title), Size: "Stretch"})
	}
	add(w.paragraphs(s.Text, element{})...)
	if facts := w.facts(s.Facts); len(facts) > 0 {
		add(element{Type: "FactSet", Facts: facts})
	}
	if len(s.Images) > 0 {
		set := element{Type: "ImageSet", ImageSize: "Medium"}
		for _, img := range s.Images {
			set.Images = append(set.Images, element{Type: "Image", URL: img.URL, AltText: card.Plain(img.Title)})
		}
		add(set)
	}
	links, rest := actions(s.Actions)
	if len(links) > 0 {
		add(element{Type: "ActionSet", Actions: links})
	}
	if rest != "" {
		add(element{Type: "TextBlock", Text: rest, Wrap: true, IsSubtle: true})
	}
	return items
}

// activity is who did what: a picture beside up to three lines.
func (w adaptive) activity(s card.Section) []element {
	var lines []element
	if s.ActivityTitle != "" {
		lines = append(lines, element{Type: "TextBlock", Text: w.subset(s.ActivityTitle), Wrap: true, Weight: "Bolder"})
	}
	if s.ActivitySubtitle != "" {
		lines = append(lines, element{Type: "TextBlock", Text: w.subset(s.ActivitySubtitle), Wrap: true, IsSubtle: true, Spacing: "None"})
	}
	lines = append(lines, w.paragraphs(s.ActivityText, element{Spacing: "None"})...)
	if s.ActivityImage == "" {
		return lines
	}
	style := "Person"
	if s.ActivityImageType == "article" {
		style = ""
	}
	picture := element{Type: "Image", URL: s.ActivityImage, Size: "Small", Style: style, AltText: card.Plain(s.ActivityTitle)}
	columns := []element{{Type: "Column", Width: "auto", Items: []element{picture}}}
	if len(lines) > 0 {
		columns = append(columns, element{Type: "Column", Width: "stretch", Items: lines})
	}
	return []element{{Type: "ColumnSet", Columns: columns}}
}

// paragraphs makes a block of each paragraph: in Teams one block with several is
// not broken into lines the same way everywhere.
func (w adaptive) paragraphs(text string, like element) []element {
	var list []element
	for _, p := range w.blocks(text) {
		e := like
		e.Type, e.Text, e.Wrap = "TextBlock", p, true
		list = append(list, e)
	}
	return list
}

// facts leaves facts without a name in: their value still says something.
func (w adaptive) facts(facts []card.Fact) []adaptiveFact {
	var list []adaptiveFact
	for _, f := range facts {
		if f.Name == "" && f.Value == "" {
			continue
		}
		list = append(list, adaptiveFact{Title: w.subset(f.Name), Value: w.subset(f.Value)})
	}
	return list
}

// actions splits what can be shown, links, from what a webhook's card cannot do.
// Of the latter the card says the names, so that a person knows to look.
func actions(list []card.Action) (links []adaptiveAction, rest string) {
	var names []string
	for _, a := range flatten(list) {
		if u := a.URL(); u != "" {
			links = append(links, adaptiveAction{Type: "Action.OpenUrl", Title: a.Name, URL: u})
			continue
		}
		names = append(names, card.Escape(a.Name))
	}
	if len(names) > 0 {
		rest = "Not possible here: " + strings.Join(names, ", ")
	}
	return links, rest
}

// flatten takes the links out of ActionCards, whose forms need an answer that a
// webhook cannot get.
func flatten(list []card.Action) []card.Action {
	var flat []card.Action
	for _, a := range list {
		flat = append(flat, a)
		for _, inner := range a.Actions {
			if inner.URL() != "" {
				flat = append(flat, inner)
			}
		}
	}
	return flat
}

// themeColor is the nearest of the few colours that an Adaptive Card knows.
func themeColor(hex string) string {
	if len(hex) != 6 {
		return ""
	}
	var rgb [3]int
	for i := range rgb {
		for _, c := range strings.ToLower(hex[2*i : 2*i+2]) {
			rgb[i] = rgb[i]*16 + strings.IndexRune("0123456789abcdef", c)
		}
	}
	r, g, b := rgb[0], rgb[1], rgb[2]
	spread := max(r, g, b) - min(r, g, b)
	switch {
	case spread < 60:
		return ""
	case r >= g && r >= b && g > 140 && b < 120:
		return "Warning"
	case r >= g && r >= b:
		return "Attention"
	case g >= r && g >= b:
		return "Good"
	}
	return "Accent"
}
