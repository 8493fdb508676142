package format

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/format/markup"
)

// Office365 writes the Connector Card itself, as Office 365 connectors took it.
func Office365() Format {
	const reference = "https://learn.microsoft.com/outlook/actionable-messages/message-card-reference"
	return connectorCard("office365", connectorFlavour(), Limits{
		{Bytes, 20_000, "documented 28 KB, but counted after expansion: 24,453 bytes were refused as 28,897 (msteams-docs#11274)"},
		{Sections, 10, reference + "; Teams drops more without a word"},
		{SectionImages, 5, "Teams cards reference; Teams drops more without a word"},
		{SectionActions, 4, reference},
		{AddressLength, 8_000, "none documented; a longer one would crowd out the card"},
	})
}

// TeamsConnectorCard writes the Connector Card itself, which newer flow templates
// are reported to show, without its buttons.
func TeamsConnectorCard() Format {
	f := Office365()
	f.Name = "teams connector-card"
	return f
}

// Webhook writes the Connector Card for an application of one's own: as it came,
// but for mentions, which only the relay understands: they are names.
func Webhook() Format {
	f := connectorCard("webhook", whole(), Limits{
		{Bytes, 1 << 20, "what web servers take by default; nginx's client_max_body_size is 1 MB"},
		{AddressLength, 64_000, "none documented; a longer one would crowd out the card"},
	})
	mention := regexp.MustCompile(`\[((?:[^\[\]\\]|\\.)*)\]\(` + card.MentionScheme + `[^)\s]*\)`)
	f.own = func(c card.Card) ([]byte, bool) {
		c.Adaptive = nil
		body, err := c.MarshalJSON()
		if err == nil && bytes.Contains(body, []byte("]("+card.MentionScheme)) {
			c = c.Clone()
			eachText(&c, func(s *string, _ loss) { *s = mention.ReplaceAllString(*s, "$1") })
			body, err = c.MarshalJSON()
		}
		return body, err == nil
	}
	return f
}

func connectorCard(name string, flavour markup.Flavour, limits Limits) Format {
	w := connectorWriter{dialect: markup.Markdown(flavour), outlook: name == "webhook"}
	return Format{
		Name: name, ContentType: contentType, Limits: limits, inlinePictures: true, unsigned: true, parser: markup.NewParser(),
		encode: func(d draft, _ *writing) (encoded, error) {
			body, err := w.card(d).MarshalJSON()
			return encoded{body: body}, err
		},
	}
}

// signedInside is a card whose sender is its first activity, because a Connector Card
// has no other place for it.
func signedInside(c card.Card) card.Card {
	by, ok := draft{card: c}.sender()
	c.Sender = nil
	if ok {
		s := card.Section{ActivityTitle: card.Escape(markup.Bare(by.activity)), ActivityImage: by.avatar}
		c.Sections = append([]card.Section{s}, c.Sections...)
	}
	return c
}

// connectorFlavour is the Markdown of Connector Cards in Teams and Outlook: Teams
// breaks lines at empty lines only, and neither shows tables
// (https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format).
func connectorFlavour() markup.Flavour {
	angles := strings.NewReplacer(`\<`, "&lt;", `\>`, "&gt;")
	return markup.Flavour{
		Special: "\\*_[]()`~<>#", Start: "-+", Strong: "**", Emphasis: "*", Strike: "~~", Entities: true,
		Code: true, Headings: 3, Quotes: true, Pictures: true, Break: "\n\n",
		Defuse: func(s string) string { return teamsDefuse(angles.Replace(s)) },
	}
}

// whole is all the Markdown that a card may be written in.
func whole() markup.Flavour {
	f := connectorFlavour()
	f.Special, f.Start, f.Break = f.Special+"|", f.Start+"=", ""
	f.Headings, f.Fence, f.Tables, f.Rule = 6, true, true, "---"
	return f
}

// connectorWriter writes drafts as Connector Cards.
type connectorWriter struct {
	dialect markup.Dialect
	// outlook keeps what means something in mail only, and knows no limit.
	outlook bool
}

func (w connectorWriter) card(d draft) card.Card {
	c := d.card
	c.Adaptive = nil
	if !w.outlook {
		c.ExpectedActors, c.Originator, c.CorrelationID = nil, "", ""
	}
	c.Summary, c.Title, c.Text = teamsDefuse(d.summary), w.line(d.title), w.dialect.Write(d.text)
	if c.Summary == "" {
		c.Summary = teamsDefuse(d.headline()) // required when there is no text
	}
	c.Sections, c.Actions = nil, d.actions
	for _, s := range d.sections {
		c.Sections = append(c.Sections, w.section(s))
	}
	if !d.said().Empty() {
		c.Sections = append(c.Sections, card.Section{Text: w.dialect.Write(d.said())})
	}
	return c
}

func (w connectorWriter) section(s section) card.Section {
	c := s.card
	c.Markdown = nil // what was not Markdown has been escaped
	c.Title, c.Text = w.line(s.title), w.dialect.Write(s.text)
	c.ActivityTitle, c.ActivitySubtitle, c.ActivityText = w.line(s.activity), w.line(s.subtitle), w.dialect.Write(s.activityText)
	c.ActivityImage, c.HeroImage, c.Images, c.Actions = s.avatar, s.hero, s.images, s.actions
	c.Facts = nil
	for _, f := range s.facts {
		c.Facts = append(c.Facts, card.Fact{Name: w.line(f.name), Value: w.dialect.Write(f.value)})
	}
	return c
}

func (w connectorWriter) line(t markup.Text) string { return w.dialect.Line(t.Inline()) }
