package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/operator"
)

// newFileServer serves a folder and returns its address.
func newFileServer(t testing.TB, dir string) string {
	s := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(s.Close)
	return s.URL
}

// feed is a feed that grows: what a blog would be, only faster.
type feed struct {
	server *httptest.Server
	name   string
	mu     sync.Mutex
	items  int
}

func newFeed(t testing.TB, name string) *feed {
	f := &feed{name: name}
	f.server = httptest.NewServer(f)
	t.Cleanup(f.server.Close)
	return f
}

// publish adds an item.
func (f *feed) publish() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.items++
}

// published returns how many items there are.
func (f *feed) published() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.items
}

// title names the n-th item, from 1.
func (f *feed) title(n int) string { return fmt.Sprintf("%s item %05d", f.name, n) }

// feedLength is how many of the newest items the feed holds, as blogs do.
const feedLength = 500

// ServeHTTP serves the newest items, newest first.
func (f *feed) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	newest := f.published()
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0"?><rss version="2.0"><channel><title>%s</title><link>https://blog.example/</link><description>d</description>`, f.name)
	for n := newest; n > max(0, newest-feedLength); n-- {
		date := time.Date(2026, 1, 1, 0, 0, n, 0, time.UTC).Format(time.RFC1123Z)
		fmt.Fprintf(&b, `<item><title>%s</title><link>https://blog.example/%d</link><guid>https://blog.example/%d</guid><pubDate>%s</pubDate></item>`, f.title(n), n, n, date)
	}
	b.WriteString(`</channel></rss>`)
	w.Header().Set("Content-Type", "application/rss+xml")
	_, _ = w.Write([]byte(b.String()))
}

// feedOfNamespaces takes minutes to parse: each of its elements costs as much as
// there are namespaces.
func feedOfNamespaces() string {
	var b strings.Builder
	b.WriteString(`<rss version="2.0"><channel`)
	for n := range 8_000 {
		fmt.Fprintf(&b, ` xmlns:n%d="u"`, n)
	}
	return b.String() + "><title>t</title>" + strings.Repeat("<a/>", 100_000) + "</channel></rss>"
}

// TestHostileFeedDoesNotHoldUpAnother polls two feeds of one plugin process at the
// same time.
func TestHostileFeedDoesNotHoldUpAnother(t *testing.T) {
	good := newFeed(t, "good")
	good.publish()
	asked := make(chan struct{}, 10)
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, feedOfNamespaces())
		asked <- struct{}{}
	}))
	t.Cleanup(bad.Close)
	config := "relay {\n  listen = \"127.0.0.1:0\"\n  http { allow = [\"127.0.0.0/8\"] }\n}\ndashboard { listen = \"127.0.0.1:0\" }\nchannel \"lobby\" { type = \"inbox\" }\n"
	for name, url := range map[string]string{"good": good.server.URL, "bad": bad.URL} {
		config += fmt.Sprintf("connector \"rss\" %q {\n  url = \"%s/\"\n  schedule = \"@every 24h\"\n  route { to = [channel.lobby] }\n}\n", name, url)
	}
	p := startRelay(t, writeConfig(t, config))
	problem := func() string {
		list, err := p.client.Connectors(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return list[slices.IndexFunc(list, func(c operator.Connector) bool { return c.Name == "bad" })].Problem
	}
	<-asked
	if events, err := p.client.DryRun(t.Context(), "good"); err != nil || len(events) != 1 {
		t.Errorf("the good feed gives %v, %v", events, err)
	}
	if already := problem(); already != "" {
		t.Errorf("the other feed was done with meanwhile, so that this proves nothing: %s", already)
	}
	p.eventually("the hostile feed's poll ends", func() bool { return problem() != "" })
	if why := problem(); !strings.Contains(why, "the feed at "+strings.TrimPrefix(bad.URL, "http://")+" could not be read within") {
		t.Errorf("the hostile feed: %s", why)
	}
}
