package dispatch

import (
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// effect is what an attempt does to its lane.
type effect int

const (
	// goOn: the lane takes its next delivery, or the same one after its backoff.
	goOn effect = iota
	// holdOff: the whole lane waits; its endpoint throttles, or the relay's machine is
	// at fault.
	holdOff
	// stayShut: the probe could not be made; the lane stays paused for the reason that it
	// has.
	stayShut
	// shut: the lane pauses, or stays paused, until a probe succeeds.
	shut
	// reopen: the probe succeeded.
	reopen
)

// circumstances are those of an attempt, besides its outcome.
type circumstances struct {
	// now is when the attempt ended.
	now time.Time
	// probe says that the lane was paused by its endpoint.
	probe bool
	// cut says that the attempt was interrupted because the relay stops.
	cut bool
	// throttles is how many attempts in a row were throttled, or hindered, before.
	throttles int
	// chance is a random number in [0,1).
	chance float64
}

// decision is what follows from an attempt.
type decision struct {
	// verdict is the attempt's, as it is recorded.
	verdict delivery.Verdict
	// delivery is what is recorded.
	delivery delivery.Delivery
	effect   effect
	// wait is how long the delivery or the lane waits; 0 when neither does.
	wait time.Duration
}

// settle decides what follows from an attempt: the table of verdicts. It is pure.
//
// Only what is the delivery's own trouble counts as an attempt: not a throttled,
// hindered, refused or interrupted one, nor a probe that failed.
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
			// The card is there, and it was the last for now.
			s.effect, s.wait = holdOff, p.asked(o.RetryAfter)
		}
		return s
	case delivery.VerdictInterrupted:
		if c.cut {
			return s
		}
		s.verdict = delivery.VerdictFailed // nobody did: the sender is wrong, and must not be asked again at once
	case delivery.VerdictThrottled, delivery.VerdictHindered, delivery.VerdictRefused, delivery.VerdictUnknown, delivery.VerdictFailed:
	default:
		s.verdict = delivery.VerdictFailed // no such verdict
	}
	switch {
	case c.cut:
		// The relay's stopping is nobody's failure; that the card may have arrived
		// is worth knowing all the same.
		if s.verdict == delivery.VerdictFailed {
			s.verdict = delivery.VerdictInterrupted
		}
	case o.Verdict == delivery.VerdictHindered && c.probe:
		s.effect, s.wait = stayShut, hinderedWait(p, c)
	case o.Verdict == delivery.VerdictHindered:
		s.effect, s.wait = holdOff, hinderedWait(p, c)
	case c.probe:
		s.effect, s.wait = shut, max(p.Probe, p.asked(o.RetryAfter))
	case o.Verdict == delivery.VerdictRefused:
		s.effect, s.wait = shut, p.Probe
	case o.Verdict == delivery.VerdictThrottled:
		s.effect = holdOff
		s.wait = max(p.asked(o.RetryAfter), shorten(step(p.First, p.Longest, c.throttles+1), c.chance))
	default:
		s.retry(p, o, c)
	}
	return s
}

// longestHindered is how long a lane waits at most after the relay's own machine was at
// fault: whoever mends the machine wants to see cards go out soon.
const longestHindered = time.Minute

func hinderedWait(p Policy, c circumstances) time.Duration {
	return shorten(step(p.First, min(p.Longest, longestHindered), c.throttles+1), c.chance)
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

// retry lets the delivery wait for its next attempt, or gives up.
func (s *decision) retry(p Policy, o delivery.Outcome, c circumstances) {
	s.delivery.Attempts++
	wait, ok := p.backoff(s.delivery.Attempts, c.chance)
	if !ok {
		s.delivery.State, s.delivery.Next = delivery.Dead, time.Time{}
		s.delivery.Reason = fmt.Sprintf("gave up after %d attempts in %s; the last one %s: %s",
			s.delivery.Attempts, p.GiveUpAfter, phrase(s.verdict), o.Detail)
		return
	}
	s.wait = max(wait, p.asked(o.RetryAfter))
	s.delivery.Next = c.now.Add(s.wait)
}

// phrase says what came of an attempt, inside a sentence.
func phrase(v delivery.Verdict) string {
	if v == delivery.VerdictUnknown {
		return "got no answer"
	}
	return string(v)
}
