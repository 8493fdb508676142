package dashboard

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// keepAlive is how often an open page hears that it is still connected.
const keepAlive = 25 * time.Second

// hub tells open pages of news.
type hub struct {
	mu     sync.Mutex
	pages  map[chan struct{}]string
	closed chan struct{}
	once   sync.Once
}

func newHub() *hub {
	return &hub{pages: make(map[chan struct{}]string), closed: make(chan struct{})}
}

func (h *hub) close() { h.once.Do(func() { close(h.closed) }) }

// open registers a page that shows a channel, or all of them for "*".
func (h *hub) open(channel string) chan struct{} {
	news := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pages[news] = channel
	return news
}

func (h *hub) leave(news chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.pages, news)
}

// notify leaves word for each page that is concerned. A page that has not yet
// taken the last word needs no second one.
func (h *hub) notify(channels []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for news, shows := range h.pages {
		for _, c := range channels {
			if shows == "*" || shows == c {
				select {
				case news <- struct{}{}:
				default:
				}
				break
			}
		}
	}
}

// changes streams a line whenever a channel has news; the page then fetches
// itself again.
func (d *Dashboard) changes(w http.ResponseWriter, r *http.Request) {
	out := http.NewResponseController(w)
	news := d.hub.open(r.URL.Query().Get("channel"))
	defer d.hub.leave(news)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
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
		case <-r.Context().Done():
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
