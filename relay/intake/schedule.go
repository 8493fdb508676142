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

// The waits after a failed poll.
const (
	// soon is the wait after a first poll that failed: the network of a machine that has
	// just started is often not there yet.
	soon           = 2 * time.Second
	firstBackoff   = 15 * time.Second
	longestBackoff = time.Hour
	// personWait is how often to look whether a person has repaired what only a
	// person can.
	personWait = 15 * time.Minute
	// longestHint is how long a source may ask to be left alone. Some forget the
	// unit, and none is to be silent for ever by mistake.
	longestHint = 7 * 24 * time.Hour
	// longestSleep is how long the schedule sleeps at a time: the clock on the wall
	// may jump, and the machine may sleep.
	longestSleep = time.Minute
	// longestPhase bounds what keeps connectors of the same interval apart.
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
func (s *source) run() {
	timer := time.NewTimer(s.sleep())
	defer timer.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.draining:
			return
		case <-s.retimed:
		case <-timer.C:
			s.pollDue()
		}
		timer.Reset(s.sleep())
	}
}

// sleep is how long to wait before looking at the clock again.
func (s *source) sleep() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return longestSleep
	}
	return min(max(0, time.Until(s.poll.Next)), longestSleep)
}

func (s *source) due() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ctx.Err() == nil && !s.drained && !s.gone && !s.poll.Next.After(time.Now())
}

// next is when to poll again: not sooner than the schedule, and not sooner than
// the source asks for.
func (s *source) next(started time.Time, p store.Poll, err error) time.Time {
	scheduled := s.scheduled(started, p.Last)
	if err == nil {
		s.reached = true
		return later(scheduled, s.earliest)
	}
	switch connector.KindOf(err) {
	case connector.KindGone:
		return time.Time{}
	case connector.KindThrottled:
		return later(later(scheduled, s.earliest), p.Last.Add(backoff(s.throttles)))
	case connector.KindUnauthorised, connector.KindMisconfigured:
		return later(later(scheduled, s.earliest), p.Last.Add(personWait))
	case connector.KindTemporary:
	}
	if early := p.Last.Add(doubled(soon, s.early+1)); !s.reached && early.Before(scheduled) {
		s.early++
		return later(early, s.earliest)
	}
	retry := p.Last.Add(backoff(max(1, p.Failures-s.early)))
	if following := s.schedule.Next(scheduled); max(scheduled.Sub(p.Last), following.Sub(scheduled)) > longestBackoff {
		// Of a schedule that is slower than an hour one failure is not to cost a
		// whole turn.
		return later(earlier(scheduled, retry), s.earliest)
	}
	return later(later(scheduled, retry), s.earliest)
}

// scheduled is the schedule's next time after a poll that began and ended then.
func (s *source) scheduled(started, ended time.Time) time.Time {
	if every, ok := s.schedule.(cron.ConstantDelaySchedule); ok {
		// Each connector's interval is a little longer by an amount of its own, so
		// that those of the same interval, which began together, drift apart.
		next := started.Add(every.Delay + s.phase(min(every.Delay/20, longestPhase)))
		return later(next, ended.Add(every.Delay/10))
	}
	next := s.schedule.Next(ended)
	if next.IsZero() {
		return ended.Add(longestHint) // such as the 30th of February
	}
	return next
}

// hinted is when the source allows the next poll.
func hinted(p store.Poll, again time.Duration, err error) time.Time {
	earliest := p.Last.Add(min(max(0, again), longestHint))
	if e, ok := errors.AsType[*connector.Error](err); ok && e.Kind == connector.KindThrottled {
		earliest = later(earliest, earlier(e.Until, p.Last.Add(longestHint)))
	}
	return earliest
}

// backoff is how long to wait after so many failures in a row, from 1: twice as
// long each time, up to an hour, and up to a fifth more by chance.
func backoff(failures int) time.Duration { return doubled(firstBackoff, failures) }

func doubled(wait time.Duration, failures int) time.Duration {
	for n := 1; n < failures && wait < longestBackoff; n++ {
		wait *= 2
	}
	wait = min(wait, longestBackoff*5/6)
	return wait + rand.N(wait/5)
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

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
