// Package intake is the way in: it polls connectors on their schedules, receives the
// requests to their hooks, matches events with routes, and commits each batch. Only
// after the commit does a plugin's emit return or a sender get its answer.
//
// hooks.go is a request's way in, hookurl.go its address, schedule.go and poll.go a
// poll's; both end in commit.go, which decides what an event becomes. What bounds them is
// in budget.go (memory) and quota.go (events). What a payload means is for the connector's
// plugin, and what becomes of a stored card for package dispatch.
package intake

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/forwarded"
	"github.com/connector-relay/relay/relay/mute"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/route"
	"github.com/connector-relay/relay/relay/store"
)

var (
	// ErrNoConnector says that there is no connector of that name.
	ErrNoConnector = errors.New("there is no such connector")
	// ErrNoHook says that the connector has no hook URL.
	ErrNoHook = errors.New("it is polled and has no hook URL")
	// ErrStopped says that the connector or the whole relay was stopped, or the
	// connector's configuration changed, before the work was done.
	ErrStopped = errors.New("the connector was stopped")
)

// Plugins calls the connectors' plugins. Every method returns soon after its context
// ends.
type Plugins interface {
	Poll(ctx context.Context, s pluginhost.Call, at event.Checkpoint, emit func(context.Context, event.Batch) error) (pluginhost.Done, error)
	Receive(ctx context.Context, s pluginhost.Call, r pluginhost.Request) (pluginhost.Reply, error)
	Remove(ctx context.Context, s pluginhost.Call, at event.Checkpoint) error
}

// Spec is one configured connector and how to run it. Apply leaves it alone as long as its
// fingerprint stays the same.
type Spec struct {
	// Was are the connector's former names.
	Was []string
	// Call is what the plugin gets with each call, without the arguments, the hook's URL
	// and the token.
	Call pluginhost.Call
	// Arguments encodes the arguments as JSON. It is called for every poll, because
	// secrets in files are rotated.
	Arguments func() ([]byte, error)
	// PublicURL is the URL at which senders reach the hooks' listener; empty when unknown.
	PublicURL string
	// Path is a further path at which the hook answers, or empty.
	Path string
	// Expires is when the hook ends; zero means never.
	Expires time.Time
	Enabled bool
	// Schedule is a robfig/cron specification: five fields or a descriptor. Empty means
	// "@every 5m".
	Schedule string
	// Timeout bounds one poll; 0 means two minutes.
	Timeout time.Duration
	// Routes are in the order of the configuration file. A channel gets an event's card
	// once, from the first matching route that names it.
	Routes []*route.Route
	// Suspended says by channel why this connector's cards do not go there.
	Suspended map[string]string
	// MaxSilence is how long the connector may go without an event before a notice says
	// so; 0 means any time.
	MaxSilence time.Duration
	Quota      Quota
	// SignsIn says that the connector may need a person's sign-in.
	SignsIn  bool
	Polls    bool
	Receives bool
	// Hooks bounds the requests to its hook.
	Hooks Hooks
	// Fingerprint changes whenever anything above does.
	Fingerprint string
}

// Hooks bounds the requests to a connector's hook.
type Hooks struct {
	// MaxBody bounds a body, in bytes; 0 means 1 MiB.
	MaxBody int64
	// Rate bounds the requests per second and Burst those at once; 0 means that only
	// Concurrency does.
	Rate  float64
	Burst int
	// Concurrency bounds the requests under way at a time; 0 means 1024.
	Concurrency int
}

func (h Hooks) orDefaults() Hooks {
	if h.MaxBody <= 0 {
		h.MaxBody = defaultMaxBody
	}
	if h.Concurrency <= 0 {
		h.Concurrency = defaultHookConcurrency
	}
	return h
}

// defaultTimeout bounds a poll whose connector sets no timeout.
const defaultTimeout = 2 * time.Minute

// Tokens hands out the access tokens of people's sign-ins.
type Tokens interface {
	// Token returns a token that is good for a while, or "" when the connector's arguments
	// already give access. It fails with a [connector.Error].
	Token(ctx context.Context, s pluginhost.Call) (string, error)
}

