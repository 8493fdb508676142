package connector

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/connector/wire"
	"github.com/connector-relay/relay/relay/trust"
)

// HTTP is how a connector reaches the outside: what the http blocks of the
// configuration say.
type HTTP struct {
	// Proxy is a URL, which may hold a password; empty means none.
	Proxy string
	// CAPEM holds certificates, in PEM, to trust besides the system's; empty means
	// none.
	CAPEM []byte
	// ClientCert and ClientKey are the PEM files of the certificate to show to a
	// server that asks for one; both are empty or neither is. They are read at each
	// handshake.
	ClientCert, ClientKey string
	// MinTLS is the lowest version of TLS, "1.2" or "1.3"; empty means 1.2.
	MinTLS string
	// Allow lists private networks, in CIDR notation, that may be reached.
	Allow []string
	// ProxyDNS says that only the proxy can look names up, so that the addresses
	// behind them are its business.
	ProxyDNS bool
	// UserAgent is the header's value where a request does not set it.
	UserAgent string
}

// Equal reports whether both say the same.
func (h HTTP) Equal(o HTTP) bool {
	return h.Proxy == o.Proxy && bytes.Equal(h.CAPEM, o.CAPEM) && h.ClientCert == o.ClientCert && h.ClientKey == o.ClientKey &&
		h.MinTLS == o.MinTLS && slices.Equal(h.Allow, o.Allow) && h.ProxyDNS == o.ProxyDNS && h.UserAgent == o.UserAgent
}

// httpOf is what the host says of a call's connector.
func httpOf(w *wire.HTTP) HTTP {
	return HTTP{
		Proxy: w.GetProxy(), CAPEM: w.GetCaPem(), ClientCert: w.GetClientCert(), ClientKey: w.GetClientKey(), MinTLS: w.GetMinTls(),
		Allow: w.GetAllow(), ProxyDNS: w.GetProxyDns(), UserAgent: w.GetUserAgent(),
	}
}

// clients makes the HTTP clients that connectors use. Connectors with the same
// settings share a transport, and with it the connections.
type clients struct {
	mu         sync.Mutex
	transports map[[sha256.Size]byte]http.RoundTripper
	// resolver is the system's where it is nil.
	resolver *net.Resolver
}

// NewClient returns a client such as connectors get in a poll.
func NewClient(h HTTP) (*http.Client, error) {
	var c clients
	return c.client(h)
}

// client returns the client for one connector's settings.
func (c *clients) client(h HTTP) (*http.Client, error) {
	t, err := c.transport(h)
	if err != nil {
		return nil, err
	}
	return &http.Client{Transport: discreet{next: userAgent{next: t, name: h.UserAgent}}}, nil
}

func (c *clients) transport(h HTTP) (http.RoundTripper, error) {
	hash := sha256.New()
	for _, part := range append([]string{h.Proxy, string(h.CAPEM), h.ClientCert, h.ClientKey, h.MinTLS, strconv.FormatBool(h.ProxyDNS)}, h.Allow...) {
		fmt.Fprintf(hash, "%d:%s", len(part), part)
	}
	key := [sha256.Size]byte(hash.Sum(nil))
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.transports[key]
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
	c.transports[key] = t
	return t, nil
}

func (c *clients) newTransport(h HTTP) (http.RoundTripper, error) {
	g, err := newGuard(h.Allow)
	if err != nil {
		return nil, err
	}
	settings, err := trust.Settings{CAPEM: h.CAPEM, ClientCert: h.ClientCert, ClientKey: h.ClientKey, MinTLS: h.MinTLS}.Config()
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second, Resolver: c.resolver}
	t := &http.Transport{
		DialContext:           dialer.DialContext,
		TLSClientConfig:       settings,
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
	if h.Proxy == "" {
		dialer.ControlContext = g.control
		return t, nil
	}
	// The proxy's address is the operator's own word, so the dial is free; what is
	// asked of the proxy is not.
	proxy, err := parseProxy(h.Proxy)
	if err != nil {
		return nil, err
	}
	t.Proxy = http.ProxyURL(proxy)
	return proxied{next: t, guard: g, proxyDNS: h.ProxyDNS, resolver: c.resolver}, nil
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
