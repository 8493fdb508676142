// Package googlechat is Google Chat, by the webhooks of its spaces.
package googlechat

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/size"
	"github.com/connector-relay/relay/relay/delivery"
)

// System returns Google Chat. It writes a card of version 2:
// https://developers.google.com/workspace/chat/api/reference/rest/v1/cards. People
// are called in the text, because a card cannot.
func System() chat.System {
	const cards = "https://developers.google.com/workspace/chat/api/reference/rest/v1/cards"
	form := chat.Form{
		Read: read, Address: threaded,
		Limits: size.Limits{
			size.Bytes.AtMost(32_000, "https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create: text and cards"),
			size.Blocks.AtMost(100, cards+": a card shows 100 widgets and drops the rest"),
			size.AddressLength.AtMost(8_000, "none documented; a longer one would crowd out the card"),
		},
		Write: func(d draft.Draft, w *chat.Writing) (draft.Written, error) {
			dialect := markup.LightHTML()
			dialect.Mention = w.Mention(func(p chat.Person) string { return dialect.Text(p.Name, false) })
			return writer{w, dialect}.message(d)
		},
	}
	return chat.System{
		Name: "googlechat", Summary: "A space in Google Chat, by a webhook.",
		Settings: []chat.Setting{chat.URL(), chat.Thread()},
		Forms:    []chat.Form{form},
		Rate:     chat.Rate{PerSecond: 0.9, Burst: 1, Source: "https://developers.google.com/workspace/chat/limits: one a second for a space, shared by all that post there"},
		Person:   &chat.Identity{Pattern: regexp.MustCompile(`^(users/)?[0-9]+$`), Doc: "it is the user id, a number"},
	}
}

// threaded asks Google Chat to reply in the thread of the same key, or to begin one:
// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create.
func threaded(url string, s chat.Settings) (string, error) {
	if !s.Threads() {
		return url, nil
	}
	return chat.WithQuery(url, "messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"), nil
}

// quiet keeps plain text from calling people.
func quiet(s string) string { return markup.Defuse("<users/")(s) }

type cardV2 struct {
	Header   *header   `json:"header,omitempty"`
	Sections []section `json:"sections,omitempty"`
}

type header struct {
	Title        string `json:"title"`
	Subtitle     string `json:"subtitle,omitempty"`
	ImageURL     string `json:"imageUrl,omitempty"`
	ImageType    string `json:"imageType,omitempty"`
	ImageAltText string `json:"imageAltText,omitempty"`
}

type section struct {
	Header  string   `json:"header,omitempty"`
	Widgets []widget `json:"widgets"`
}

// widget has one of its members.
type widget struct {
	TextParagraph *paragraph `json:"textParagraph,omitempty"`
	DecoratedText *decorated `json:"decoratedText,omitempty"`
	Image         *image     `json:"image,omitempty"`
	ButtonList    *buttons   `json:"buttonList,omitempty"`
}

type paragraph struct {
	Text string `json:"text"`
}

type decorated struct {
	TopLabel    string `json:"topLabel,omitempty"`
	Text        string `json:"text"`
	BottomLabel string `json:"bottomLabel,omitempty"`
	WrapText    bool   `json:"wrapText"`
	StartIcon   *icon  `json:"startIcon,omitempty"`
}

type icon struct {
	IconURL   string `json:"iconUrl"`
	ImageType string `json:"imageType"`
	AltText   string `json:"altText,omitempty"`
}

type image struct {
	ImageURL string `json:"imageUrl"`
	AltText  string `json:"altText,omitempty"`
}

type buttons struct {
	Buttons []button `json:"buttons"`
}

type button struct {
	Text    string `json:"text"`
	OnClick click  `json:"onClick"`
}

type click struct {
	OpenLink link `json:"openLink"`
}

type link struct {
	URL string `json:"url"`
}

type message struct {
	Text   string `json:"text,omitempty"`
	Cards  any    `json:"cardsV2"`
	Thread any    `json:"thread,omitempty"`
}

type writer struct {
	*chat.Writing
	dialect markup.Dialect
}

