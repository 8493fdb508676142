package connectortest

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// Samples lays out the samples of a connector's kinds as [Events] does, without their
// data, which is the source's own.
func Samples(t testing.TB, kinds []connector.Kind) string {
	t.Helper()
	events := make([]event.Event, len(kinds))
	for i, k := range kinds {
		events[i] = k.Sample
		events[i].Data = nil
	}
	return Events(t, events)
}

// Events lays out events, without their times, for a golden file: a change of a
// connector's cards is then seen before its users see it. The test fails if a card
// is not valid.
func Events(t testing.TB, events []event.Event) string {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	for _, e := range events {
		if err := e.Card.Validate(); err != nil {
			t.Errorf("%s: the card is not valid: %v", e.Key, err)
		}
		shown := struct {
			Key    string          `json:"key"`
			Kind   string          `json:"kind"`
			Thread string          `json:"thread,omitempty"`
			Card   card.Card       `json:"card"`
			Data   json.RawMessage `json:"data,omitempty"`
		}{e.Key, e.Kind, e.Thread, e.Card, e.Data}
		if err := enc.Encode(shown); err != nil {
			t.Fatalf("%s: %v", e.Key, err)
		}
	}
	return out.String()
}
