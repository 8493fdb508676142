package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
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
	errNoForm    refusal = "A form needs the field payload, with a card as JSON."
	errNoObject  refusal = `The body must be a JSON object, such as {"text": "Hello"}.`
	errEmptyCard refusal = "Summary or Text is required."
	errDeep      refusal = "The Adaptive Card nests deeper than 32 levels."
	errNothing   refusal = `The Adaptive Card shows nothing: its body needs an element such as {"type": "TextBlock", "text": "Hello"}.`
)

// read turns a request into events: one, or one for each card of an envelope, as
// Workflows post them. It says whose dialect the request speaks even when it cannot be
// read.
func (h *Webhook) read(r *connector.Request) (events []event.Event, dialect string, err error) {
	body, err := payload(r)
	if err == nil {
		err = checkJSON(body)
	}
	if err != nil {
		return nil, h.dialect(r.Body), err
	}
	root := parseTree(body)
	dialect = looks(root)
	if h.Accept == acceptSlack && dialect == acceptCard {
		dialect = acceptSlack
	}
	events, err = h.events(dialect, root, body)
	if err != nil {
		return nil, dialect, err
	}
	events, err = h.finished(events, r)
	return events, dialect, err
}

// events reads a payload.
func (h *Webhook) events(dialect string, root node, body []byte) ([]event.Event, error) {
	switch {
	case h.Accept == acceptJSON:
		return []event.Event{h.readJSON(body)}, nil
	case !root.isObject():
		return nil, errNoObject
	case h.Accept == acceptSlack:
		dialect = acceptSlack
	case h.Accept == acceptAdaptive && dialect != acceptAdaptive:
		return nil, refusal(`This webhook takes Adaptive Cards only: {"type": "AdaptiveCard", …}, bare or as an attachment.`)
	case h.Accept == acceptCard && dialect != acceptCard:
		return nil, refusal(`This webhook takes Connector Cards only: a MessageCard, or {"text": "Hello"}.`)
	}
	e := event.Event{Kind: dialect, Data: body}
	var err error
	switch {
	case dialect == acceptCard:
		e.Card, err = connectorCard(body)
	case dialect == acceptSlack:
		e.Card, err = fromSlack(root)
	case root.get("type").word() == "adaptivecard":
		e.Card, err = fromAdaptive(root)
		e.Card.Adaptive = body
	default:
		return fromEnvelope(root, body)
	}
	return []event.Event{e}, err
}

// finished puts the connector's name and picture on the cards and makes sure that
// they are valid.
func (h *Webhook) finished(events []event.Event, r *connector.Request) ([]event.Event, error) {
	for i := range events {
		c := &events[i].Card
		h.brand(c)
		err := c.Validate()
		if err == nil {
			continue
		}
		repair(c)
		if r.Log != nil {
			r.Log.Info("left out of a card what cannot be shown", "problems", err.Error())
		}
		if !shows(*c) {
			return nil, errEmptyCard
		}
		if err := c.Validate(); err != nil {
			return nil, refuse("The card is not valid: %s.", strings.ReplaceAll(err.Error(), "\n", "; "))
		}
	}
	return events, nil
}

// looks tells the kinds apart by what only they have.
func looks(root node) string {
	if root.get("@type").text() != "" || len(root.get("sections").list()) > 0 {
		return acceptCard
	}
	if root.get("type").word() == "adaptivecard" {
		return acceptAdaptive
	}
	attachments := root.get("attachments").list()
	for _, a := range attachments {
		if a.has("contentType", "contentUrl") || a.get("content").isObject() {
			return acceptAdaptive
		}
	}
	if len(attachments) > 0 || len(root.get("blocks").list()) > 0 || isSlack(root) {
		return acceptSlack
	}
	return acceptCard
}

// connectorCard reads a MessageCard or {"text": …}.
func connectorCard(body []byte) (card.Card, error) {
	if mended, changed := withTargets(body); changed {
		body = mended
	}
	c, err := card.Parse(body)
	if err != nil {
		looser, changed := loosened(body)
		if !changed {
			return c, refuse("The card cannot be read: %s.", err)
		}
		if c, err = card.Parse(looser); err != nil {
			return c, refuse("The card cannot be read: %s.", err)
		}
	}
	c.Sender = nil   // whose cards they are says the configuration
	c.Adaptive = nil // only one that was read as such is shown as it came
	if !shows(c) {
		return c, errEmptyCard
	}
	return c, nil
}

// encode writes a tree as JSON, which always can be done.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
	return bytes.TrimSpace(b.Bytes())
}

// maxJSONCard is how much of a JSON body the card shows when no route builds a
// better one, in bytes.
const maxJSONCard = 2000

// readJSON makes a plain card of any JSON: its title if it has one, and the JSON.
func (h *Webhook) readJSON(body []byte) event.Event {
	e := event.Event{Kind: acceptJSON, Data: body}
	if body[0] != '{' {
		e.Data = append(append([]byte(`{"body":`), body...), '}')
	} else {
		var named struct {
			Title any `json:"title"`
		}
		if json.Unmarshal(body, &named) == nil {
			e.Card.Title = card.Escape(node{named.Title}.text())
		}
	}
	var pretty bytes.Buffer
	// What is indented deeper than the card can show is not indented at all.
	if len(body) > maxJSONCard || json.Indent(&pretty, body, "", "  ") != nil {
		pretty.Reset()
		pretty.Write(body[:min(len(body), maxJSONCard)])
	}
	text := pretty.String()
	if len(text) > maxJSONCard || len(body) > maxJSONCard {
		text = strings.ToValidUTF8(text[:min(len(text), maxJSONCard)], "") + "\n…"
	}
	e.Card.Text = fence(text, "json")
	return e
}

// brand posts a card under the connector's own name and picture, as the retired
// connectors did. The card's headline stays its own.
func (h *Webhook) brand(c *card.Card) {
	if c.Summary == "" && c.Text == "" {
		c.Summary = c.Headline() // one of the two is required
	}
	if h.Title != "" || h.Image != "" {
		c.Sender = &card.Sender{Name: h.Title, Image: h.Image}
	}
}
