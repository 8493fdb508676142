package dispatch

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/delivery"
)

// storeFirst and storeLongest are the waits after the store failed. The far side
// of a write is the own disk: it needs less patience than a chat system.
const (
	storeFirst   = 50 * time.Millisecond
	storeLongest = 5 * time.Second
)

// attempt makes one attempt and brings its outcome to an end: the lane changed,
// recorded, people told. It reports whether the lane should look at the store
// again.
func (w *worker) attempt(d delivery.Delivery, g grant) (look bool) {
	l := w.lane
	a := delivery.Attempt{Delivery: d.ID, Number: d.Attempts + 1, Started: time.Now(), PossibleDuplicate: d.Unknown}
	a.Outcome = l.send(l.d.cut, g.channel.Sender, d)
	now := time.Now()
	a.Took = now.Sub(a.Started)
	s := settle(g.channel.Policy, d, a.Outcome, circumstances{
		now: now, probe: g.probe, cut: l.d.cut.Err() != nil, throttles: g.throttles, chance: rand.Float64(),
	})
	a.Verdict = s.verdict
	l.report(a, d, s)
	notice := w.settleLane(a, s, now)
	l.insist("outcome", func(ctx context.Context) error { return l.d.store.Record(ctx, a, s.delivery) })
	if notice != nil {
		l.tell(*notice)
	}
	return s.delivery.State == delivery.Waiting || s.effect != goOn
}

// send makes the attempt. A sender that panics over a card costs that card, not
// the relay.
func (l *lane) send(ctx context.Context, s Sender, d delivery.Delivery) (o delivery.Outcome) {
	defer func() {
		if p := recover(); p != nil {
			l.log.Error().Int64("delivery", d.ID).Str("panic", fmt.Sprint(p)).Bytes("stack", debug.Stack()).Msg("a card made its sender panic")
			o = delivery.Outcome{Verdict: delivery.VerdictRejected, Detail: "the relay has a fault that this card brings out; see its log"}
		}
	}()
	return s.Send(ctx, d)
}

// settleLane gives the lane the state that follows from an attempt; what an
// operator decided meanwhile stays. It returns what people should know.
func (w *worker) settleLane(a delivery.Attempt, s decision, now time.Time) (notice *Notice) {
	l := w.lane
	next := now.Add(s.wait)
	l.mu.Lock()
	switch s.verdict {
	case delivery.VerdictThrottled:
		l.throttles++
	case delivery.VerdictInterrupted:
	default:
		l.throttles = 0
	}
	if w.epoch != l.epoch {
		next = now // the channel has changed since the attempt began
	}
	l.mu.Unlock()
	if s.effect == goOn {
		return nil
	}
	l.insist("state of the lane", func(ctx context.Context) error {
		return l.change(ctx, func(state *delivery.Lane) bool {
			before := state.Pause
			changed := s.effect.apply(state, a.Detail, now, next)
			if changed && before != state.Pause {
				notice = &Notice{Channel: l.name, Paused: state.Pause != delivery.NotPaused, Reason: state.Reason}
			}
			return changed
		})
	})
	return notice
}

// apply changes a lane's state and reports whether it did.
func (e effect) apply(state *delivery.Lane, reason string, now, next time.Time) bool {
	if state.Pause == delivery.PausedByOperator {
		return false
	}
	switch e {
	case holdOff:
		if state.Pause != delivery.NotPaused || !next.After(state.Next) {
			return false
		}
		state.Next = next
	case shut:
		if state.Pause == delivery.NotPaused {
			*state = delivery.Lane{Channel: state.Channel, Pause: delivery.PausedByEndpoint, Since: now}
		}
		state.Reason, state.Next = reason, next
	case reopen:
		if state.Pause == delivery.NotPaused {
			return false
		}
		*state = delivery.Lane{Channel: state.Channel}
	case goOn:
		return false
	}
	return true
}

// persistence is the level of the n-th report of the same trouble with the store.
func persistence(n int) zerolog.Level {
	if n == 1 || n%32 == 0 {
		return zerolog.ErrorLevel
	}
	return zerolog.DebugLevel
}

// insist repeats a write until the store takes it, because an outcome that is
// forgotten is a card sent twice. It gives up only when the relay has to end.
func (l *lane) insist(what string, write func(context.Context) error) {
	for n := 1; ; n++ {
		err := write(l.d.keep)
		if err == nil {
			return
		}
		l.log.WithLevel(persistence(n)).Err(err).Int("failures", n).Msgf("the %s cannot be stored; the lane waits and tries again", what)
		t := time.NewTimer(step(storeFirst, storeLongest, n))
		select {
		case <-t.C:
		case <-l.d.keep.Done():
			t.Stop()
			l.log.Error().Err(err).Msgf("the %s could not be stored before the relay had to end; the last attempt may be repeated", what)
			return
		}
	}
}
