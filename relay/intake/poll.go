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

// PollReport is the outcome of one poll.
type PollReport struct {
	// Events counts the new ones, Known those seen before.
	Events int
	Known  int
	// Next is when the connector is polled again; zero means never.
	Next time.Time
}

// polling is one poll under way.
type polling struct {
	runner  *runner
	started time.Time
	report  PollReport
	// unstored is the store's error, if it failed.
	unstored error
}

// pollDue polls, unless a manual poll has just done so.
func (r *runner) pollDue() {
	if r.acquire(r.ctx) != nil {
		return
	}
	defer r.release()
	if r.due() {
		_, _ = r.pollHeld(r.ctx) // logged and kept as the connector's health
	}
}

// pollHeld polls once and stores the events and the result. The caller holds r.polling.
func (r *runner) pollHeld(ctx context.Context) (PollReport, error) {
	p := &polling{runner: r, started: time.Now()}
	r.mu.Lock()
	at := r.checkpoint
	r.mu.Unlock()
	done, err := r.call(ctx, at, 0, p.emit)
	p.report.Known += done.KnownCount
	for _, k := range done.Known {
		r.log.Debug().Str("key", k.Key).Str("title", k.Title).Str("because", k.Because).Msg("taken for known")
	}
	switch {
	case r.ctx.Err() != nil:
		return p.report, ErrStopped // says nothing about the source
	case err != nil && ctx.Err() != nil:
		return p.report, ctx.Err() // nor does an operator who gave up
	}
	r.settle(p, done, err)
	p.log(err)
	r.intake.metrics.polled(r.name(), p.started, err)
	return p.report, err
}

// call has the plugin poll, within the connector's timeout.
func (r *runner) call(ctx context.Context, at event.Checkpoint, preview int, emit func(context.Context, event.Batch) error) (pluginhost.Done, error) {
	src, err := r.callNow(ctx)
	if err != nil {
		return pluginhost.Done{}, err
	}
	src.Preview = preview
	timeout := r.connector.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return r.intake.options.Plugins.Poll(ctx, src, at, emit)
}

// emit stores a batch. A cancelled poll stores nothing more, but a commit that has
// begun is finished.
func (p *polling) emit(ctx context.Context, b event.Batch) error {
	s := p.runner
	if s.ctx.Err() != nil {
		return ErrStopped
	}
	out, err := s.commit(context.WithoutCancel(ctx), submission{Batch: b, shorten: true})
	p.report.Events, p.report.Known = p.report.Events+out.fresh, p.report.Known+out.known
	over, _ := errors.AsType[*connector.Error](err)
	switch {
	case errors.Is(err, errOverQuota):
		// The next poll begins with the events that are known by then, so it waits until the
		// quota has room for more than a few new ones.
		return &connector.Error{Kind: connector.KindThrottled, Until: later(over.Until, time.Now().Add(quotaPause)), Err: over.Err}
	case errors.Is(err, errTooLarge):
		return &connector.Error{Kind: connector.KindMisconfigured, Err: fmt.Errorf("the plugin emitted a batch that is %w; it must give its events keys or emit fewer at a time", err)}
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

// settle records a poll's result and decides when the next one is due.
func (r *runner) settle(p *polling, done pluginhost.Done, err error) {
	r.mu.Lock()
	now := r.poll
	now.Last = time.Now()
	if p.unstored != nil {
		// The store failed, not the connector: its health stays what it was.
		r.storeFailures++
		now.Next = now.Last.Add(min(backoff(r.storeFailures), personWait))
		r.poll, p.report.Next = now, now.Next
		r.mu.Unlock()
		return
	}
	r.storeFailures = 0
	now.Note = done.Note
	changed := judge(&now, err)
	if now.Health == healthy {
		r.failing = time.Time{}
	} else if r.failing.IsZero() {
		r.failing = now.Last
	}
	r.throttles++
	if connector.ErrorKind(now.Health) != connector.KindThrottled {
		r.throttles = 0
	}
	r.earliest = hinted(now, done.Again, err)
	r.gone = connector.ErrorKind(now.Health) == connector.KindGone
	now.Next = r.next(p.started, now, err)
	r.poll, p.report.Next = now, now.Next
	notice, tell := r.notice(now, changed)
	r.mu.Unlock()
	r.savePoll()
	if tell {
		r.intake.notify(notice)
	}
}

// savePoll saves the connector's state: the newest by the time it holds r.saving.
func (r *runner) savePoll() {
	r.saving.Lock()
	defer r.saving.Unlock()
	r.mu.Lock()
	now := r.poll
	r.mu.Unlock()
	if err := r.intake.options.Store.SavePoll(context.WithoutCancel(r.ctx), r.name(), now); err != nil {
		r.log.Error().Err(err).Msg("could not save the connector's state")
	}
}

// judge records a poll's result and reports whether the health changed. Being throttled
// is no failure.
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

// A failure that may pass by itself is reported after brokenAfter failures in a row
// that have gone on for brokenFor: the first retries follow quickly.
const (
	brokenAfter = 3
	brokenFor   = time.Minute
)

// needsPerson reports whether only a person can end a failure.
func needsPerson(k connector.ErrorKind) bool {
	switch k {
	case connector.KindUnauthorised, connector.KindGone, connector.KindMisconfigured:
		return true
	case connector.KindTemporary, connector.KindThrottled:
	}
	return false
}

// needsNotice reports whether the operators should hear of a connector's state.
func needsNotice(p store.Poll, failing time.Time) bool {
	if needsPerson(connector.ErrorKind(p.Health)) {
		return true
	}
	return p.Health != healthy && p.Failures >= brokenAfter && p.Last.Sub(failing) >= brokenFor
}

// notice returns what to report about a change, if anything: that the connector broke,
// now needs a person, or recovered. The caller holds r.mu.
func (r *runner) notice(now store.Poll, changed bool) (Notice, bool) {
	n := Notice{Connector: r.name(), Health: now.Health, Problem: now.Problem}
	switch {
	case now.Health == healthy:
		was := r.broken
		r.broken = false
		return n, was
	case !needsNotice(now, r.failing):
		return n, false
	}
	n.Broken = true
	news := !r.broken || changed && needsPerson(connector.ErrorKind(now.Health))
	r.broken = true
	return n, news
}

func (r *runner) acquire(ctx context.Context) error {
	select {
	case r.polling <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *runner) release() { <-r.polling }

// log writes the one wide line of a poll.
func (p *polling) log(err error) {
	e := p.runner.log.Debug()
	switch {
	case p.unstored != nil:
		e = p.runner.log.Error().Str("kind", "store").AnErr("error", err)
	case err != nil:
		e = p.runner.log.Warn().Str("kind", string(connector.KindOf(err))).AnErr("error", err)
	case p.report.Events > 0:
		e = p.runner.log.Info()
	}
	e.Int("events", p.report.Events).Int("known", p.report.Known).
		Float64("took_ms", float64(time.Since(p.started).Microseconds())/1000).Time("next", p.report.Next).Msg("poll")
}
