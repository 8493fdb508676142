// Package intake is the way in: it polls connectors on their schedules, takes the
// requests that come to their hooks, matches events with routes, and commits each
// batch whole. Only after the commit does a plugin's emit return or a sender get
// its answer.
package intake

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/route"
	"github.com/connector-relay/relay/relay/store"
)

var (
	// ErrNoConnector says that there is no connector of that name.
	ErrNoConnector = errors.New("there is no such connector")
	// ErrStopped says that the connector or the whole relay was stopped, or the
	// connector's configuration changed, before the work was done.
	ErrStopped = errors.New("the connector was stopped")
)

// Store is what intake needs of the store; package store says what each method
// promises.
type Store interface {
	Accept(ctx context.Context, b store.Batch) ([]store.Receipt, error)
	OpenConnector(ctx context.Context, name, typ string) (store.Kept, error)
	SavePoll(ctx context.Context, connector string, p store.Poll) error
	Refuse(ctx context.Context, list []store.Refusal) error
	Connectors(ctx context.Context) ([]store.Kept, error)
	ForgetConnector(ctx context.Context, name string) error
	RotateHook(ctx context.Context, connector string, until time.Time) (token string, err error)
	SaveHookUse(ctx context.Context, used map[string]time.Time) error
}

// Plugins calls the connectors' plugins. All methods return soon after their context
// has ended.
type Plugins interface {
	Poll(ctx context.Context, s pluginhost.Source, at event.Checkpoint, emit func(context.Context, event.Batch) error) (pluginhost.Done, error)
	Receive(ctx context.Context, s pluginhost.Source, r pluginhost.Request) (pluginhost.Reply, error)
	Remove(ctx context.Context, s pluginhost.Source, at event.Checkpoint) error
}

// Spec is one configured connector and how to run it. Apply leaves it alone as long as
// its fingerprint stays the same.
type Spec struct {
	// Was are the names that the connector had before.
	Was []string
	// Source is what the plugin is told, but for the arguments and the hook's URL.
	Source pluginhost.Source
	// Arguments gives the arguments as JSON, each time anew, because secrets in
	// files are rotated.
	Arguments func() ([]byte, error)
	// PublicURL is what the outside calls the hooks' listener; empty when unknown.
	PublicURL string
	// Path is where its hook answers as well; empty when nowhere.
	Path    string
	Enabled bool
	// Schedule is in the syntax of robfig/cron: five fields or a descriptor. Empty
	// means "@every 5m".
	Schedule string
	// Timeout bounds one poll; 0 means [DefaultTimeout].
	Timeout time.Duration
	// Routes in the order of the configuration file. A channel gets an event's card
	// once, from the first route that matches and names it.
	Routes []*route.Route
	// Suspended says by channel why this connector's cards do not go there.
	Suspended map[string]string
	// MaxSilence is after how long without an event a notice tells of it; 0 means
	// never.
	MaxSilence time.Duration
	Quota      Quota
	// SignsIn says that a person may have to sign in for it.
	SignsIn  bool
	Polls    bool
	Receives bool
	// Hooks bounds the requests to its hook.
	Hooks Hooks
	// Fingerprint changes when anything above does.
	Fingerprint string
}

// Hooks bounds the requests to a connector's hook.
type Hooks struct {
	// MaxBody bounds a body, in bytes; 0 means [DefaultMaxBody].
	MaxBody int64
	// Rate and Burst bound the requests, per second and at once; 0 means that only
	// Concurrency does.
	Rate  float64
	Burst int
	// Concurrency bounds those that are under way at a time; 0 means
	// [DefaultHookConcurrency].
	Concurrency int
}

func (h Hooks) orDefaults() Hooks {
	if h.MaxBody <= 0 {
		h.MaxBody = DefaultMaxBody
	}
	if h.Concurrency <= 0 {
		h.Concurrency = DefaultHookConcurrency
	}
	return h
}

// DefaultTimeout bounds a poll whose connector does not say.
const DefaultTimeout = 2 * time.Minute

