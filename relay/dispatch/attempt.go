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

// storeFirst and storeLongest are the waits after the store failed. They are shorter
// than a chat system's: the store is on the relay's own disk.
const (
	storeFirst   = 50 * time.Millisecond
	storeLongest = 5 * time.Second
)

// attempt makes one attempt for a run of deliveries, changes the lane by its outcome,
// records it and notifies people. It reports whether the lane should read the store
// again.
func (w *worker) attempt(run []delivery.Delivery, g grant) (look bool) {
	l := w.lane
	started := time.Now()
	outcome, carried := l.send(l.d.sending, g.channel.Sender, run)
	now := time.Now()
	s, settled := settleRun(g.channel.Policy, run[:carried], outcome, circumstances{
		now: now, probe: g.probe, cut: l.d.sending.Err() != nil, throttles: g.throttles, chance: rand.Float64(),
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
		l.notify(*notice)
	}
	return s.delivery.State == delivery.Waiting || s.effect != proceed || len(run) > 1
}

// record stores the results of an attempt.
func (l *lane) record(results []delivery.Result) {
	l.persist("outcome", func(ctx context.Context) error { return l.d.store.Record(ctx, results...) })
}

// send makes the attempt and returns how many of the run it carried. A sender that
// panics over a card costs that card, not the relay.
func (l *lane) send(ctx context.Context, s Sender, run []delivery.Delivery) (o delivery.Outcome, carried int) {
	defer func() {
		if p := recover(); p != nil {
			l.log.Error().Int64("delivery", run[0].ID).Int("cards", len(run)).Str("panic", fmt.Sprint(p)).Bytes("stack", debug.Stack()).Msg("the sender panicked over a card")
			o = delivery.Outcome{Verdict: delivery.VerdictRejected, Detail: "this card triggers a bug in the relay; see its log"}
			carried = len(run)
		}
	}()
	if len(run) == 1 {
		return s.Send(ctx, run[0]), 1
	}
	o, carried = s.Gather(ctx, run)
	return o, max(1, min(carried, len(run)))
}

// settleLane sets the lane's state after an attempt, unless an operator has changed it
// meanwhile. It returns what people should know.
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
	l.digestLimit = l.digestLimit.after(s, carried, l.channel.Policy.Digest.Most)
	if w.epoch != l.epoch {
		next = now // the channel changed during the attempt
	}
	l.mu.Unlock()
	if s.effect == proceed {
		return nil
	}
	l.persist("state of the lane", func(ctx context.Context) error {
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

// apply changes a lane's state and reports whether it changed.
func (e effect) apply(state *delivery.Lane, reason string, now, next time.Time) bool {
	if state.Pause == delivery.PausedByOperator {
		return false
	}
	switch e {
	case backOff:
		if state.Pause != delivery.NotPaused || !next.After(state.Next) {
			return false
		}
		state.Next = next
	case stayPaused:
		if state.Pause == delivery.NotPaused {
			return false
		}
		state.Next = next
	case pause:
		if state.Pause == delivery.NotPaused {
			*state = delivery.Lane{Channel: state.Channel, Pause: delivery.PausedByEndpoint, Since: now, Drain: state.Drain}
		}
		state.Reason, state.Next = reason, next
	case reopen:
		if state.Pause == delivery.NotPaused {
			return false
		}
		*state = delivery.Lane{Channel: state.Channel, Drain: state.Drain}
	case proceed:
		return false
	}
	return true
}

// storeLevel is the log level of the n-th failure of the store in a row.
func storeLevel(n int) zerolog.Level {
	if n == 1 || n%32 == 0 {
		return zerolog.ErrorLevel
	}
	return zerolog.DebugLevel
}

// persist repeats a write until it succeeds, because a lost outcome means a card sent
// twice. It gives up only when the relay must end.
func (l *lane) persist(what string, write func(context.Context) error) {
	for n := 1; ; n++ {
		err := write(l.d.recording)
		if err == nil {
			return
		}
		l.log.WithLevel(storeLevel(n)).Err(err).Int("failures", n).Msgf("could not store the %s; the lane waits and tries again", what)
		t := time.NewTimer(step(storeFirst, storeLongest, n))
		select {
		case <-t.C:
		case <-l.d.recording.Done():
			t.Stop()
			l.log.Error().Err(err).Msgf("could not store the %s before the relay had to end; the last attempt may be repeated", what)
			return
		}
	}
}
