package channel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// newClient returns a client tuned for one host that is posted to again and
// again. It follows no redirect: a card belongs where the operator said.
func newClient(h HTTP, concurrency int) (*http.Client, error) {
	t := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(8)},
		MaxIdleConnsPerHost: concurrency,
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
	}
	proxy, err := h.Proxy.Reveal()
	if err != nil {
		return nil, fmt.Errorf("http.proxy: %w", err)
	}
	if proxy != "" {
		u, err := url.Parse(proxy)
		if err != nil || u.Host == "" {
			return nil, errors.New("http.proxy is not an address such as http://proxy.example.com:3128")
		}
		t.Proxy = http.ProxyURL(u)
	}
	if h.CAFile != "" {
		if t.TLSClientConfig.RootCAs, err = authorities(h.CAFile); err != nil {
			return nil, err
		}
	}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, nil
}

// authorities are the system's certificates and those of a file.
func authorities(file string) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("http.ca_file: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("http.ca_file: %s holds no PEM certificate", file)
	}
	return pool, nil
}

// written knows whether a request was written in full, after which nobody can say
// whether the far side acted on it.
type written struct{ done atomic.Bool }

func (w *written) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// A request that is repeated on a new connection begins anew.
		GetConn:      func(string) { w.done.Store(false) },
		WroteHeaders: func() { w.done.Store(true) },
	})
}

func (w *written) all() bool { return w.done.Load() }

// transportOutcome classifies an attempt that got no answer. Stopped is the
// context whose end means that the relay stops.
func transportOutcome(stopped context.Context, err error, wrote bool, timeout time.Duration) delivery.Outcome {
	o := delivery.Outcome{Verdict: delivery.VerdictFailed, Detail: transportDetail(err, timeout)}
	switch {
	case wrote:
		o.Verdict = delivery.VerdictUnknown
		o.Detail += "; the request was sent, so the card may have been shown"
	case stopped.Err() != nil:
		o.Verdict = delivery.VerdictInterrupted
	}
	return o
}

// transportDetail names what went wrong without the URL, which [url.Error]
// prints.
func transportDetail(err error, timeout time.Duration) string {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("no answer within %v", timeout)
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Sprintf("cannot look up %s: %s", e.Name, e.Err)
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return fmt.Sprintf("%s: %v", e.Op, e.Err)
	}
	return err.Error()
}
