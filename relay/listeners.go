package relay

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/net/netutil"

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

	// replaced counts listeners that a reload took away and that still answer.
	replaced sync.WaitGroup

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

// opening is a listener that is wanted; without an address it is not.
type opening struct {
	purpose, address string
	handler          http.Handler
}

// prepare binds the addresses that are new, without answering on them yet. Nothing has
// changed until commit; undo lets go of what was bound.
func (l *listeners) prepare(list []opening) (commit, undo func(), err error) {
	bound := make(map[string]*listener)
	undo = func() {
		for _, n := range bound {
			n.net.Close()
		}
	}
	for _, o := range list {
		if old := l.find(o.purpose); o.address == "" || old != nil && old.address == o.address {
			continue
		}
		n, err := l.bind(o.address)
		if err != nil {
			undo()
			return nil, nil, fmt.Errorf("listen for the %s: %w", o.purpose, err)
		}
		bound[o.purpose] = &listener{address: o.address, net: n, server: l.server(o.handler)}
	}
	return func() {
		for _, o := range list {
			if n := bound[o.purpose]; n != nil || o.address == "" {
				l.replace(o.purpose, n)
			}
		}
	}, undo, nil
}

// bind listens on an address. When that is taken by a listener of the relay's own, on
// 127.0.0.1 where all addresses are wanted or the other way round, both have it until
// the old one has ended.
func (l *listeners) bind(address string) (net.Listener, error) {
	n, err := net.Listen("tcp", address)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return n, err
	}
	own := l.onPortOf(address)
	if len(own) == 0 {
		return nil, err
	}
	for _, o := range own {
		if err := setShared(o, true); err != nil {
			return nil, err
		}
		defer func() { _ = setShared(o, false) }() // others are kept away again
	}
	shared := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error { return controlShared(c, true) }}
	if n, err = shared.Listen(context.Background(), "tcp", address); err != nil {
		return nil, err
	}
	_ = setShared(n, false)
	return n, nil
}

// setShared lets another socket of this process have a listener's address too.
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
func (l *listeners) onPortOf(address string) []net.Listener {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var own []net.Listener
	for _, n := range l.open {
		if _, p, err := net.SplitHostPort(n.net.Addr().String()); err == nil && p == port {
			own = append(own, n.net)
		}
	}
	return own
}

func (l *listeners) find(purpose string) *listener {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open[purpose]
}

// replace serves a listener, if there is one, and lets the one before it finish.
func (l *listeners) replace(purpose string, n *listener) {
	l.mu.Lock()
	old := l.open[purpose]
	delete(l.open, purpose)
	if n != nil {
		l.open[purpose] = n
	}
	l.mu.Unlock()
	if n != nil {
		l.log.Info().Str("listener", purpose).Stringer("address", n.net.Addr()).Msg("listening")
		go l.serve(purpose, n)
	}
	if old != nil {
		l.replaced.Go(func() { _ = old.server.Shutdown(context.Background()) })
	}
}

// mostConnections bounds the connections to one listener: whoever only opens them must
// leave descriptors for the others, for deliveries and for the store.
func mostConnections() int { return max(16, min(16384, descriptors()/4)) }

func (l *listeners) serve(purpose string, n *listener) {
	if err := n.server.Serve(netutil.LimitListener(n.net, mostConnections())); !errors.Is(err, http.ErrServerClosed) {
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
	s := &listener{address: path, net: n, server: l.server(handler)}
	s.server.WriteTimeout = 0 // a poll or a reload may take its time
	l.replace("operator socket", s)
	return nil
}

// address returns where a listener answers, which matters for port 0.
func (l *listeners) address(purpose string) string {
	if n := l.find(purpose); n != nil {
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
	ended := make(chan struct{})
	go func() { l.replaced.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	return errors.Join(errs...)
}

// server answers on a listener. What it has to say itself goes the log's way, too:
// net/http would write it to standard error, where nothing masks it, and where it waits
// for whoever does not read that.
func (l *listeners) server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: log.New(serverLog{l.log}, "", 0),
	}
}

// serverLog writes what net/http says into the log.
type serverLog struct{ log zerolog.Logger }

// Write implements [io.Writer].
func (s serverLog) Write(text []byte) (int, error) {
	s.log.Warn().Msg(strings.TrimSpace(string(text)))
	return len(text), nil
}