// Tokens are what people's sign-ins gave.
type Tokens interface {
	// Token returns what to tell the plugin: a token that is good for a while, or
	// "" when the connector's arguments already give access. It fails with a
	// [connector.Error].
	Token(ctx context.Context, s pluginhost.Source) (string, error)
}

// Notice tells that a connector broke, or is well again. What may pass by itself
// is told after it has failed three times in a row; what needs a person, at once.
type Notice struct {
	Connector string
	Broken    bool
	// Health is the kind of the error, "silent", or "ok"; Problem is a sentence.
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
	// Health is "ok", "disabled", "waiting" before the first poll, "silent", or the
	// kind of the last error. Problem is a sentence when it is not well.
	Health  string
	Problem string
	// Suspended is as in [Spec].
	Suspended map[string]string
	Poll      store.Poll
	LastEvent time.Time
}

// Options are what an intake works with.
type Options struct {
	Store   Store
	Plugins Plugins
	// Tokens are for connectors that sign in; nil when none does.
	Tokens  Tokens
	Log     zerolog.Logger
	Metrics prometheus.Registerer
	// Mask takes secrets out of a text; nil leaves it.
	Mask func(string) string
	// Notify, when not nil, is called on its own goroutine; the notices of one
	// connector may overtake each other only when it is slow.
	Notify func(Notice)
	// Memory is about how much the process may use, in bytes; 0 means that nobody has
	// said. It decides how much may be in flight.
	Memory int64
}

// Intake runs the connectors. Its methods may be called concurrently.
type Intake struct {
	options Options
	metrics *metrics
	notices sync.WaitGroup
	// refusals are requests of which nothing was accepted.
	refusals *refusals
	// ctx ends what is under way when a stop has taken too long.
	ctx    context.Context
	cancel context.CancelFunc
	room   room
	// proxies may say in X-Forwarded-For where a request came from.
	proxies atomic.Pointer[[]netip.Prefix]
	// applying is held while the connectors change.
	applying sync.Mutex

	mu      sync.RWMutex
	stopped bool
	// requests are those to hooks that are under way.
	requests   sync.WaitGroup
	connectors map[string]*source
	// hooks finds a connector by the hash of its token: looking a hash up takes a
	// time that says nothing about the tokens.
	hooks map[[sha256.Size]byte]*door
	// aliases are the same doors by the hashes of the paths at which they answer, too.
	aliases map[[sha256.Size]byte]*door
	// unknown says that there are hooks whose tokens could not be read yet.
	unknown bool
}

