package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// settle turns an attempt's verdict into the delivery's next state and the
// lane's, and records both. It returns once they are durable, or the lane stops.
func (l *lane) settle(d *delivery.Delivery, a delivery.Attempt) {
	if d.Tried.IsZero() {
		d.Tried = a.Started
	}
	switch a.Verdict {
	case delivery.VerdictDelivered, delivery.VerdictAccepted:
		d.Attempts++
		d.State = delivery.Delivered
		if a.Verdict == delivery.VerdictAccepted {
			d.State = delivery.Accepted
		}
		d.Next = time.Time{}
	case delivery.VerdictRejected:
		d.Attempts++
		d.State, d.Next, d.Reason = delivery.Dead, time.Time{}, reason(a)
	case delivery.VerdictThrottled:
		l.throttle(a.RetryAfter)
	case delivery.VerdictRefused:
		l.refuse(a)
	default: // failed, unknown
		d.Attempts++
		d.Unknown = d.Unknown || a.Verdict == delivery.VerdictUnknown
		l.retry(d, a)
	}
	l.log(*d, a)
	l.d.metrics.attempted(l.name, a)
	l.record(a, *d)
	if d.State.Done() {
		l.recover(*d)
	}
}

// reason is one line about why a delivery is dead.
func reason(a delivery.Attempt) string {
	if a.Status != 0 {
		return fmt.Sprintf("HTTP %d: %s", a.Status, a.Detail)
	}
	return a.Detail
}

// retry makes the head wait for its next attempt, or gives it up.
func (l *lane) retry(d *delivery.Delivery, a delivery.Attempt) {
	l.mu.Lock()
	p := l.policy
	l.mu.Unlock()
	now := time.Now()
	if now.Sub(d.Tried) >= p.GiveUpAfter {
		d.State, d.Next = delivery.Dead, time.Time{}
		d.Reason = fmt.Sprintf("given up after %d attempts in %v; the last one %s: %s", d.Attempts, now.Sub(d.Tried).Round(time.Second), a.Verdict, reason(a))
		return
	}
	d.Next = now.Add(max(backoff(p, d.Attempts), min(a.RetryAfter, p.Longest)))
}

// throttle makes the whole lane wait, which costs no attempt.
func (l *lane) throttle(retryAfter time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.throttles++
	l.stored.Channel = l.name
	l.stored.Next = time.Now().Add(max(backoff(l.policy, l.throttles), min(retryAfter, l.policy.Longest)))
	l.save()
}

// refuse pauses the lane because the endpoint wants no cards, or sets the next
// probe when it has refused one.
func (l *lane) refuse(a delivery.Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stored.Pause == delivery.NotPaused {
		l.stored = delivery.Lane{Channel: l.name, Pause: delivery.PausedByEndpoint, Since: time.Now()}
		l.d.notify(Notice{Channel: l.name, Paused: true, Reason: reason(a)})
	}
	l.stored.Reason = reason(a)
	l.stored.Next = time.Now().Add(l.policy.Probe)
	l.save()
}

// recover opens a lane whose endpoint takes cards again.
func (l *lane) recover(d delivery.Delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = ""
	l.backing = time.Time{}
	l.throttles = 0
	if d.State == delivery.Dead || l.stored.Pause != delivery.PausedByEndpoint {
		if l.stored.Pause == delivery.NotPaused && !l.stored.Next.IsZero() {
			l.stored = delivery.Lane{Channel: l.name}
			l.save()
		}
		return
	}
	l.stored = delivery.Lane{Channel: l.name}
	l.save()
	l.broadcast()
	l.d.notify(Notice{Channel: l.name})
}

// save keeps the lane's state. A failure costs nothing but a repeated wait after
// a restart, so it is only logged. The caller holds mu.
func (l *lane) save() {
	stored := l.stored
	l.d.running.Go(func() {
		if err := l.d.options.Store.SaveLane(context.Background(), stored); err != nil {
			l.d.options.Log.Error().Err(err).Str("channel", l.name).Msg("the lane's state could not be kept")
		}
	})
}

// recordEvery is how long to wait before an outcome that could not be kept is
// handed to the store again.
const recordEvery = time.Second

// record keeps an attempt. Nothing else happens in the lane until the store has
// it: a later card must not overtake one whose fate is not known.
func (l *lane) record(a delivery.Attempt, d delivery.Delivery) {
	for {
		err := l.d.options.Store.Record(context.Background(), a, d)
		if err == nil {
			return
		}
		l.d.options.Log.Error().Err(err).Str("channel", l.name).Int64("delivery", d.ID).Msg("the outcome could not be kept; trying again")
		select {
		case <-l.d.interrupt.Done():
			return
		case <-time.After(recordEvery):
		}
	}
}

// log writes the one wide line of an attempt. A failure that repeats itself is
// only worth a line at debug.
func (l *lane) log(d delivery.Delivery, a delivery.Attempt) {
	text := fmt.Sprintf("%s %d %s", a.Verdict, a.Status, a.Detail)
	l.mu.Lock()
	repeated := l.said == text
	l.said = text
	l.mu.Unlock()
	e := l.d.options.Log.Info()
	switch a.Verdict {
	case delivery.VerdictDelivered, delivery.VerdictAccepted:
	default:
		e = l.d.options.Log.Warn()
		if repeated && !d.State.Done() {
			e = l.d.options.Log.Debug()
		}
	}
	e = e.Str("channel", l.name).Int64("delivery", d.ID).Int64("event", d.Event).Str("connector", d.Connector).
		Int("attempt", a.Number).Str("verdict", string(a.Verdict)).Int("status", a.Status).
		Float64("took_ms", float64(a.Took.Microseconds())/1000).Int("bytes", a.Bytes)
	if a.Detail != "" {
		e = e.Str("detail", a.Detail)
	}
	if len(a.Omitted) > 0 {
		e = e.Strs("omitted", a.Omitted)
	}
	if !d.Next.IsZero() {
		e = e.Dur("next_in", time.Until(d.Next))
	}
	e.Msg("attempt")
}
