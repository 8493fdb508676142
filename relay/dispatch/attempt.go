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

// attempt makes one attempt for a run of deliveries and brings its outcome to an end:
// the lane changed, recorded, people told. It reports whether the lane should look at
// the store again.
func (w *worker) attempt(run []delivery.Delivery, g grant) (look bool) {
	l := w.lane
	started := time.Now()
	outcome, carried := l.send(l.d.cut, g.channel.Sender, run)
	now := time.Now()
	s, settled := settleRun(g.channel.Policy, run[:carried], outcome, circumstances{
		now: now, probe: g.probe, cut: l.d.cut.Err() != nil, throttles: g.throttles, chance: rand.Float64(),
	})
	outcome.Verdict = s.verdict
	results := make([]delivery.Result, carried)
	for i, d := range run[:carried] {
		results[i] = delivery.Result{Delivery: settled[i], Attempt: delivery.Attempt{
			Delivery: d.ID, Number: d.Attempts + 1, Started: started, Took: now.Sub(started), Outcome: outcome, PossibleDuplicate: d.Unknown,
		}}
		if carried > 1 {
			results[i].Attempt.Gathered = carried
		}
	}
	l.report(results, s)
	notice := w.settleLane(outcome, carried, s, now)
	l.record(results)
	if last := results[carried-1].Delivery; last.State.Done() {
		l.ended(last.Connector)
	}
	if notice != nil {
		l.tell(*notice)
	}
	return s.delivery.State == delivery.Waiting || s.effect != goOn || len(run) > 1
}

// record stores what came of an attempt.
func (l *lane) record(results []delivery.Result) {
	l.insist("outcome", func(ctx context.Context) error {
		if len(results) == 1 {
			return l.d.store.Record(ctx, results[0].Attempt, results[0].Delivery)
		}
		return l.d.store.RecordDigest(ctx, results)
	})
}

// send makes the attempt and says how many of the run it carried. A sender that
// panics over a card costs that card, not the relay.
func (l *lane) send(ctx context.Context, s Sender, run []delivery.Delivery) (o delivery.Outcome, carried int) {
	defer func() {
		if p := recover(); p != nil {
			l.log.Error().Int64("delivery", run[0].ID).Int("cards", len(run)).Str("panic", fmt.Sprint(p)).Bytes("stack", debug.Stack()).Msg("a card made its sender panic")
			o = delivery.Outcome{Verdict: delivery.VerdictRejected, Detail: "the relay has a fault that this card brings out; see its log"}
			carried = len(run)
		}
	}()
	if len(run) == 1 {
		return s.Send(ctx, run[0]), 1
	}
	o, carried = s.Gather(ctx, run)
	return o, max(1, min(carried, len(run)))
}

// settleLane gives the lane the state that follows from an attempt; what an
// operator decided meanwhile stays. It returns what people should know.
func (w *worker) settleLane(o delivery.Outcome, carried int, s decision, now time.Time) (notice *Notice) {
	l := w.lane
	next := now.Add(s.wait)
	l.mu.Lock()
	switch s.verdict {
	case delivery.VerdictThrottled, delivery.VerdictHindered:
		l.throttles++
	case delivery.VerdictInterrupted:
	default:
		l.throttles = 0
	}
	l.bound = l.bound.after(s, carried, l.channel.Policy.Digest.Most)
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
			changed := s.effect.apply(state, o.Detail, now, next)
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
	case stayShut:
		if state.Pause == delivery.NotPaused {
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
