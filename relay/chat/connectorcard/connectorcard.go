// Package connectorcard writes the Connector Card itself, for whatever takes one: Office
// 365 connectors, some flows of Teams, and applications of the operator's own.
package connectorcard

import (
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/size"
)

// Form returns the form of a system that takes Connector Cards in a dialect of Markdown.
// Mail says that what means something in mail only is kept.
func Form(flavour markup.Flavour, mail bool, limits size.Limits) chat.Form {
	w := writer{dialect: markup.Markdown(flavour), mail: mail}
	return chat.Form{
		Limits: limits, InlinePictures: true, Prepare: signedInside,
		Write: func(d draft.Draft, _ *chat.Writing) (draft.Written, error) {
			body, err := w.card(d).MarshalJSON()
			return draft.Written{Body: body}, err
		},
	}
}

// signedInside is a card whose sender is its first activity, because a Connector Card
// has no other place for it.
func signedInside(c card.Card) card.Card {
	by, ok := draft.Draft{Card: c}.Sender()
	c.Sender = nil
	if ok {
		s := card.Section{ActivityTitle: card.Escape(markup.Bare(by.Activity)), ActivityImage: by.Avatar}
		c.Sections = append([]card.Section{s}, c.Sections...)
	}
	return c
}

// Flavour is the Markdown of Connector Cards in Teams and Outlook: Teams
// breaks lines at empty lines only, and neither shows tables
// (https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format).
func Flavour() markup.Flavour {
	angles := strings.NewReplacer(`\<`, "&lt;", `\>`, "&gt;")
	return markup.Flavour{
		Special: "\\*_[]()`~<>#", Start: "-+", Strong: "**", Emphasis: "*", Strike: "~~", Entities: true,
		Code: true, Headings: 3, Quotes: true, Pictures: true, Break: "\n\n",
		Defuse: func(s string) string { return Quiet(angles.Replace(s)) },
	}
}

// Whole is all the Markdown that a card may be written in.
func Whole() markup.Flavour {
	f := Flavour()
	f.Special, f.Start, f.Break = f.Special+"|", f.Start+"=", ""
	f.Headings, f.Fence, f.Tables, f.Rule = 6, true, true, "---"
	return f
}

// Quiet takes the power from what Teams and Adaptive Cards make more of than text:
// functions and mentions.
func Quiet(s string) string { return markup.Defuse("{{", "<at", "</at")(s) }

// writer writes drafts as Connector Cards.
type writer struct {
	dialect markup.Dialect
	// mail keeps what means something in mail only.
	mail bool
}

func (w writer) card(d draft.Draft) card.Card {
	c := d.Card
	c.Adaptive = nil
	if !w.mail {
		c.ExpectedActors, c.Originator, c.CorrelationID = nil, "", ""
	}
	c.Summary, c.Title, c.Text = Quiet(d.Summary), w.line(d.Title), w.dialect.Write(d.Text)
	if c.Summary == "" {
		c.Summary = Quiet(d.Headline()) // required when there is no text
	}
	c.Sections, c.Actions = nil, d.Actions
	for _, s := range d.Sections {
		c.Sections = append(c.Sections, w.section(s))
	}
	if !d.Said().Empty() {
		c.Sections = append(c.Sections, card.Section{Text: w.dialect.Write(d.Said())})
	}
	return c
}

func (w writer) section(s draft.Section) card.Section {
	c := s.Card
	c.Markdown = nil // what was not Markdown has been escaped
	c.Title, c.Text = w.line(s.Title), w.dialect.Write(s.Text)
	c.ActivityTitle, c.ActivitySubtitle, c.ActivityText = w.line(s.Activity), w.line(s.Subtitle), w.dialect.Write(s.ActivityText)
	c.ActivityImage, c.HeroImage, c.Images, c.Actions = s.Avatar, s.Hero, s.Images, s.Actions
	c.Facts = nil
	for _, f := range s.Facts {
		c.Facts = append(c.Facts, card.Fact{Name: w.line(f.Name), Value: w.dialect.Write(f.Value)})
	}
	return c
}

func (w writer) line(t markup.Text) string { return w.dialect.Line(t.Inline()) }
