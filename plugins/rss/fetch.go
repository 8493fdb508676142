package rss

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"

	"github.com/connector-relay/relay/relay/connector"
)

// maxBody bounds a feed, in bytes after decompression. The largest honest feeds
// are a few megabytes.
const maxBody = 10 << 20

// maxRedirects is what browsers follow, about.
const maxRedirects = 10

// accept asks for feeds and takes whatever comes: many servers answer with a
// general type, and some insist on being asked for it.
const accept = "application/atom+xml, application/rss+xml, application/feed+json, application/json;q=0.9, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"

// page is one answer of a feed's server.
type page struct {
	// unchanged: the server or the body says that nothing is new; feed is nil.
	unchanged    bool
	feed         *gofeed.Feed
	etag         string
	lastModified string
	bodyHash     string
	// movedTo is where only permanent redirects have led; empty when none did.
	movedTo string
	// again is how long the source asks to wait.
	again time.Duration
}

// fetch asks for the feed, with the validators of the last answer.
func fetch(ctx context.Context, client *http.Client, configured string, c checkpoint) (page, error) {
	address := c.address(configured)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return page{}, connector.Misconfigured("the url is not an address")
	}
	req.Header.Set("Accept", accept)
	if c.ETag != "" {
		req.Header.Set("If-None-Match", c.ETag)
	}
	if c.LastModified != "" {
		req.Header.Set("If-Modified-Since", c.LastModified)
	}
	var moved redirects
	resp, err := moved.follow(client).Do(req)
	if err != nil {
		return page{}, fmt.Errorf("fetch the feed: %w", unwrapURL(err))
	}
	defer resp.Body.Close()
	p := page{movedTo: moved.permanent(), again: waitFor(resp.Header, time.Now())}
	switch {
	case resp.StatusCode == http.StatusNotModified:
		return p.same(resp, c), nil
	case resp.StatusCode != http.StatusOK:
		return page{}, statusError(resp, time.Now())
	}
	return p.read(resp, c)
}

// same is the page when nothing has changed. A 304 may bring newer validators
// (RFC 9111, 4.3.4).
func (p page) same(resp *http.Response, c checkpoint) page {
	p.unchanged = true
	p.etag, p.lastModified, p.bodyHash = c.ETag, c.LastModified, c.BodyHash
	if v := resp.Header.Get("ETag"); v != "" {
		p.etag = v
	}
	if v := resp.Header.Get("Last-Modified"); v != "" {
		p.lastModified = v
	}
	return p
}

// read reads the body of a 200.
func (p page) read(resp *http.Response, c checkpoint) (page, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return page{}, fmt.Errorf("read the feed: %w", unwrapURL(err))
	}
	if len(body) > maxBody {
		return page{}, connector.Misconfigured("the feed is larger than %d MB", maxBody>>20)
	}
	p.etag, p.lastModified = resp.Header.Get("ETag"), resp.Header.Get("Last-Modified")
	sum := sha256.Sum256(body)
	p.bodyHash = base64.RawStdEncoding.EncodeToString(sum[:9])
	if p.bodyHash == c.BodyHash {
		p.unchanged = true
		return p, nil
	}
	if p.feed, err = parse(body, resp.Header.Get("Content-Type")); err != nil {
		return page{}, notAFeed(body, resp, err)
	}
	if p.movedTo != "" && len(p.feed.Items) == 0 {
		p.movedTo = "" // an empty page is no proof that the feed lives there
	}
	p.again = min(max(p.again, feedWait(p.feed, time.Now())), day)
	return p, nil
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
	if tooDeep(body) {
		return nil, fmt.Errorf("its elements are nested more than %d deep", maxDepth)
	}
	parser := gofeed.NewParser()
	// ttl, skipHours and skipDays are only in the original.
	parser.KeepOriginalFeed = true
	return parser.Parse(bytes.NewReader(body))
}

// notAFeed says what there is instead of a feed, and where the feed is when the
// page tells.
func notAFeed(body []byte, resp *http.Response, err error) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return errors.New("the server answered with an empty body")
	}
	head := strings.ToLower(string(body[:min(len(body), 1024)]))
	if !strings.Contains(head, "<html") && !strings.Contains(head, "<!doctype html") {
		return connector.Misconfigured("this is not a feed: %w", err)
	}
	if at := advertised(body, resp.Request.URL); at != "" {
		return connector.Misconfigured("this is a web page, not a feed; it says that its feed is %s", at)
	}
	return fmt.Errorf("this is a web page, not a feed")
}

// advertised is the feed that a web page links to.
func advertised(body []byte, base *url.URL) string {
	z := html.NewTokenizer(bytes.NewReader(body))
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
			if u, err := base.Parse(at["href"]); err == nil {
				return u.String()
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

// statusError gives an answer that is no feed its kind.
func statusError(resp *http.Response, now time.Time) error {
	until := time.Time{}
	if d := connector.RetryAfter(resp.Header, now); d > 0 {
		until = now.Add(min(d, day))
	}
	switch resp.StatusCode {
	case http.StatusGone:
		return connector.Gone("the server says that the feed is gone for good (410)")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return connector.Throttled(until, "the server asks for patience (%d)", resp.StatusCode)
	case http.StatusForbidden:
		// Guards against robots answer with 403 to a client that comes too often.
		return connector.Throttled(later(until, now.Add(time.Hour)), "the server refuses (403)")
	case http.StatusUnauthorized:
		return connector.Unauthorised("the server wants a sign-in (401)")
	}
	return fmt.Errorf("the server answered %s", resp.Status)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// waitFor is how long an answer's own headers ask to wait: Retry-After,
// Cache-Control's max-age, Expires.
func waitFor(h http.Header, now time.Time) time.Duration {
	wait := connector.RetryAfter(h, now)
	for part := range strings.SplitSeq(h.Get("Cache-Control"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if n, err := strconv.Atoi(strings.Trim(value, `"`)); err == nil && strings.EqualFold(name, "max-age") && n > 0 {
			wait = max(wait, time.Duration(min(n, 365*24*3600))*time.Second)
		}
	}
	if at, err := http.ParseTime(h.Get("Expires")); err == nil {
		wait = max(wait, at.Sub(now))
	}
	return min(wait, day)
}

// unwrapURL drops what net/http adds to an error: the address, which may hold a
// password or a token.
func unwrapURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// redirects follows redirects and knows whether all were permanent.
type redirects struct {
	to        string
	temporary bool
}

// follow returns the client with redirects watched.
func (r *redirects) follow(client *http.Client) *http.Client {
	watching := *client
	watching.Jar = nil
	watching.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) >= maxRedirects {
			return fmt.Errorf("the address redirects more than %d times", maxRedirects)
		}
		switch req.Response.StatusCode {
		case http.StatusMovedPermanently, http.StatusPermanentRedirect:
		default:
			r.temporary = true
		}
		r.to = req.URL.String()
		return nil
	}
	return &watching
}

func (r *redirects) permanent() string {
	if r.temporary {
		return ""
	}
	return r.to
}
