package channel

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/systems"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// canary stands wherever a secret may stand; no outcome may show it.
const canary = "c4n4ry"

// workflowPath is the path and query of a Workflow's URL as people copy it: partly
// encoded, and signed as it is.
const workflowPath = "/workflows/" + canary + "0f8fad5bd9cb469fa16570867728950e/triggers/manual/paths/invoke" +
	"?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=" + canary + "_6V3RlN2XfbiX3o-c6uMM~rJ5Jkz%2b4"

// someDelivery is a delivery with a card of about this many bytes.
func someDelivery(t *testing.T, size int) delivery.Delivery {
	t.Helper()
	c := card.Card{Title: "Build failed", Summary: "Build failed"}
	for i := 0; size > 0; i++ {
		text := strings.Repeat("word ", min(size, 1000)/5)
		c.Sections = append(c.Sections, card.Section{Title: fmt.Sprint("Part ", i), Text: text})
		size -= 1000
	}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return delivery.Delivery{ID: 1, Channel: "dev", Connector: "ci", Event: 7, Key: "build-7", State: delivery.Waiting, Card: b}
}

const (
	delivered = delivery.VerdictDelivered
	accepted  = delivery.VerdictAccepted
	throttled = delivery.VerdictThrottled
	failed    = delivery.VerdictFailed
	rejected  = delivery.VerdictRejected
	refused   = delivery.VerdictRefused
)

// settings are some of a channel's.
type settings map[string]string

// spec is what a channel of a type is made from.
func spec(typ, url string, set settings) Spec {
	system, _ := systems.All().Find(typ)
	s := Spec{Name: "dev", System: system, Settings: chat.Settings{"url": secret.New(url)}}
	for name, text := range set {
		s.Settings.Set(name, text)
	}
	return s
}

// with sets one.
func with(name, text string) func(*Spec) { return func(s *Spec) { s.Settings.Set(name, text) } }

// open returns a channel of a type for a URL.
func open(t *testing.T, typ, url string, more ...func(*Spec)) *Channel {
	t.Helper()
	s := spec(typ, url, nil)
	s.Version, s.Timeout = "1.2.3", 5*time.Second
	for _, f := range more {
		f(&s)
	}
	c, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if transport, ok := c.post.transport.(*http.Transport); ok {
			transport.CloseIdleConnections()
		}
	})
	return c
}

func within(d time.Duration) func(*Spec) { return func(s *Spec) { s.Timeout = d } }

// keepsQuiet fails when an outcome shows a canary or is not one line.
func keepsQuiet(t *testing.T, o delivery.Outcome) {
	t.Helper()
	if strings.Contains(strings.ToLower(o.Detail), canary) {
		t.Errorf("the detail shows a secret: %q", o.Detail)
	}
	if strings.ContainsAny(o.Detail, "\n\r\t") || len(o.Detail) > longestDetail+len("…") {
		t.Errorf("the detail is not one short line: %q", o.Detail)
	}
}

// want checks an outcome's verdict and words.
func want(t *testing.T, o delivery.Outcome, v delivery.Verdict, words string) {
	t.Helper()
	keepsQuiet(t, o)
	if o.Verdict != v || !strings.Contains(o.Detail, words) {
		t.Errorf("got %s (%q), want %s with %q in it", o.Verdict, o.Detail, v, words)
	}
}

// web serves HTTP.
func web(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// raw serves connections by hand; each gets its number, from 1. It returns the
// address.
func raw(t *testing.T, serve func(n int, c *net.TCPConn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		running sync.WaitGroup
		mu      sync.Mutex
		conns   []net.Conn
	)
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	running.Go(func() {
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			running.Go(func() {
				defer c.Close()
				serve(n, c.(*net.TCPConn))
			})
		}
	})
	return l.Addr().String()
}

// request reads one whole request and returns its first line; empty at the
// connection's end.
func request(r *bufio.Reader) string {
	line, err := r.ReadString('\n')
	if err != nil {
		return ""
	}
	length := 0
	for {
		h, err := r.ReadString('\n')
		if err != nil {
			return ""
		}
		if h = strings.TrimSpace(h); h == "" {
			break
		}
		if name, value, _ := strings.Cut(h, ":"); strings.EqualFold(name, "Content-Length") {
			_, _ = fmt.Sscan(value, &length)
		}
	}
	_, _ = io.CopyN(io.Discard, r, int64(length))
	return strings.TrimSpace(line)
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
