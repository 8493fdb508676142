package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/operator"
)

// The limits of every listener: a sender that is slower or larger than this is no
// sender of cards.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 2 * time.Minute
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
)

// listeners are the addresses the relay answers on, by what they are for.
type listeners struct {
	log    zerolog.Logger
	failed chan error

	mu   sync.Mutex
	open map[string]*listener
}

// listener is one address and its server.
type listener struct {
	address string
	server  *http.Server
	net     net.Listener
}

func newListeners(log zerolog.Logger) *listeners {
	return &listeners{log: log, failed: make(chan error, 8), open: make(map[string]*listener)}
}

// prepared is a listener that is bound and not yet served; nil when the address
// stays as it is.
type prepared struct {
	purpose string
	*listener
}

// prepare binds an address without answering on it yet, so that a reload fails
// before it changes anything. The same address as before is left alone.
func (l *listeners) prepare(purpose, address string, handler http.Handler) (*prepared, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if old := l.open[purpose]; old != nil && old.address == address {
		return nil, nil
	}
	n, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for the %s: %w", purpose, err)
	}
	return &prepared{purpose: purpose, listener: &listener{address: address, net: n, server: newServer(handler)}}, nil
}

// discard closes what was bound for nothing.
func (p *prepared) discard() {
	if p != nil {
		p.net.Close()
	}
}

// adopt serves a prepared listener and lets the one it replaces finish.
func (l *listeners) adopt(p *prepared) {
	if p == nil {
		return
	}
	l.mu.Lock()
	old := l.open[p.purpose]
	l.open[p.purpose] = p.listener
	l.mu.Unlock()
	l.log.Info().Str("listener", p.purpose).Stringer("address", p.net.Addr()).Msg("listening")
	go l.serve(p.purpose, p.listener)
	if old != nil {
		go func() { _ = old.server.Shutdown(context.Background()) }()
	}
}

func (l *listeners) serve(purpose string, n *listener) {
	if err := n.server.Serve(n.net); !errors.Is(err, http.ErrServerClosed) {
		l.failed <- fmt.Errorf("serve the %s: %w", purpose, err)
	}
}

// socket opens the operator socket. A socket file that is left over from a relay
// that was killed is replaced; the store's lock says that no other is alive.
func (l *listeners) socket(path string, handler http.Handler) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("replace the operator socket: %w", err)
	}
	n, err := net.Listen("unix", operator.Short(path))
	if err != nil {
		return fmt.Errorf("open the operator socket %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		n.Close()
		return fmt.Errorf("protect the operator socket: %w", err)
	}
	s := &listener{address: path, net: n, server: newServer(handler)}
	s.server.WriteTimeout = 0 // a poll or a reload may take its time
	l.mu.Lock()
	l.open["operator socket"] = s
	l.mu.Unlock()
	go l.serve("operator socket", s)
	return nil
}

// address returns where a listener answers, which matters for port 0.
func (l *listeners) address(purpose string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := l.open[purpose]; n != nil {
		return n.net.Addr().String()
	}
	return ""
}

// stop closes all listeners and waits for the requests in flight.
func (l *listeners) stop(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for purpose, n := range l.open {
		err := n.server.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = n.server.Close()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("close the %s: %w", purpose, err))
		}
	}
	return errors.Join(errs...)
}

func newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
	}
}
