package outbound

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	// connectTimeout is short enough to recognise a dead host before a request's time is up.
	connectTimeout = 10 * time.Second
	idleTimeout    = 90 * time.Second
	// idleTrusted is how many idle connections to one trusted host are kept: more
	// than lanes could use, because reuse is worth ten times the speed under TLS.
	idleTrusted = 1024
	// idleGuarded is the same for a host that a stranger chose.
	idleGuarded = 4
	tlsSessions = 1024
)

// Pool makes connections, and shares them between users with the same settings. The zero
// value is ready, and it may be used concurrently.
type Pool struct {
	// resolver looks up the names of guarded requests; nil means the system's.
	resolver *net.Resolver

	mu      sync.Mutex
	trusted map[string]*http.Transport
	guarded map[string]http.RoundTripper
}

// Trusted returns the transport for posting to addresses that the operator chose. They
// may be anywhere, and the proxy's URL is read at each request, so that a rotated
// password counts at once. A proxy that does not let a request through is a
// [*ProxyError].
func (p *Pool) Trusted(s Settings) (*http.Transport, error) {
	return shared(p, &p.trusted, s, newTrusted)
}

// Client returns the client for addresses that strangers choose: it refuses those in
// private networks unless they are allowed, and a redirect shows no server what was meant
// for another one.
func (p *Pool) Client(s Settings) (*http.Client, error) {
	t, err := shared(p, &p.guarded, s, p.newGuarded)
	if err != nil {
		return nil, err
	}
	return &http.Client{Transport: discreet{next: userAgent{next: t, name: s.UserAgent}}}, nil
}

// shared returns the transport for some settings, and makes it when there is none.
func shared[T any](p *Pool, kept *map[string]T, s Settings, create func(Settings) (T, error)) (T, error) {
	key := s.Fingerprint()
	p.mu.Lock()
	defer p.mu.Unlock()
	if t, ok := (*kept)[key]; ok {
		return t, nil
	}
	t, err := create(s)
	if err != nil {
		return t, err
	}
	if *kept == nil {
		*kept = make(map[string]T)
	}
	(*kept)[key] = t
	return t, nil
}

func newTrusted(s Settings) (*http.Transport, error) {
	settings, err := s.tls()
	if err != nil {
		return nil, err
	}
	// A resumed session keeps the certificate that it began with, which may have been
	// replaced since.
	if s.ClientCert == "" {
		settings.ClientSessionCache = tls.NewLRUClientSessionCache(tlsSessions)
	}
	// HTTP/1.1 only: over HTTP/2 all lanes to a host would share one connection, and with
	// it each other's problems; HTTP/2 is also slower for single posts.
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	t := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:     settings,
		TLSHandshakeTimeout: connectTimeout,
		MaxIdleConnsPerHost: idleTrusted,
		IdleConnTimeout:     idleTimeout,
		DisableCompression:  true,
		Protocols:           &protocols,
	}
	if !s.Proxy.IsZero() {
		t.Proxy = func(*http.Request) (*url.URL, error) { return s.proxy() }
		t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
			if r.StatusCode == http.StatusOK {
				return nil
			}
			return &ProxyError{Status: r.StatusCode, Header: r.Header}
		}
	}
	return t, nil
}

// ProxyError says that a proxy did not let the connection through.
type ProxyError struct {
	Status int
	Header http.Header
}

// Error implements error.
func (e *ProxyError) Error() string {
	return fmt.Sprintf("the proxy answered %d %s", e.Status, http.StatusText(e.Status))
}

func (p *Pool) newGuarded(s Settings) (http.RoundTripper, error) {
	settings, err := s.tls()
	if err != nil {
		return nil, err
	}
	proxy, err := s.proxy()
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second, Resolver: p.resolver}
	t := &http.Transport{
		DialContext:           dialer.DialContext,
		TLSClientConfig:       settings,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          100,
		MaxIdleConnsPerHost:   idleGuarded,
		IdleConnTimeout:       idleTimeout,
		TLSHandshakeTimeout:   15 * time.Second,
		ExpectContinueTimeout: time.Second,
		// Long polls answer late, but only a dead server takes longer than this.
		ResponseHeaderTimeout:  2 * time.Minute,
		MaxResponseHeaderBytes: 1 << 20,
	}
	g := guard{allow: s.Allow}
	if proxy == nil {
		dialer.ControlContext = g.control
		return t, nil
	}
	// The operator chose the proxy's address, so dialling it is unrestricted; what the
	// proxy is asked for is not.
	t.Proxy = http.ProxyURL(proxy)
	return proxied{next: t, guard: g, proxyDNS: s.ProxyDNS, resolver: p.resolver}, nil
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
