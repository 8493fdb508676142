package rss

import (
	"bytes"
	encodingjson "encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
	"github.com/mmcdole/gofeed/json"
	"golang.org/x/net/html"
)

// This file's code runs in a process of its own; see [readers].

// The bounds of what is taken from one page.
const (
	// maxItems bounds the items of a page, which must all be remembered. It is twice the
	// largest known page.
	maxItems = 10_000
	// maxPosts and maxPostBytes bound what one poll emits; the next one goes on.
	maxPosts     = 1000
	maxPostBytes = 4 << 20
)

// question is a page to be read and what is known of its feed.
type question struct {
	Body        []byte
	ContentType string
	// Address is the feed's configured address, At where the page was found.
	Address, At string
	State       checkpoint
	// First says that nothing is known yet, so only the newest Initial items are posted.
	First   bool
	Initial int
	// Edits says that changed items are posted again.
	Edits bool
	// Summary and Picture are the arguments.
	Summary int
	Picture bool
}

// answer is the result of reading a page. Everything in it is bounded.
type answer struct {
	// Unchanged says that the page was not read because it is the same as before.
	Unchanged bool
	// Wrong says why the page cannot be read; Lasting that waiting does not help.
	Wrong   string
	Lasting bool
	// Wait is how long the feed, and then its server too, asks to wait.
	Wait   time.Duration
	Source source
	// Posts are the items to post now, oldest first; More says that there are more.
	Posts []post
	More  bool
	// Known is how many items counted as known, Taken the first of them.
	Known int
	Taken []taken
	// Lost is how many items cannot be read, and Why says what is wrong.
	Lost int
	Why  string
	// State is the checkpoint without the posts; Present are the IDs of all items on the
	// page.
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

// taken is an item that counted as known, and why.
type taken struct{ Key, Title, Why string }

// read answers a question.
func read(q question) answer {
	doc, err := parse(q.Body, q.ContentType)
	if err != nil {
		return notAFeed(q, err)
	}
	feed := doc.Feed
	if len(feed.Items) > maxItems {
		return answer{Lasting: true, Wrong: fmt.Sprintf("the feed has %d items on one page; at most %d can be followed", len(feed.Items), maxItems)}
	}
	a := answer{Lost: doc.lost, Wait: feedWait(feed, time.Now()), State: q.State}
	items, old := a.State.news(feed, q.Edits)
	for _, it := range slices.Concat(items, old) {
		a.Present = append(a.Present, it.known.ID)
	}
	if doc.lost > 0 {
		a.Why = cut(doc.why.Error(), maxTitle)
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

// document is a parsed page.
type document struct {
	*gofeed.Feed
	// lost is how many items could not be read, and why the reason.
	lost int
	why  error
}

// parse reads a feed as browsers and feedparser do: in any encoding, with anything
// before and after it, and without items that are not XML.
func parse(body []byte, contentType string) (document, error) {
	text, prolog := trim(decode(body, contentType))
	switch {
	case text == nil:
		return document{}, noFeed(prolog)
	case text[0] == '{':
		return parseJSON(text)
	}
	text = mend(text, prolog)
	feed, err := gofeedOf(text)
	_, items, cutOff := partItems(text)
	if err == nil && len(feed.Items) >= len(items) && cutOff == 0 {
		return document{Feed: feed}, nil
	}
	// At a stray end tag, Go's parser silently ends all elements.
	doc := document{Feed: feed}
	whole, lost := salvage(balance(text))
	if again, wrong := gofeedOf(whole); wrong == nil && (err != nil || len(again.Items) > len(feed.Items)) {
		doc = document{Feed: again, lost: lost}
		if doc.why = err; lost > 0 && err == nil {
			doc.why = errNoEnd
		}
		err = nil
	}
	if err != nil {
		err = wrong{err.Error(), true}
	}
	return doc, err
}

var errNoEnd = errors.New("an element has no end")

func parseJSON(text []byte) (document, error) {
	text, err := oneJSON(text)
	if err != nil {
		return document{}, wrong{"its JSON cannot be parsed: " + err.Error(), true}
	}
	feed, err := gofeedOf(text)
	if _, off := errors.AsType[*encodingjson.UnmarshalTypeError](err); off {
		if text, err = lenient(text); err == nil {
			feed, err = gofeedOf(text)
		}
	}
	return document{Feed: feed}, err
}

func gofeedOf(text []byte) (*gofeed.Feed, error) {
	parser := gofeed.NewParser()
	// only the original has ttl, skipHours and skipDays
	parser.KeepOriginalFeed = true
	parser.RSSTranslator = &gofeed.DefaultRSSTranslator{DisableContentImageScan: true} // pictures are found as items are written
	feed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	// gofeed takes any JSON object for a feed without items, but servers answer with one
	// when something is temporarily wrong.
	original, ok := feed.OriginalFeed().(*json.Feed)
	if ok && original.Items == nil && !strings.Contains(original.Version, "jsonfeed.org") {
		return nil, wrong{"it is JSON but not a JSON Feed: it has neither a JSON Feed version nor items", false}
	}
	keepOriginal(feed, text)
	return feed, nil
}

// wrong is why a page is not a feed; lasting says that waiting does not help.
type wrong struct {
	why     string
	lasting bool
}

func (w wrong) Error() string { return w.why }

var firstElement = regexp.MustCompile(`<([\w:.-]{1,40})[\s>/]`)

// noFeed says what a text without a feed is.
func noFeed(text []byte) error {
	kind, _, _ := strings.Cut(http.DetectContentType(text), ";")
	switch name := firstElement.FindSubmatch(text); {
	case strings.HasPrefix(string(text), "["):
		return wrong{"it is JSON but not a JSON Feed: it is a list", false}
	case !strings.HasPrefix(kind, "text/"):
		return wrong{"it is " + kind, true}
	case name != nil:
		return wrong{"it is XML, but its root element is <" + string(name[1]) + "> instead of rss, feed or rdf:RDF", true}
	}
	return wrong{"it is neither XML nor JSON", true}
}

// notAFeed says what the page is instead of a feed and, if the page says so, where the
// feed is.
func notAFeed(q question, err error) answer {
	if len(bytes.TrimSpace(q.Body)) == 0 {
		return answer{Wrong: "the server answered with an empty body"}
	}
	text := decode(q.Body, q.ContentType)
	if !webPage.Match(text[:min(len(text), 1024)]) {
		a := answer{Lasting: true, Wrong: "this is not a feed: " + cut(err.Error(), maxTitle)}
		if w, ok := errors.AsType[wrong](err); ok {
			a.Lasting = w.lasting
		}
		return a
	}
	if at := advertised(q, text); at != "" {
		return answer{Lasting: true, Wrong: "this is a web page, not a feed; it gives as its feed " + at}
	}
	return answer{Wrong: "this is a web page, not a feed"}
}

// advertised is the feed that a web page links to.
func advertised(q question, text []byte) string {
	base, err := url.Parse(q.At)
	if err != nil {
		return ""
	}
	z := html.NewTokenizer(bytes.NewReader(text))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			if t.Data != "link" {
				continue
			}
			kind, href := strings.ToLower(strings.TrimSpace(attribute(t.Attr, "type"))), attribute(t.Attr, "href")
			if !strings.Contains(attribute(t.Attr, "rel"), "alternate") || !listed(feedTypes, kind) || len(href) > maxAddress {
				continue
			}
			if u, err := base.Parse(href); err == nil {
				return newRedactor(q.Address).address(u)
			}
		}
	}
}

const feedTypes = " application/rss+xml application/atom+xml application/feed+json "