// Notice says that a connector broke or recovered. A failure that may pass by itself is
// reported when it has happened three times in a row; one that needs a person, at once.
type Notice struct {
	Connector string
	Broken    bool
	// Health is the kind of the error, "silent", or "ok"; Problem is a sentence.
	Health  string
	Problem string
}

// Status is a connector's current state.
type Status struct {
	Name     string
	Type     string
	Enabled  bool
	Receives bool
	Schedule string
	// HookPath is "/hooks/" and the token; empty when the type does not receive.
	HookPath string
	// Health is "ok", "disabled", "waiting" before the first poll, "silent", or the kind
	// of the last error. Problem is a sentence unless the connector is well.
	Health  string
	Problem string
	// Suspended and Expires are as in [Spec].
	Suspended map[string]string
	Expires   time.Time
	Poll      store.Poll
	LastEvent time.Time
}

// Options are what an intake needs.
type Options struct {
	Store   store.Intake
	Plugins Plugins
	// Tokens are for connectors that sign in; nil when none does.
	Tokens Tokens
	// Mutes keep cards back; nil keeps none.
	Mutes   *mute.Board
	Log     zerolog.Logger
	Metrics prometheus.Registerer
	// Mask removes secrets from a text; nil changes nothing.
	Mask func(string) string
	// Notify, when not nil, is called on a goroutine of its own; if it is slow, notices of
	// one connector may overtake each other.
	Notify func(Notice)
	// Memory is about how many bytes the process may use; 0 means unknown. It decides how
	// much may be in flight.
	Memory int64
}

// Intake runs the connectors. Its methods may be called concurrently.
type Intake struct {
	options Options
	metrics *metrics
	notices sync.WaitGroup
	// refusals are the requests from which nothing was accepted.
	refusals *refusals
	// ctx cancels what is under way when a stop takes too long.
	ctx    context.Context
	cancel context.CancelFunc
	budget budget
	// proxies are trusted to say in X-Forwarded-For where a request came from.
	proxies atomic.Pointer[forwarded.Proxies]
	// applying is held while the set of connectors changes.
	applying sync.Mutex

	mu      sync.RWMutex
	stopped bool
	// requests counts the hook requests under way.
	requests   sync.WaitGroup
	connectors map[string]*runner
	// hooks are by the hash of their token: the time of a look-up by hash says nothing
	// about the tokens.
	hooks map[[sha256.Size]byte]*hook
	// aliases are the same hooks by the hash of the further path at which they answer.
	aliases map[[sha256.Size]byte]*hook
	// pending says that the tokens of some hooks could not be read yet.
	pending bool
}