// New returns an intake without connectors.
func New(o Options) *Intake {
	if o.Mask == nil {
		o.Mask = func(text string) string { return text }
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Intake{
		options: o, metrics: newMetrics(o.Metrics), refusals: newRefusals(o), ctx: ctx, cancel: cancel, room: newRoom(o.Memory),
		connectors: make(map[string]*source), hooks: make(map[[sha256.Size]byte]*door),
	}
}

// Apply makes the connectors the configured ones. What is new starts, what has
// changed starts again once its poll under way has been cancelled, and what is
// gone stops; what a cancelled poll has not committed is polled again. Until then
// its hook goes on as before. With a schedule that cannot be read nothing changes.
// A connector that the store cannot open stays down, and its hook answers 503, until
// the store opens it; the others run, and the error names it.
func (i *Intake) Apply(ctx context.Context, connectors []Spec) error {
	commit, err := i.Prepare(ctx, connectors)
	if commit != nil {
		commit()
	}
	return err
}

// Prepare is the part of Apply that can fail; it changes nothing that runs. The rest is
// what it returns, which does nothing once the intake has been stopped. When only the
// store could not open some of the connectors, there is an error and a commit.
func (i *Intake) Prepare(ctx context.Context, connectors []Spec) (commit func(), err error) {
	current, fresh, err := i.sort(connectors)
	if err != nil {
		return nil, err
	}
	if i.isStopped() {
		return nil, ErrStopped
	}
	var errs []error
	for _, s := range fresh {
		if s.before != nil {
			continue // what is kept of it is still moving
		}
		if err := s.open(ctx); err != nil {
			s.failed(err)
			errs = append(errs, fmt.Errorf("connector %s: %w", s.name(), err))
		}
	}
	return func() { i.commit(current, fresh) }, errors.Join(errs...)
}

// commit stops what has changed or is gone, and starts what is fresh.
func (i *Intake) commit(current map[string]*source, fresh []*source) {
	i.applying.Lock()
	defer i.applying.Unlock()
	var retired []*source
	for name, s := range i.all() {
		if current[name] != s {
			retired = append(retired, s)
		}
	}
	stop(retired)
	for _, s := range fresh {
		if err := s.succeed(); err != nil {
			s.log.Error().Err(err).Msg("the store cannot open the connector; it is down until it can")
			s.failed(err)
		}
		current[s.name()] = s
	}
	if !i.adopt(current) {
		return
	}
	for _, s := range retired {
		if current[s.name()] == nil {
			i.metrics.forget(s.name())
		}
	}
	for _, s := range fresh {
		s.start(spread(len(fresh)))
	}
}

// sort tells the connectors that stay as they are from those to be made.
func (i *Intake) sort(connectors []Spec) (unchanged map[string]*source, fresh []*source, err error) {
	unchanged = make(map[string]*source)
	old := i.all()
	for _, c := range connectors {
		name := c.Source.Connector
		if s := old[name]; s != nil && s.down == nil && s.connector.Fingerprint == c.Fingerprint {
			unchanged[name] = s
			continue
		}
		s, err := newSource(i, c)
		if err != nil {
			return nil, nil, err
		}
		s.before = old[name]
		for _, was := range c.Was {
			s.before = cmp.Or(s.before, old[was])
		}
		if s.before != nil && s.before.down != nil {
			s.lastToken, s.before = s.before.token, nil
		}
		fresh = append(fresh, s)
	}
	return unchanged, fresh, nil
}

// adopt makes the connectors and their hooks the current ones, unless the intake
// has been stopped meanwhile.
func (i *Intake) adopt(connectors map[string]*source) bool {
	hooks, unknown := i.doors(connectors)
	aliases := aliasesOf(connectors, hooks)
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.stopped {
		return false
	}
	i.connectors, i.hooks, i.aliases, i.unknown = connectors, hooks, aliases, unknown
	return true
}

// replace puts a connector in the place of one that was down and starts it. It fails
// when the connectors are changing just now.
func (i *Intake) replace(down, up *source) (done bool) {
	if !i.applying.TryLock() {
		return false
	}
	defer i.applying.Unlock()
	if current := maps.Clone(i.all()); current[up.name()] == down {
		_ = up.succeed() // it has no predecessor to read after
		current[up.name()] = up
		if i.adopt(current) {
			up.log.Info().Msg("the store has opened the connector; it is up")
			up.start(spread(1))
		}
	}
	return true
}

func (i *Intake) isStopped() bool {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.stopped
}

// all returns the current connectors; the map does not change.
func (i *Intake) all() map[string]*source {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.connectors
}

// Status returns all connectors as they stand, by name.
func (i *Intake) Status() []Status {
	var list []Status
	for _, s := range i.all() {
		list = append(list, s.status())
	}
	slices.SortFunc(list, func(a, b Status) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Stop ends polling and answers hooks with 503 from now on. Polls and requests
// under way may end until the context does; then they are cancelled. Nothing of
// the intake runs any more when Stop returns. A second call waits for the first.
func (i *Intake) Stop(ctx context.Context) {
	i.mu.Lock()
	i.stopped = true
	connectors := i.connectors
	i.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		for _, s := range connectors {
			s.drain()
		}
		i.applying.Lock() // an Apply under way may be stopping others
		defer i.applying.Unlock()
		for _, s := range connectors {
			s.running.Wait()
		}
		i.requests.Wait()
		i.notices.Wait()
		i.refusals.stop()
		i.saveUses()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	i.cancel()
	<-ended
}

func (i *Intake) notify(n Notice) {
	if i.options.Notify != nil {
		i.notices.Go(func() { i.options.Notify(n) })
	}
}
