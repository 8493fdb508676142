package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/event"
)

// longestName is the longest name of a request that becomes an event's key as it is.
const longestName = 512

// requestName is the sender's own name for a request, by which a repeat is known; it is
// empty when it has none. It is a Standard Webhooks identifier, or the header of the
// IETF's draft on idempotency keys.
func requestName(h http.Header) string {
	for _, name := range []string{"Webhook-Id", "Idempotency-Key"} {
		v := strings.TrimSpace(h.Get(name))
		if v == "" {
			continue
		}
		if len(v) > longestName {
			sum := sha256.Sum256([]byte(v))
			v = "sha256:" + hex.EncodeToString(sum[:])
		}
		return strings.ToLower(name) + ":" + strings.ToValidUTF8(v, "\ufffd")
	}
	return ""
}

// identify gives the events of a request that have no keys of their own the request's
// name, if it has one, and returns the fingerprint that goes with it: such a name is
// for one body only.
func identify(h http.Header, body []byte, events []event.Event) (fingerprint []byte) {
	name := requestName(h)
	if name == "" || slices.ContainsFunc(events, func(e event.Event) bool { return e.Key != "" }) {
		return nil
	}
	for i := range events {
		events[i].Key = name
		if i > 0 {
			events[i].Key += fmt.Sprintf("#%d", i+1)
		}
	}
	sum := sha256.Sum256(body)
	return sum[:]
}
