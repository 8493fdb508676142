package rss

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mmcdole/gofeed"
	"pgregory.net/rapid"
)

// it is one item of a page in the tests of this file: its guid, link, title, and the
// day of a month that it is dated, 0 for none. Its text is its title's if not said.
type it struct {
	guid, link, title string
	day               int
	text              string
}

func pageOf(items ...it) *gofeed.Feed {
	feed := &gofeed.Feed{FeedType: "rss", Link: "https://blog.example/"}
	for _, i := range items {
		g := &gofeed.Item{GUID: i.guid, Link: i.link, Title: i.title, Description: i.text}
		if i.day != 0 {
			g.Published = fmt.Sprintf("2026-06-%02dT10:00:00Z", i.day)
		}
		feed.Items = append(feed.Items, g)
	}
	return feed
}

// turn has a checkpoint take a page over, and returns what is new on it.
func (c *checkpoint) turn(feed *gofeed.Feed, edits bool) (news, old []item) {
	first := len(c.Known) == 0
	news, old = c.news(feed, edits)
	var ids []string
	for _, it := range slices.Concat(news, old) {
		ids = append(ids, it.known.ID)
	}
	if first {
		_, news = c.baseline(news, true, 0)
	}
	for _, it := range news {
		c.Known = append(c.Known, it.known)
	}
	c.forget(ids)
	return news, old
}

func titles(items []item) []string {
	var list []string
	for _, it := range items {
		list = append(list, it.Title)
	}
	return list
}

func many(from, to int, of func(n int) it) []it {
	var list []it
	for n := to; n >= from; n-- {
		list = append(list, of(n))
	}
	return list
}

