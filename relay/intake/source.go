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

// source is one connector at work.
type source struct {
	intake    *Intake
	connector Spec
	hooks     Hooks
	schedule  cron.Schedule
	log       zerolog.Logger
	// before is the connector as it was configured until now; nil when it is new or
	// the relay has just started.
	before *source

	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	// draining is closed when no new poll is to begin.
	draining chan struct{}
	// polling is held by whoever polls, so that a manual poll and the scheduled one
	// do not mix.
	polling chan struct{}
	// retimed wakes the schedule after a manual poll.
	retimed chan struct{}
	// heard tells the watch for silence of an event.
	heard chan struct{}
	// saving is held while the store is told how the connector stands.
	saving sync.Mutex

	token string
	// lastToken is the token that the connector had while it was down before.
	lastToken string
	// down is why the connector does not run: the store could not open it.
	down error
	// told is what the plugin was last told with a request.
	told atomic.Pointer[toldSource]
	// limiter is nil when the rate of requests is not limited.
	limiter  *rate.Limiter
	requests atomic.Int64
	quota    *quota
	// flaws are the routes whose card blocks the operators were told of.
	flaws sync.Map
	// complaints keeps a flood of failing requests from flooding the log.
	complaints rate.Sometimes

	mu         sync.Mutex
	stopped    bool
	drained    bool
	checkpoint event.Checkpoint
	poll       store.Poll
	// earliest is when the source itself allows the next poll.
	earliest time.Time
	// gone says that the source is not to be polled again by itself.
	gone bool
	// throttles and storeFailures count in a row.
	throttles, storeFailures int
	// reached says that a poll has gone well since the connector was started, and early
	// counts those before that were tried again before their turn.
	reached bool
	early   int
	// broken says that a notice told of trouble, and none that it is over.
	broken bool
	// failing is since when it has not been well; zero while it is.
	failing   time.Time
	lastEvent time.Time
}

func newSource(i *Intake, c Spec) (*source, error) {
	s := &source{
		intake: i, connector: c, quota: newQuota(c.Quota), hooks: c.Hooks.orDefaults(), draining: make(chan struct{}), polling: make(chan struct{}, 1), retimed: make(chan struct{}, 1), heard: make(chan struct{}, 1),
		log: i.options.Log.With().Str("connector", c.Source.Connector).Logger(), complaints: rate.Sometimes{First: 1, Interval: 10 * time.Second},
	}
	if c.Polls {
		var err error
		if s.schedule, err = parseSchedule(c.Schedule); err != nil {
			return nil, fmt.Errorf("connector %s: %w", c.Source.Connector, err)
		}
	}
	if s.hooks.Rate > 0 {
		s.limiter = rate.NewLimiter(rate.Limit(s.hooks.Rate), max(1, s.hooks.Burst))
	}
	return s, nil
}

func (s *source) name() string { return s.connector.Source.Connector }

// open reads what the store keeps of the connector.
func (s *source) open(ctx context.Context) error {
	kept, err := s.intake.options.Store.OpenConnector(ctx, s.name(), s.connector.Source.Type)
	if err != nil {
		return err
	}
	s.take(kept)
	if s.poll.First.IsZero() {
		s.poll.First = time.Now()
		if err := s.intake.options.Store.SavePoll(ctx, s.name(), s.poll); err != nil {
			return err
		}
	}
	if needsPerson(connector.ErrorKind(s.poll.Health)) || s.poll.Last.After(time.Now().Add(time.Minute)) {
		// A person may have done something about it; or the clock was wrong.
		s.poll.Next = time.Time{}
	}
	return nil
}

// take begins where a connector stood.
func (s *source) take(kept store.Kept) {
	s.token, s.checkpoint, s.poll, s.lastEvent = kept.HookToken, kept.Checkpoint, kept.Poll, kept.LastEvent
	if s.poll.Health != healthy {
		s.failing = s.poll.Since
	}
	s.broken = needsNotice(s.poll, s.failing)
}

// kept is how the connector stands, as the store has it.
func (s *source) kept() store.Kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	return store.Kept{HookToken: s.token, Checkpoint: s.checkpoint, Poll: s.poll, LastEvent: s.lastEvent}
}

// succeed begins where the connector stood until now, as it was configured before. That
// one has ended, so nothing needs to be read that could not be read just now; only a
// connector of another type begins anew.
func (s *source) succeed() error {
	s.ctx, s.cancel = context.WithCancel(s.intake.ctx)
	old := s.before
	switch {
	case old == nil:
		return nil
	case s.connector.Source.Type != old.connector.Source.Type:
		if err := s.open(s.ctx); err != nil {
			return err
		}
	default:
		s.take(old.kept())
		s.quota.inherit(old.quota)
		// A person has changed something and wants to see it, but the source's word
		// still counts.
		old.mu.Lock()
		s.earliest, s.broken, s.failing = old.earliest, old.broken, old.failing
		old.mu.Unlock()
		if connector.ErrorKind(s.poll.Health) != connector.KindThrottled {
			s.poll.Next = s.earliest
		}
	}
	s.before = nil // so that a chain of reloads does not keep them all
	return nil
}

