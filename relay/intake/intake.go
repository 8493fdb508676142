// Package intake is the way in: it polls connectors on their schedules, takes the
// requests that come to their hooks, matches events with routes, and commits each
// batch whole. Only after the commit does a plugin's emit return or a sender get
// its answer.
package intake

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/route"
	"github.com/connector-relay/relay/relay/store"
)

// ErrNoConnector says that there is no connector of that name, or it does not poll.
var ErrNoConnector = errors.New("there is no such connector")

// Store is what intake needs of the store; package store says what each method
// promises.
type Store interface {
	Accept(ctx context.Context, b store.Batch) ([]store.Receipt, error)
	OpenConnector(ctx context.Context, name, typ string) (store.Connector, error)
	SavePoll(ctx context.Context, connector string, p store.Poll) error
}

// Plugins calls the connectors' plugins.
type Plugins interface {
	Poll(ctx context.Context, s pluginhost.Source, at event.Checkpoint, emit func(context.Context, event.Batch) error) (time.Duration, error)
	Receive(ctx context.Context, s pluginhost.Source, r pluginhost.Request) (pluginhost.Reply, error)
}

// Connector is one configured connector. It is left alone by Apply as long as the
// fingerprint stays the same.
type Connector struct {
	// Source is what the plugin is told, but for the arguments and the hook's URL.
	Source pluginhost.Source
	// Arguments gives the arguments as JSON, each time anew, because secrets in
	// files are rotated.
	Arguments func() ([]byte, error)
	// PublicURL is what the outside calls the hooks' listener; empty when unknown.
	PublicURL string
	Enabled   bool
	// Schedule is in the syntax of robfig/cron.
	Schedule string
	// Timeout bounds one poll; 0 means [DefaultTimeout].
	Timeout  time.Duration
	Routes   []*route.Route
	Polls    bool
	Receives bool
	// Fingerprint changes when anything above does.
	Fingerprint string
}

// DefaultTimeout bounds a poll whose connector does not say.
const DefaultTimeout = 2 * time.Minute

// Notice tells that a connector broke, or is well again.
type Notice struct {
	Connector string
	Broken    bool
	// Health is the kind of the error; Problem is a sentence.
	Health  string
	Problem string
}

// Status is how a connector stands.
type Status struct {
	Name     string
	Type     string
	Enabled  bool
	Schedule string
	// HookPath is "/hooks/" and the token; empty when the type does not receive.
	HookPath string
	// Health is "ok", "disabled", "waiting" before the first poll, or the kind of
	// the last error.
	Health    string
	Poll      store.Poll
	LastEvent time.Time
}

// Options are what an intake works with.
type Options struct {
	Store   Store
	Plugins Plugins
	Log     zerolog.Logger
	Metrics prometheus.Registerer
	// Notify, when not nil, is called on its own goroutine.
	Notify func(Notice)
	// TrustedProxies may say in X-Forwarded-For where a request came from.
	TrustedProxies []netip.Prefix
	// MaxBody bounds the body of a request to a hook, in bytes; 0 means
	// [DefaultMaxBody].
	MaxBody int64
}

// Intake runs the connectors. Its methods may be called concurrently.
type Intake struct {
	options Options
	metrics *metrics
	notices sync.WaitGroup

	mu         sync.RWMutex
	stopped    bool
	connectors map[string]*source
	// hooks finds a connector by the hash of its token: looking a hash up takes a
	// time that says nothing about the tokens.
	hooks map[[sha256.Size]byte]*source
}

// New returns an intake without connectors.
func New(o Options) *Intake {
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	return &Intake{options: o, metrics: newMetrics(o.Metrics), connectors: make(map[string]*source), hooks: make(map[[sha256.Size]byte]*source)}
}

// Apply makes the connectors the configured ones. What is new starts, what has
// changed starts again once its poll under way has been cancelled, and what is
// gone stops; what a cancelled poll has not committed is polled again later.
func (i *Intake) Apply(ctx context.Context, connectors []Connector) error {
	fresh := make(map[string]*source)
	for _, c := range connectors {
		name := c.Source.Connector
		if old := i.source(name); old != nil && old.connector.Fingerprint == c.Fingerprint {
			fresh[name] = old
			continue
		}
		s, err := newSource(i, c)
		if err != nil {
			return err
		}
		fresh[name] = s
	}
	i.mu.Lock()
	old := i.connectors
	i.connectors = fresh
	i.mu.Unlock()
	for name, s := range old {
		if fresh[name] != s {
			s.stop()
		}
	}
	hooks := make(map[[sha256.Size]byte]*source)
	for name, s := range fresh {
		if old[name] != s {
			if err := s.open(ctx); err != nil {
				return fmt.Errorf("connector %s: %w", name, err)
			}
		}
		if s.connector.Receives && s.connector.Enabled {
			hooks[sha256.Sum256([]byte(s.token))] = s
		}
	}
	i.mu.Lock()
	i.hooks = hooks
	i.mu.Unlock()
	for name, s := range fresh {
		if old[name] != s {
			s.start()
		}
	}
	return nil
}

func (i *Intake) source(name string) *source {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.connectors[name]
}

// Status returns all connectors as they stand, by name.
func (i *Intake) Status() []Status {
	i.mu.RLock()
	defer i.mu.RUnlock()
	var list []Status
	for _, s := range i.connectors {
		list = append(list, s.status())
	}
	slices.SortFunc(list, func(a, b Status) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Stop ends polling and answers hooks with 503 from now on. Polls and requests
// under way may end until the context does; then they are cancelled.
func (i *Intake) Stop(ctx context.Context) {
	i.mu.Lock()
	i.stopped = true
	var stopping sync.WaitGroup
	for _, s := range i.connectors {
		stopping.Go(func() { s.drain(ctx) })
	}
	i.mu.Unlock()
	stopping.Wait()
	i.notices.Wait()
}

func (i *Intake) isStopped() bool {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.stopped
}

func (i *Intake) notify(n Notice) {
	if i.options.Notify != nil {
		i.notices.Go(func() { i.options.Notify(n) })
	}
}
