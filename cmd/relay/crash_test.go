package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// kills is how often the relay is killed in the crash suite.
const kills = 50

// behind is the room whose channel is too slow for what comes, so that its cards
// arrive in digests of at most so many.
const (
	behind     = "behind"
	mostBehind = 50
)

// rooms of the crash suite: how each answers, request by request. A room that
// answers badly now and then must still show every card in order.
func crashRooms() map[string]func(n int) string {
	every := func(m int, how string) func(int) string {
		return func(n int) string {
			if n%m == m-1 {
				return how
			}
			return ""
		}
	}
	return map[string]func(n int) string{
		"well":       every(1<<30, ""),
		"slow":       every(3, troubleSlow),
		"dropping":   every(4, troubleDrop),
		"resetting":  every(9, troubleReset),
		"throttling": every(20, trouble429),
		"failing":    every(5, trouble500),
		"lying":      every(6, trouble200Fail),
		"busy":       every(25, trouble200),
		behind:       every(7, trouble500),
	}
}

// TestNothingIsLostWhenTheRelayIsKilled is the first promise: a load of events
// through hooks and polls while the relay is killed again and again. Afterwards
// every accepted event has been shown, in order, and no more often than the
// attempts that were in flight at a kill allow.
func TestNothingIsLostWhenTheRelayIsKilled(t *testing.T) {
	c := newChat(t)
	blog := newFeed(t, "blog")
	var config strings.Builder
	config.WriteString("relay {\n  listen = \"127.0.0.1:0\"\n  log = \"warn\"\n  http { allow = [\"127.0.0.0/8\"] }\n}\n")
	config.WriteString("dashboard { listen = \"127.0.0.1:0\" }\n")
	var channels []string
	for name, trouble := range crashRooms() {
		c.trouble(name, trouble)
		pace := "rate = \"2000/s\""
		if name == behind {
			pace = fmt.Sprintf("rate = \"1/s\"\n  digest {\n    after = \"1s\"\n    most = %d\n  }", mostBehind)
		}
		fmt.Fprintf(&config, "channel %q {\n  type = \"office365\"\n  url = \"%s/office365/%s\"\n  %s\n  retry {\n    first = \"5ms\"\n    longest = \"50ms\"\n  }\n}\n", name, c.server.URL, name, pace)
		fmt.Fprintf(&config, "connector \"webhook\" \"to-%s\" {\n  route { to = [channel.%s] }\n}\n", name, name)
		channels = append(channels, name)
	}
	fmt.Fprintf(&config, "channel \"news\" {\n  type = \"teams\"\n  url = \"%s/workflow/news\"\n  rate = \"2000/s\"\n}\n", c.server.URL)
	fmt.Fprintf(&config, "connector \"rss\" \"blog\" {\n  url = %q\n  schedule = \"@every 1s\"\n  initial = 1000\n  route { to = [channel.news] }\n}\n", blog.server.URL)

	p := startRelay(t, writeConfig(t, config.String()))
	posters := newPosters(channels)
	posters.aim(p)
	posters.run()
	for n := range kills {
		for range 5 {
			blog.publish()
		}
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		p.kill()
		p.start()
		posters.aim(p)
		if t.Failed() {
			t.Fatalf("at kill %d", n+1)
		}
	}
	// However slow the machine, more comes now than one card a second.
	before := posters.accepted[behind].Load()
	p.eventually("a backlog has formed", func() bool { return posters.accepted[behind].Load() >= before+mostBehind })
	accepted := posters.stop()
	for _, name := range channels {
		p.eventually("all cards for "+name+" have arrived", func() bool {
			return len(distinct(c.cards(name))) >= accepted[name]
		})
		c.check(t, name, accepted[name], func(i int) string { return cardTitle(name, i) })
	}
	if len(c.cards(behind)) == len(c.shown(behind)) {
		t.Error("no digest was needed, so nothing is shown of them")
	}
	p.eventually("all items of the feed have arrived", func() bool { return len(distinct(c.shown("news"))) >= blog.published() })
	c.check(t, "news", blog.published(), func(i int) string { return blog.title(i + 1) })
	p.stop()
}

// check fails unless a room has shown all n cards, in order, with no more repeats
// than there were kills and unread answers.
func (c *chatServer) check(t *testing.T, name string, n int, title func(int) string) {
	t.Helper()
	shown := c.cards(name)
	first := distinct(shown)
	if len(first) != n {
		t.Errorf("%s: %d cards were accepted and %d were shown", name, n, len(first))
	}
	for i, got := range first {
		if want := title(i); !strings.Contains(got, want) {
			t.Fatalf("%s: card %d is %q, want %q: lost or out of order", name, i, got, want)
		}
	}
	carried := 1
	if name == behind {
		carried = mostBehind
	}
	if repeats, allowed := len(shown)-len(first), (kills+c.room(name).unread)*carried; repeats > allowed {
		t.Errorf("%s: %d repeats, at most %d attempts were in flight at a kill or unanswered", name, repeats, allowed)
	}
	t.Logf("%s: %d cards, %d repeats", name, n, len(shown)-len(first))
}

// distinct keeps the first of each title.
func distinct(titles []string) []string {
	seen := make(map[string]bool)
	var first []string
	for _, title := range titles {
		if !seen[title] {
			seen[title] = true
			first = append(first, title)
		}
	}
	return first
}

func cardTitle(room string, i int) string { return fmt.Sprintf("%s-card-%06d", room, i) }

// posters are the in-house applications of the crash suite, one a hook. Each
// posts its next card only when the last one was accepted, and repeats what was
// not answered with the same idempotency key, as a careful sender does.
type posters struct {
	mu       sync.Mutex
	hooks    map[string]string
	accepted map[string]*atomic.Int64
	done     chan struct{}
	wg       sync.WaitGroup
}

func newPosters(rooms []string) *posters {
	p := &posters{hooks: make(map[string]string), accepted: make(map[string]*atomic.Int64), done: make(chan struct{})}
	for _, room := range rooms {
		p.accepted[room] = &atomic.Int64{}
	}
	return p
}

// aim tells the posters where the hooks are: the port is new at each start.
func (p *posters) aim(r *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	urls := hooksOf(r)
	for room := range p.accepted {
		p.hooks[room] = urls["to-"+room]
	}
}

func (p *posters) run() {
	for room, count := range p.accepted {
		p.wg.Go(func() {
			client := &http.Client{Timeout: 10 * time.Second}
			for {
				select {
				case <-p.done:
					return
				default:
				}
				p.mu.Lock()
				hook := p.hooks[room]
				p.mu.Unlock()
				if hook == "" || !postCard(client, hook, cardTitle(room, int(count.Load()))) {
					time.Sleep(5 * time.Millisecond)
					continue
				}
				count.Add(1)
			}
		})
	}
}

// stop ends the posting and returns how many cards of each room were accepted.
func (p *posters) stop() map[string]int {
	close(p.done)
	p.wg.Wait()
	n := make(map[string]int)
	for room, count := range p.accepted {
		n[room] = int(count.Load())
	}
	return n
}

// postCard reports whether a card was accepted.
func postCard(client *http.Client, hook, title string) bool {
	req, err := http.NewRequest(http.MethodPost, hook, strings.NewReader(fmt.Sprintf(`{"title":%q,"text":"text"}`, title)))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", title)
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return err == nil && resp.StatusCode == http.StatusOK && string(body) == "1"
}