// New returns an intake without connectors.
func New(o Options) *Intake {
	if o.Mask == nil {
		o.Mask = func(text string) string { return text }
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Intake{
		options: o, metrics: newMetrics(o.Metrics), refusals: newRefusals(o), ctx: ctx, cancel: cancel, budget: newBudget(o.Memory),
		connectors: make(map[string]*runner), hooks: make(map[[sha256.Size]byte]*hook),
	}
}

// Apply makes these the running connectors. A new one starts, a changed one restarts
// once its poll under way has been cancelled, and a removed one stops; the next poll
// repeats what a cancelled one did not commit. Hooks keep answering meanwhile. If a
// schedule cannot be parsed, nothing changes. A connector that the store cannot open
// stays down, its hook answering 503, until the store can; the others run, and the
// error names it.
func (i *Intake) Apply(ctx context.Context, connectors []Spec) error {
	commit, err := i.Prepare(ctx, connectors)
	if commit != nil {
		commit()
	}
	return err
}

// Prepare is the part of Apply that can fail; it changes nothing that runs. It returns
// the rest of Apply, which does nothing once the intake has been stopped. If only the
// store failed, for some connectors, it returns both a commit and an error.
func (i *Intake) Prepare(ctx context.Context, connectors []Spec) (commit func(), err error) {
	current, fresh, err := i.compare(connectors)
	if err != nil {
		return nil, err
	}
	if i.isStopped() {
		return nil, ErrStopped
	}
	var errs []error
	for _, r := range fresh {
		if r.before != nil {
			continue // its state still changes; inherit reads it after the predecessor has stopped
		}
		if err := r.open(ctx); err != nil {
			r.failed(err)
			errs = append(errs, fmt.Errorf("connector %s: %w", r.name(), err))
		}
	}
	return func() { i.commit(current, fresh) }, errors.Join(errs...)
}

// commit stops changed and removed connectors and starts fresh ones.
func (i *Intake) commit(current map[string]*runner, fresh []*runner) {
	i.applying.Lock()
	defer i.applying.Unlock()
	var retired []*runner
	for name, r := range i.all() {
		if current[name] != r {
			retired = append(retired, r)
		}
	}
	stop(retired)
	for _, r := range fresh {
		if err := r.inherit(); err != nil {
			r.log.Error().Err(err).Msg("the store cannot open the connector, which stays down until it can")
			r.failed(err)
		}
		current[r.name()] = r
	}
	if !i.swap(current) {
		return
	}
	for _, r := range retired {
		if current[r.name()] == nil {
			i.metrics.forget(r.name())
		}
	}
	for _, r := range fresh {
		r.start(spread(len(fresh)))
	}
}

// compare separates the connectors that stay as they are from those to be started.
func (i *Intake) compare(connectors []Spec) (unchanged map[string]*runner, fresh []*runner, err error) {
	unchanged = make(map[string]*runner)
	old := i.all()
	for _, c := range connectors {
		name := c.Call.Connector
		if r := old[name]; r != nil && r.down == nil && r.connector.Fingerprint == c.Fingerprint {
			unchanged[name] = r
			continue
		}
		r, err := newRunner(i, c)
		if err != nil {
			return nil, nil, err
		}
		r.before = old[name]
		for _, was := range c.Was {
			r.before = cmp.Or(r.before, old[was])
		}
		if r.before != nil && r.before.down != nil {
			r.lastToken, r.before = r.before.token, nil
		}
		fresh = append(fresh, r)
	}
	return unchanged, fresh, nil
}

// swap makes the connectors and their hooks the current ones, unless the intake has
// been stopped.
func (i *Intake) swap(connectors map[string]*runner) bool {
	hooks, pending := i.findHooks(connectors)
	aliases := aliasesOf(connectors, hooks)
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.stopped {
		return false
	}
	i.connectors, i.hooks, i.aliases, i.pending = connectors, hooks, aliases, pending
	return true
}

// replace starts a connector in the place of one that was down. It reports false while
// an Apply is under way.
func (i *Intake) replace(down, up *runner) (done bool) {
	if !i.applying.TryLock() {
		return false
	}
	defer i.applying.Unlock()
	if current := maps.Clone(i.all()); current[up.name()] == down {
		_ = up.inherit() // without a predecessor it cannot fail
		current[up.name()] = up
		if i.swap(current) {
			up.log.Info().Msg("the store opened the connector, which is up again")
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
func (i *Intake) all() map[string]*runner {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.connectors
}

// Status returns the state of all connectors, sorted by name.
func (i *Intake) Status() []Status {
	var list []Status
	for _, r := range i.all() {
		list = append(list, r.status())
	}
	slices.SortFunc(list, func(a, b Status) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Stop ends polling and answers hooks with 503 from now on. Polls and requests under
// way have until the context ends; then they are cancelled. When Stop returns, nothing
// of the intake runs any longer. A second call waits for the first.
func (i *Intake) Stop(ctx context.Context) {
	i.mu.Lock()
	i.stopped = true
	connectors := i.connectors
	i.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		for _, r := range connectors {
			r.drain()
		}
		i.applying.Lock() // an Apply under way may still be stopping connectors
		defer i.applying.Unlock()
		for _, r := range connectors {
			r.running.Wait()
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
