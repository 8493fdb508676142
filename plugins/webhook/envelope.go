package webhook

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
)

// maxAttachments bounds the cards of one envelope. Teams shows one.
const maxAttachments = 20

// The content types of attachments.
const (
	microsoftCard   = "application/vnd.microsoft.card."
	adaptiveCard    = microsoftCard + "adaptive"
	connectorCardIn = "application/vnd.microsoft.teams.card.o365connector"
	listCard        = "application/vnd.microsoft.teams.card.list"
)

// envelope reads what an application posts to a Workflow
// (https://learn.microsoft.com/connectors/teams, "When a Teams webhook request is
// received"): a message with attachments. Each card is an event; the message's text
// goes to the first card, pictures and files to the card before them.
type envelope struct {
	events []event.Event
	// text is the message's text until a card takes it.
	text string
	// at is the attachment being read.
	at node
}

func fromEnvelope(root node, body []byte) ([]event.Event, error) {
	attachments := root.get("attachments").list()
	if len(attachments) > maxAttachments {
		return nil, refuse("attachments: there are %d; at most %d are allowed.", len(attachments), maxAttachments)
	}
	e := envelope{text: root.string("text")}
	for i, a := range attachments {
		e.at = a
		if err := e.attachment(a); err != nil {
			return nil, refuse("attachments[%d]: %s", i, err)
		}
	}
	if e.text != "" {
		e.file(node{}) // no card took it
	}
	for i := range e.events {
		if len(e.events) == 1 {
			e.events[i].Data = body
		}
		if c := &e.events[i].Card; i == 0 && c.Summary == "" {
			c.Summary = card.Plain(card.Escape(root.string("summary")))
		}
	}
	return e.events, nil
}

// attachment reads one attachment.
func (e *envelope) attachment(a node) error {
	content := a.get("content")
	if text := strings.TrimSpace(content.text()); strings.HasPrefix(text, "{") {
		if inner, _, err := asJSON([]byte(text)); err == nil {
			content = parseTree(inner) // some flows embed the card as a string
		}
	}
	kind := a.get("contentType").word()
	if kind == "" && content.isObject() {
		kind = adaptiveCard
	}
	isCard := strings.HasPrefix(kind, microsoftCard) || kind == connectorCardIn || kind == listCard
	switch {
	case isCard && !content.isObject():
		return refusal("The content must be a card, a JSON object.")
	case kind == adaptiveCard:
		return e.adaptive(content)
	case kind == connectorCardIn:
		c, notes, err := connectorCard(content)
		e.add(acceptCard, c)
		e.events[len(e.events)-1].Notes = notes
		return err
	case isCard:
		c, err := fromBotCard(content)
		e.add(acceptCard, c)
		return err
	}
	e.file(a)
	return nil
}

// adaptive adds an Adaptive Card. The text before it becomes an element of the card, to
// be there too where the card is posted unchanged.
func (e *envelope) adaptive(content node) error {
	if e.text != "" {
		prepend(content, map[string]any{"type": "TextBlock", "text": e.text, "wrap": true})
		e.text = ""
	}
	c, err := fromAdaptive(content)
	c.Adaptive = encode(content.v)
	e.add(acceptAdaptive, c)
	return err
}

func prepend(content node, element any) {
	if m, ok := content.v.(map[string]any); ok {
		body, _ := m["body"].([]any)
		m["body"] = append([]any{element}, body...)
	}
}

// add adds a card, with the waiting text first.
func (e *envelope) add(kind string, c card.Card) {
	if e.text != "" {
		c.Text = strings.TrimSpace(e.text + "\n\n" + c.Text)
		e.text = ""
	}
	data := encode(map[string]any{"type": "message", "attachments": []any{e.at.v}})
	e.events = append(e.events, event.Event{Kind: kind, Card: c, Data: data})
}

// file adds an attachment that is not a card to the card before it: a picture, or a
// link to anything else.
func (e *envelope) file(a node) {
	var b builder
	address, name := a.string("contentUrl", "thumbnailUrl"), a.string("name")
	switch kind := a.get("contentType").word(); {
	case strings.HasPrefix(kind, "image/"):
		b.image(address, name)
	case strings.HasPrefix(kind, "text/") && a.string("content") != "":
		b.paragraph(a.string("content"))
	case address != "":
		b.link(cmp.Or(name, kind), address)
	case kind != "":
		b.ask(cmp.Or(name, kind))
	}
	if len(e.events) == 0 {
		e.add(acceptCard, card.Card{})
	}
	c := &e.events[len(e.events)-1].Card
	if added := b.sections(); len(added) > 0 {
		c.Sections = append(c.Sections, added...)
		c.Adaptive = withImages(c.Adaptive, added)
	}
}

// withImages adds pictures to an Adaptive Card. It returns nil if there is more to add
// than pictures.
func withImages(adaptive json.RawMessage, added []card.Section) json.RawMessage {
	root := parseTree(adaptive)
	m, ok := root.v.(map[string]any)
	if !ok {
		return nil
	}
	body, _ := m["body"].([]any)
	for _, s := range added {
		if s.Text != "" || len(s.Actions) > 0 {
			return nil
		}
		for _, i := range s.Images {
			body = append(body, map[string]any{"type": "Image", "url": i.URL, "altText": i.Title})
		}
	}
	m["body"] = body
	return encode(m)
}
