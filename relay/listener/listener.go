// Package listener holds the addresses that the relay answers on. It binds a new address
// before it answers there, lets requests to a replaced one end, and can move a listener
// onto an address that another of the relay's listeners still has. It does not know what
// is served: each [Opening] brings its handler.
package listener

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/net/netutil"
)

// The limits of every listener. No legitimate sender is slower or needs longer headers.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 2 * time.Minute
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
)

// Set is the relay's listeners, by purpose.
type Set struct {
	log    zerolog.Logger
	failed chan error

	// replaced counts the listeners that a reload took away and that still answer
	// requests.
	replaced sync.WaitGroup

	mu   sync.Mutex
	open map[string]*listener
}

// listener is one address and its server.
type listener struct {
	Opening
	server *http.Server
	net    net.Listener
}

// New returns a set without listeners.
func New(log zerolog.Logger) *Set {
	return &Set{log: log, failed: make(chan error, 8), open: make(map[string]*listener)}
}

// Failed reports a listener that can no longer accept connections.
func (s *Set) Failed() <-chan error { return s.failed }

// Opening is a listener to open or, without an address, to close.
type Opening struct {
	Purpose, Address string
	Handler          http.Handler
	// TLS, when not nil, is how it speaks TLS, and Plain answers who does not.
	TLS   *tls.Config
	Plain http.Handler
}

// Prepare binds the addresses that are new and does not answer on them yet. Nothing
// changes until commit, which cannot fail; undo releases the addresses.
func (s *Set) Prepare(list []Opening) (commit, undo func(), err error) {
	bound := make(map[string]*listener)
	undo = func() {
		for _, n := range bound {
			n.net.Close()
		}
	}
	for _, o := range list {
		if old := s.find(o.Purpose); o.Address == "" || old != nil && old.Address == o.Address && (old.TLS == nil) == (o.TLS == nil) {
			continue
		}
		n, err := s.bind(o.Address)
		if err != nil {
			undo()
			return nil, nil, fmt.Errorf("listen for the %s: %w", o.Purpose, err)
		}
		bound[o.Purpose] = &listener{Opening: o, net: n, server: s.server(o.Handler)}
	}
	return func() {
		for _, o := range list {
			if n := bound[o.Purpose]; n != nil || o.Address == "" {
				s.replace(o.Purpose, n)
			}
		}
	}, undo, nil
}

// bind listens on an address. When one of the relay's own listeners is in the way, such
// as one on 127.0.0.1 when the new one is for all addresses, both share the port until
// the old one ends.
func (s *Set) bind(address string) (net.Listener, error) {
	n, err := net.Listen("tcp", address)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return n, err
	}
	own := s.onPortOf(address)
	if len(own) == 0 {
		return nil, err
	}
	for _, o := range own {
		if err := setShared(o, true); err != nil {
			return nil, err
		}
		defer func() { _ = setShared(o, false) }() // no other process may share the port
	}
	shared := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error { return controlShared(c, true) }}
	if n, err = shared.Listen(context.Background(), "tcp", address); err != nil {
		return nil, err
	}
	_ = setShared(n, false)
	return n, nil
}

// setShared sets whether another socket may have a listener's address too.
func setShared(n net.Listener, shared bool) error {
	socket, ok := n.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	return controlShared(raw, shared)
}

// onPortOf returns the relay's own listeners on the port of an address.
func (s *Set) onPortOf(address string) []net.Listener {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var own []net.Listener
	for _, n := range s.open {
		if _, p, err := net.SplitHostPort(n.net.Addr().String()); err == nil && p == port {
			own = append(own, n.net)
		}
	}
	return own
}

func (s *Set) find(purpose string) *listener {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[purpose]
}

// replace starts to answer on a listener, if there is one, and lets the requests to the
// one before it end.
func (s *Set) replace(purpose string, n *listener) {
	s.mu.Lock()
	old := s.open[purpose]
	delete(s.open, purpose)
	if n != nil {
		s.open[purpose] = n
	}
	s.mu.Unlock()
	if n != nil {
		s.log.Info().Str("listener", purpose).Stringer("address", n.net.Addr()).Msg("listening")
		go s.serve(purpose, n)
	}
	if old != nil {
		s.replaced.Go(func() { _ = old.server.Shutdown(context.Background()) })
	}
}

// mostConnections limits the connections to one listener, so that a client that opens
// many leaves file descriptors for the other listeners, for deliveries and for the store.
func mostConnections() int { return max(16, min(16384, descriptors()/4)) }

func (s *Set) serve(purpose string, n *listener) {
	limited := netutil.LimitListener(n.net, mostConnections())
	var err error
	if n.TLS == nil {
		err = n.server.Serve(limited)
	} else {
		err = s.serveBoth(n, limited)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		s.failed <- fmt.Errorf("serve the %s: %w", purpose, err)
	}
}

// serveBoth answers over TLS and, for whoever does not speak that, in the clear.
func (s *Set) serveBoth(n *listener, accepted net.Listener) error {
	secure, clear := split(accepted)
	plain := s.server(n.Plain)
	go func() { _ = plain.Serve(clear) }()
	n.server.TLSConfig = n.TLS
	n.server.RegisterOnShutdown(func() { _ = plain.Close() })
	return n.server.ServeTLS(secure, "", "")
}

// Serve answers on a listener that is already bound. Answers may take as long as they
// need, as a poll or a reload does.
func (s *Set) Serve(purpose string, n net.Listener, handler http.Handler) {
	server := s.server(handler)
	server.WriteTimeout = 0
	s.replace(purpose, &listener{Opening: Opening{Address: n.Addr().String()}, net: n, server: server})
}

// Address returns where a listener answers, which matters for port 0.
func (s *Set) Address(purpose string) string {
	if n := s.find(purpose); n != nil {
		return n.net.Addr().String()
	}
	return ""
}

// Stop closes all listeners and waits for the requests in flight.
func (s *Set) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for purpose, n := range s.open {
		err := n.server.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = n.server.Close()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("close the %s: %w", purpose, err))
		}
	}
	ended := make(chan struct{})
	go func() { s.replaced.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	return errors.Join(errs...)
}

// server answers on a listener. The server's own messages go to the relay's log: net/http
// would write them to standard error, where nothing masks secrets and a full pipe blocks.
func (s *Set) server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: log.New(serverLog{s.log}, "", 0),
	}
}

// serverLog writes what net/http says into the log.
type serverLog struct{ log zerolog.Logger }

// Write implements [io.Writer].
func (s serverLog) Write(text []byte) (int, error) {
	line := s.log.Warn()
	if strings.HasPrefix(string(text), "http: TLS handshake error") {
		line = s.log.Debug() // whoever scans the internet causes these
	}
	line.Msg(strings.TrimSpace(string(text)))
	return len(text), nil
}
