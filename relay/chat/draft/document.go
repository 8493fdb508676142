package draft

import (
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat/markup"
)

// Document returns a card as one running text, for systems that show text and no cards;
// it is never empty. The title links to the card's first link.
func (d Draft) Document() markup.Text {
	t := append(d.Heading(), d.Body()...)
	if t.Empty() {
		t = markup.Words(d.Headline())
	}
	return append(d.By(), t...)
}

// Heading returns the title, which leads to the card's first link.
func (d Draft) Heading() markup.Text {
	title := markup.Without(markup.Strong, d.Title.Inline())
	if len(title) == 0 {
		return nil
	}
	if address := d.FirstLink(); address != "" && !hasLink(title) {
		title = []markup.Inline{{Kind: markup.Link, URL: markup.Address(address), Inlines: title}}
	}
	return markup.Of(markup.Inline{Kind: markup.Strong, Inlines: title})
}

func hasLink(inlines []markup.Inline) bool {
	found := false
	markup.Of(inlines...).Walk(func(n markup.Inline) { found = found || n.Kind == markup.Link || n.Kind == markup.Mention })
	return found
}

// Body returns a document without its title.
func (d Draft) Body() markup.Text {
	t := slices.Clone(d.Text)
	for i, s := range d.Sections {
		if s.Card.StartGroup && i > 0 {
			t = append(t, markup.Block{Kind: markup.Rule})
		}
		t = append(t, s.document()...)
	}
	return slices.Concat(t, Ways(d.Actions), d.Said())
}

func (s Section) document() markup.Text {
	t := slices.Concat(Strong(s.Title), s.Lines(), s.Text)
	if len(s.Facts) > 0 {
		list := markup.Block{Kind: markup.List}
		for _, f := range s.Facts {
			list.Items = append(list.Items, f.Line())
		}
		t = append(t, list)
	}
	var pictures []markup.Inline
	shown := s.Pictures()
	if s.Avatar != "" && s.Card.ActivityImageType == Article { // one of a person only decorates
		shown = append([]card.Image{{URL: s.Avatar}}, shown...)
	}
	for _, img := range shown {
		pictures = append(pictures, picture(img))
	}
	return slices.Concat(t, markup.Join(pictures, " "), Ways(s.Actions))
}

// Lines returns a section's activity: who, and when or where, in one line; what in the
// next.
func (s Section) Lines() markup.Text {
	who := s.Activity.Inline()
	if len(who) > 0 {
		who = []markup.Inline{{Kind: markup.Strong, Inlines: markup.Without(markup.Strong, who)}}
	}
	if more := s.Subtitle.Inline(); len(more) > 0 {
		if len(who) > 0 {
			who = append(who, markup.Inline{Kind: markup.Plain, Text: " – "})
		}
		who = append(who, more...)
	}
	var t markup.Text
	if len(who) > 0 {
		t = markup.Of(who...)
	}
	return append(t, s.ActivityText...)
}

// Line returns "name: value", with further paragraphs of the value after it.
func (f Fact) Line() markup.Text {
	inlines := markup.Without(markup.Strong, f.Name.Inline())
	if n := len(inlines); n > 0 {
		if last := &inlines[n-1]; last.Kind == markup.Plain {
			last.Text = strings.TrimRight(last.Text, ": ") // it gets one
		}
		inlines = []markup.Inline{{Kind: markup.Strong, Inlines: append(inlines, markup.Inline{Kind: markup.Plain, Text: ":"})}, {Kind: markup.Plain, Text: " "}}
	}
	value := f.Value
	if len(value) > 0 && value[0].Kind == markup.Paragraph {
		inlines = append(inlines, value[0].Inlines...)
		value = value[1:]
	}
	return append(markup.Of(inlines...), value...)
}

func picture(img card.Image) markup.Inline {
	title := card.Plain(img.Title)
	if title == "" {
		title = "picture"
	}
	return markup.Inline{Kind: markup.Picture, URL: markup.Address(img.URL), Text: title}
}

// Ways returns the links of a list of actions, and what is not possible.
func Ways(actions []card.Action) markup.Text {
	links, rest := Split(actions)
	var line []markup.Inline
	for _, l := range links {
		line = append(line, markup.Inline{Kind: markup.Link, URL: markup.Address(l.Address), Inlines: []markup.Inline{{Kind: markup.Plain, Text: l.Name}}})
	}
	return append(markup.Join(line, " · "), rest...)
}
