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

// replayWindow is for how long a signed body counts once. It is what Standard Webhooks
// allow between two clocks.
const replayWindow = 5 * time.Minute

// replays knows the bodies that were signed lately. An HMAC of the body says neither
// when it was made nor for what: whoever has seen such a request can send it again,
// and call it what he likes.
type replays struct {
	mu sync.Mutex
	// keys are the events' keys by the sum of the body, of this window and the one
	// before.
	now, before map[[sha256.Size]byte]signed
	began       time.Time
}

type signed struct {
	key string
	at  time.Time
}

// key is the key of a signed request's event: the first one's, if the same body came
// lately, under whatever name; else one made of the body and the sender's own name for
// the request, by which it is known for longer.
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
