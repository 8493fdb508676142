package channel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/secret"
)

// The settings of connections. Reuse is worth ten times the speed under TLS, so
// there are as many idle connections as lanes have used, for a while; connecting
// has a limit of its own so that a dead host is known as such before the attempt's
// time is up.
const (
	// sharedIdle is how many idle connections to one host shared Clients keep: more
	// than lanes could use.
	sharedIdle     = 1024
	idleTimeout    = 90 * time.Second
	connectTimeout = 10 * time.Second
	tlsSessions    = 1024
)

// HTTP is how requests leave.
type HTTP struct {
	// Proxy is the URL of a proxy; zero means none. The environment does not count.
	Proxy secret.Value
	// CAFile holds certificates, in PEM, to trust besides the system's.
	CAFile string
}

// Clients shares connections between channels that have the same HTTP settings.
// The zero value is ready, and it may be used concurrently. A CA file is read when
// the first channel asks for it; for a changed one, take new Clients.
type Clients struct {
	mu         sync.Mutex
	transports map[string]*http.Transport
}

// transport returns the transport for these settings. On nil Clients it is a new
// one, with room for as many idle connections.
func (c *Clients) transport(h HTTP, idle int) (*http.Transport, error) {
	if c == nil {
		return newTransport(h, idle)
	}
	key := h.Proxy.Fingerprint() + " " + h.CAFile
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.transports[key]; t != nil {
		return t, nil
	}
	t, err := newTransport(h, sharedIdle)
	if err != nil {
		return nil, err
	}
	if c.transports == nil {
		c.transports = make(map[string]*http.Transport)
	}
	c.transports[key] = t
	return t, nil
}

func newTransport(h HTTP, idle int) (*http.Transport, error) {
	roots, err := loadRoots(h.CAFile)
	if err != nil {
		return nil, err
	}
	// HTTP/1.1 only: over HTTP/2 all lanes to a host would share one connection,
	// and with it each other's troubles; it is also slower for single posts.
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	t := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ClientSessionCache: tls.NewLRUClientSessionCache(tlsSessions)},
		TLSHandshakeTimeout: connectTimeout,
		MaxIdleConns:        0,
		MaxIdleConnsPerHost: idle,
		IdleConnTimeout:     idleTimeout,
		DisableCompression:  true,
		Protocols:           &protocols,
	}
	if !h.Proxy.IsZero() {
		t.Proxy = func(*http.Request) (*url.URL, error) { return revealProxy(h.Proxy) }
		t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
			if r.StatusCode == http.StatusOK {
				return nil
			}
			return &proxyError{status: r.StatusCode, header: r.Header}
		}
	}
	return t, nil
}

// errBadProxy tells nothing of the URL, because it may hold a password.
var errBadProxy = errors.New(`http.proxy is no URL such as "http://proxy.example.com:3128"`)

// revealProxy is asked at each request, so that a rotated password counts at once.
// An empty proxy is none.
func revealProxy(v secret.Value) (*url.URL, error) {
	text, err := v.Reveal()
	if err != nil {
		return nil, fmt.Errorf("http.proxy: %w", err)
	}
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil, errBadProxy
	}
	return u, nil
}

// proxyError is a proxy that did not let the connection through.
type proxyError struct {
	status int
	header http.Header
}

func (e *proxyError) Error() string {
	return fmt.Sprintf("the proxy answered %d %s", e.status, http.StatusText(e.status))
}

// loadRoots returns the system's certificates and those of the file; nil, which
// means the system's, when there is no file.
func loadRoots(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("http.ca_file: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("http.ca_file: %s holds no certificate in PEM form", path)
	}
	return roots, nil
}
