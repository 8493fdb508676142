// Package rest is an HTTP client for connectors that poll a JSON API. It does what
// every such connector needs and is easily got wrong: it keeps credentials with the
// service they are for, bounds what it reads, follows pages, and turns the service's
// answers into the relay's kinds of errors and times to wait.
//
// Make a [Client] in Poll, with [connector.Poll]'s own HTTP client below it:
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
// [Client.Do] asks once, [Pages] asks for one page after the other, and [Client.Wait]
// says what Poll is to return. All that differs between services is a value in
// [Options]: how one signs in, what a status means, what goes with each request.
//
// A client sends nothing to anywhere but below its base address. A link in an answer
// that leads elsewhere is refused, and a redirect to another server goes there without
// credentials, which is the work of the HTTP client that the relay hands out.
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

// DefaultMaxBody is how long an answer may be where [Options] does not say, in bytes.
const DefaultMaxBody = 32 << 20

const (
	// maxRefusal is how much of an answer that is no success is kept, in bytes.
	maxRefusal = 64 << 10
	// maxRest is how much of an answer is read only to use the connection again, in
	// bytes.
	maxRest = 4 << 10
)

// Options say how a service is spoken to.
type Options struct {
	// Name is the service's; errors begin with it.
	Name string
	// Base is an http or https address, and Argument the connector's argument that it
	// is from. Path, such as "v1.0", follows it in every request.
	Base, Argument, Path string
	// Auth signs every request; nil when none is signed.
	Auth Auth
	// Header and Query go with every request that does not say otherwise.
	Header http.Header
	Query  url.Values
	// MaxBody is how long an answer may be after decompression, in bytes; 0 means
	// [DefaultMaxBody].
	MaxBody int64
	// Errors are what statuses mean where it is not what [StatusError] says.
	Errors map[int]error
	// Meaning, unless nil, has the last word on what an answer means. It gets what the
	// answer means by its status: nil for a success. It is for services whose errors
	// tell only in their body what they are, and for those that report one as a success.
	Meaning func(Response, error) error
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
}

// Client speaks to one service. It may be used concurrently.
type Client struct {
	http    *http.Client
	base    *url.URL
	options Options

	mu   sync.Mutex
	wait time.Duration
}

// New returns a client. The HTTP client is [connector.Poll]'s or [connector.Request]'s.
// The error says that a person must change the argument that holds the base address.
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
	// Path is escaped, may have a query, and is below the client's address with or
	// without a slash at its beginning. A whole address, such as a link in an answer,
	// must lead below the client's as well.
	Path   string
	Query  url.Values
	Header http.Header
	// Body is sent as JSON; nil means none at all.
	Body any
	// Known are the validators of the answer that the caller has, so that the service
	// need not send it again; see [Response.Unchanged].
	Known Validators
}

// Response is what a service answered.
type Response struct {
	// Request is what was asked, and URL where the answer was found.
	Request Request
	URL     *url.URL
	Status  int
	Header  http.Header
	// Body is the beginning, at most 64 KiB, of an answer that is no success; nil of
	// one that is.
	Body []byte
}

// Do makes a request and decodes the answer's JSON, unless it is unchanged or answer is
// nil. An error about an answer is an [*Error]; see [StatusOf]. No error shows the path
// or the query of an address.
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
		got.Body, _ = io.ReadAll(io.LimitReader(resp.Body, maxRefusal)) // as much as there is
	}
	err = c.meaning(got)
	if err == nil && answer != nil && !got.Unchanged() {
		if err = json.NewDecoder(resp.Body).Decode(answer); err != nil {
			err = fmt.Errorf("the answer of %s cannot be read: %w", c.options.Name, err)
		}
	}
	if err != nil {
		return got, &Error{Status: got.Status, Err: err}
	}
	return got, nil
}

// Check reports whether a path or a link leads below the client's address. A link that
// is kept for a later poll is checked before, so that a bad one is not kept.
func (c *Client) Check(link string) error {
	_, err := c.address(link)
	return err
}

// Wait is how long the answers so far ask to be left alone: what Poll returns. It goes
// by [RetryAfter] and, when a limit is used up, by when it begins anew.
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
	// Without a body there is nothing at all: some services refuse a GET that has one,
	// be it empty.
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

// addTo adds to the query of an address: what always goes with it where it says nothing
// else, and what a request sets. A link to which nothing is added stays as it is, byte
// for byte.
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

// address is where a path or a link leads.
func (c *Client) address(link string) (*url.URL, error) {
	scheme, _, whole := strings.Cut(link, "://")
	if !whole || strings.ContainsAny(scheme, "/?#") {
		link = "./" + strings.TrimPrefix(link, "/")
	}
	u, err := c.base.Parse(link)
	if err != nil || u.Scheme != c.base.Scheme || !strings.EqualFold(u.Host, c.base.Host) || !strings.HasPrefix(path.Clean(u.Path)+"/", c.base.Path) {
		return nil, fmt.Errorf("a link of %s does not lead below its own address, so the credentials do not go there", c.options.Name)
	}
	return u, nil
}
