package connector

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/connector/wire"
)

// clients makes the HTTP clients that connectors use. Connectors with the same
// settings share a transport, and with it the connections.
type clients struct {
	mu         sync.Mutex
	transports map[[sha256.Size]byte]http.RoundTripper
	// resolver is the system's where it is nil.
	resolver *net.Resolver
}

// NewClient returns a client such as connectors get in a poll: with a proxy (empty
// means none), certificates to trust besides the system's, the private networks that
// may be reached, and a User-Agent.
func NewClient(proxy string, caPEM []byte, allow []string, userAgent string) (*http.Client, error) {
	var c clients
	return c.client(&wire.HTTP{Proxy: proxy, CaPem: caPEM, Allow: allow, UserAgent: userAgent})
}

// client returns the client for one connector's settings.
func (c *clients) client(h *wire.HTTP) (*http.Client, error) {
	t, err := c.transport(h)
	if err != nil {
		return nil, err
	}
	return &http.Client{Transport: userAgent{next: t, name: h.GetUserAgent()}}, nil
}

func (c *clients) transport(h *wire.HTTP) (http.RoundTripper, error) {
	key := sha256.New()
	for _, part := range append([]string{h.GetProxy(), string(h.GetCaPem())}, h.GetAllow()...) {
		fmt.Fprintf(key, "%d:%s", len(part), part)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.transports[[sha256.Size]byte(key.Sum(nil))]
	if ok {
		return t, nil
	}
	t, err := c.newTransport(h)
	if err != nil {
		return nil, err
	}
	if c.transports == nil {
		c.transports = make(map[[sha256.Size]byte]http.RoundTripper)
	}
	c.transports[[sha256.Size]byte(key.Sum(nil))] = t
	return t, nil
}

func (c *clients) newTransport(h *wire.HTTP) (http.RoundTripper, error) {
	g, err := newGuard(h.GetAllow())
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second, Resolver: c.resolver}
	t := &http.Transport{
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          100,
		MaxIdleConnsPerHost:   4,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   15 * time.Second,
		ExpectContinueTimeout: time.Second,
		// Long polls answer late; only a dead server takes longer than this.
		ResponseHeaderTimeout:  2 * time.Minute,
		MaxResponseHeaderBytes: 1 << 20,
	}
	if len(h.GetCaPem()) > 0 {
		if t.TLSClientConfig, err = trust(h.GetCaPem()); err != nil {
			return nil, err
		}
	}
	if h.GetProxy() == "" {
		dialer.ControlContext = g.control
		return t, nil
	}
	// The proxy's address is the operator's own word, so the dial is free; what is
	// asked of the proxy is not.
	proxy, err := parseProxy(h.GetProxy())
	if err != nil {
		return nil, err
	}
	t.Proxy = http.ProxyURL(proxy)
	return proxied{next: t, guard: g}, nil
}

// parseProxy does not wrap the parser's error because that shows the URL, and
// with it a password.
func parseProxy(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil, errors.New(`http.proxy is not a URL such as "http://proxy.example.com:3128"`)
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return u, nil
	}
	return nil, errors.New("http.proxy must begin with http://, https://, socks5:// or socks5h://")
}

func trust(pem []byte) (*tls.Config, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("load the system's certificates: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("http.ca_file holds no certificate in PEM form")
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

// proxied guards requests that go through a proxy: each hop of a redirect passes
// here.
type proxied struct {
	next  http.RoundTripper
	guard guard
}

// RoundTrip implements [http.RoundTripper].
func (p proxied) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := p.guard.checkURL(r.URL); err != nil {
		closeBody(r.Body)
		return nil, err
	}
	return p.next.RoundTrip(r)
}

// closeBody is what a RoundTripper owes its caller even when it fails.
func closeBody(b io.Closer) {
	if b != nil {
		b.Close()
	}
}

// userAgent names the relay where the connector does not name itself.
type userAgent struct {
	next http.RoundTripper
	name string
}

// RoundTrip implements [http.RoundTripper].
func (u userAgent) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, set := r.Header["User-Agent"]; !set && u.name != "" {
		r = r.Clone(r.Context())
		r.Header.Set("User-Agent", u.name)
	}
	return u.next.RoundTrip(r)
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] through.
func (u userAgent) CloseIdleConnections() {
	c := http.Client{Transport: u.next}
	c.CloseIdleConnections()
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] through.
func (p proxied) CloseIdleConnections() {
	c := http.Client{Transport: p.next}
	c.CloseIdleConnections()
}

// CleanError takes path, query and user out of the URLs that the errors of
// net/http and net/url show: a feed's or a webhook's URL is often a secret. The
// scheme and host stay, and so does the chain of errors.
//
// The relay does this to every error that a connector returns or logs, as long
// as it was wrapped with %w. It is for errors that go elsewhere.
func CleanError(err error) error {
	found := urlErrors(err, nil)
	if len(found) == 0 {
		return err
	}
	text := err.Error()
	for _, e := range found {
		short := url.Error{Op: e.Op, URL: bare(e.URL), Err: e.Err}
		if e.Op == "parse" {
			// What the parser stumbled over may itself be part of a password.
			short.Err = errors.New("it is not valid")
		}
		text = strings.ReplaceAll(text, e.Error(), short.Error())
		if e.URL != "" {
			text = strings.ReplaceAll(text, e.URL, short.URL)
		}
	}
	return &cleanError{text: text, err: err}
}

// urlErrors appends all URL errors in an error's tree, outer ones first: their
// texts hold the inner ones'.
func urlErrors(err error, list []*url.Error) []*url.Error {
	if e, ok := err.(*url.Error); ok { //nolint:errorlint // the walk below unwraps, and finds more than the first
		list = append(list, e)
	}
	switch w := err.(type) { //nolint:errorlint // as above
	case interface{ Unwrap() error }:
		return urlErrors(w.Unwrap(), list)
	case interface{ Unwrap() []error }:
		for _, inner := range w.Unwrap() {
			list = urlErrors(inner, list)
		}
	}
	return list
}

// bare returns a URL's scheme and host.
func bare(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "the URL"
	}
	return u.Scheme + "://" + u.Host
}

type cleanError struct {
	text string
	err  error
}

func (e *cleanError) Error() string { return e.text }
func (e *cleanError) Unwrap() error { return e.err }
