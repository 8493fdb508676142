package format

import (
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/format/markup"
)

// GoogleChat writes a card of version 2:
// https://developers.google.com/workspace/chat/api/reference/rest/v1/cards. People
// are called in the text, because a card cannot.
func GoogleChat() Format {
	const cards = "https://developers.google.com/workspace/chat/api/reference/rest/v1/cards"
	return Format{
		Name: "googlechat", ContentType: contentType, parser: markup.NewParser(),
		Limits: Limits{
			{Bytes, 32_000, "https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create: text and cards"},
			{Blocks, 100, cards + ": a card shows 100 widgets and drops the rest"},
			{AddressLength, 8_000, "none documented; a longer one would crowd out the card"},
		},
		encode: func(d draft, w *writing) (encoded, error) {
			dialect := markup.LightHTML()
			dialect.Mention = w.mention(func(p Person) string { return dialect.Text(p.Name, false) })
			return googleWriter{w, dialect}.message(d)
		},
	}
}

// googleDefuse keeps plain text from calling people.
func googleDefuse(s string) string { return defuse("<users/")(s) }

type googleCard struct {
	Header   *googleHeader   `json:"header,omitempty"`
	Sections []googleSection `json:"sections,omitempty"`
}

type googleHeader struct {
	Title        string `json:"title"`
	Subtitle     string `json:"subtitle,omitempty"`
	ImageURL     string `json:"imageUrl,omitempty"`
	ImageType    string `json:"imageType,omitempty"`
	ImageAltText string `json:"imageAltText,omitempty"`
}

type googleSection struct {
	Header  string         `json:"header,omitempty"`
	Widgets []googleWidget `json:"widgets"`
}

// googleWidget has one of its members.
type googleWidget struct {
	TextParagraph *googleText      `json:"textParagraph,omitempty"`
	DecoratedText *googleDecorated `json:"decoratedText,omitempty"`
	Image         *googleImage     `json:"image,omitempty"`
	ButtonList    *googleButtons   `json:"buttonList,omitempty"`
}

type googleText struct {
	Text string `json:"text"`
}

type googleDecorated struct {
	TopLabel    string      `json:"topLabel,omitempty"`
	Text        string      `json:"text"`
	BottomLabel string      `json:"bottomLabel,omitempty"`
	WrapText    bool        `json:"wrapText"`
	StartIcon   *googleIcon `json:"startIcon,omitempty"`
}

type googleIcon struct {
	IconURL   string `json:"iconUrl"`
	ImageType string `json:"imageType"`
	AltText   string `json:"altText,omitempty"`
}

type googleImage struct {
	ImageURL string `json:"imageUrl"`
	AltText  string `json:"altText,omitempty"`
}

type googleButtons struct {
	Buttons []googleButton `json:"buttons"`
}

type googleButton struct {
	Text    string      `json:"text"`
	OnClick googleClick `json:"onClick"`
}

type googleClick struct {
	OpenLink googleLink `json:"openLink"`
}

type googleLink struct {
	URL string `json:"url"`
}

type googleMessage struct {
	Text   string `json:"text,omitempty"`
	Cards  any    `json:"cardsV2"`
	Thread any    `json:"thread,omitempty"`
}

type googleWriter struct {
	*writing
	dialect markup.Dialect
}

func (w googleWriter) message(d draft) (encoded, error) {
	c := googleCard{Header: &googleHeader{Title: googleDefuse(d.headline())}}
	if by, ok := d.sender(); ok {
		c.Header.Subtitle, c.Header.ImageURL = googleDefuse(markup.Bare(by.activity)), by.avatar
	}
	add := func(header string, widgets []googleWidget) {
		if len(widgets) > 0 {
			c.Sections = append(c.Sections, googleSection{Header: header, Widgets: widgets})
		}
	}
	add("", w.paragraph(d.text))
	for _, s := range d.sections {
		if widgets := w.section(s); len(widgets) > 0 && beyond(s.title) == nil {
			add(googleDefuse(markup.Bare(s.title)), widgets)
		} else {
			// A section needs more than a header, which knows no links.
			add("", append(w.paragraph(strong(s.title)), widgets...))
		}
	}
	add("", append(w.ways(d.actions), w.paragraph(d.said())...))
	if len(c.Sections) == 0 {
		add("", w.paragraph(markup.Words(d.headline())))
	}
	widgets := 0
	for _, s := range c.Sections {
		widgets += len(s.Widgets)
	}
	type cardWithID struct {
		ID   string     `json:"cardId"`
		Card googleCard `json:"card"`
	}
	m := googleMessage{Cards: []cardWithID{{ID: "card", Card: c}}}
	var called []string
	for _, p := range w.mentioned {
		called = append(called, "<users/"+strings.TrimPrefix(p.ID, "users/")+">")
	}
	m.Text = strings.Join(called, " ")
	if w.Thread != "" {
		m.Thread = map[string]string{"threadKey": w.Thread}
	}
	body, err := encode(m)
	return encoded{body: body, used: map[Unit]int{Blocks: widgets}}, err
}

func (w googleWriter) paragraph(t markup.Text) []googleWidget {
	text := w.dialect.Write(t)
	if text == "" {
		return nil
	}
	return []googleWidget{{TextParagraph: &googleText{Text: text}}}
}

func (w googleWriter) section(s section) []googleWidget {
	var widgets []googleWidget
	add := func(list ...googleWidget) { widgets = append(widgets, list...) }
	if who := w.dialect.Line(s.activity.Inline()); who != "" || s.avatar != "" || !s.subtitle.Empty() {
		line := &googleDecorated{Text: orSpace(who), BottomLabel: w.dialect.Line(s.subtitle.Inline()), WrapText: true}
		if s.avatar != "" {
			line.StartIcon = &googleIcon{IconURL: s.avatar, ImageType: "CIRCLE", AltText: googleDefuse(markup.Bare(s.activity))}
			if s.card.ActivityImageType == article {
				line.StartIcon.ImageType = "SQUARE"
			}
		}
		add(googleWidget{DecoratedText: line})
	}
	add(w.paragraph(append(append(markup.Text{}, s.activityText...), s.text...))...)
	for _, f := range s.facts {
		add(googleWidget{DecoratedText: &googleDecorated{TopLabel: googleDefuse(markup.Bare(f.name)), Text: orSpace(w.dialect.Write(f.value)), WrapText: true}})
	}
	for _, img := range s.pictures() {
		add(googleWidget{Image: &googleImage{ImageURL: img.URL, AltText: googleDefuse(card.Plain(img.Title))}})
	}
	add(w.ways(s.actions)...)
	return widgets
}

// ways are buttons for links, and a sentence for what is not possible.
func (w googleWriter) ways(actions []card.Action) []googleWidget {
	links, rest := split(actions)
	var widgets []googleWidget
	if len(links) > 0 {
		list := &googleButtons{}
		for _, l := range links {
			list.Buttons = append(list.Buttons, googleButton{Text: googleDefuse(l.name), OnClick: googleClick{googleLink{l.address}}})
		}
		widgets = append(widgets, googleWidget{ButtonList: list})
	}
	return append(widgets, w.paragraph(rest)...)
}
