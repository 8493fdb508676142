package rss

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/rest"
)

// maxBody bounds a feed, in bytes after decompression. The largest honest feeds
// are a few megabytes.
const maxBody = 10 << 20

// maxRedirects is about what browsers follow.
const maxRedirects = 10

// accept asks for feeds but takes any type: many servers answer with a general type,
// and some insist on being asked for it.
const accept = "application/atom+xml, application/rss+xml, application/feed+json, application/json;q=0.9, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"

// page is one answer of a feed's server.
type page struct {
	// unchanged says that nothing is new, by the server or the body's hash; then there is
	// no body.
	unchanged   bool
	body        []byte
	contentType string
	// at is where the page was found. release frees the body's memory.
	at      string
	release func()
	rest.Validators
	bodyHash string
	// movedTo is where permanent redirects alone led, or empty.
	movedTo string
	// again is how long the source asks to wait.
	again time.Duration
}

// fetch requests the feed at an address, with the validators of its last answer. It
// does not follow a redirect to an address that has failed.
func (f *Feed) fetch(ctx context.Context, client *http.Client, address, failed string, c checkpoint) (page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return page{}, connector.Misconfigured("the url is not an address")
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("Accept-Encoding", "gzip") // so that net/http leaves decompression to unpack
	c.Ask(req.Header)
	moved := redirects{failed: failed}
	resp, err := moved.follow(client).Do(req)
	if err != nil {
		return page{}, fmt.Errorf("fetch the feed at %s: %w", hostOf(address), unwrapURL(err))
	}
	defer resp.Body.Close()
	p := page{release: func() {}, movedTo: moved.permanent(), again: waitFor(resp.Header, time.Now())}
	switch {
	case resp.StatusCode == http.StatusNotModified:
		return p.same(resp, c), nil
	case challenged(resp.Header) != "":
		return page{}, connector.Throttled(time.Now().Add(time.Hour), "%s at %s demands a proof that only a browser can give; the site's owner must exempt the feed", challenged(resp.Header), resp.Request.URL.Host)
	case resp.StatusCode != http.StatusOK:
		return page{}, statusError(resp, time.Now())
	}
	return p.take(ctx, f.readers, resp, c)
}

// same is an unchanged page. A 304 may bring newer validators (RFC 9111, 4.3.4).
func (p page) same(resp *http.Response, c checkpoint) page {
	p.unchanged = true
	p.Validators, p.bodyHash = rest.ValidatorsOf(resp.Header).Or(c.Validators), c.BodyHash
	return p
}

// take reads the body of a 200.
func (p page) take(ctx context.Context, r *readers, resp *http.Response, c checkpoint) (page, error) {
	unpacked, err := unpack(resp.Body, resp.Header.Get("Content-Encoding"))
	if err != nil {
		return page{}, err
	}
	body, release, err := r.body(ctx, unpacked)
	if err != nil || len(body) > maxBody {
		release()
	}
	if err != nil {
		return page{}, fmt.Errorf("fetch the feed at %s: %w", resp.Request.URL.Host, unwrapURL(err))
	}
	if len(body) > maxBody {
		return page{}, connector.Misconfigured("the feed is larger than %d MB", maxBody>>20)
	}
	p.Validators = rest.ValidatorsOf(resp.Header)
	sum := sha256.Sum256(body)
	p.bodyHash = base64.RawStdEncoding.EncodeToString(sum[:9])
	if p.bodyHash == c.BodyHash {
		release()
		p.unchanged = true
		return p, nil
	}
	p.body, p.release, p.contentType, p.at = body, release, resp.Header.Get("Content-Type"), resp.Request.URL.String()
	return p, nil
}

// statusError returns the error of any other status, with its kind.
func statusError(resp *http.Response, now time.Time) error {
	wait := min(rest.RetryAfter(resp.Header, now), day)
	switch resp.StatusCode {
	case http.StatusGone:
		return connector.Gone("the server says that the feed is gone for good (410)")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		until := time.Time{}
		if wait > 0 {
			until = now.Add(wait)
		}
		return connector.Throttled(until, "the server asks to slow down (%d)", resp.StatusCode)
	case http.StatusForbidden:
		// Guards against robots answer 403 to clients that come too often.
		return connector.Throttled(now.Add(max(wait, time.Hour)), "the server refuses (403)")
	case http.StatusUnauthorized:
		return connector.Unauthorised("the server wants a sign-in (401)")
	}
	return fmt.Errorf("the server answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
}

// challenged names, by its header, the guard against robots that demands a proof
// instead of giving the page; it is empty for a page.
func challenged(h http.Header) string {
	for _, guard := range []struct{ header, value, name string }{
		{"Cf-Mitigated", "challenge", "Cloudflare"},
		{"X-Vercel-Mitigated", "challenge", "Vercel"},
		{"X-Amzn-Waf-Action", "challenge", "AWS WAF"},
		{"X-Amzn-Waf-Action", "captcha", "AWS WAF"},
		{"X-Datadome", "protected", "DataDome"},
	} {
		if strings.EqualFold(strings.TrimSpace(h.Get(guard.header)), guard.value) {
			return guard.name
		}
	}
	return ""
}

// waitFor is how long an answer's headers ask to wait: Retry-After, Cache-Control's
// max-age, Expires.
func waitFor(h http.Header, now time.Time) time.Duration {
	wait := rest.RetryAfter(h, now)
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

// unwrapURL drops the address that net/http adds to an error, because it may hold a
// password or a token.
func unwrapURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// redirects follows redirects and notes whether all were permanent.
type redirects struct {
	to        string
	failed    string
	temporary bool
}

// follow returns the client, reporting its redirects to r.
func (r *redirects) follow(client *http.Client) *http.Client {
	watching := *client
	// Some servers redirect until their cookie comes back. The jar lasts for this request
	// only.
	watching.Jar, _ = cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List}) // never fails
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
		if r.to == r.failed {
			return fmt.Errorf("the address redirects to %s, which fails", req.URL.Host)
		}
		if len(r.to) > maxAddress {
			return errors.New("the address redirects to one that is too long")
		}
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
