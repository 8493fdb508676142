package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// longestName is the longest request id that becomes an event's key unchanged.
const longestName = 512

// requestKey is the event key that a request's own id gives, by which a repeat is
// recognised; it is empty when the request has no id. An id that may be reused for
// another body counts only together with the body.
func requestKey(h http.Header, body [sha256.Size]byte) string {
	header, name, exclusive := connector.RequestName(h)
	if header == "" {
		return ""
	}
	if len(name) > longestName {
		sum := sha256.Sum256([]byte(name))
		name = "sha256:" + hex.EncodeToString(sum[:])
	}
	key := header + ":" + strings.ToValidUTF8(name, "\ufffd")
	if !exclusive {
		key += ":" + hex.EncodeToString(body[:16])
	}
	return key
}

// identify gives events without keys the request's key, if it has one, and returns the
// body's fingerprint, because one key is for one body.
func identify(h http.Header, body []byte, events []event.Event) (fingerprint []byte) {
	sum := sha256.Sum256(body)
	key := requestKey(h, sum)
	if key == "" || slices.ContainsFunc(events, func(e event.Event) bool { return e.Key != "" }) {
		return nil
	}
	for i := range events {
		events[i].Key = key
		if i > 0 {
			events[i].Key += fmt.Sprintf("#%d", i+1)
		}
	}
	return sum[:]
}
