package rss

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
	"github.com/mmcdole/gofeed/json"
	"github.com/mmcdole/gofeed/rss"
	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

// What follows is done in a process of its own, see [readers].

// The bounds of what is taken from one page.
const (
	// maxItems is how many items a page may hold: twice as many as the largest
	// known one does. All that it holds must be remembered.
	maxItems = 10_000
	// maxPosts and maxPostBytes bound what one poll hands over; the rest is for the
	// next one.
	maxPosts     = 1000
	maxPostBytes = 4 << 20
)

// question is a page to be read, and what is known of its feed.
type question struct {
	Body        []byte
	ContentType string
	// Address is the feed's as it is configured, At where the page was found.
	Address, At string
	State       checkpoint
	// First says that nothing is known yet, so that only the newest Initial items
	// are posted.
	First   bool
	Initial int
	// Edits says that items which have changed are wanted again.
	Edits bool
	// Summary and Picture are the arguments.
	Summary int
	Picture bool
}

// answer is what a page came to. All in it is bounded.
type answer struct {
	// Unchanged says that the page was not read, because it is what it was.
	Unchanged bool
	// Wrong says why the page cannot be read; Lasting, that waiting does not help.
	Wrong   string
	Lasting bool
	// Wait is how long the feed asks to wait.
	Wait   time.Duration
	Source source
	// Posts are the items to be posted now, oldest first; More says that there are
	// more.
	Posts []post
	More  bool
	// Known is how many items were taken for known ones, Taken are the first of them.
	Known int
	Taken []taken
	// State knows all that is known but the posts; Present are the IDs of all items
	// on the page.
	State   checkpoint
	Present []string
}

// source is a feed as its cards show it.
type source struct {
	Title, Link, Picture string
}

// post is an item as its card shows it. Text is Markdown; all else is plain.
type post struct {
	Known               known
	Updated             bool
	Title, Link, GUID   string
	Authors, Categories []string
	Published           time.Time
	Text, Picture       string
}

// taken is an item that was taken for a known one, and why.
type taken struct{ Title, Why string }

// read answers a question.
func read(q question) answer {
	feed, err := parse(q.Body, q.ContentType)
	if err != nil {
		return notAFeed(q, err)
	}
	if len(feed.Items) > maxItems {
		return answer{Lasting: true, Wrong: fmt.Sprintf("the feed has %d items on one page, and at most %d can be followed", len(feed.Items), maxItems)}
	}
	a := answer{Wait: feedWait(feed, time.Now()), State: q.State}
	items, old := a.State.news(feed, q.Edits)
	for _, it := range slices.Concat(items, old) {
		a.Present = append(a.Present, it.known.ID)
	}
	if len(q.State.Known) == 0 {
		var before []item
		before, items = a.State.baseline(items, q.First, q.Initial)
		old = append(before, old...)
	}
	w := newWriter(feed, q)
	a.Source, a.Known, a.Taken = w.source(), len(old), w.taken(old)
	size := 0
	for _, it := range items {
		if len(a.Posts) == maxPosts || size > maxPostBytes {
			a.More = true
			break
		}
		p := w.post(it)
		size += p.size()
		a.Posts = append(a.Posts, p)
	}
	return a
}

// parse reads a feed in whatever encoding it is: a byte order mark wins over what
// the document says of itself, and that over what the server says.
func parse(body []byte, contentType string) (*gofeed.Feed, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, errors.New("the body is empty")
	}
	if !bytes.Contains(body[:min(len(body), 256)], []byte("encoding")) && !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		if r, err := charset.NewReader(bytes.NewReader(body), contentType); err == nil {
			if converted, err := io.ReadAll(r); err == nil {
				body = converted
			}
		}
	}
	parser := gofeed.NewParser()
	// ttl, skipHours and skipDays are only in the original.
	parser.KeepOriginalFeed = true
	parser.RSSTranslator = &gofeed.DefaultRSSTranslator{DisableContentImageScan: true} // pictures are found as items are written
	feed, err := parser.Parse(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	// gofeed takes any object of JSON, and any rss element, for a feed without items.
	switch original := feed.OriginalFeed().(type) {
	case *json.Feed:
		if original.Items == nil && !strings.Contains(original.Version, "jsonfeed.org") {
			return nil, errNoJSONFeed
		}
	case *rss.Feed:
		if len(original.Items) == 0 && original.Title+original.Link+original.Description == "" && len(original.Extensions) == 0 {
			return nil, errNoChannel
		}
	}
	keepTextTypes(feed, body)
	return feed, nil
}

var (
	errNoJSONFeed = errors.New("it is JSON, but no JSON Feed: it has neither its version nor items")
	errNoChannel  = errors.New("its rss element holds neither a channel nor an item")
)

// notAFeed says what there is instead of a feed, and where the feed is when the
// page tells.
func notAFeed(q question, err error) answer {
	if len(bytes.TrimSpace(q.Body)) == 0 {
		return answer{Wrong: "the server answered with an empty body"}
	}
	head := strings.ToLower(string(q.Body[:min(len(q.Body), 1024)]))
	if errors.Is(err, errNoJSONFeed) || errors.Is(err, errNoChannel) {
		// Servers say so that something is wrong for the moment.
		return answer{Wrong: "this is not a feed: " + err.Error()}
	}
	if !strings.Contains(head, "<html") && !strings.Contains(head, "<!doctype html") {
		return answer{Lasting: true, Wrong: "this is not a feed: " + cut(err.Error(), maxTitle)}
	}
	if at := advertised(q); at != "" {
		return answer{Lasting: true, Wrong: "this is a web page, not a feed; it says that its feed is " + at}
	}
	return answer{Wrong: "this is a web page, not a feed"}
}

// advertised is the feed that a web page links to.
func advertised(q question) string {
	base, err := url.Parse(q.At)
	if err != nil {
		return ""
	}
	z := html.NewTokenizer(bytes.NewReader(q.Body))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			if t.Data != "link" {
				continue
			}
			at := make(map[string]string)
			for _, a := range t.Attr {
				at[a.Key] = a.Val
			}
			if !strings.Contains(at["rel"], "alternate") || !isFeedType(at["type"]) {
				continue
			}
			if u, err := base.Parse(at["href"]); err == nil && len(at["href"]) <= maxAddress {
				return newDiscretion(q.Address).address(u)
			}
		}
	}
}

func isFeedType(t string) bool {
	switch strings.ToLower(strings.TrimSpace(t)) {
	case "application/rss+xml", "application/atom+xml", "application/feed+json":
		return true
	}
	return false
}
