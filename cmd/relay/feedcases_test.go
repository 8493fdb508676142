package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf16"

	"github.com/connector-relay/relay/relay/store"
)

// feedCase is a feed and what is right of it.
type feedCase struct {
	// initial is the connector's argument.
	initial int
	// header is the Content-Type, where it says something.
	header string
	// pages are what the address answers, one poll after another, and titles the new
	// cards of each, in order.
	pages  []string
	titles [][]string
	// says must be in the cards of every format, and silent in none of them.
	says, silent []string
	// problem is what the relay says of a page that is no feed.
	problem string
}

func rssPage(items ...string) string {
	return `<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Works</title><link>https://works.example/</link>` +
		strings.Join(items, "") + `</channel></rss>`
}

// rssEntry is an item with a guid, a link, a title and a day of June.
func rssEntry(guid, link, title string, day int) string {
	return fmt.Sprintf(`<item><guid isPermaLink="false">%s</guid><link>%s</link><title>%s</title><pubDate>%02d Jun 2026 08:00:00 GMT</pubDate></item>`, guid, link, title, day)
}

func atomPage(entry string) string {
	return `<feed xmlns="http://www.w3.org/2005/Atom"><title>Works</title><author><name>Wilma Feedauthor</name></author><entry><id>urn:w:1</id>` + entry + `</entry></feed>`
}

