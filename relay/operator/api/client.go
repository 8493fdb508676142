package api

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/operator"
)

// ErrNotRunning says that nobody answers on the operator socket.
var ErrNotRunning = errors.New("no relay is running")

// Client asks a running relay, over its operator socket or from elsewhere.
type Client struct {
	http   http.Client
	base   string
	token  string
	routes map[string]route
	// received, when not nil, is handed a pointer to each answer.
	received func(answer any)
}

var _ operator.Relay = (*Client)(nil)

// atSocket stands for a relay that needs no address.
const atSocket = "http://relay"

// Dial returns a client for the socket at a path. It connects at the first call;
// every call fails with [ErrNotRunning] when no relay listens there.
func Dial(path string) *Client {
	return client(atSocket, "", &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "unix", short(path))
		if err != nil {
			return nil, fmt.Errorf("%w with this configuration (its socket would be %s); start it with `relay run`", ErrNotRunning, path)
		}
		return conn, nil
	}})
}

// Remote returns a client for the relay whose dashboard is at a URL, and that asks with
// an API token. Roots are the authorities that it trusts; nil means those of the system.
// A token goes over TLS only, or stays on this machine.
func Remote(server, token string, roots *x509.CertPool) (*Client, error) {
	u, err := url.Parse(server)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the server is no URL like https://relay.example.com")
	case u.Scheme != "https" && (u.Scheme != "http" || !local(u.Hostname())):
		return nil, fmt.Errorf("%s: the server must be reached over https, because whoever reads a token can use it", u.Redacted())
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: connectWithin,
		DialContext: (&net.Dialer{Timeout: connectWithin}).DialContext, TLSClientConfig: &tls.Config{RootCAs: roots},
	}
	return client(strings.TrimSuffix(u.String(), "/"), token, transport), nil
}

// connectWithin bounds how long a connection to another machine may take.
const connectWithin = 10 * time.Second

const (
	// maxAnswer bounds what is read of an answer, in bytes.
	maxAnswer = 64 << 20
	// maxWords bounds what is shown of an answer that is not a relay's own.
	maxWords = 300
)

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func client(base, token string, transport http.RoundTripper) *Client {
	c := &Client{base: base, token: token, routes: make(map[string]route)}
	// A token must not follow a redirect to where somebody else may be.
	c.http = http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, e := range endpoints() {
		c.routes[e.method] = e.route
	}
	return c
}

// Received lets f see and change each answer before the caller does: f gets a pointer to it.
func (c *Client) Received(f func(answer any)) *Client {
	c.received = f
	return c
}

// question is what a client fills in where a question has room for it.
type question struct {
	// name is the channel, connector or number in the path.
	name  string
	query url.Values
	// body is sent as JSON.
	body any
}

// request returns the request for a method of [operator.Relay].
func (c *Client) request(ctx context.Context, method string, q question) (*http.Request, error) {
	r := c.routes[method]
	var body io.Reader
	if q.body != nil {
		b, err := json.Marshal(q.body)
		if err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(b)
	}
	verb, _ := r.cut()
	req, err := http.NewRequestWithContext(ctx, verb, c.base+r.url(q.name)+"?"+q.query.Encode(), body)
	if err != nil {
		return nil, fmt.Errorf("ask the relay: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return req, nil
}

// ask asks one question and decodes the answer. A problem becomes the error that it was
// on the other side, as far as a caller can act on it.
func ask[A any](ctx context.Context, c *Client, method string, q question) (A, error) {
	var answer A
	req, err := c.request(ctx, method, q)
	if err != nil {
		return answer, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return answer, c.unreached(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return answer, readFailure(resp)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&answer); err != nil {
		return answer, fmt.Errorf("read the relay's answer: %w", err)
	}
	if c.received != nil {
		c.received(&answer)
	}
	return answer, nil
}

// unreached says why no answer came. The URL in net/http's own error means nothing to a
// person.
func (c *Client) unreached(err error) error {
	if inner, ok := errors.AsType[*url.Error](err); ok {
		err = inner.Err
	}
	switch unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); {
	case c.base == atSocket:
		return err
	case ok:
		return fmt.Errorf("%s: %w; name the authority's certificate with --ca-file", c.base, unknown)
	}
	return fmt.Errorf("%s: %w", c.base, err)
}

// tell asks the relay to do something.
func tell(ctx context.Context, c *Client, method string, q question) error {
	_, err := ask[struct{}](ctx, c, method, q)
	return err
}

func readFailure(resp *http.Response) error {
	var f failure
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return fmt.Errorf("read the relay's answer: %w", err)
	}
	if json.Unmarshal(b, &f) != nil || f.Error == "" {
		f.Error = fmt.Sprintf("the relay answered %s", resp.Status)
		if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
			f.Error += ": " + strings.TrimSpace(string(b[:min(len(b), maxWords)]))
		}
	}
	if len(f.Mistakes) > 0 {
		return &operator.MistakenError{Mistakes: f.Mistakes}
	}
	return &remoteError{text: f.Error, is: meanings()[resp.StatusCode]}
}

// remoteError is an error from the other side: its words and its meaning.
type remoteError struct {
	text string
	is   error
}

// Error implements error.
func (e *remoteError) Error() string { return e.text }

// Unwrap returns one of package operator's errors, or nil.
func (e *remoteError) Unwrap() error { return e.is }
