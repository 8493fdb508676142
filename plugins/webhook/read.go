package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// maxJSONCard is how much of a JSON body the card shows when no route builds a
// better one, in bytes.
const maxJSONCard = 2000

// read turns the body into an event.
func (h *Webhook) read(r *connector.Request) (event.Event, error) {
	body, err := payload(r)
	if err != nil {
		return event.Event{}, err
	}
	e := event.Event{Data: body}
	if len(body) == 0 || body[0] != '{' {
		if err := checkJSON(body); err != nil {
			return e, err
		}
		if h.Accept != acceptJSON {
			return e, errors.New("a card is a JSON object, such as {\"text\": \"Hello\"}")
		}
		e.Data = append(append([]byte(`{"body":`), body...), '}')
	}
	if h.Accept == acceptJSON {
		e.Kind, e.Card, err = h.readJSON(body)
	} else {
		e.Kind, e.Card, err = readCard(body)
	}
	if err != nil {
		return e, err
	}
	h.sign(&e.Card)
	if err := e.Card.Validate(); err != nil {
		return e, err
	}
	return e, nil
}

// payload is the JSON in a request: the body, or, as Slack's senders may do, the
// form field "payload".
func payload(r *connector.Request) ([]byte, error) {
	body := bytes.TrimSpace(bytes.TrimPrefix(r.Body, []byte("\xef\xbb\xbf")))
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") && !bytes.HasPrefix(body, []byte("{")) {
		form, err := url.ParseQuery(string(body))
		if err != nil || form.Get("payload") == "" {
			return nil, errors.New("a form needs the field payload, with a card as JSON")
		}
		body = []byte(form.Get("payload"))
	}
	if len(body) == 0 {
		return nil, errors.New("the body is empty: POST a card, such as {\"text\": \"Hello\"}")
	}
	return body, nil
}

// checkJSON says where JSON is broken.
func checkJSON(b []byte) error {
	var v any
	err := json.Unmarshal(b, &v)
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := b[:min(int(e.Offset), len(b))]
		line := bytes.Count(before, []byte("\n")) + 1
		return fmt.Errorf("not JSON: line %d, column %d: %w", line, max(1, len(before)-bytes.LastIndexByte(before, '\n')-1), err)
	}
	return err
}

// shape is what tells the payloads apart.
type shape struct {
	Type        string          `json:"type"`
	Body        json.RawMessage `json:"body"`
	Blocks      json.RawMessage `json:"blocks"`
	Attachments []attachment    `json:"attachments"`
	Sections    json.RawMessage `json:"sections"`
	Title       json.RawMessage `json:"title"`
	CardType    string          `json:"@type"`
}

// attachment is one of a Workflow's envelope.
type attachment struct {
	ContentType string          `json:"contentType"`
	Content     json.RawMessage `json:"content"`
}

// readCard reads whichever kind of card it is. Most are Connector Cards, so those
// are read without a look at the rest.
func readCard(body []byte) (string, card.Card, error) {
	if !bytes.Contains(body, []byte(`"attachments"`)) && !bytes.Contains(body, []byte(`"blocks"`)) && !bytes.Contains(body, []byte(`"AdaptiveCard"`)) {
		return readConnectorCard(body)
	}
	var s shape
	if err := json.Unmarshal(body, &s); err != nil {
		// Not the shape of any of them; the card's own reader says what is wrong.
		return readConnectorCard(body)
	}
	if s.CardType != "" || len(s.Sections) > 0 {
		return readConnectorCard(body)
	}
	if s.Type == "AdaptiveCard" {
		c, err := fromAdaptive(body)
		return "adaptive", c, err
	}
	for _, a := range s.Attachments {
		if a.ContentType == "application/vnd.microsoft.card.adaptive" {
			c, err := fromAdaptive(a.Content)
			return "adaptive", c, err
		}
	}
	if len(s.Blocks) > 0 || len(s.Attachments) > 0 {
		c, err := fromSlack(body)
		return "slack", c, err
	}
	return readConnectorCard(body)
}

func readConnectorCard(body []byte) (string, card.Card, error) {
	c, err := card.Parse(body)
	if err != nil {
		return "", c, err
	}
	if c.Text == "" && c.Summary == "" && c.Title == "" && len(c.Sections) == 0 {
		return "", c, errors.New("summary or text is required")
	}
	return "card", c, nil
}

// readJSON makes a plain card of any JSON: its title if it has one, and the JSON.
func (h *Webhook) readJSON(body []byte) (string, card.Card, error) {
	if err := checkJSON(body); err != nil {
		return "", card.Card{}, err
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, body, "", "  "); err != nil {
		return "", card.Card{}, err
	}
	text := pretty.String()
	if len(text) > maxJSONCard {
		text = strings.ToValidUTF8(text[:maxJSONCard], "") + "\n…"
	}
	var named struct {
		Title any `json:"title"`
	}
	c := card.Card{Text: "```\n" + strings.ReplaceAll(text, "```", "'''") + "\n```"}
	if json.Unmarshal(body, &named) == nil {
		if title, ok := named.Title.(string); ok {
			c.Title = card.Escape(title)
		}
	}
	return "json", c, nil
}

// sign puts the connector's own name and picture on a card, where the retired
// connectors showed them.
func (h *Webhook) sign(c *card.Card) {
	if c.Title == "" && h.Title != "" {
		c.Title = card.Escape(h.Title)
	}
	if c.Summary == "" {
		c.Summary = c.Headline()
	}
	if h.Image == "" {
		return
	}
	for i := range c.Sections {
		if c.Sections[i].ActivityImage != "" {
			return
		}
	}
	if len(c.Sections) > 0 && c.Sections[0].ActivityTitle != "" {
		c.Sections[0].ActivityImage = h.Image
		return
	}
	by := card.Section{ActivityImage: h.Image, ActivityTitle: card.Escape(h.Title)}
	c.Sections = append([]card.Section{by}, c.Sections...)
}
