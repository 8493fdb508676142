package connectortest

import (
	"bytes"
	"testing"

	"github.com/connector-relay/relay/relay/connector/wire"
	"github.com/connector-relay/relay/relay/event"
)

// Harmless fails the test unless an event, made of whatever a stranger wrote at the
// source, is one that the relay takes, and its card is valid and neither mentions
// anybody nor leads to a script or a file. It is for fuzz tests of how a connector
// reads its source.
func Harmless(t testing.TB, e event.Event) {
	t.Helper()
	if err := e.Card.Validate(); err != nil {
		t.Errorf("%s: the card is not valid: %v", e.Key, err)
	}
	w, err := wire.FromEvent(e)
	if err != nil {
		t.Errorf("%s: the relay does not take it: %v", e.Key, err)
		return
	}
	for _, bad := range []string{"<at>", `"javascript:`, `"file:`} {
		if bytes.Contains(w.GetCard(), []byte(bad)) {
			t.Errorf("%s: the card holds %s: %s", e.Key, bad, w.GetCard())
		}
	}
}
