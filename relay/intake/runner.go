package intake

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/robfig/cron/v3"
	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/store"
)

// runner runs one connector: it polls on schedule and serves the hook.
type runner struct {
	intake    *Intake
	connector Spec
	hooks     Hooks
	schedule  cron.Schedule
	log       zerolog.Logger
	// before is the runner that this one succeeds; nil when the connector is new or the
	// relay has just started.
	before *runner

	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	// draining is closed when no new poll may begin.
	draining chan struct{}
	// polling is held during a poll, so that a manual and a scheduled one do not mix.
	polling chan struct{}
	// retimed wakes the schedule after a manual poll.
	retimed chan struct{}
	// heard tells the watch for silence that an event came.
	heard chan struct{}
	// saving is held while the state is saved.
	saving sync.Mutex

	token string
	// lastToken is the token of a predecessor that was down.
	lastToken string
	// down is why the store could not open the connector; nil while it runs.
	down error
	// recent is what the plugin last got with a request.
	recent atomic.Pointer[recentCall]
	// limiter is nil when the request rate is not limited.
	limiter  *rate.Limiter
	requests atomic.Int64
	quota    *quota
	// flaws are the routes whose card blocks the operators have been told of.
	flaws sync.Map
	// complaints limits how often failed requests are logged.
	complaints rate.Sometimes

	mu         sync.Mutex
	stopped    bool
	drained    bool
	checkpoint event.Checkpoint
	poll       store.Poll
	// earliest is when the source allows the next poll.
	earliest time.Time
	// gone says that the source is gone; only an operator polls it again.
	gone bool
	// throttles and storeFailures count those in a row.
	throttles, storeFailures int
	// reached says that a poll has succeeded since the start, and early counts the quick
	// retries before that.
	reached bool
	early   int
	// broken says that the last notice reported a failure.
	broken bool
	// failing is since when the connector has not been well; zero while it is.
	failing   time.Time
	lastEvent time.Time
}

func newRunner(i *Intake, c Spec) (*runner, error) {
	r := &runner{
		intake: i, connector: c, quota: newQuota(c.Quota), hooks: c.Hooks.orDefaults(), draining: make(chan struct{}), polling: make(chan struct{}, 1), retimed: make(chan struct{}, 1), heard: make(chan struct{}, 1),
		log: i.options.Log.With().Str("connector", c.Call.Connector).Logger(), complaints: rate.Sometimes{First: 1, Interval: 10 * time.Second},
	}
	if c.Polls {
		var err error
		if r.schedule, err = parseSchedule(c.Schedule); err != nil {
			return nil, fmt.Errorf("connector %s: %w", c.Call.Connector, err)
		}
	}
	if r.hooks.Rate > 0 {
		r.limiter = rate.NewLimiter(rate.Limit(r.hooks.Rate), max(1, r.hooks.Burst))
	}
	return r, nil
}

func (r *runner) name() string { return r.connector.Call.Connector }

// open reads the connector's state from the store.
func (r *runner) open(ctx context.Context) error {
	state, err := r.intake.options.Store.OpenConnector(ctx, r.name(), r.connector.Call.Type)
	if err != nil {
		return err
	}
	r.restore(state)
	if r.poll.First.IsZero() {
		r.poll.First = time.Now()
		if err := r.intake.options.Store.SavePoll(ctx, r.name(), r.poll); err != nil {
			return err
		}
	}
	if needsPerson(connector.ErrorKind(r.poll.Health)) || r.poll.Last.After(time.Now().Add(time.Minute)) {
		// A person may have fixed it meanwhile, or the clock was wrong.
		r.poll.Next = time.Time{}
	}
	return nil
}

// restore sets the connector's state.
func (r *runner) restore(state store.Kept) {
	r.token, r.checkpoint, r.poll, r.lastEvent = state.HookToken, state.Checkpoint, state.Poll, state.LastEvent
	if r.poll.Health != healthy {
		r.failing = r.poll.Since
	}
	r.broken = needsNotice(r.poll, r.failing)
}

// state is the connector's state as the store keeps it.
func (r *runner) state() store.Kept {
	r.mu.Lock()
	defer r.mu.Unlock()
	return store.Kept{HookToken: r.token, Checkpoint: r.checkpoint, Poll: r.poll, LastEvent: r.lastEvent}
}

// inherit takes over the state of the runner before, which has ended. It reads the
// store, and can fail, only for a connector whose type has changed.
func (r *runner) inherit() error {
	r.ctx, r.cancel = context.WithCancel(r.intake.ctx)
	old := r.before
	switch {
	case old == nil:
		return nil
	case r.connector.Call.Type != old.connector.Call.Type:
		if err := r.open(r.ctx); err != nil {
			return err
		}
	default:
		r.restore(old.state())
		r.quota.inherit(old.quota)
		// Whoever changed the connector wants to see the effect at once, but what the source
		// asked for still counts.
		old.mu.Lock()
		r.earliest, r.broken, r.failing = old.earliest, old.broken, old.failing
		old.mu.Unlock()
		if connector.ErrorKind(r.poll.Health) != connector.KindThrottled {
			r.poll.Next = r.earliest
		}
	}
	r.before = nil // so that a chain of reloads does not keep them all
	return nil
}