// TestWhichItemIsWhich says of each kind of feed what of its later pages is new.
func TestWhichItemIsWhich(t *testing.T) {
	post := func(n int) it {
		return it{guid: fmt.Sprint("u", n), link: fmt.Sprint("https://b.example/", n), title: fmt.Sprint("R", n), day: n}
	}
	undated := func(n int) it { i := post(n); i.day = 0; return i }
	moved := func(n int) it {
		i := post(n)
		i.guid, i.link = fmt.Sprint("https://new.example/", n), fmt.Sprint("https://new.example/", n)
		return i
	}
	ok := func(n int) it {
		return it{guid: fmt.Sprint("e", n), title: "db1: service OK", text: "state OK", day: n}
	}
	bare := func(n int) it { i := ok(n); i.guid = ""; return i }
	tests := map[string]struct {
		pages [][]it
		// news are the titles on the pages but the first.
		news [][]string
	}{
		"a monitor says the same again under new guids": {
			[][]it{{ok(1)}, {ok(2), ok(1)}, {ok(3)}, {ok(3)}}, [][]string{{"db1: service OK"}, {"db1: service OK"}, nil},
		},
		"a monitor without guids is told apart by its dates": {
			[][]it{{bare(1)}, {bare(2), bare(1)}, {bare(3)}, {bare(3), bare(2)}}, [][]string{{"db1: service OK"}, {"db1: service OK"}, nil},
		},
		"changes of one ticket differ in the fragment": {
			[][]it{{{guid: "https://r.example/12#1", link: "https://r.example/12#1", title: "Bug", day: 1}}, {{guid: "https://r.example/12#2", link: "https://r.example/12#2", title: "Bug", day: 2}}},
			[][]string{{"Bug"}},
		},
		"commits have raw queries for addresses": {
			[][]it{{{link: "https://g.example/?p=x;h=a", title: "Fix"}}, {{link: "https://g.example/?p=x;h=b", title: "Fix"}, {link: "https://g.example/?p=x;h=a", title: "Fix"}}},
			[][]string{{"Fix"}},
		},
		"tracking parameters belong to an address that is a guid": {
			[][]it{{{guid: "https://b.example/?utm_id=1", title: "A", day: 1}}, {{guid: "https://b.example/?utm_id=2", title: "A", day: 1}}}, [][]string{{"A"}},
		},
		"capital letters tell guids apart": {
			[][]it{{{guid: "yt:abcDEF", title: "Live", day: 1}}, {{guid: "yt:abcdef", title: "Live", day: 2}, {guid: "yt:abcDEF", title: "Live", day: 1}}}, [][]string{{"Live"}},
		},
		"all link to one page": {
			[][]it{{{guid: "1", link: "https://s.example/", title: "Up", day: 1}}, {{guid: "2", link: "https://s.example/", title: "Up", day: 2}}}, [][]string{{"Up"}},
		},
		"a guid stays while all else changes": {
			[][]it{{{guid: "7", link: "https://b.example/7", title: "The 7 best", day: 1}}, {{guid: "7", link: "https://b.example/10", title: "The 10 best", day: 9}}}, [][]string{nil},
		},
		"all guids are one": {
			[][]it{
				{{guid: "N/A", link: "N/A", title: "Word 1", day: 1}, {guid: "N/A", link: "N/A", title: "Excel 1", day: 1}},
				{{guid: "N/A", link: "N/A", title: "Word 2", day: 2}, {guid: "N/A", link: "N/A", title: "Word 1", day: 1}, {guid: "N/A", link: "N/A", title: "Excel 1", day: 1}},
				// One alone on its page is still not the only one that is called so.
				{{guid: "N/A", link: "N/A", title: "Word 3", day: 3}},
				{{guid: "N/A", link: "N/A", title: "Word 3", day: 3}},
			},
			[][]string{{"Word 2"}, {"Word 3"}, nil},
		},
		"no guids, and one link for all": {
			[][]it{
				{{link: "https://q.example", title: "A", day: 1, text: "Tee"}, {link: "https://q.example", title: "B", day: 1, text: "Tee"}},
				{{link: "https://q.example", title: "C", day: 2, text: "Tee"}, {link: "https://q.example", title: "A", day: 1, text: "Tee"}},
			},
			[][]string{{"C"}},
		},
		"no guids, no links, no dates: the texts": {
			[][]it{{{title: "A", text: "1"}, {title: "A", text: "2"}}, {{title: "A", text: "3"}, {title: "A", text: "1"}, {title: "A", text: "2"}}}, [][]string{{"A"}},
		},
		"a link stands in for a guid, whatever happens to title and text": {
			[][]it{{{link: "https://b.example/1", title: "A", text: "a"}}, {{link: "https://b.example/1", title: "A!", text: "a!"}}}, [][]string{nil},
		},
		"a link without guid is another item when title and date both change": {
			[][]it{{{link: "https://s.example/now", title: "A", day: 1}}, {{link: "https://s.example/now", title: "B", day: 2}}}, [][]string{{"B"}},
		},
		"the guids vanish":                         {[][]it{many(1, 9, post), many(1, 9, func(n int) it { i := post(n); i.guid = ""; return i })}, [][]string{nil}},
		"guids are added":                          {[][]it{{{link: "https://b.example/1", title: "A", day: 1}}, {{guid: "1", link: "https://b.example/1", title: "A", day: 1}}}, [][]string{nil}},
		"a feed moves, with all its guids":         {[][]it{many(1, 9, post), many(1, 9, moved)}, [][]string{nil}},
		"undated guids change all at once":         {[][]it{many(1, 9, undated), many(1, 9, func(n int) it { i := undated(n); i.guid = "v" + i.guid; return i })}, [][]string{nil}},
		"new items come in the moment of the move": {[][]it{many(1, 9, post), many(3, 12, moved)}, [][]string{{"R10", "R11", "R12"}}},
		"two servers with guids of their own": {
			[][]it{many(1, 9, post), many(1, 9, moved), many(1, 9, post), many(2, 10, moved), many(2, 10, post)}, [][]string{nil, nil, {"R10"}, nil},
		},
		"the guid of one item changes: that is a new one": {
			[][]it{many(1, 9, post), append([]it{{guid: "x", link: "https://b.example/9", title: "R9", day: 9}}, many(1, 8, post)...)}, [][]string{{"R9"}},
		},
		"an item stands there twice": {[][]it{{post(1)}, {post(2), post(2), post(1)}}, [][]string{{"R2"}}},
		"a page that is short for once": {
			[][]it{many(1, 3, post), {post(1)}, nil, many(1, 3, post), many(1, 4, post)}, [][]string{nil, nil, nil, {"R4"}},
		},
		"a page turns over as a whole, with the same titles": {
			[][]it{{ok(1), ok(2), ok(3)}, {ok(4), ok(5), ok(6)}}, [][]string{{"db1: service OK", "db1: service OK", "db1: service OK"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := &checkpoint{}
			c.turn(pageOf(test.pages[0]...), false)
			for i, p := range test.pages[1:] {
				news, _ := c.turn(pageOf(p...), false)
				if diff := cmp.Diff(test.news[i], titles(news)); diff != "" {
					t.Errorf("page %d (-want +got):\n%s", i+2, diff)
				}
			}
		})
	}
}

func TestEveryItemHasAFate(t *testing.T) {
	c := &checkpoint{}
	a := it{guid: "a", title: "A", day: 1}
	c.turn(pageOf(a), false)
	_, old := c.turn(pageOf(a, a, it{guid: "b", title: "B", day: 2}), false)
	if len(old) != 2 || old[0].because != sameGUID || old[1].because != twiceOnPage {
		t.Errorf("%+v", old)
	}
}

// TestAPollTellsWhatItTakesForKnown: what becomes no event is counted and named.
func TestAPollTellsWhatItTakesForKnown(t *testing.T) {
	s := newSite(t)
	s.says(rssOf(numbered(1, 200), nil))
	r := newReader(t, s, nil)
	p, err := r.client.Poll(t.Context(), nil)
	if err != nil || p.KnownCount != 200 || len(p.Known) != maxTaken || p.Known[0].Because != string(beforeTheFirst) {
		t.Fatalf("%d known, %d told, %v", p.KnownCount, len(p.Known), err)
	}
	r.at = p.Checkpoint
	s.says(rssOf(numbered(199, 201), func(e *entry) { e.guid = "new:" + e.guid }))
	p, err = r.client.Poll(t.Context(), r.at)
	if err != nil || p.KnownCount != 2 || p.Known[0].Title != "Post 200" || p.Known[0].Because != string(rekeyed) || len(p.Events()) != 1 {
		t.Fatalf("%+v, %v", p.Known, err)
	}
}

// TestGuidsThatAreStableAreTheIdentity: in whatever pages, each guid is posted once.
func TestGuidsThatAreStableAreTheIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := stableItems(t)
		posted := make(map[string]int)
		c := &checkpoint{}
		c.turn(pageOf(all[0]), false)
		posted[all[0].guid]++
		for range rapid.IntRange(1, 8).Draw(t, "pages") {
			shown := someOf(t, all)
			news, _ := c.turn(pageOf(shown...), rapid.Bool().Draw(t, "edits"))
			for _, n := range news {
				posted[n.GUID]++
			}
			for _, i := range shown {
				if posted[i.guid] != 1 {
					t.Fatalf("%s was posted %d times", i.guid, posted[i.guid])
				}
			}
		}
	})
}

