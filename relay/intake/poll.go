package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/store"
)

// PollReport is what one poll came to.
type PollReport struct {
	// Events are new, Known were seen before.
	Events, Known int
	// Next is when the connector is polled again; zero when it is not.
	Next time.Time
}

// polling is one poll under way.
type polling struct {
	source  *source
	started time.Time
	report  PollReport
	// unstored is why a batch could not be stored.
	unstored error
}

// pollDue polls if the time has come; a manual poll may have been sooner.
func (s *source) pollDue() {
	if s.acquire(s.ctx) != nil {
		return
	}
	defer s.release()
	if s.due() {
		_, _ = s.pollHeld(s.ctx) // logged and kept as the connector's health
	}
}

// pollHeld polls once, and keeps what it finds and how it went. The caller holds
// s.polling.
func (s *source) pollHeld(ctx context.Context) (PollReport, error) {
	p := &polling{source: s, started: time.Now()}
	s.mu.Lock()
	at := s.checkpoint
	s.mu.Unlock()
	done, err := s.call(ctx, at, 0, p.emit)
	p.report.Known += done.KnownCount
	for _, k := range done.Known {
		s.log.Debug().Str("key", k.Key).Str("title", k.Title).Str("because", k.Because).Msg("taken for known")
	}
	switch {
	case s.ctx.Err() != nil:
		return p.report, ErrStopped // that says nothing about the source
	case err != nil && ctx.Err() != nil:
		return p.report, ctx.Err() // nor does an operator who does not wait
	}
	s.settle(p, done, err)
	p.log(err)
	s.intake.metrics.polled(s.name(), p.started, err)
	return p.report, err
}

// call asks the plugin, which has the connector's timeout for all of the poll.
func (s *source) call(ctx context.Context, at event.Checkpoint, preview int, emit func(context.Context, event.Batch) error) (pluginhost.Done, error) {
	src, err := s.sourceNow(ctx)
	if err != nil {
		return pluginhost.Done{}, err
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

// emit stores a batch. Of a poll that was cancelled nothing more is stored, but
// what has begun to be stored is brought to its end.
func (p *polling) emit(ctx context.Context, b event.Batch) error {
	s := p.source
	if s.ctx.Err() != nil {
		return ErrStopped
	}
	out, err := s.commit(context.WithoutCancel(ctx), intent{Batch: b, shorten: true})
	p.report.Events, p.report.Known = p.report.Events+out.fresh, p.report.Known+out.known
	over, _ := errors.AsType[*connector.Error](err)
	switch {
	case errors.Is(err, errOverQuota):
		// The source's doing, not the store's. The next poll begins with what is known,
		// so it is worth its while only when there is room for more than a few events.
		return &connector.Error{Kind: connector.KindThrottled, Until: later(over.Until, time.Now().Add(quotaPause)), Err: over.Err}
	case errors.Is(err, errTooLarge):
		return &connector.Error{Kind: connector.KindMisconfigured, Err: fmt.Errorf("the plugin handed over a batch that is %w; it has to give its events keys, or hand over fewer at a time", err)}
	case err != nil:
		p.unstored = err
		return err
	}
	if b.Checkpoint != nil {
		s.mu.Lock()
		s.checkpoint = b.Checkpoint
		s.mu.Unlock()
	}
	return nil
}

// settle keeps how a poll went and decides when the next one is due.
func (s *source) settle(p *polling, done pluginhost.Done, err error) {
	s.mu.Lock()
	now := s.poll
	now.Last = time.Now()
	if p.unstored != nil {
		// The trouble is the store's: the connector's health stays what it was.
		s.storeFailures++
		now.Next = now.Last.Add(min(backoff(s.storeFailures), personWait))
		s.poll, p.report.Next = now, now.Next
		s.mu.Unlock()
		return
	}
	s.storeFailures = 0
	now.Note = done.Note
	changed := judge(&now, err)
	if now.Health == healthy {
		s.failing = time.Time{}
	} else if s.failing.IsZero() {
		s.failing = now.Last
	}
	s.throttles++
	if connector.ErrorKind(now.Health) != connector.KindThrottled {
		s.throttles = 0
	}
	s.earliest = hinted(now, done.Again, err)
	s.gone = connector.ErrorKind(now.Health) == connector.KindGone
	now.Next = s.next(p.started, now, err)
	s.poll, p.report.Next = now, now.Next
	notice, tell := s.notice(now, changed)
	s.mu.Unlock()
	s.savePoll()
	if tell {
		s.intake.notify(notice)
	}
}

// savePoll keeps how the connector stands. One who waits its turn saves what is
// newest by then.
func (s *source) savePoll() {
	s.saving.Lock()
	defer s.saving.Unlock()
	s.mu.Lock()
	now := s.poll
	s.mu.Unlock()
	if err := s.intake.options.Store.SavePoll(context.WithoutCancel(s.ctx), s.name(), now); err != nil {
		s.log.Error().Err(err).Msg("how the connector stands could not be kept")
	}
}

// judge writes down how a poll went, and reports whether the health changed. A
// source that asks for patience has not failed.
func judge(p *store.Poll, err error) (changed bool) {
	before := p.Health
	p.Health, p.Problem = healthy, ""
	if err == nil {
		p.Failures = 0
	} else {
		kind := connector.KindOf(err)
		p.Health, p.Problem = string(kind), err.Error()
		if kind != connector.KindThrottled {
			p.Failures++
		}
	}
	if p.Health == before {
		return false
	}
	p.Since = p.Last
	return true
}

// healthy is the health of a connector whose last poll went well.
const healthy = "ok"

// brokenAfter is how many failures in a row are told that may pass by themselves, and
// brokenFor for how long they have gone on by then: the first may come close together.
const (
	brokenAfter = 3
	brokenFor   = time.Minute
)

// needsPerson reports whether a trouble ends only when a person does something.
func needsPerson(k connector.ErrorKind) bool {
	switch k {
	case connector.KindUnauthorised, connector.KindGone, connector.KindMisconfigured:
		return true
	case connector.KindTemporary, connector.KindThrottled:
	}
	return false
}

// needsNotice reports whether a person should hear of how polling stands.
func needsNotice(p store.Poll, failing time.Time) bool {
	if needsPerson(connector.ErrorKind(p.Health)) {
		return true
	}
	return p.Health != healthy && p.Failures >= brokenAfter && p.Last.Sub(failing) >= brokenFor
}

// notice is what to tell about the change, if anything: that the connector broke,
// that it now needs a person, or that it is well again. The caller holds s.mu.
func (s *source) notice(now store.Poll, changed bool) (Notice, bool) {
	n := Notice{Connector: s.name(), Health: now.Health, Problem: now.Problem}
	switch {
	case now.Health == healthy:
		was := s.broken
		s.broken = false
		return n, was
	case !needsNotice(now, s.failing):
		return n, false
	}
	n.Broken = true
	news := !s.broken || changed && needsPerson(connector.ErrorKind(now.Health))
	s.broken = true
	return n, news
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
func (p *polling) log(err error) {
	e := p.source.log.Debug()
	switch {
	case p.unstored != nil:
		e = p.source.log.Error().Str("kind", "store").AnErr("error", err)
	case err != nil:
		e = p.source.log.Warn().Str("kind", string(connector.KindOf(err))).AnErr("error", err)
	case p.report.Events > 0:
		e = p.source.log.Info()
	}
	e.Int("events", p.report.Events).Int("known", p.report.Known).
		Float64("took_ms", float64(time.Since(p.started).Microseconds())/1000).Time("next", p.report.Next).Msg("poll")
}
