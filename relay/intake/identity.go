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

// longestName is the longest name of a request that becomes an event's key as it is.
const longestName = 512

// requestKey is the key of what a request tells of, by which a repeat is known; it is
// empty when its sender has no name for it. A name that is not for one body only counts
// together with the body.
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

// identify gives the events of a request that have no keys of their own the request's,
// if it has one, and returns the fingerprint that goes with it: a key is for one body
// only.
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