// stableItems are items whose links, titles and texts repeat, while no two have one
// guid or one date.
func stableItems(t *rapid.T) []it {
	few := rapid.SampledFrom([]string{"", "A", "B", "https://blog.example/", "https://b.example/", "N/A"})
	var all []it
	for n := range rapid.IntRange(1, 28).Draw(t, "items") {
		all = append(all, it{guid: fmt.Sprint("g", n), link: few.Draw(t, "link"), title: few.Draw(t, "title"), text: few.Draw(t, "text"), day: n + 1})
	}
	return all
}

func someOf(t *rapid.T, all []it) []it {
	var some []it
	for _, i := range all {
		if rapid.Bool().Draw(t, "shown") {
			some = append(some, i)
		}
	}
	return some
}

// TestAPageThatIsRekeyedIsKnown: whatever the guids and addresses of a whole page
// become at once, what was there is not posted, and what is added is.
func TestAPageThatIsRekeyedIsKnown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var before, after []it
		for n := range rapid.IntRange(rekeyedUndated, 20).Draw(t, "items") {
			before = append(before, it{guid: fmt.Sprint("u", n), link: fmt.Sprint("https://old.example/", n), title: fmt.Sprint("T", n), day: n + 1})
		}
		links := rapid.Bool().Draw(t, "links change")
		for _, i := range before {
			i.guid = "new:" + i.guid
			if links {
				i.link = strings.Replace(i.link, "old", "new", 1)
			}
			after = append(after, i)
		}
		added := rapid.IntRange(0, (len(before)-1)/2).Draw(t, "added")
		for n := range added {
			after = append(after, it{guid: fmt.Sprint("new:a", n), link: fmt.Sprint("https://new.example/a", n), title: fmt.Sprint("A", n), day: 21 + n})
		}
		c := &checkpoint{}
		c.turn(pageOf(before...), false)
		news, old := c.turn(pageOf(after...), true)
		if len(news) != added || len(old) != len(before) {
			t.Fatalf("%d were added, and %q posted", added, titles(news))
		}
		if news, _ := c.turn(pageOf(after...), true); len(news) > 0 {
			t.Fatalf("again: %q", titles(news))
		}
	})
}

