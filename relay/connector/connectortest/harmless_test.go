package connectortest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
)

// recorder is a test that may fail.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }

func TestAHarmfulEventIsFoundOut(t *testing.T) {
	of := func(change func(*event.Event)) event.Event {
		e := event.Event{Key: "k", Kind: "note", Card: card.Card{Title: "Hello"}, Data: json.RawMessage(`{}`)}
		change(&e)
		return e
	}
	leadsTo := func(address string) func(*event.Event) {
		return func(e *event.Event) {
			e.Card.Actions = []card.Action{{Type: card.OpenURI, Name: "Open", Targets: []card.Target{{OS: "default", URI: address}}}}
		}
	}
	for name, test := range map[string]struct {
		event    event.Event
		harmless bool
	}{
		"ordinary":       {of(func(*event.Event) {}), true},
		"a link":         {of(leadsTo("https://example.com/")), true},
		"a script":       {of(leadsTo("javascript:alert(1)")), false},
		"a file":         {of(leadsTo("file:///etc/passwd")), false},
		"a mention":      {of(func(e *event.Event) { e.Card.Text = "<at>everyone</at>" }), false},
		"an empty card":  {of(func(e *event.Event) { e.Card = card.Card{} }), false},
		"a long key":     {of(func(e *event.Event) { e.Key = strings.Repeat("k", 5000) }), false},
		"no kind":        {of(func(e *event.Event) { e.Kind = "" }), false},
		"data of no use": {of(func(e *event.Event) { e.Data = json.RawMessage(`[]`) }), false},
	} {
		r := &recorder{TB: t}
		Harmless(r, test.event)
		if r.failed == test.harmless {
			t.Errorf("%s: failed: %t", name, r.failed)
		}
	}
}
