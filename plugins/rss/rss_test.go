package rss

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/connectortest"
	"github.com/connector-relay/relay/relay/event"
)

// TestMain makes this test binary the executable that reads feeds as well.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "read-feeds" {
		ServeReader(os.Stdin, os.Stdout)
	}
	os.Exit(m.Run())
}

// unpaced returns the connector type without waits between requests.
func unpaced() func() connector.Connector {
	r := newReaders("read-feeds")
	return func() connector.Connector { return &Feed{readers: r} }
}

// site is a feed's server: what it answers next, and what it was asked.
type site struct {
	*httptest.Server
	answer http.HandlerFunc
	asked  []*http.Request
}

func newSite(t testing.TB) *site {
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked = append(s.asked, r)
		s.answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// says makes the site answer with a body from now on.
func (s *site) says(body string) {
	s.answer = func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

// entry is an item of a hand-made feed.
type entry struct {
	title, link, guid, date, text string
}

func numbered(from, to int) []entry {
	var list []entry
	for n := to; n >= from; n-- {
		list = append(list, entry{
			title: fmt.Sprintf("Post %d", n), link: fmt.Sprintf("http://blog.example/%d", n), guid: fmt.Sprintf("http://blog.example/?p=%d", n),
			date: time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC).Format(time.RFC1123Z), text: fmt.Sprintf("Text %d", n),
		})
	}
	return list
}

// rssOf writes a feed; change, if not nil, alters each entry first.
func rssOf(entries []entry, change func(*entry)) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Blog</title><link>http://blog.example/</link><description>d</description>`)
	for _, e := range entries {
		if change != nil {
			change(&e)
		}
		b.WriteString("<item>")
		for _, part := range [][2]string{{"title", e.title}, {"link", e.link}, {"guid", e.guid}, {"pubDate", e.date}, {"description", e.text}} {
			if part[1] != "" {
				fmt.Fprintf(&b, "<%s>%s</%s>", part[0], part[1], part[0])
			}
		}
		b.WriteString("</item>")
	}
	b.WriteString("</channel></rss>")
	return b.String()
}

// reader polls a feed again and again, as the relay does.
type reader struct {
	t      *testing.T
	client *connectortest.Client
	at     event.Checkpoint
}

func newReader(t *testing.T, s *site, arguments map[string]any) *reader {
	all := map[string]any{"url": s.URL + "/feed"}
	maps.Copy(all, arguments)
	return &reader{t: t, client: connectortest.New(t, unpaced(), all)}
}

// poll returns the titles of what one poll posts.
func (r *reader) poll() []string {
	r.t.Helper()
	titles, err := r.try()
	if err != nil {
		r.t.Fatal(err)
	}
	return titles
}

func (r *reader) try() ([]string, error) {
	p, err := r.client.Poll(r.t.Context(), r.at)
	if err != nil {
		return nil, err
	}
	r.at = p.Checkpoint
	titles := []string{}
	for _, e := range p.Events() {
		if err := e.Card.Validate(); err != nil {
			r.t.Errorf("%s: %v", e.Key, err)
		}
		titles = append(titles, e.Card.Headline())
	}
	return titles, nil
}

// want polls once and compares.
func (r *reader) want(titles ...string) {
	r.t.Helper()
	if diff := cmp.Diff(append([]string{}, titles...), r.poll()); diff != "" {
		r.t.Errorf("posted (-want +got):\n%s", diff)
	}
}

func TestTheContract(t *testing.T) {
	connectortest.Run(t, unpaced(), connectortest.Options{
		Start: func(t *testing.T) map[string]any {
			s := newSite(t)
			s.says(rssOf(numbered(1, 5), nil))
			return map[string]any{"url": s.URL}
		},
		Arguments: map[string]any{"initial": 2},
		Invalid:   []connectortest.Invalid{{Argument: "url", Value: "ftp://blog.example/"}, {Argument: "initial", Value: -1}, {Argument: "summary", Value: -1}},
	})
}

