package dashboard

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/access"
)

const (
	// keepAlive is how often an open page hears that it is still connected.
	keepAlive = 25 * time.Second
	// longest is how long a page listens before it must connect again, so that what
	// somebody may see no longer is soon not heard of either.
	longest = 10 * time.Minute
	// mostOpen is how many pages may listen at once, and mostOpenEach how many of one
	// person's. Further ones look at intervals.
	mostOpen     = 500
	mostOpenEach = 30
)

// hub tells open pages of news.
type hub struct {
	mu     sync.Mutex
	pages  map[*listening]struct{}
	closed chan struct{}
	once   sync.Once
}

// listening is an open page.
type listening struct {
	person string
	// whole says that it shows more than one channel. Of those, all says that it hears of
	// every one, and otherwise of these.
	whole    bool
	all      bool
	channels map[string]bool
	news     chan struct{}
}

func newHub() *hub {
	return &hub{pages: make(map[*listening]struct{}), closed: make(chan struct{})}
}

func (h *hub) close() { h.once.Do(func() { close(h.closed) }) }

// open registers a page, unless too many are open.
func (h *hub) open(l *listening) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	same := 0
	for other := range h.pages {
		if other.person == l.person {
			same++
		}
	}
	if len(h.pages) >= mostOpen || same >= mostOpenEach {
		return false
	}
	h.pages[l] = struct{}{}
	return true
}

func (h *hub) leave(l *listening) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.pages, l)
}

// notify leaves word for each page that channels concern.
func (h *hub) notify(channels []string) {
	h.tell(func(l *listening) bool {
		return l.all && len(channels) > 0 || slices.ContainsFunc(channels, func(c string) bool { return l.channels[c] })
	})
}

// tell leaves word for some pages. One that has not yet taken the last word needs no second
// one.
func (h *hub) tell(concerns func(*listening) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for l := range h.pages {
		if !concerns(l) {
			continue
		}
		select {
		case l.news <- struct{}{}:
		default:
		}
	}
}

// listener returns what a page hears of: of its channel, or of all, as far as its person
// sees them.
func (d *Dashboard) listener(ctx context.Context, channel string) (*listening, error) {
	l := &listening{whole: channel == "*", channels: make(map[string]bool), news: make(chan struct{}, 1)}
	me, ok := access.From(ctx)
	l.person, l.all = me.Name, ok && me.SeesAll() && channel == "*"
	if l.all {
		return l, nil
	}
	seen, err := d.relay.Channels(ctx)
	for _, c := range seen {
		if c.Name == channel || channel == "*" {
			l.channels[c.Name] = true
		}
	}
	return l, err
}

// changes streams a line whenever a channel has news; the page then fetches
// itself again.
func (d *Dashboard) changes(w http.ResponseWriter, r *http.Request) {
	l, err := d.listener(r.Context(), r.URL.Query().Get("channel"))
	if err != nil {
		d.failed(err).write(d, w, r)
		return
	}
	if !d.hub.open(l) {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "too many pages are open", http.StatusServiceUnavailable)
		return
	}
	defer d.hub.leave(l)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	ctx, cancel := context.WithTimeout(r.Context(), longest)
	defer cancel()
	d.stream(ctx, w, l.news)
}

func (d *Dashboard) stream(ctx context.Context, w http.ResponseWriter, news <-chan struct{}) {
	out := http.NewResponseController(w)
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	line := "retry: 2000\n\n"
	for {
		_ = out.SetWriteDeadline(time.Now().Add(2 * keepAlive))
		if _, err := fmt.Fprint(w, line); err != nil {
			return
		}
		if out.Flush() != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-d.hub.closed:
			return
		case <-news:
			line = "data: news\n\n"
		case <-tick.C:
			line = ": still here\n\n"
		}
	}
}
