package format

import (
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/format/markup"
)

// document is a card as one running text, for systems that show text and no
// cards; never empty. The title leads to the card's first link.
func (d draft) document() markup.Text {
	t := append(d.heading(), d.body()...)
	if t.Empty() {
		t = markup.Words(d.headline())
	}
	return append(d.by(), t...)
}

// heading is the title, which leads to the card's first link.
func (d draft) heading() markup.Text {
	title := markup.Without(markup.Strong, d.title.Inline())
	if len(title) == 0 {
		return nil
	}
	if address := d.firstLink(); address != "" && !hasLink(title) {
		title = []markup.Inline{{Kind: markup.Link, URL: markup.Address(address), Inlines: title}}
	}
	return markup.Of(markup.Inline{Kind: markup.Strong, Inlines: title})
}

func hasLink(inlines []markup.Inline) bool {
	found := false
	markup.Of(inlines...).Walk(func(n markup.Inline) { found = found || n.Kind == markup.Link || n.Kind == markup.Mention })
	return found
}

// body is a document without its title.
func (d draft) body() markup.Text {
	var t markup.Text
	t = append(t, d.text...)
	for i, s := range d.sections {
		if s.card.StartGroup && i > 0 {
			t = append(t, markup.Block{Kind: markup.Rule})
		}
		t = append(t, s.document()...)
	}
	return append(append(t, ways(d.actions)...), d.said()...)
}

func (s section) document() markup.Text {
	t := append(markup.Text{}, strong(s.title)...)
	t = append(t, s.lines()...)
	t = append(t, s.text...)
	if len(s.facts) > 0 {
		list := markup.Block{Kind: markup.List}
		for _, f := range s.facts {
			list.Items = append(list.Items, f.line())
		}
		t = append(t, list)
	}
	var pictures []markup.Inline
	shown := s.pictures()
	if s.avatar != "" && s.card.ActivityImageType == article { // one of a person only decorates
		shown = append([]card.Image{{URL: s.avatar}}, shown...)
	}
	for _, img := range shown {
		if len(pictures) > 0 {
			pictures = append(pictures, markup.Inline{Kind: markup.Plain, Text: " "})
		}
		pictures = append(pictures, picture(img))
	}
	if len(pictures) > 0 {
		t = append(t, markup.Of(pictures...)...)
	}
	return append(t, ways(s.actions)...)
}

// lines are a section's activity: who, and when or where, in one line; what in the
// next.
func (s section) lines() markup.Text {
	who := s.activity.Inline()
	if len(who) > 0 {
		who = []markup.Inline{{Kind: markup.Strong, Inlines: markup.Without(markup.Strong, who)}}
	}
	if more := s.subtitle.Inline(); len(more) > 0 {
		if len(who) > 0 {
			who = append(who, markup.Inline{Kind: markup.Plain, Text: " – "})
		}
		who = append(who, more...)
	}
	var t markup.Text
	if len(who) > 0 {
		t = markup.Of(who...)
	}
	return append(t, s.activityText...)
}

// line is "name: value", with further paragraphs of the value after it.
func (f fact) line() markup.Text {
	inlines := markup.Without(markup.Strong, f.name.Inline())
	if n := len(inlines); n > 0 {
		if last := &inlines[n-1]; last.Kind == markup.Plain {
			last.Text = strings.TrimRight(last.Text, ": ") // it gets one
		}
		inlines = []markup.Inline{{Kind: markup.Strong, Inlines: append(inlines, markup.Inline{Kind: markup.Plain, Text: ":"})}, {Kind: markup.Plain, Text: " "}}
	}
	value := f.value
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

// ways are the links of a list of actions, and what is not possible.
func ways(actions []card.Action) markup.Text {
	links, rest := split(actions)
	return append(line(links), rest...)
}