func TestTheFirstPollPostsNothingOld(t *testing.T) {
	s := newSite(t)
	s.says(rssOf(numbered(1, 5), nil))
	r := newReader(t, s, nil)
	r.want()
	s.says(rssOf(numbered(1, 7), nil))
	r.want("Post 6", "Post 7")
	r.want()
}

func TestTheFirstPollPostsWhatWasAskedFor(t *testing.T) {
	s := newSite(t)
	s.says(rssOf(numbered(1, 5), nil))
	r := newReader(t, s, map[string]any{"initial": 2})
	r.want("Post 4", "Post 5")
	r.want()
}

func TestAnEmptyFirstFetchDoesNotSwallowTheFirstItem(t *testing.T) {
	s := newSite(t)
	s.says(rssOf(nil, nil))
	r := newReader(t, s, nil)
	r.want()
	r.want()
	s.says(rssOf(numbered(1, 1), nil))
	r.want("Post 1")
}

func TestAnEmptyFirstFetchFloodsNothing(t *testing.T) {
	now := func(e *entry) {
		if e.title == "Post 19" {
			e.date = time.Now().Add(time.Minute).Format(time.RFC1123Z)
		}
	}
	for name, test := range map[string]struct {
		change func(*entry)
		want   []string
	}{
		"all is older":     {nil, []string{"Post 20"}},
		"one is newer":     {now, []string{"Post 19"}},
		"nothing is dated": {func(e *entry) { e.date = "" }, []string{"Post 20"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.says(rssOf(nil, nil))
			r := newReader(t, s, nil)
			r.want()
			s.says(rssOf(numbered(1, 20), test.change))
			r.want(test.want...)
			s.says(rssOf(numbered(1, 21), test.change))
			r.want("Post 21")
		})
	}
}

func TestKnownItemsStayKnownWhateverChanges(t *testing.T) {
	tests := map[string]func(*entry){
		"all addresses become https":  func(e *entry) { e.link, e.guid = https(e.link), https(e.guid) },
		"the GUIDs change":            func(e *entry) { e.guid = "new:" + e.guid },
		"the GUIDs vanish":            func(e *entry) { e.guid = "" },
		"tracking parameters":         func(e *entry) { e.link += "?utm_source=rss&utm_medium=feed"; e.guid = e.link },
		"everything is re-dated":      func(e *entry) { e.date = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC).Format(time.RFC1123Z) },
		"the dates vanish":            func(e *entry) { e.date = "" },
		"the texts are edited":        func(e *entry) { e.text += " (edited)" },
		"the titles are edited":       func(e *entry) { e.title += " (edited)" },
		"www is put before the host":  func(e *entry) { e.link = strings.Replace(e.link, "//", "//www.", 1) },
		"slashes are put at the ends": func(e *entry) { e.link += "/"; e.guid = e.link },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.says(rssOf(numbered(1, 20), nil))
			r := newReader(t, s, nil)
			r.want()
			s.says(rssOf(numbered(1, 21), func(e *entry) {
				if e.title != "Post 21" {
					change(e)
				}
			}))
			r.want("Post 21")
			r.want()
		})
	}
}

func https(s string) string { return strings.Replace(s, "http:", "https:", 1) }

func TestItemsThatShareOneGUIDAreStillDifferent(t *testing.T) {
	same := func(e *entry) { e.guid = "always-the-same" }
	s := newSite(t)
	s.says(rssOf(numbered(1, 3), same))
	r := newReader(t, s, nil)
	r.want()
	s.says(rssOf(numbered(1, 5), same))
	r.want("Post 4", "Post 5")
	// And without links, the text must do.
	bare := func(e *entry) { e.guid, e.link = "always-the-same", "" }
	s.says(rssOf(numbered(1, 3), bare))
	r = newReader(t, s, nil)
	r.want()
	s.says(rssOf(numbered(1, 4), bare))
	r.want("Post 4")
}

func TestAFeedThatShrinksAndBouncesBackPostsNothingAgain(t *testing.T) {
	s := newSite(t)
	s.says(rssOf(numbered(1, 28), nil))
	r := newReader(t, s, nil)
	r.want()
	for range 5 {
		s.says(rssOf(numbered(1, 2), nil))
		r.want()
		s.says(rssOf(numbered(1, 28), nil))
		r.want()
	}
}

