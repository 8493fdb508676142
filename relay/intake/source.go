package intake

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/store"
)

// The waits after a failed poll. Whatever the kind, a connector is never given up
// for good unless its source says that it is gone.
const (
	firstBackoff   = 15 * time.Second
	longestBackoff = time.Hour
	// needsPerson is how often to look whether a person has repaired what only a
	// person can.
	needsPerson = 15 * time.Minute
	// firstPoll spreads the first polls of new connectors.
	firstPoll = 2 * time.Second
	// brokenAfter is how many temporary failures in a row make a connector broken.
	brokenAfter = 3
)

// source is one connector at work.
type source struct {
	intake    *Intake
	connector Connector
	schedule  cron.Schedule

	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	// polling is held by whoever polls, so that a manual poll and the scheduled one
	// do not mix.
	polling chan struct{}
	// retimed wakes the schedule after a manual poll.
	retimed chan struct{}

	token string

	mu         sync.Mutex
	checkpoint event.Checkpoint
	poll       store.Poll
	lastEvent  time.Time
	draining   bool
}

func newSource(i *Intake, c Connector) (*source, error) {
	s := &source{intake: i, connector: c, polling: make(chan struct{}, 1), retimed: make(chan struct{}, 1)}
	if c.Polls {
		spec := c.Schedule
		if spec == "" {
			spec = "@every 5m"
		}
		var err error
		if s.schedule, err = cron.ParseStandard(spec); err != nil {
			return nil, fmt.Errorf("connector %s: schedule %q: %w", c.Source.Connector, spec, err)
		}
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

func (s *source) name() string { return s.connector.Source.Connector }

// open reads what the store keeps of the connector.
func (s *source) open(ctx context.Context) error {
	kept, err := s.intake.options.Store.OpenConnector(ctx, s.name(), s.connector.Source.Type)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token, s.checkpoint, s.poll, s.lastEvent = kept.HookToken, kept.Checkpoint, kept.Poll, kept.LastEvent
	if s.poll.Health == string(connector.KindGone) || s.poll.Health == string(connector.KindMisconfigured) {
		// A person may have changed the configuration because of it.
		s.poll.Next = time.Time{}
	}
	return nil
}

// start begins polling on schedule.
func (s *source) start() {
	if s.connector.Polls && s.connector.Enabled {
		s.running.Go(s.run)
	}
}

// stop ends the connector and waits for what it had under way.
func (s *source) stop() {
	s.cancel()
	s.running.Wait()
}

// drain lets a poll under way end, until the context does.
func (s *source) drain(ctx context.Context) {
	s.mu.Lock()
	s.draining = true
	s.mu.Unlock()
	s.retime()
	ended := make(chan struct{})
	go func() { s.running.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	s.stop()
	<-ended
}

func (s *source) isDraining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining
}

// run polls on schedule until the connector stops.
func (s *source) run() {
	for s.ctx.Err() == nil && !s.isDraining() {
		timer := time.NewTimer(s.untilNext())
		select {
		case <-s.ctx.Done():
			timer.Stop()
			return
		case <-s.retimed:
			timer.Stop()
			continue
		case <-timer.C:
		}
		if _, err := s.pollNow(s.ctx); err != nil && s.ctx.Err() == nil {
			s.intake.options.Log.Debug().Err(err).Str("connector", s.name()).Msg("poll failed")
		}
	}
}

// untilNext is how long to wait for the next poll. One that is due, or was due
// while the relay was down, comes soon, but not all of them in the same moment.
func (s *source) untilNext() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.poll.Health == string(connector.KindGone) && !s.poll.Next.IsZero() {
		return 100 * 365 * 24 * time.Hour
	}
	if wait := time.Until(s.poll.Next); wait > 0 {
		return wait
	}
	if s.poll.Last.IsZero() {
		return rand.N(firstPoll / 10)
	}
	return rand.N(firstPoll)
}

// retime makes the schedule look at the next poll again.
func (s *source) retime() {
	select {
	case s.retimed <- struct{}{}:
	default:
	}
}

// PollReport is what one poll came to.
type PollReport struct {
	// Events are new, Known were seen before.
	Events, Known int
	// Next is when the connector is polled again.
	Next time.Time
}

// pollNow polls once and keeps what it finds and how it went.
func (s *source) pollNow(ctx context.Context) (PollReport, error) {
	if err := s.acquire(ctx); err != nil {
		return PollReport{}, err
	}
	defer s.release()
	started := time.Now()
	var report PollReport
	emit := func(ctx context.Context, b event.Batch) error {
		// What the plugin has handed over is committed even when the poll is
		// cancelled meanwhile: half a commit is not possible, and none loses work.
		fresh, known, err := s.commit(context.WithoutCancel(ctx), b)
		if err != nil {
			return err
		}
		report.Events, report.Known = report.Events+fresh, report.Known+known
		if b.Checkpoint != nil {
			s.mu.Lock()
			s.checkpoint = b.Checkpoint
			s.mu.Unlock()
		}
		return nil
	}
	again, err := s.call(ctx, 0, s.position(), emit)
	if s.ctx.Err() != nil {
		// The connector was stopped: that says nothing about its source.
		return report, err
	}
	report.Next = s.settle(started, again, err)
	s.log(started, report, err)
	s.intake.metrics.polled(s.name(), started, err)
	return report, err
}

func (s *source) position() event.Checkpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.checkpoint
}

