package rss

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/golden"

	"github.com/connector-relay/relay/relay/event"
)

// TestCards compares the events of each feed in testdata/feeds with what they
// should be.
func TestCards(t *testing.T) {
	files, err := filepath.Glob("testdata/feeds/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no feeds: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			enc := json.NewEncoder(&out)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			for _, e := range eventsOf(t, b) {
				if err := e.Card.Validate(); err != nil {
					t.Error(err)
				}
				if err := enc.Encode(e.Card); err != nil {
					t.Fatal(err)
				}
			}
			golden.Assert(t, out.String(), filepath.Join("cards", filepath.Base(file)+".json"))
		})
	}
}

// eventsOf is what a first poll would make of a feed's bytes, all items wanted.
func eventsOf(t testing.TB, b []byte) []event.Event {
	t.Helper()
	feed, err := parse(b, "")
	if err != nil {
		t.Fatal(err)
	}
	f := &Feed{URL: "https://blog.example/feed", Summary: 300, Picture: true}
	c := checkpoint{}
	var list []event.Event
	for _, it := range c.news(feed, false) {
		list = append(list, f.event(feed, it))
	}
	return list
}

func FuzzCards(f *testing.F) {
	files, err := filepath.Glob("testdata/feeds/*")
	if err != nil || len(files) == 0 {
		f.Fatalf("no feeds: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := parse(b, "text/xml; charset=iso-8859-1"); err != nil {
			return
		}
		feed, err := parse(b, "")
		if err != nil {
			return
		}
		connector := &Feed{URL: "https://blog.example/feed", Summary: 80, Picture: true}
		c := checkpoint{}
		items := c.news(feed, true)
		for _, it := range items {
			e := connector.event(feed, it)
			if err := e.Card.Validate(); err != nil {
				t.Fatalf("%v: %+v", err, e.Card)
			}
			if e.Key == "" || !json.Valid(e.Data) {
				t.Fatalf("an event without key or data: %+v", e)
			}
		}
		c.know(items)
		c.forget(feed)
		if again := c.news(feed, false); len(again) != 0 {
			t.Fatalf("%d items are new twice", len(again))
		}
	})
}

func TestAFeedThatIsNestedWithoutEndIsRefused(t *testing.T) {
	nested := func(n int, open, end string) []byte {
		return []byte("<rss><channel>" + strings.Repeat(open, n) + strings.Repeat(end, n) + "</channel></rss>")
	}
	for name, test := range map[string]struct {
		feed []byte
		deep bool
	}{
		"a million levels":       {nested(1_000_000, "<a>", "</a>"), true},
		"a million side by side": {[]byte("<rss><channel>" + strings.Repeat("<a></a><b/>", 1_000_000) + "</channel></rss>"), false},
		"tags within CDATA":      {nested(1, "<a><![CDATA["+strings.Repeat("<p>", 10_000)+"]]>", "</a>"), false},
		"tags within a comment":  {nested(1, "<a><!--"+strings.Repeat("<p>", 10_000)+"-->", "</a>"), false},
		"UTF-16":                 {bytes.ReplaceAll(nested(10_000, "<a>", "</a>"), []byte("<"), []byte("<\x00")), true},
	} {
		if got := tooDeep(test.feed); got != test.deep {
			t.Errorf("%s: %t, want %t", name, got, test.deep)
		}
	}
	if _, err := parse(nested(1_000_000, "<a>", "</a>"), ""); err == nil || !strings.Contains(err.Error(), "nested more than") {
		t.Errorf("parsed: %v", err)
	}
}