func inUTF16(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func packed(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return b.String()
}

// feedCases are by kind. The titles begin with a word of their row, by which its cards
// are found in the chats.
func feedCases() map[string]feedCase {
	one := func(title, inner string) string {
		return rssPage("<item><guid isPermaLink=\"false\">g</guid><title>" + title + "</title>" + inner + "</item>")
	}
	old := rssEntry("a", "https://w.example/a", "Rekey one", 1) + rssEntry("b", "https://w.example/b", "Rekey two", 2) + rssEntry("c", "https://w.example/c", "Rekey three", 3)
	return map[string]feedCase{
		"a new guid is a new item, whatever its link and title": {
			pages:  []string{rssPage(rssEntry("1", "https://w.example/", "Down", 1)), rssPage(rssEntry("2", "https://w.example/", "Down", 2), rssEntry("1", "https://w.example/", "Down", 1))},
			titles: [][]string{nil, {"Down"}},
		},
		"a page whose guids all change is known, and only what is added is new": {
			pages: []string{rssPage(old), rssPage(rssEntry("z4", "https://w.example/d", "Rekey four", 4), strings.NewReplacer(`"false">`, `"false">z`).Replace(old))}, titles: [][]string{nil, {"Rekey four"}},
		},
		"a guid that all items share is none": {
			pages: []string{
				rssPage(rssEntry("x", "https://w.example/1", "Shared one", 1), rssEntry("x", "https://w.example/2", "Shared two", 2)),
				rssPage(rssEntry("x", "https://w.example/3", "Shared three", 3), rssEntry("x", "https://w.example/1", "Shared one", 1), rssEntry("x", "https://w.example/2", "Shared two", 2)),
			},
			titles: [][]string{nil, {"Shared three"}},
		},
		"fragments and queries tell addresses apart": {
			pages: []string{
				rssPage(`<item><link>https://w.example/i#n1</link><title>Note</title></item>`),
				rssPage(`<item><link>https://w.example/i?p=w;h=2</link><title>Note</title></item><item><link>https://w.example/i#n2</link><title>Note</title></item><item><link>https://w.example/i#n1</link><title>Note</title></item>`),
			},
			titles: [][]string{nil, {"Note", "Note"}},
		},
		"another order is nothing new": {
			pages: []string{rssPage(old), rssPage(rssEntry("c", "https://w.example/c", "Rekey three", 3), rssEntry("a", "https://w.example/a", "Rekey one", 1), rssEntry("b", "https://w.example/b", "Rekey two", 2))}, titles: [][]string{nil, nil},
		},
		"after an empty first page only the newest is new": {
			pages: []string{rssPage(), rssPage(old)}, titles: [][]string{nil, {"Rekey three"}},
		},
		"the dates order what comes, not the page": {
			initial: 3,
			pages:   []string{rssPage(rssEntry("2", "https://w.example/2", "Dated second", 2), rssEntry("3", "https://w.example/3", "Dated third", 3), rssEntry("1", "https://w.example/1", "Dated first", 1))},
			titles:  [][]string{{"Dated first", "Dated second", "Dated third"}},
		},
		"without dates the last of the page is the oldest": {
			initial: 2, pages: []string{rssPage(`<item><guid>u2</guid><title>Undated later</title></item><item><guid>u1</guid><title>Undated sooner</title></item>`)},
			titles: [][]string{{"Undated sooner", "Undated later"}},
		},
		"a zone's name counts": {initial: 1, pages: []string{one("Zoned", "<pubDate>Fri, 5 Jun 26 08:00 EDT</pubDate>")}, says: []string{"5 June 2026, 12:00 UTC"}},
		"UTF-16": {
			initial: 1, pages: []string{inUTF16(`<?xml version="1.0" encoding="utf-16"?>` + one("Wide Žluť", ""))}, titles: [][]string{{"Wide Žluť"}},
		},
		"the header's encoding": {
			initial: 1, header: "text/xml; charset=windows-1251", pages: []string{one("Cyr \xcc\xe8\xf0", "")}, titles: [][]string{{"Cyr Мир"}},
		},
		"one bad byte costs no more than itself": {initial: 1, pages: []string{one("Bad Käse", "<description>soft \xff cheese</description>")}, says: []string{"soft", "cheese"}},
		"a mark of byte order before a line":     {initial: 1, pages: []string{"\xef\xbb\xbf\n<?xml version=\"1.0\"?>" + one("Marked", "")}},
		"packed, and nobody says so":             {initial: 1, pages: []string{packed(one("Packed", ""))}},
		"Atom's text is text": {
			initial: 1, pages: []string{atomPage(`<title type="text">Plain List&lt;int&gt;</title><link href="https://w.example/plain"/><content type="text">if a&lt;b then &lt;br&gt;</content>`)},
			titles: [][]string{{"Plain List<int>"}}, says: []string{"a<b then", "https://w.example/plain", "Wilma Feedauthor"},
		},
		"only HTML's tags are taken from a title": {initial: 1, pages: []string{one("Tags &lt;b&gt;Use&lt;/b&gt; Vec&lt;T&gt;", "")}, titles: [][]string{{"Tags Use Vec<T>"}}},
		"a break parts words":                     {initial: 1, pages: []string{one("Broken", "<description>first&lt;br&gt;second</description>")}, says: []string{"first", "second"}, silent: []string{"firstsecond"}},
		"what is escaped twice is read once":      {initial: 1, pages: []string{one("Twice &amp;amp; again", "")}, titles: [][]string{{"Twice & again"}}},
		"a guid that is a permalink is the link":  {initial: 1, pages: []string{rssPage(`<item><title>Permalink</title><guid>https://w.example/perma</guid></item>`)}, says: []string{"https://w.example/perma"}},
		"of several alternates the web page": {
			initial: 1, pages: []string{atomPage(`<title>Alternate</title><link rel="alternate" type="application/json" href="https://w.example/a.json"/><link rel="alternate" type="text/html" href="https://w.example/a.html"/>`)}, says: []string{"https://w.example/a.html"},
		},
		"the picture, not the pixel": {
			initial: 1, pages: []string{one("Pictured", `<description>&lt;img src="https://w.example/count.gif" width="1" height="1"&gt;&lt;img data-src="https://w.example/boat.jpg" src="data:image/gif;base64,R0lGOD"&gt;A boat&lt;/p&gt;</description>`)},
			says: []string{"https://w.example/boat.jpg", "A boat"}, silent: []string{"count.gif"},
		},
		"a film is no picture": {
			initial: 1, pages: []string{one("Film", `<media:group><media:content medium="video" url="https://w.example/f.mp4"/><media:thumbnail url="https://w.example/still.jpg"/></media:group>`)}, says: []string{"https://w.example/still.jpg"},
		},
		"all authors":          {initial: 1, pages: []string{one("Authored", "<dc:creator>Betty Rubble</dc:creator><dc:creator>Dino</dc:creator>")}, says: []string{"Betty Rubble", "Dino"}},
		"an author's address":  {initial: 1, pages: []string{one("Mailed", "<author>fred@w.example (Fred Flint)</author>")}, says: []string{"Fred Flint"}},
		"JSON that is no feed": {initial: 1, pages: []string{`{"error":"quota"}`}, titles: [][]string{nil}, problem: "it is JSON but not a JSON Feed"},
		"a web page":           {initial: 1, pages: []string{`<!doctype html><html><body>Sign in</body></html>`}, titles: [][]string{nil}, problem: "this is a web page"},
	}
}

// servedFeed is the address of a feed, and how far it is.
type servedFeed struct {
	*httptest.Server
	page atomic.Int32
}

// newServedFeed serves a feed from an address that sends its readers on with a cookie,
// without which it sends them on for ever.
func newServedFeed(t *testing.T, c feedCase) *servedFeed {
	f := &servedFeed{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("seen"); err != nil {
			http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1", Path: "/"})
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", c.header)
		_, _ = io.WriteString(w, c.pages[f.page.Load()])
	}))
	t.Cleanup(f.Close)
	return f
}

