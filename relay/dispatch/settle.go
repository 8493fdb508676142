package dispatch

import (
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// effect is what an attempt does to its lane.
type effect int

const (
	// proceed: the lane takes its next delivery, or the same one after its backoff.
	proceed effect = iota
	// backOff: the whole lane waits, because its endpoint throttles or the relay's machine
	// is at fault.
	backOff
	// stayPaused: the probe could not be made; the lane stays paused for the same reason.
	stayPaused
	// pause: the lane pauses, or stays paused, until a probe succeeds.
	pause
	// reopen: the probe succeeded.
	reopen
)

// circumstances are what settle needs to know of an attempt besides its outcome.
type circumstances struct {
	// now is when the attempt ended.
	now time.Time
	// probe says that the endpoint had paused the lane.
	probe bool
	// cut says that the attempt was interrupted by the relay's stop.
	cut bool
	// throttles counts the throttled or hindered attempts in a row before.
	throttles int
	// chance is a random number in [0,1).
	chance float64
}

// decision is what follows from an attempt.
type decision struct {
	// verdict is the attempt's verdict as recorded.
	verdict delivery.Verdict
	// delivery is the delivery as recorded.
	delivery delivery.Delivery
	effect   effect
	// wait is how long the delivery or the lane waits; 0 when neither does.
	wait time.Duration
}

// settle decides what follows from an attempt: the table of verdicts. It is pure.
//
// Only the delivery's own failures count as attempts: not throttled, hindered, refused
// or interrupted ones, nor failed probes.
func settle(p Policy, d delivery.Delivery, o delivery.Outcome, c circumstances) decision {
	s := decision{verdict: o.Verdict, delivery: d}
	if o.Verdict == delivery.VerdictUnknown {
		s.delivery.Unknown = true
	}
	switch o.Verdict {
	case delivery.VerdictDelivered, delivery.VerdictAccepted, delivery.VerdictRejected:
		s.finish(o)
		switch {
		case c.probe:
			s.effect = reopen
		case o.RetryAfter > 0 && o.Verdict != delivery.VerdictRejected:
			// The card arrived; the lane waits before the next one.
			s.effect, s.wait = backOff, p.retryAfter(o.RetryAfter)
		}
		return s
	case delivery.VerdictInterrupted:
		if c.cut {
			return s
		}
		s.verdict = delivery.VerdictFailed // nobody interrupted it: the sender is wrong and must not be called again at once
	case delivery.VerdictThrottled, delivery.VerdictHindered, delivery.VerdictRefused, delivery.VerdictUnknown, delivery.VerdictFailed:
	default:
		s.verdict = delivery.VerdictFailed // an unknown verdict
	}
	switch {
	case c.cut:
		// A stop of the relay is not a failure, but an unknown outcome stays unknown.
		if s.verdict == delivery.VerdictFailed {
			s.verdict = delivery.VerdictInterrupted
		}
	case o.Verdict == delivery.VerdictHindered && c.probe:
		s.effect, s.wait = stayPaused, hinderedWait(p, c)
	case o.Verdict == delivery.VerdictHindered:
		s.effect, s.wait = backOff, hinderedWait(p, c)
	case c.probe:
		s.effect, s.wait = pause, max(p.Probe, p.retryAfter(o.RetryAfter))
	case o.Verdict == delivery.VerdictRefused:
		s.effect, s.wait = pause, p.Probe
	case o.Verdict == delivery.VerdictThrottled:
		s.effect = backOff
		s.wait = max(p.retryAfter(o.RetryAfter), jittered(step(p.First, p.Longest, c.throttles+1), c.chance))
	default:
		s.retry(p, o, c)
	}
	return s
}

// longestHindered bounds how long a lane waits after a fault of the relay's machine:
// whoever mends the machine wants to see cards sent soon.
const longestHindered = time.Minute

func hinderedWait(p Policy, c circumstances) time.Duration {
	return jittered(step(p.First, min(p.Longest, longestHindered), c.throttles+1), c.chance)
}

// finish ends the delivery.
func (s *decision) finish(o delivery.Outcome) {
	s.delivery.Attempts++
	s.delivery.Next = time.Time{}
	switch o.Verdict {
	case delivery.VerdictDelivered:
		s.delivery.State = delivery.Delivered
	case delivery.VerdictAccepted:
		s.delivery.State = delivery.Accepted
	default:
		s.delivery.State = delivery.Dead
		s.delivery.Reason = "rejected: " + o.Detail
	}
}

// retry schedules the delivery's next attempt, or gives up.
func (s *decision) retry(p Policy, o delivery.Outcome, c circumstances) {
	s.delivery.Attempts++
	wait, ok := p.backoff(s.delivery.Attempts, c.chance)
	if !ok {
		s.delivery.State, s.delivery.Next = delivery.Dead, time.Time{}
		s.delivery.Reason = fmt.Sprintf("gave up after %d attempts in %s; the last one %s: %s",
			s.delivery.Attempts, p.GiveUpAfter, phrase(s.verdict), o.Detail)
		return
	}
	s.wait = max(wait, p.retryAfter(o.RetryAfter))
	s.delivery.Next = c.now.Add(s.wait)
}

// phrase is a verdict inside a sentence.
func phrase(v delivery.Verdict) string {
	if v == delivery.VerdictUnknown {
		return "got no answer"
	}
	return string(v)
}
