package dispatch

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/delivery"
)

// countWithin bounds the store's counting of what waits.
const countWithin = 10 * time.Second

// report counts an attempt and the deliveries that it ended, and logs it. A failure
// that only repeats the lane's last one is logged at debug.
func (l *lane) report(results []delivery.Result, s decision) {
	a, d := results[0].Attempt, results[0].Delivery
	if c := l.metrics.attempts[a.Verdict]; c != nil {
		c.Inc()
	}
	for _, r := range results {
		if c := l.metrics.deliveries[r.Delivery.State]; c != nil {
			c.Inc()
		}
	}
	l.metrics.seconds.Observe(a.Took.Seconds())
	level := zerolog.InfoLevel
	trouble := describe(a)
	l.mu.Lock()
	switch {
	case trouble == "":
	case trouble == l.trouble && s.delivery.State == delivery.Waiting:
		level = zerolog.DebugLevel
	default:
		level = zerolog.WarnLevel
	}
	if a.Verdict != delivery.VerdictInterrupted {
		l.trouble = trouble
	}
	l.mu.Unlock()
	e := l.log.WithLevel(level)
	if e == nil {
		return
	}
	e.Int64("delivery", d.ID).Int64("event", d.Event).Str("connector", d.Connector).
		Int("attempt", a.Number).Str("verdict", string(a.Verdict)).Int("status", a.Status).
		Float64("took_ms", float64(a.Took.Microseconds())/1000).Int("bytes", a.Bytes)
	if a.Gathered > 0 {
		e.Int("cards", a.Gathered)
	}
	if s.wait > 0 {
		e.Dur("next_in", s.wait)
	}
	if a.Detail != "" {
		e.Str("detail", a.Detail)
	}
	if len(a.Omitted) > 0 {
		e.Strs("omitted", a.Omitted)
	}
	if a.PossibleDuplicate {
		e.Bool("possible_duplicate", true)
	}
	if s.delivery.State == delivery.Dead {
		e.Str("dead", s.delivery.Reason)
	}
	e.Msg("attempt")
}

// describe is a failed attempt in one line, or empty for a successful one.
func describe(a delivery.Attempt) string {
	switch a.Verdict {
	case delivery.VerdictDelivered, delivery.VerdictAccepted, delivery.VerdictInterrupted:
		return ""
	}
	if a.Detail == "" {
		return string(a.Verdict)
	}
	return fmt.Sprintf("%s: %s", a.Verdict, a.Detail)
}

// notify reports that the lane has paused or opened by itself.
func (l *lane) notify(n Notice) {
	if n.Paused {
		l.log.Warn().Str("reason", n.Reason).Msg("lane paused: the endpoint refuses cards; its deliveries wait, and its head is tried now and then")
	} else {
		l.log.Info().Msg("lane open again: the endpoint takes cards")
	}
	l.d.notify(n)
}

// Lanes returns all lanes by channel, as they are now: those that run here, and, with no
// state, including those that only the store knows. When the store cannot be asked, the counts
// are the last it gave.
func (d *Dispatcher) Lanes() []Lane {
	ctx, cancel := context.WithTimeout(context.Background(), countWithin)
	defer cancel()
	stored, err := d.store.Lanes(ctx)
	d.mu.Lock()
	if err == nil {
		d.counted = make(map[string]delivery.Lane, len(stored))
		for _, s := range stored {
			d.counted[s.Channel] = s
		}
	} else {
		d.log.Warn().Err(err).Msg("could not count the waiting deliveries")
	}
	counted := d.withMoves(d.counted)
	running := make([]*lane, 0, len(d.lanes))
	for _, l := range d.lanes {
		running = append(running, l)
	}
	d.mu.Unlock()

	now := time.Now()
	list := make([]Lane, 0, len(running))
	known := make(map[string]bool, len(running))
	for _, l := range running {
		if l.retired() {
			continue
		}
		s := l.status(now)
		s.Waiting, s.Oldest = counted[l.name].Waiting, counted[l.name].Oldest
		known[l.name] = true
		list = append(list, s)
	}
	for name, s := range counted {
		if !known[name] {
			list = append(list, Lane{Lane: s})
		}
	}
	slices.SortFunc(list, func(a, b Lane) int { return cmp.Compare(a.Channel, b.Channel) })
	return list
}