// wordsOf are all strings of a payload, as chats show them: &, < and > come escaped.
func wordsOf(t *testing.T, body string) string {
	t.Helper()
	var b strings.Builder
	d := json.NewDecoder(strings.NewReader(body))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := token.(string); ok {
			b.WriteString(html.UnescapeString(s) + "\n")
		}
	}
}

// titlesOf are the titles of a connector's events, oldest first.
func titlesOf(t *testing.T, p *process, name string) []string {
	t.Helper()
	list, err := p.client.Events(t.Context(), store.EventFilter{Connector: name, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, e := range slices.Backward(list) {
		titles = append(titles, e.Title)
	}
	return titles
}

// TestFeedsArriveWhole: feeds of all kinds, each from an address of its own, end as the
// right cards in every chat.
func TestFeedsArriveWhole(t *testing.T) {
	chats := newChats(t)
	config := strings.ReplaceAll(hooksConfig, "CHATS", chats.URL)
	config = strings.Replace(config, `relay { listen = "127.0.0.1:0" }`, "relay {\n  listen = \"127.0.0.1:0\"\n  http { allow = [\"127.0.0.0/8\"] }\n}", 1)
	cases, served, names := feedCases(), map[string]*servedFeed{}, map[string]string{}
	for what, c := range cases {
		served[what], names[what] = newServedFeed(t, c), fmt.Sprint("feed-", len(names))
		config += fmt.Sprintf("connector \"rss\" %q {\n  url = \"%s/feed\"\n  schedule = \"@every 24h\"\n  initial = %d\n  route { to = [channel.teams, channel.slack] }\n}\n", names[what], served[what].URL, c.initial)
	}
	p := startRelay(t, writeConfig(t, config))
	t.Run("polls", func(t *testing.T) {
		for what, c := range cases {
			t.Run(what, func(t *testing.T) {
				t.Parallel()
				checkFeed(t, p, chats, served[what], names[what], c)
			})
		}
	})
	for _, fault := range chats.faults {
		t.Error(fault)
	}
}

// checkFeed polls a feed through its pages, and judges its cards.
func checkFeed(t *testing.T, p *process, chats *chats, f *servedFeed, name string, c feedCase) {
	var before []string
	for n := range c.pages {
		f.page.Store(int32(n))
		_, err := p.client.Poll(t.Context(), name)
		if c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)) || c.problem == "" && err != nil {
			t.Fatalf("poll %d: %v, want %q", n+1, err, c.problem)
		}
		after := titlesOf(t, p, name)
		if n < len(c.titles) && !slices.Equal(after[len(before):], c.titles[n]) {
			t.Errorf("poll %d: the new cards are %q, want %q", n+1, after[len(before):], c.titles[n])
		}
		before = after
	}
	if c.initial == 0 || c.problem != "" {
		return
	}
	if len(before) == 0 {
		t.Fatal("there is no card")
	}
	word, _, _ := strings.Cut(before[0], " ")
	for _, chat := range []string{"teams", "slack"} {
		var all string
		p.eventually(chat+" has "+word, func() bool {
			all = ""
			for _, body := range chats.arrived(chat) {
				if words := wordsOf(t, body); strings.Contains(words, word) {
					all += words
				}
			}
			return !slices.ContainsFunc(before, func(title string) bool { return !strings.Contains(all, title) })
		})
		for _, want := range c.says {
			if !strings.Contains(all, want) {
				t.Errorf("%s does not say %q:\n%s", chat, want, all)
			}
		}
		for _, not := range c.silent {
			if strings.Contains(all, not) {
				t.Errorf("%s says %q:\n%s", chat, not, all)
			}
		}
	}
}
