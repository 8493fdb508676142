package webhook

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/connector"
)

// replayWindow is how long a signed body counts only once: the difference that Standard
// Webhooks allow between two clocks.
const replayWindow = 5 * time.Minute

// replays knows recent signed bodies. An HMAC of the body proves neither when nor for
// what it was made: whoever has seen such a request can send it again under any name.
type replays struct {
	mu sync.Mutex
	// now and before are the events' keys by the body's sum, in this window and the
	// previous one.
	now, before map[[sha256.Size]byte]signed
	began       time.Time
}

type signed struct {
	key string
	at  time.Time
}

// key is the key of a signed request's event: that of the first request with the same
// body in the window, whatever its id; else one made of the body and the request's id,
// by which it is recognised for longer.
func (r *replays) key(body []byte, h http.Header, at time.Time) string {
	sum := sha256.Sum256(body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if at.Sub(r.began) >= replayWindow {
		r.before, r.now, r.began = r.now, make(map[[sha256.Size]byte]signed), at
	}
	for _, known := range []map[[sha256.Size]byte]signed{r.now, r.before} {
		if s, ok := known[sum]; ok && at.Sub(s.at) < replayWindow {
			return s.key
		}
	}
	header, name, _ := connector.RequestName(h)
	if header == "" {
		name = strconv.FormatInt(at.UnixMicro(), 10)
	}
	of := sha256.Sum256([]byte(name))
	s := signed{key: "signed:" + hex.EncodeToString(sum[:]) + ":" + hex.EncodeToString(of[:16]), at: at}
	r.now[sum] = s
	return s.key
}
