// Package preview shows a card as each chat system gets it, before it is sent. No relay
// needs to run.
package preview

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/connector-relay/relay/plugins/webhook"
	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/systems"
	"github.com/connector-relay/relay/relay/connector"
)

// Preview is a card as one channel type gets it.
type Preview struct {
	// Card is the number of the card within the body, from 1, and Kind is what the body
	// was read as.
	Card        int      `json:"card"`
	Kind        string   `json:"kind"`
	Type        string   `json:"type"`
	Payload     string   `json:"payload,omitempty"`
	ContentType string   `json:"content_type"`
	Bytes       int      `json:"bytes"`
	Used        []Usage  `json:"used"`
	Omitted     []string `json:"omitted"`
	// Body is JSON as it is sent, or the fields of a form.
	Body any `json:"body"`
}

// Usage is how much of a limit of the chat system a payload uses.
type Usage struct {
	Unit string `json:"unit"`
	Used int    `json:"used"`
	Most int    `json:"most"`
}

// Read reads a body as an incoming webhook does, and writes each of its cards for every
// channel type and payload, or for one type only. The chat system for which the body was
// written comes first. It also returns the notes about the body; name is what an error
// calls it.
func Read(ctx context.Context, name string, body []byte, only string) (list []Preview, notes []string, err error) {
	hook := &webhook.Webhook{Accept: "any"}
	reply, err := hook.Receive(ctx, &connector.Request{Method: http.MethodPost, Header: make(http.Header), Body: body})
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("read %s: %w", name, err)
	case reply.Status >= http.StatusBadRequest:
		return nil, nil, fmt.Errorf("%s would be refused: %s", name, reply.Body)
	}
	for i, e := range reply.Events {
		notes = append(notes, e.Notes...)
		previews, err := writeAll(ctx, e.Card, only)
		if err != nil {
			return nil, notes, err
		}
		slices.SortStableFunc(previews, func(x, y Preview) int { return cmp.Compare(rank(e.Kind, x.Type), rank(e.Kind, y.Type)) })
		for j := range previews {
			previews[j].Card, previews[j].Kind = i+1, e.Kind
		}
		list = append(list, previews...)
	}
	return list, notes, nil
}

// rank puts first the channel type for which a payload was written.
func rank(kind, channelType string) int {
	if own := map[string]string{"card": "office365", "adaptive": "teams", "slack": "slack"}; own[kind] == channelType {
		return 0
	}
	return 1
}

// writeAll writes a card for every channel type and payload, or for one type.
func writeAll(ctx context.Context, c card.Card, only string) ([]Preview, error) {
	var previews []Preview
	example := make(chat.Settings)
	for _, name := range []string{"to", "topic"} {
		example.Set(name, "example")
	}
	for _, s := range systems.All() {
		if only != "" && s.Name != only {
			continue
		}
		for _, f := range s.Forms {
			p, err := f.Render(ctx, c, chat.Options{Settings: example})
			if err != nil {
				return nil, err
			}
			shown, err := newPreview(s.Name, f.Name, p)
			if err != nil {
				return nil, err
			}
			previews = append(previews, shown)
		}
	}
	if len(previews) == 0 {
		return nil, fmt.Errorf("there is no channel type %q that cards are posted to", only)
	}
	return previews, nil
}

func newPreview(typ, payload string, p chat.Payload) (Preview, error) {
	shown := Preview{Type: typ, Payload: payload, ContentType: p.ContentType, Bytes: len(p.Body), Omitted: p.Omitted, Body: json.RawMessage(p.Body)}
	for _, u := range p.Used {
		shown.Used = append(shown.Used, Usage{Unit: string(u.Unit), Used: u.Used, Most: u.Most})
	}
	if p.ContentType != "application/x-www-form-urlencoded" {
		return shown, nil
	}
	values, err := url.ParseQuery(string(p.Body))
	if err != nil {
		return Preview{}, fmt.Errorf("show %s: %w", typ, err)
	}
	fields := make(map[string]string, len(values))
	for name := range values {
		fields[name] = values.Get(name)
	}
	shown.Body = fields
	return shown, nil
}