func TestOldestFirstAndStable(t *testing.T) {
	s := newSite(t)
	s.says(rssOf(numbered(1, 1), nil))
	r := newReader(t, s, nil)
	r.want()
	same := "Mon, 05 Jan 2026 00:00:00 +0000"
	s.says(rssOf([]entry{{title: "c", date: same, guid: "c"}, {title: "b", date: same, guid: "b"}, {title: "a", date: same, guid: "a"}}, nil))
	r.want("a", "b", "c")
	s.says(rssOf([]entry{{title: "undated 2", guid: "u2"}, {title: "undated 1", guid: "u1"}}, nil))
	r.want("undated 1", "undated 2")
	s.says(rssOf([]entry{{title: "future", guid: "f", date: "Fri, 01 Jan 2100 00:00:00 +0000"}}, nil))
	r.want("future")
	r.want()
}

func TestManyNewItemsComeInBatchesThatLoseNothing(t *testing.T) {
	s := newSite(t)
	s.says(rssOf(numbered(1, 1), nil))
	r := newReader(t, s, nil)
	r.want()
	var many []entry
	for n := 130; n > 0; n-- {
		many = append(many, entry{title: fmt.Sprintf("Item %03d", n), guid: fmt.Sprint(n)})
	}
	s.says(rssOf(many, nil))
	// The relay dies after the first batch: what it stored holds.
	stored := 0
	p, err := r.client.PollWith(t.Context(), r.at, func(b event.Batch) error {
		if stored > 0 {
			return errors.New("the relay is gone")
		}
		stored = len(b.Events)
		return nil
	})
	if err == nil || stored == 0 || stored >= len(many) {
		t.Fatalf("%d stored, %v", stored, err)
	}
	r.at = p.Checkpoint
	rest := r.poll()
	if len(rest) != len(many)-stored || rest[0] != fmt.Sprintf("Item %03d", stored+1) {
		t.Errorf("%d of %d were left, %d came, beginning with %s", len(many)-stored, len(many), len(rest), rest[0])
	}
}

func TestEditsArePostedAgainOnlyWhenAskedFor(t *testing.T) {
	s := newSite(t)
	s.says(rssOf(numbered(1, 3), nil))
	r := newReader(t, s, map[string]any{"on_update": "repost"})
	r.want()
	s.says(rssOf(numbered(1, 3), func(e *entry) {
		if e.title == "Post 2" {
			e.text = "corrected"
		}
	}))
	r.want("Post 2")
	r.want()
}

func TestACorruptCheckpointIsABaselineAgain(t *testing.T) {
	s := newSite(t)
	s.says(rssOf(numbered(1, 5), nil))
	r := newReader(t, s, nil)
	r.at = event.Checkpoint("{broken")
	r.want()
	s.says(rssOf(numbered(1, 6), nil))
	r.want("Post 6")
}

// TestRealFeeds reads every feed among gofeed's own test data through the
// connector: those that parse give sane cards.
func TestRealFeeds(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/mmcdole/gofeed").Output()
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	err = filepath.WalkDir(filepath.Join(strings.TrimSpace(string(dir)), "testdata"), func(path string, d os.DirEntry, err error) error {
		switch filepath.Ext(path) {
		case ".xml", ".json", ".rss", ".atom":
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) < 100 {
		t.Fatalf("%d feeds, %v", len(files), err)
	}
	s := newSite(t)
	r := newReader(t, s, map[string]any{"initial": 1000})
	read, cards := 0, 0
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		s.says(string(b))
		r.at = nil
		titles, err := r.try()
		if err != nil {
			continue
		}
		read, cards = read+1, cards+len(titles)
	}
	t.Logf("%d of %d files are feeds, with %d items", read, len(files), cards)
	if read < len(files)/2 || cards < 50 {
		t.Errorf("only %d of %d feeds could be read, with %d items", read, len(files), cards)
	}
}