// failed leaves the connector down. It keeps its hook, if it had one, so that senders
// are asked to try again.
func (r *runner) failed(err error) {
	r.down, r.stopped, r.token = err, true, r.lastToken
	if r.before != nil {
		r.token, r.before = r.before.token, nil
	}
}

// The waits between attempts to open a connector that is down.
const (
	firstReopen   = time.Second
	longestReopen = 30 * time.Second
)

// reopen tries until the store can open a connector that is down.
func (r *runner) reopen() {
	for wait := firstReopen; ; wait = min(2*wait, longestReopen) {
		select {
		case <-time.After(wait):
		case <-r.draining:
			return
		case <-r.ctx.Done():
			return
		}
		up, err := newRunner(r.intake, r.connector)
		if err == nil {
			err = up.open(r.ctx)
		}
		if err == nil && r.intake.replace(r, up) {
			return
		}
	}
}

// spread is the time over which the first polls of n connectors are spread.
func spread(n int) time.Duration {
	return min(max(200*time.Millisecond, time.Duration(n)*20*time.Millisecond), 30*time.Second)
}

// start begins polling on schedule. A poll that is due, or was due while the relay was
// down, comes at a random time within the spread.
func (r *runner) start(spread time.Duration) {
	if r.down != nil {
		r.intake.notices.Go(r.reopen)
		return
	}
	r.startWatch()
	if !r.connector.Polls || !r.connector.Enabled || !r.begin() {
		return
	}
	r.mu.Lock()
	if now := time.Now(); !r.poll.Next.After(now) {
		r.poll.Next = now.Add(rand.N(spread))
	}
	r.mu.Unlock()
	go func() {
		defer r.running.Done()
		r.run()
	}()
}

// begin adds to r.running, unless the connector has been stopped.
func (r *runner) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped || r.drained {
		return false
	}
	r.running.Add(1)
	return true
}

// stop stops connectors and waits for what they have under way.
func stop(list []*runner) {
	for _, r := range list {
		r.mu.Lock()
		r.stopped = true
		r.mu.Unlock()
		r.cancel()
	}
	for _, r := range list {
		r.running.Wait()
	}
}

// drain keeps new polls from beginning.
func (r *runner) drain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.drained {
		r.drained = true
		close(r.draining)
	}
}

// retime makes the schedule read the time of the next poll again.
func (r *runner) retime() {
	select {
	case r.retimed <- struct{}{}:
	default:
	}
}

// callNow is what the plugin gets, with the present arguments and token. Every error is
// a [connector.Error].
func (r *runner) callNow(ctx context.Context) (pluginhost.Call, error) {
	src, err := r.bareCall()
	if err == nil && r.connector.SignsIn {
		src.Token, err = r.intake.options.Tokens.Token(ctx, src)
	}
	return src, err
}

// bareCall is what the plugin gets, without the token.
func (r *runner) bareCall() (pluginhost.Call, error) {
	src := r.connector.Call
	b, err := r.connector.Arguments()
	if err != nil {
		return src, &connector.Error{Kind: connector.KindMisconfigured, Err: err}
	}
	src.Arguments = b
	if r.connector.PublicURL != "" && r.connector.Receives {
		src.HookURL = r.connector.PublicURL + r.hookPath()
	}
	return src, nil
}

// recentCall is a call whose arguments and token may be used again until a time.
type recentCall struct {
	pluginhost.Call
	until time.Time
}

// argumentsFor is how long requests share the same arguments, so that a rotated secret
// takes effect in a moment and a thousand requests do not each read its file.
const argumentsFor = time.Second

// callSoon is what the plugin gets with a request.
func (r *runner) callSoon(ctx context.Context) (pluginhost.Call, error) {
	now := time.Now()
	if t := r.recent.Load(); t != nil && now.Before(t.until) {
		return t.Call, nil
	}
	src, err := r.callNow(ctx)
	if err != nil {
		return src, err
	}
	r.recent.Store(&recentCall{Call: src, until: now.Add(argumentsFor)})
	return src, nil
}

func (r *runner) hookPath() string { return "/hooks/" + r.token }

func (r *runner) status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := Status{
		Name: r.name(), Type: r.connector.Call.Type, Enabled: r.connector.Enabled, Receives: r.connector.Receives, Schedule: r.connector.Schedule,
		Health: r.poll.Health, Problem: r.poll.Problem, Suspended: r.connector.Suspended, Expires: r.connector.Expires, Poll: r.poll, LastEvent: r.lastEvent,
	}
	if r.connector.Receives && r.token != "" {
		st.HookPath = r.hookPath()
	}
	over := r.quota.problem(time.Now())
	switch {
	case r.down != nil:
		st.Health, st.Problem = string(connector.KindTemporary), r.down.Error()
	case !r.connector.Enabled:
		st.Health, st.Poll.Next = disabled, time.Time{}
	case over != "":
		st.Health, st.Problem = overQuota, over
	case (st.Health == healthy || !r.connector.Polls) && r.poll.Silent:
		st.Health, st.Problem = silent, r.silence()
	case !r.connector.Polls:
		st.Health = healthy
	case st.Health == "":
		st.Health = "waiting"
	}
	return st
}
