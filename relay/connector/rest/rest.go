// Package rest is a client for connectors that poll a JSON API. It handles what every
// such connector needs and what is easy to get wrong: it keeps credentials with the
// service they belong to, bounds what it reads, follows pages, and turns answers into
// the relay's kinds of errors and times to wait.
//
// Poll makes a [Client] on top of the HTTP client that the relay hands it:
//
//	api, err := rest.New(p.HTTP, rest.Options{
//		Name: "Acme", Base: a.API, Argument: "api", Auth: rest.Bearer(a.Token),
//	})
//	if err != nil {
//		return 0, err
//	}
//	var user struct{ Name string }
//	_, err = api.Do(ctx, rest.Request{Path: "users/me"}, &user)
//	return api.Wait(), err
//
// [Client.Do] makes one request, [Pages] reads a list page by page, and [Client.Wait]
// is the time that Poll returns. What differs between services is a value in [Options]:
// how to sign in, what a status means, what every request carries.
//
// A client only asks for addresses below its base. It refuses a link that leads
// elsewhere, and when a server redirects to another one, the relay's HTTP client goes
// there without the credentials. How long a request may take is up to its context.
package rest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/connector"
)

// DefaultMaxBody bounds an answer when [Options] set no other bound, in bytes.
const DefaultMaxBody = 32 << 20

const (
	// maxRefusal bounds what is kept of an answer other than a success, in bytes.
	maxRefusal = 64 << 10
	// maxRest bounds what is read only so that the connection can be used again, in
	// bytes.
	maxRest = 4 << 10
)

// Options describe a service.
type Options struct {
	// Name is what people call the service; errors use it.
	Name string
	// Base is the service's http or https address, and Argument the name of the argument
	// that it comes from. Path, such as "v1.0", follows it in every request.
	Base, Argument, Path string
	// Auth signs every request; nil leaves them unsigned.
	Auth Auth
	// Header and Query are part of every request that does not set the same names.
	Header http.Header
	Query  url.Values
	// MaxBody bounds an answer after decompression, in bytes; 0 means [DefaultMaxBody].
	MaxBody int64
	// Errors says what a status means where [StatusError] would be wrong.
	Errors map[int]error
	// Meaning, unless nil, decides what an answer means. It gets the meaning of the
	// status, which is nil for a success, and may return it. Set it for a service that
	// names its errors in the body only, or reports one as a success.
	Meaning func(Response, error) error
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
}

// Client talks to one service. It is safe for concurrent use.
type Client struct {
	http    *http.Client
	base    *url.URL
	options Options

	mu   sync.Mutex
	wait time.Duration
}

// New returns a client that uses the HTTP client of a [connector.Poll] or a
// [connector.Request]. It fails when the base is no address, with an error that asks a
// person to change the argument.
func New(h *http.Client, o Options) (*Client, error) {
	base, err := connector.ParseURL(o.Base)
	if err != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, connector.Misconfigured("the argument %s is not an address such as https://api.example.com", o.Argument)
	}
	base.Path = cmp.Or(base.Path, "/") // JoinPath does not add it
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Name, o.MaxBody = cmp.Or(o.Name, "the service"), cmp.Or(o.MaxBody, DefaultMaxBody)
	return &Client{http: Bound(h, o.MaxBody), base: base.JoinPath(o.Path, "/"), options: o}, nil
}

// Request is one request.
type Request struct {
	// Method is GET when it is empty.
	Method string
	// Path is relative to the client's base, with or without a leading slash. It is
	// escaped and may have a query. It may also be a whole address below the base, such
	// as a link in an answer.
	Path   string
	Query  url.Values
	Header http.Header
	// Body is sent as JSON; a request without one has no body at all.
	Body any
	// Known are the validators of an earlier answer, which the service then need not
	// send again; see [Response.Unchanged].
	Known Validators
}

// Response is a service's answer.
type Response struct {
	// Request is the one it answers, and URL where redirects led.
	Request Request
	URL     *url.URL
	Status  int
	Header  http.Header
	// Body holds the first 64 KiB of an answer other than a success; it is nil after a
	// success.
	Body []byte
}