func TestWhatAnOlderVersionKnewIsKnown(t *testing.T) {
	post := func(n int) it {
		return it{guid: fmt.Sprintf("http://b.example/?p=%d", n), link: fmt.Sprint("http://www.b.example/", n), title: fmt.Sprint("R", n), day: n, text: "x"}
	}
	ticket := func(n int) it {
		a := fmt.Sprint("https://r.example/12#change-", n)
		return it{guid: a, link: a, title: "Bug", day: n, text: fmt.Sprint("comment ", n)}
	}
	tests := map[string]struct {
		before, now []it
		news        []string
	}{
		"a blog":                    {many(1, 20, post), many(2, 21, post), []string{"R21"}},
		"without guids":             {many(1, 20, func(n int) it { i := post(n); i.guid = ""; return i }), many(2, 21, func(n int) it { i := post(n); i.guid = ""; return i }), []string{"R21"}},
		"without guids and links":   {many(1, 20, func(n int) it { return it{title: fmt.Sprint("R", n)} }), many(2, 21, func(n int) it { return it{title: fmt.Sprint("R", n)} }), []string{"R21"}},
		"what it would have lost":   {[]it{ticket(1)}, []it{ticket(2)}, []string{"Bug"}},
		"what it would have known":  {[]it{ticket(1)}, []it{ticket(1)}, nil},
		"what has one link for all": {[]it{{guid: "1", link: "https://s.example/", title: "Up", day: 1}}, []it{{guid: "2", link: "https://s.example/", title: "Up", day: 2}, {guid: "1", link: "https://s.example/", title: "Up", day: 1}}, []string{"Up"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := olderCheckpoint(t, pageOf(test.before...))
			news, _ := c.turn(pageOf(test.now...), true)
			if diff := cmp.Diff(test.news, titles(news)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if news, _ := c.turn(pageOf(test.now...), true); news != nil {
				t.Errorf("then again %q", titles(news))
			}
		})
	}
}

// olderCheckpoint is what the version before wrote of a page, in its form.
func olderCheckpoint(t *testing.T, feed *gofeed.Feed) *checkpoint {
	guids, links := make(map[string]int), make(map[string]int)
	for _, it := range feed.Items {
		guids[canonical(it.GUID)]++
		links[canonical(it.Link)]++
	}
	var list []map[string]string
	for _, it := range feed.Items {
		list = append(list, map[string]string{
			"i": olderID(it, guids, links), "l": hash("link", canonical(it.Link)), "t": hash("title", canonical(it.Link), fold(it.Title)),
			"c": hash("content", it.Title, canonical(it.Link), it.Description, it.Content),
		})
	}
	b, err := json.Marshal(map[string]any{"etag": `"x"`, "largest": len(list), "known": list})
	if err != nil {
		t.Fatal(err)
	}
	c := &checkpoint{}
	if err := json.Unmarshal(b, c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheOldestGoesFirst(t *testing.T) {
	d := func(title string, day int) it { return it{guid: "x-" + title, title: title, day: day} }
	n := func(n int) it { return it{guid: fmt.Sprintf("https://b.example/?p=%d", n), title: fmt.Sprint("T", n)} }
	tests := map[string]struct {
		pages [][]it
		want  []string
	}{
		"newest first":                    {[][]it{{d("c", 3), d("b", 2), d("a", 1)}}, []string{"a", "b", "c"}},
		"oldest first":                    {[][]it{{d("a", 1), d("b", 2), d("c", 3)}}, []string{"a", "b", "c"}},
		"one sticks to the top":           {[][]it{{d("a", 1), d("c", 3), d("b", 2)}}, []string{"a", "b", "c"}},
		"one date is missing":             {[][]it{{d("d", 4), d("c", 0), d("b", 2), d("a", 1)}}, []string{"a", "b", "c", "d"}},
		"a date is missing, oldest first": {[][]it{{d("a", 1), d("b", 0), d("c", 3), d("d", 4)}}, []string{"a", "b", "c", "d"}},
		"undated":                         {[][]it{{d("c", 0), d("b", 0), d("a", 0)}}, []string{"a", "b", "c"}},
		"undated, counters grow":          {[][]it{{n(8), n(9), n(10)}}, []string{"T8", "T9", "T10"}},
		"undated, counters fall":          {[][]it{{n(10), n(9), n(8)}}, []string{"T8", "T9", "T10"}},
		"undated, new at the end before":  {[][]it{{d("a", 0)}, {d("a", 0), d("b", 0)}, {d("c", 0), d("d", 0)}}, []string{"c", "d"}},
		"undated, new at the top":         {[][]it{{d("a", 0)}, {d("c", 0), d("b", 0), d("a", 0)}}, []string{"b", "c"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := &checkpoint{Known: []known{{ID: "x", Title: "x"}}}
			var news []item
			for _, p := range test.pages {
				news, _ = c.turn(pageOf(p...), false)
			}
			if diff := cmp.Diff(test.want, titles(news)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
