package intake

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/schedule"
	"github.com/connector-relay/relay/relay/store"
)

// The waits between polls.
const (
	// soon is the wait after a failed first poll: a machine that has just started often
	// has no network yet.
	soon           = 2 * time.Second
	firstBackoff   = 15 * time.Second
	longestBackoff = time.Hour
	// personWait is the wait after a failure that only a person can end.
	personWait = 15 * time.Minute
	// longestHint bounds how long a source may ask to be left alone: some get the unit
	// wrong.
	longestHint = 7 * 24 * time.Hour
	// longestSleep bounds one sleep, because the wall clock may jump and the machine may
	// be suspended.
	longestSleep = time.Minute
	// longestPhase bounds the offset that keeps connectors with the same interval apart.
	longestPhase = time.Minute
)

func parseSchedule(spec string) (cron.Schedule, error) {
	if spec == "" {
		spec = "@every 5m"
	}
	s, err := schedule.Parse(spec)
	if err != nil {
		return nil, fmt.Errorf("schedule %q: %w", spec, err)
	}
	return s, nil
}

// run polls on schedule until the connector stops.
func (r *runner) run() {
	timer := time.NewTimer(r.sleep())
	defer timer.Stop()
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-r.draining:
			return
		case <-r.retimed:
		case <-timer.C:
			r.pollDue()
		}
		timer.Reset(r.sleep())
	}
}

// sleep is how long to wait before the clock is checked again.
func (r *runner) sleep() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone {
		return longestSleep
	}
	return min(max(0, time.Until(r.poll.Next)), longestSleep)
}

func (r *runner) due() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ctx.Err() == nil && !r.drained && !r.gone && !r.poll.Next.After(time.Now())
}

// next is when to poll again: never sooner than the source asks, and not sooner than
// the schedule but to retry.
func (r *runner) next(started time.Time, p store.Poll, err error) time.Time {
	scheduled := r.scheduled(started, p.Last)
	if err == nil {
		r.reached = true
		return later(scheduled, r.earliest)
	}
	switch connector.KindOf(err) {
	case connector.KindGone:
		return time.Time{}
	case connector.KindThrottled:
		return later(later(scheduled, r.earliest), p.Last.Add(backoff(r.throttles)))
	case connector.KindUnauthorised, connector.KindMisconfigured:
		return later(later(scheduled, r.earliest), p.Last.Add(personWait))
	case connector.KindTemporary:
	}
	if early := p.Last.Add(doubled(soon, r.early+1)); !r.reached && early.Before(scheduled) {
		r.early++
		return later(early, r.earliest)
	}
	retry := p.Last.Add(backoff(max(1, p.Failures-r.early)))
	if following := r.schedule.Next(scheduled); max(scheduled.Sub(p.Last), following.Sub(scheduled)) > longestBackoff {
		// A failed poll of a slow schedule is retried before the next turn.
		return later(earlier(scheduled, retry), r.earliest)
	}
	return later(later(scheduled, retry), r.earliest)
}

// scheduled is the schedule's next time after a poll.
func (r *runner) scheduled(started, ended time.Time) time.Time {
	if every, ok := r.schedule.(cron.ConstantDelaySchedule); ok {
		// Each connector's interval is a little longer by an amount of its own, so that
		// connectors with the same interval drift apart.
		next := started.Add(every.Delay + r.phase(min(every.Delay/20, longestPhase)))
		return later(next, ended.Add(every.Delay/10))
	}
	next := r.schedule.Next(ended)
	if next.IsZero() {
		return ended.Add(longestHint) // such as the 30th of February
	}
	return next
}

// hinted is the earliest time at which the source allows the next poll.
func hinted(p store.Poll, again time.Duration, err error) time.Time {
	earliest := p.Last.Add(min(max(0, again), longestHint))
	if e, ok := errors.AsType[*connector.Error](err); ok && e.Kind == connector.KindThrottled {
		earliest = later(earliest, earlier(e.Until, p.Last.Add(longestHint)))
	}
	return earliest
}

// backoff is the wait after so many failures in a row, from 1: it doubles up to an
// hour, with a jitter of up to a fifth.
func backoff(failures int) time.Duration { return doubled(firstBackoff, failures) }

func doubled(wait time.Duration, failures int) time.Duration {
	for n := 1; n < failures && wait < longestBackoff; n++ {
		wait *= 2
	}
	wait = min(wait, longestBackoff*5/6)
	return wait + rand.N(wait/5)
}

// phase is a connector's constant offset within a span.
func (r *runner) phase(span time.Duration) time.Duration {
	if span <= 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(r.name()))
	return time.Duration(h.Sum64() % uint64(span))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
