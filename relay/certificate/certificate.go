// Package certificate has the certificate of the dashboard's listener: one in files, which
// is read again when they change, or one that an authority issues and renews by ACME.
package certificate

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
	"golang.org/x/time/rate"
)

// Settings say where a certificate comes from. They are comparable.
type Settings struct {
	// Certificate and Key are files in PEM form.
	Certificate, Key string
	// Host is whom an authority certifies, when there are no files.
	Host string
	// Directory is the authority's URL, empty for Let's Encrypt, Email the account's contact,
	// and Cache the directory for what it issues.
	Directory, Email, Cache string
}

// Holder holds the certificate. Its methods may be called concurrently.
type Holder struct {
	log     zerolog.Logger
	plain   http.Handler
	current atomic.Pointer[source]
}

// source is where certificates come from.
type source struct {
	settings Settings
	get      func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// plain answers an authority over plain HTTP, and passes on everything else.
	plain http.Handler
}

// New returns a holder without a certificate. Plain answers requests without TLS that are
// not an authority's.
func New(log zerolog.Logger, plain http.Handler) *Holder { return &Holder{log: log, plain: plain} }

// Use changes where the certificate comes from. The authority is asked through a client.
func (h *Holder) Use(s Settings, client *http.Client) {
	if before := h.current.Load(); before != nil && before.settings == s {
		return
	}
	next := &source{settings: s, plain: h.plain}
	switch {
	case s.Certificate != "":
		next.get = (&files{settings: s, log: h.log}).get
	case s.Host != "":
		manager := &autocert.Manager{
			Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(s.Cache), HostPolicy: only(s.Host), Email: s.Email,
			Client: &acme.Client{DirectoryURL: s.Directory, HTTPClient: client},
		}
		if s.Directory == "" {
			manager.Client.DirectoryURL = autocert.DefaultACMEDirectory
		}
		next.get = h.logged(s.Host, manager.GetCertificate)
		next.plain = manager.HTTPHandler(h.plain)
	default:
		next.get = func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return nil, errors.New("there is no certificate")
		}
	}
	h.current.Store(next)
}

// only lets an authority certify one host. A visitor may name it with a port.
func only(host string) autocert.HostPolicy {
	return func(_ context.Context, asked string) error {
		if name, _, err := net.SplitHostPort(asked); err == nil {
			asked = name
		}
		if !strings.EqualFold(asked, host) {
			return fmt.Errorf("the dashboard's host is %s", host)
		}
		return nil
	}
}

// logEvery is how often the log says that there is no certificate.
const logEvery = time.Minute

// logged says in the log why there is no certificate for the host, which its visitors
// cannot see.
func (h *Holder) logged(host string, get func(*tls.ClientHelloInfo) (*tls.Certificate, error)) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	now := rate.Sometimes{First: 1, Interval: logEvery}
	return func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		c, err := get(hello)
		if err != nil && hello.ServerName == host && !errors.Is(err, context.Canceled) {
			now.Do(func() { h.log.Warn().Err(err).Str("host", host).Msg("the authority has issued no certificate") })
		}
		return c, err
	}
}

// TLS returns the settings of a listener's handshakes.
func (h *Holder) TLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1", acme.ALPNProto},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			s := h.current.Load()
			if s == nil {
				return nil, errors.New("there is no certificate")
			}
			return s.get(hello)
		},
	}
}

// Plain answers an authority that asks over plain HTTP whether the host is ours, and
// passes other requests on.
func (h *Holder) Plain() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s := h.current.Load(); s != nil {
			s.plain.ServeHTTP(w, r)
			return
		}
		h.plain.ServeHTTP(w, r)
	})
}

// files is a certificate in two files.
type files struct {
	settings Settings
	log      zerolog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	// was is how the files looked when they were last read.
	was [2]os.FileInfo
	// looked is when that was last compared.
	looked time.Time
}

// lookEvery is how often the files are looked at.
const lookEvery = time.Second

// get returns the certificate as the files are now. While one of the two has been replaced
// and not the other, it is the one from before.
func (f *files) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.loaded != nil && time.Since(f.looked) < lookEvery {
		return f.loaded, nil
	}
	f.looked = time.Now()
	now := [2]os.FileInfo{look(f.settings.Certificate), look(f.settings.Key)}
	if f.loaded != nil && unchanged(now[0], f.was[0]) && unchanged(now[1], f.was[1]) {
		return f.loaded, nil
	}
	c, err := tls.LoadX509KeyPair(f.settings.Certificate, f.settings.Key)
	if err != nil && f.loaded == nil {
		return nil, fmt.Errorf("the dashboard's certificate: %w", err)
	}
	if f.was = now; err != nil {
		f.log.Warn().Err(err).Msg("the dashboard's new certificate cannot be used; the one from before goes on")
		return f.loaded, nil
	}
	f.loaded = &c
	return f.loaded, nil
}

// look returns what a file looks like; nil when it is not there.
func look(path string) os.FileInfo {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	return info
}

func unchanged(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
