package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// refusal is a sentence for the sender: what is wrong with the request, and where.
type refusal string

// Error implements error.
func (r refusal) Error() string { return string(r) }

func refuse(format string, a ...any) error { return refusal(fmt.Sprintf(format, a...)) }

const (
	errNoBody    refusal = `The body is empty: POST a card, such as {"text": "Hello"}.`
	errNoForm    refusal = "The form is empty: it needs the field payload with a card as JSON, or any other fields."
	errNoObject  refusal = `The body must be a JSON object, such as {"text": "Hello"}.`
	errEmptyCard refusal = "Summary or Text is required."
	errDeep      refusal = "The Adaptive Card is nested more than 32 levels deep."
	errNothing   refusal = `The Adaptive Card shows nothing: its body needs an element such as {"type": "TextBlock", "text": "Hello"}.`
)

// read turns a request into events: one, or one for each card of a Workflows envelope.
// It returns the request's dialect even for one that it cannot read.
func (h *Webhook) read(r *connector.Request) (events []event.Event, dialect string, err error) {
	in, err := open(r)
	if err != nil {
		return nil, h.dialect(r.Body), err
	}
	root := parseTree(in.json)
	dialect = acceptCard
	if in.kind == acceptJSON {
		dialect = looks(root)
	}
	if dialect == acceptCard && (in.slack || h.Accept == acceptSlack) {
		dialect = acceptSlack
	}
	if h.Accept == acceptJSON {
		events = []event.Event{h.any(in, r)}
	} else if events, err = h.events(dialect, root, in); err != nil {
		return nil, dialect, err
	}
	if len(in.mended) > 0 {
		for i := range events {
			events[i].Notes = append(events[i].Notes, "The payload was not quite JSON: "+strings.Join(in.mended, ", ")+".")
		}
	}
	events, err = h.finished(events)
	return events, dialect, err
}

// events reads a payload.
func (h *Webhook) events(dialect string, root node, in content) ([]event.Event, error) {
	body := in.json
	switch {
	case in.kind != acceptJSON && h.Accept == acceptAny:
		return []event.Event{{Kind: in.kind, Card: in.card, Data: body}}, nil
	case in.kind != acceptJSON:
		return nil, refuse("This webhook takes only JSON; this is %s.", in.kind)
	case !root.isObject():
		return nil, errNoObject
	case h.Accept == acceptSlack:
		dialect = acceptSlack
	case h.Accept == acceptAdaptive && dialect != acceptAdaptive:
		return nil, refusal(`This webhook takes only Adaptive Cards: {"type": "AdaptiveCard", …}, bare or as an attachment.`)
	case h.Accept == acceptCard && dialect != acceptCard:
		return nil, refusal(`This webhook takes only Connector Cards: a MessageCard, or {"text": "Hello"}.`)
	}
	e := event.Event{Kind: dialect, Data: body}
	var err error
	switch {
	case dialect == acceptCard:
		e.Card, e.Notes, err = connectorCard(root)
	case dialect == acceptSlack:
		e.Card, err = fromSlack(root)
	case root.kind() == "adaptivecard":
		e.Card, err = fromAdaptive(root)
		e.Card.Adaptive = body
	default:
		return fromEnvelope(root, body)
	}
	return []event.Event{e}, err
}

// finished adds the connector's name and picture to the cards and makes sure that they
// are valid.
func (h *Webhook) finished(events []event.Event) ([]event.Event, error) {
	for i := range events {
		c := &events[i].Card
		h.brand(c)
		err := c.Validate()
		if err == nil {
			continue
		}
		repair(c)
		events[i].Notes = append(events[i].Notes, "What cannot be shown was left out: "+inOneLine(err)+".")
		if !shows(*c) {
			return nil, errEmptyCard
		}
		if err := c.Validate(); err != nil {
			return nil, refuse("The card is not valid: %s.", inOneLine(err))
		}
	}
	return events, nil
}

func inOneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// maxJSONCard bounds, in bytes, what a card shows of a JSON body if no route builds a
// better one.
const maxJSONCard = 2000

// any takes any content as data and makes a plain card of it.
func (h *Webhook) any(in content, r *connector.Request) event.Event {
	e := event.Event{Kind: in.kind, Card: in.card, Data: in.json}
	if in.kind == acceptJSON {
		e.Card = jsonCard(in.json)
	}
	if e.Data[0] != '{' {
		e.Data = slices.Concat([]byte(`{"body":`), e.Data, []byte("}"))
	}
	e.Data = h.withRequest(e.Data, r)
	return e
}

// jsonCard is a plain card of any JSON: its title, if any, and the JSON.
func jsonCard(body []byte) card.Card {
	c := card.Card{Title: card.Escape(parseTree(body).string("title"))}
	var pretty bytes.Buffer
	// JSON that would be longer indented than the card can show is not indented.
	if len(body) > maxJSONCard || json.Indent(&pretty, body, "", "  ") != nil {
		pretty.Reset()
		pretty.Write(body[:min(len(body), maxJSONCard)])
	}
	text := pretty.String()
	if len(text) > maxJSONCard || len(body) > maxJSONCard {
		text = strings.ToValidUTF8(text[:min(len(text), maxJSONCard)], "") + "\n…"
	}
	c.Text = fence(text, "json")
	return c
}

// brand makes the connector's name and picture the card's sender, as the retired
// connectors did. The card keeps its own headline.
func (h *Webhook) brand(c *card.Card) {
	if c.Summary == "" && c.Text == "" {
		c.Summary = c.Headline() // one of the two is required
	}
	if h.Title != "" || h.Image != "" {
		c.Sender = &card.Sender{Name: h.Title, Image: h.Image}
	}
}