// call asks the plugin. A preview above 0 asks for the newest events, whatever
// the checkpoint says.
func (s *source) call(ctx context.Context, preview int, at event.Checkpoint, emit func(context.Context, event.Batch) error) (time.Duration, error) {
	src, err := s.arguments()
	if err != nil {
		return 0, &connector.Error{Kind: connector.KindMisconfigured, Err: err}
	}
	src.Preview = preview
	timeout := s.connector.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return s.intake.options.Plugins.Poll(ctx, src, at, emit)
}

// arguments is what the plugin is told, with the arguments as they are now.
func (s *source) arguments() (pluginhost.Source, error) {
	src := s.connector.Source
	b, err := s.connector.Arguments()
	if err != nil {
		return src, err
	}
	src.Arguments = b
	if s.connector.PublicURL != "" && s.connector.Receives {
		src.HookURL = s.connector.PublicURL + s.hookPath()
	}
	return src, nil
}

func (s *source) hookPath() string { return "/hooks/" + s.token }

// settle keeps how a poll went and returns when the next one is due.
func (s *source) settle(started time.Time, again time.Duration, err error) time.Time {
	s.mu.Lock()
	before, p := s.poll, s.poll
	p.Last = time.Now()
	p.Health, p.Problem = "ok", ""
	if err == nil {
		p.Failures = 0
	} else {
		p.Failures++
		p.Health, p.Problem = string(connector.KindOf(err)), err.Error()
	}
	if p.Health != before.Health {
		p.Since = p.Last
	}
	p.Next = s.next(started, p, again, err)
	s.poll = p
	s.mu.Unlock()
	if saveErr := s.intake.options.Store.SavePoll(context.WithoutCancel(s.ctx), s.name(), p); saveErr != nil {
		s.intake.options.Log.Error().Err(saveErr).Str("connector", s.name()).Msg("how the poll went could not be kept")
	}
	s.tell(before, p)
	return p.Next
}

// next is when to poll again: never sooner than the schedule or what the source
// asks for.
func (s *source) next(started time.Time, p store.Poll, again time.Duration, err error) time.Time {
	scheduled := s.schedule.Next(started)
	if d, every := s.schedule.(cron.ConstantDelaySchedule); every {
		// A phase of its own keeps connectors with the same interval apart.
		scheduled = started.Add(d.Delay + s.phase(d.Delay/20))
	}
	earliest := p.Last.Add(again)
	if err != nil {
		earliest = later(earliest, s.afterFailure(p, err))
	}
	return later(scheduled, earliest)
}

// afterFailure is the earliest time to try again.
func (s *source) afterFailure(p store.Poll, err error) time.Time {
	switch connector.KindOf(err) {
	case connector.KindThrottled:
		if e, ok := errors.AsType[*connector.Error](err); ok && e.Until.After(p.Last) {
			return e.Until
		}
	case connector.KindUnauthorised, connector.KindMisconfigured, connector.KindGone:
		return p.Last.Add(needsPerson)
	}
	wait := firstBackoff
	for range min(p.Failures-1, 10) {
		wait *= 2
	}
	wait = min(wait, longestBackoff)
	return p.Last.Add(wait + rand.N(wait/5))
}

// phase is a part of a span that is always the same for a connector.
func (s *source) phase(span time.Duration) time.Duration {
	if span <= 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(s.name()))
	return time.Duration(h.Sum64() % uint64(span))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// tell gives notice when the connector breaks or is well again.
func (s *source) tell(before, now store.Poll) {
	was, is := broken(before), broken(now)
	switch {
	case is && (!was || before.Health != now.Health):
		s.intake.notify(Notice{Connector: s.name(), Broken: true, Health: now.Health, Problem: now.Problem})
	case was && now.Health == "ok":
		s.intake.notify(Notice{Connector: s.name(), Health: now.Health})
	}
}

// broken reports whether a person should hear of it: at once for what only a
// person can repair, after a few times for what may pass.
func broken(p store.Poll) bool {
	switch connector.ErrorKind(p.Health) {
	case connector.KindUnauthorised, connector.KindGone, connector.KindMisconfigured:
		return true
	case connector.KindTemporary:
		return p.Failures >= brokenAfter
	}
	return false
}

func (s *source) sawEvent() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastEvent = time.Now()
}

func (s *source) status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Status{
		Name: s.name(), Type: s.connector.Source.Type, Enabled: s.connector.Enabled, Schedule: s.connector.Schedule,
		Health: s.poll.Health, Poll: s.poll, LastEvent: s.lastEvent,
	}
	if s.connector.Receives {
		st.HookPath = s.hookPath()
	}
	switch {
	case !s.connector.Enabled:
		st.Health = "disabled"
	case !s.connector.Polls:
		st.Health = "ok"
	case st.Health == "":
		st.Health = "waiting"
	}
	return st
}

func (s *source) acquire(ctx context.Context) error {
	select {
	case s.polling <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *source) release() { <-s.polling }

// log writes the one wide line of a poll.
func (s *source) log(started time.Time, r PollReport, err error) {
	e := s.intake.options.Log.Debug()
	switch {
	case err != nil:
		e = s.intake.options.Log.Warn().Str("kind", string(connector.KindOf(err))).AnErr("error", err)
	case r.Events > 0:
		e = s.intake.options.Log.Info()
	}
	e.Str("connector", s.name()).Int("events", r.Events).Int("known", r.Known).
		Float64("took_ms", float64(time.Since(started).Microseconds())/1000).Time("next", r.Next).Msg("poll")
}