// Do makes a request and decodes the JSON of the answer, unless the answer is unchanged
// or answer is nil. An error that concerns an answer is an [*Error]; see [StatusOf]. No
// error shows the path or the query of an address, because they may be secret.
func (c *Client) Do(ctx context.Context, r Request, answer any) (Response, error) {
	req, err := c.request(ctx, r)
	if err != nil {
		return Response{}, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return Response{}, connector.CleanError(err)
	}
	defer func() {
		_, _ = io.CopyN(io.Discard, resp.Body, maxRest)
		resp.Body.Close()
	}()
	got := Response{Request: r, URL: resp.Request.URL, Status: resp.StatusCode, Header: resp.Header}
	if !got.success() {
		got.Body, _ = io.ReadAll(io.LimitReader(resp.Body, maxRefusal)) // as much as there is of it
	}
	err = c.meaning(got)
	if err == nil && answer != nil && !got.Unchanged() {
		if err = json.NewDecoder(resp.Body).Decode(answer); err != nil {
			err = fmt.Errorf("%s sent an answer that cannot be read: %w", c.options.Name, err)
		}
	}
	if err != nil {
		return got, &Error{Status: got.Status, Err: err}
	}
	return got, nil
}

// Check returns an error when a path or a link does not lead below the client's base.
// Use it on a link before keeping it for a later poll.
func (c *Client) Check(link string) error {
	_, err := c.address(link)
	return err
}

// Wait returns the longest time that an answer so far asked to wait: in Retry-After, in
// Azure DevOps' X-RateLimit-Delay, or, when nothing remains of a rate limit, until it is
// reset. It is at most a year. Poll returns it.
func (c *Client) Wait() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wait
}

// meaning is what an answer means to the connector, and to its next poll.
func (c *Client) meaning(r Response) error {
	now := c.options.Now()
	c.mu.Lock()
	c.wait = max(c.wait, asked(r.Header, now))
	c.mu.Unlock()
	err := c.options.Errors[r.Status]
	if err == nil && !r.success() && !r.Unchanged() {
		err = StatusError(c.options.Name, r.Status, r.Header, now)
	}
	if c.options.Meaning != nil {
		err = c.options.Meaning(r, err)
	}
	return err
}

func (r Response) success() bool { return r.Status >= 200 && r.Status <= 299 }

func (c *Client) request(ctx context.Context, r Request) (*http.Request, error) {
	u, err := c.address(r.Path)
	if err != nil {
		return nil, err
	}
	addTo(u, c.options.Query, r.Query)
	// Some services refuse a GET that has a body, even an empty one.
	var content io.Reader
	if r.Body != nil {
		b, err := json.Marshal(r.Body)
		if err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
		content = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, cmp.Or(r.Method, http.MethodGet), u.String(), content)
	if err != nil {
		return nil, connector.CleanError(err)
	}
	req.Header.Set("Accept", "application/json")
	if content != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	maps.Copy(req.Header, c.options.Header)
	maps.Copy(req.Header, r.Header)
	r.Known.Ask(req.Header)
	if c.options.Auth != nil {
		err = c.options.Auth(req)
	}
	return req, err
}

// addTo adds to an address the parameters that it lacks and those that the request sets.
// When there is nothing to add, the address stays the same byte for byte: what a link
// holds is the service's own business.
func addTo(u *url.URL, always, set url.Values) {
	q := u.Query()
	added := len(set) > 0
	for name, values := range always {
		if !q.Has(name) {
			q[name], added = values, true
		}
	}
	if maps.Copy(q, set); added {
		u.RawQuery = q.Encode()
	}
}

// address resolves a path or a link.
func (c *Client) address(link string) (*url.URL, error) {
	scheme, _, whole := strings.Cut(link, "://")
	if !whole || strings.ContainsAny(scheme, "/?#") {
		link = "./" + strings.TrimPrefix(link, "/")
	}
	u, err := c.base.Parse(link)
	if err == nil && c.base.Scheme == "https" {
		u.Scheme = "https" // services behind a proxy often write http into their links
	}
	if err != nil || u.Scheme != c.base.Scheme || !strings.EqualFold(u.Host, c.base.Host) || !strings.HasPrefix(path.Clean(u.Path)+"/", c.base.Path) {
		return nil, fmt.Errorf("a link from %s leads outside of its own address, so it is not followed", c.options.Name)
	}
	return u, nil
}
