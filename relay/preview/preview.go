// Package preview shows a card as each chat system gets it, before it is sent. No relay
// needs to run; one that runs answers with it, too.
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
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/operator"
)

// Read reads a body as an incoming webhook does, and writes each of its cards for every
// channel type and payload, or for one type only. The chat system for which the body was
// written comes first. It also returns the notes about the body; name is what an error
// calls it.
func Read(ctx context.Context, name string, body []byte, only string) (list []operator.Preview, notes []string, err error) {
	events, refused, err := Receive(ctx, body)
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("read %s: %w", name, err)
	case refused != "":
		return nil, nil, fmt.Errorf("%s would be refused: %s", name, refused)
	}
	for i, e := range events {
		notes = append(notes, e.Notes...)
		previews, err := Write(ctx, i+1, e, only)
		if err != nil {
			return nil, notes, err
		}
		list = append(list, previews...)
	}
	return list, notes, nil
}

// Receive reads a body as an incoming webhook does that takes anything. Refused is what the
// webhook answers when it takes nothing of it.
func Receive(ctx context.Context, body []byte) (events []event.Event, refused string, err error) {
	hook := &webhook.Webhook{Accept: "any"}
	reply, err := hook.Receive(ctx, &connector.Request{Method: http.MethodPost, Header: make(http.Header), Body: body})
	if err == nil && reply.Status >= http.StatusBadRequest {
		refused = string(reply.Body)
	}
	return reply.Events, refused, err
}

// Write writes an event's card for every channel type and payload, or for one type only.
// The card is numbered, because a body may hold several. The chat system for which it was
// written comes first.
func Write(ctx context.Context, number int, e event.Event, only string) ([]operator.Preview, error) {
	previews, err := writeAll(ctx, e.Card, only)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(previews, func(x, y operator.Preview) int { return cmp.Compare(rank(e.Kind, x.Type), rank(e.Kind, y.Type)) })
	for i := range previews {
		previews[i].Card, previews[i].Kind = number, e.Kind
	}
	return previews, nil
}

// rank puts first the channel type for which a payload was written.
func rank(kind, channelType string) int {
	if own := map[string]string{"card": "office365", "adaptive": "teams", "slack": "slack"}; own[kind] == channelType {
		return 0
	}
	return 1
}

// writeAll writes a card for every channel type and payload, or for one type.
func writeAll(ctx context.Context, c card.Card, only string) ([]operator.Preview, error) {
	var previews []operator.Preview
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

func newPreview(typ, payload string, p chat.Payload) (operator.Preview, error) {
	shown := operator.Preview{Type: typ, Payload: payload, ContentType: p.ContentType, Bytes: len(p.Body), Omitted: append([]string{}, p.Omitted...), Used: []operator.Usage{}, Body: json.RawMessage(p.Body)}
	for _, u := range p.Used {
		shown.Used = append(shown.Used, operator.Usage{Unit: string(u.Unit), Used: u.Used, Most: u.Most})
	}
	if p.ContentType != "application/x-www-form-urlencoded" {
		return shown, nil
	}
	values, err := url.ParseQuery(string(p.Body))
	if err != nil {
		return operator.Preview{}, fmt.Errorf("show %s: %w", typ, err)
	}
	fields := make(map[string]string, len(values))
	for name := range values {
		fields[name] = values.Get(name)
	}
	shown.Body = fields
	return shown, nil
}
