package connectortest

import (
	"bytes"
	"testing"

	"github.com/connector-relay/relay/relay/connector/wire"
	"github.com/connector-relay/relay/relay/event"
)

// Harmless fails the test unless the relay accepts an event, made from whatever a
// stranger wrote at the source, and its card is valid, mentions nobody and links to no
// script or file. It is for fuzz tests of how a connector reads its source.
func Harmless(t testing.TB, e event.Event) {
	t.Helper()
	if err := e.Card.Validate(); err != nil {
		t.Errorf("%s: the card is not valid: %v", e.Key, err)
	}
	w, err := wire.FromEvent(e)
	if err != nil {
		t.Errorf("%s: the relay does not accept it: %v", e.Key, err)
		return
	}
	for _, bad := range []string{"<at>", `"javascript:`, `"file:`} {
		if bytes.Contains(w.GetCard(), []byte(bad)) {
			t.Errorf("%s: the card holds %s: %s", e.Key, bad, w.GetCard())
		}
	}
}
