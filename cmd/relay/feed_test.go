package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
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