func (w writer) message(d draft.Draft) (draft.Written, error) {
	c := cardV2{Header: &header{Title: quiet(d.Headline())}}
	if by, ok := d.Sender(); ok {
		c.Header.Subtitle, c.Header.ImageURL = quiet(markup.Bare(by.Activity)), by.Avatar
	}
	add := func(header string, widgets []widget) {
		if len(widgets) > 0 {
			c.Sections = append(c.Sections, section{Header: header, Widgets: widgets})
		}
	}
	add("", w.paragraph(d.Text))
	for _, s := range d.Sections {
		if widgets := w.section(s); len(widgets) > 0 && draft.Beyond(s.Title) == nil {
			add(quiet(markup.Bare(s.Title)), widgets)
		} else {
			// A section needs more than a header, which knows no links.
			add("", append(w.paragraph(draft.Strong(s.Title)), widgets...))
		}
	}
	add("", append(w.ways(d.Actions), w.paragraph(d.Said())...))
	if len(c.Sections) == 0 {
		add("", w.paragraph(markup.Words(d.Headline())))
	}
	widgets := 0
	for _, s := range c.Sections {
		widgets += len(s.Widgets)
	}
	type cardWithID struct {
		ID   string `json:"cardId"`
		Card cardV2 `json:"card"`
	}
	m := message{Cards: []cardWithID{{ID: "card", Card: c}}}
	var called []string
	for _, p := range w.Mentioned {
		called = append(called, "<users/"+strings.TrimPrefix(p.ID, "users/")+">")
	}
	m.Text = strings.Join(called, " ")
	if w.Thread != "" {
		m.Thread = map[string]string{"threadKey": w.Thread}
	}
	body, err := card.JSON(m)
	return draft.Written{Body: body, Used: size.Used{size.Blocks: widgets}}, err
}

func (w writer) paragraph(t markup.Text) []widget {
	text := w.dialect.Write(t)
	if text == "" {
		return nil
	}
	return []widget{{TextParagraph: &paragraph{Text: text}}}
}

func (w writer) section(s draft.Section) []widget {
	var widgets []widget
	add := func(list ...widget) { widgets = append(widgets, list...) }
	if who := w.dialect.Line(s.Activity.Inline()); who != "" || s.Avatar != "" || !s.Subtitle.Empty() {
		line := &decorated{Text: cmp.Or(who, " "), BottomLabel: w.dialect.Line(s.Subtitle.Inline()), WrapText: true}
		if s.Avatar != "" {
			line.StartIcon = &icon{IconURL: s.Avatar, ImageType: "CIRCLE", AltText: quiet(markup.Bare(s.Activity))}
			if s.Card.ActivityImageType == draft.Article {
				line.StartIcon.ImageType = "SQUARE"
			}
		}
		add(widget{DecoratedText: line})
	}
	add(w.paragraph(append(append(markup.Text{}, s.ActivityText...), s.Text...))...)
	for _, f := range s.Facts {
		add(widget{DecoratedText: &decorated{TopLabel: quiet(markup.Bare(f.Name)), Text: cmp.Or(w.dialect.Write(f.Value), " "), WrapText: true}})
	}
	for _, img := range s.Pictures() {
		add(widget{Image: &image{ImageURL: img.URL, AltText: quiet(card.Plain(img.Title))}})
	}
	add(w.ways(s.Actions)...)
	return widgets
}

// ways are buttons for links, and a sentence for what is not possible.
func (w writer) ways(actions []card.Action) []widget {
	links, rest := draft.Split(actions)
	var widgets []widget
	if len(links) > 0 {
		list := &buttons{}
		for _, l := range links {
			list.Buttons = append(list.Buttons, button{Text: quiet(l.Name), OnClick: click{link{l.Address}}})
		}
		widgets = append(widgets, widget{ButtonList: list})
	}
	return append(widgets, w.paragraph(rest)...)
}

// read reads the answer of a webhook; errors are those of all Google's
// APIs (https://cloud.google.com/apis/design/errors).
func read(a answer.Answer) answer.Reading {
	if a.OK() {
		// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages#Message
		if !strings.HasPrefix(a.Member("name"), "spaces/") {
			return a.WrongType("with a message's name as Google Chat does")
		}
		return a.Is(delivery.VerdictDelivered)
	}
	var e struct {
		Error struct {
			Status  string `json:"status"`
			Message string `json:"message"`
		} `json:"error"`
	}
	a.Decode(&e)
	switch e.Error.Status {
	case "RESOURCE_EXHAUSTED":
		return a.Is(delivery.VerdictThrottled)
	case "UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND", "FAILED_PRECONDITION":
		return a.Is(delivery.VerdictRefused)
	case "UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED", "ABORTED":
		return a.Is(delivery.VerdictFailed)
	case "INVALID_ARGUMENT":
		if strings.Contains(e.Error.Message, "API key") {
			return a.Is(delivery.VerdictRefused)
		}
	}
	return a.ByStatus()
}
