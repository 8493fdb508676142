package channel

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/secret"
	"github.com/connector-relay/relay/relay/trust"
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
	// ClientCert and ClientKey are the PEM files of the certificate to show to an
	// endpoint that asks for one; both are empty or neither is. They are read at each
	// handshake.
	ClientCert, ClientKey string
	// MinTLS is the lowest version of TLS, "1.2" or "1.3"; empty means 1.2.
	MinTLS string
}

// key tells settings apart.
func (h HTTP) key() string {
	return strings.Join([]string{h.Proxy.Fingerprint(), h.CAFile, h.ClientCert, h.ClientKey, h.MinTLS}, "\x00")
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
	key := h.key()
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
	settings, err := h.tls()
	if err != nil {
		return nil, err
	}
	// HTTP/1.1 only: over HTTP/2 all lanes to a host would share one connection,
	// and with it each other's troubles; it is also slower for single posts.
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	t := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:     settings,
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

// tls returns the settings of handshakes.
func (h HTTP) tls() (*tls.Config, error) {
	s := trust.Settings{ClientCert: h.ClientCert, ClientKey: h.ClientKey, MinTLS: h.MinTLS}
	if h.CAFile != "" {
		var err error
		if s.CAPEM, err = os.ReadFile(h.CAFile); err != nil {
			return nil, fmt.Errorf("http.ca_file: %w", err)
		}
	}
	c, err := s.Config()
	if err != nil {
		return nil, err
	}
	// A resumed session goes on with the certificate that it began with, which may
	// have been replaced since.
	if h.ClientCert == "" {
		c.ClientSessionCache = tls.NewLRUClientSessionCache(tlsSessions)
	}
	return c, nil
}