// failed leaves the connector down. Its hook, if it had one before, is still its
// own, so that senders are asked to try again.
func (s *source) failed(err error) {
	s.down, s.stopped, s.token = err, true, s.lastToken
	if s.before != nil {
		s.token, s.before = s.before.token, nil
	}
}

// The waits between the attempts to open a connector that is down.
const (
	firstReopen   = time.Second
	longestReopen = 30 * time.Second
)

// reopen brings up a connector that the store could not open, as soon as it can.
func (s *source) reopen() {
	for wait := firstReopen; ; wait = min(2*wait, longestReopen) {
		select {
		case <-time.After(wait):
		case <-s.draining:
			return
		case <-s.ctx.Done():
			return
		}
		up, err := newSource(s.intake, s.connector)
		if err == nil {
			err = up.open(s.ctx)
		}
		if err == nil && s.intake.replace(s, up) {
			return
		}
	}
}

// spread is over how long the first polls of so many connectors are spread.
func spread(n int) time.Duration {
	return min(max(200*time.Millisecond, time.Duration(n)*20*time.Millisecond), 30*time.Second)
}

// start begins polling on schedule. A poll that is due, or was due while the relay
// was down, comes soon, but not all of them in the same moment.
func (s *source) start(spread time.Duration) {
	if s.down != nil {
		s.intake.notices.Go(s.reopen)
		return
	}
	s.startWatch()
	if !s.connector.Polls || !s.connector.Enabled || !s.begin() {
		return
	}
	s.mu.Lock()
	if now := time.Now(); !s.poll.Next.After(now) {
		s.poll.Next = now.Add(rand.N(spread))
	}
	s.mu.Unlock()
	go func() {
		defer s.running.Done()
		s.run()
	}()
}

// begin counts work of the connector, which is then to be counted out, unless it
// has been stopped.
func (s *source) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || s.drained {
		return false
	}
	s.running.Add(1)
	return true
}

// stop ends connectors and waits for what they had under way.
func stop(list []*source) {
	for _, s := range list {
		s.mu.Lock()
		s.stopped = true
		s.mu.Unlock()
		s.cancel()
	}
	for _, s := range list {
		s.running.Wait()
	}
}

// drain lets no new poll begin.
func (s *source) drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.drained {
		s.drained = true
		close(s.draining)
	}
}

// retime makes the schedule look at the next poll again.
func (s *source) retime() {
	select {
	case s.retimed <- struct{}{}:
	default:
	}
}

// sourceNow is what the plugin is told, with the arguments and the token as they are
// now. Every error is a [connector.Error].
func (s *source) sourceNow(ctx context.Context) (pluginhost.Source, error) {
	src, err := s.bareSource()
	if err == nil && s.connector.SignsIn {
		src.Token, err = s.intake.options.Tokens.Token(ctx, src)
	}
	return src, err
}

// bareSource is what the plugin is told, but for the token.
func (s *source) bareSource() (pluginhost.Source, error) {
	src := s.connector.Source
	b, err := s.connector.Arguments()
	if err != nil {
		return src, &connector.Error{Kind: connector.KindMisconfigured, Err: err}
	}
	src.Arguments = b
	if s.connector.PublicURL != "" && s.connector.Receives {
		src.HookURL = s.connector.PublicURL + s.hookPath()
	}
	return src, nil
}

// toldSource is a source that may be told again until a time.
type toldSource struct {
	pluginhost.Source
	until time.Time
}

// argumentsFor is how long requests go with the same arguments: a rotated secret
// counts a moment later, and thousands of requests do not read its file each.
const argumentsFor = time.Second

// sourceSoon is what the plugin is told with a request.
func (s *source) sourceSoon(ctx context.Context) (pluginhost.Source, error) {
	now := time.Now()
	if t := s.told.Load(); t != nil && now.Before(t.until) {
		return t.Source, nil
	}
	src, err := s.sourceNow(ctx)
	if err != nil {
		return src, err
	}
	s.told.Store(&toldSource{Source: src, until: now.Add(argumentsFor)})
	return src, nil
}

func (s *source) hookPath() string { return "/hooks/" + s.token }

func (s *source) status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Status{
		Name: s.name(), Type: s.connector.Source.Type, Enabled: s.connector.Enabled, Schedule: s.connector.Schedule,
		Health: s.poll.Health, Problem: s.poll.Problem, Suspended: s.connector.Suspended, Poll: s.poll, LastEvent: s.lastEvent,
	}
	if s.connector.Receives && s.token != "" {
		st.HookPath = s.hookPath()
	}
	over := s.quota.problem(time.Now())
	switch {
	case s.down != nil:
		st.Health, st.Problem = string(connector.KindTemporary), s.down.Error()
	case !s.connector.Enabled:
		st.Health, st.Poll.Next = disabled, time.Time{}
	case over != "":
		st.Health, st.Problem = overQuota, over
	case (st.Health == healthy || !s.connector.Polls) && s.poll.Silent:
		st.Health, st.Problem = silent, s.silence()
	case !s.connector.Polls:
		st.Health = healthy
	case st.Health == "":
		st.Health = "waiting"
	}
	return st
}
