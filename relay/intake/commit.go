package intake

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/mute"
	"github.com/connector-relay/relay/relay/route"
	"github.com/connector-relay/relay/relay/store"
)

// commitEvents and commitBytes bound one commit, so that others do not wait long for
// it. A larger batch is stored in several.
const (
	commitEvents = 256
	commitBytes  = 1 << 20
)

// wholeEvents bounds a batch that must be stored in one commit.
const wholeEvents = 2048

// submission is a batch on its way into the store.
type submission struct {
	event.Batch
	// fingerprint is what a known event's own must equal; nil accepts any.
	fingerprint []byte
	// whole stores the batch in one commit or not at all. A batch with a keyless event is
	// always stored whole: a retry could not recognise what is already stored.
	whole bool
	// shorten replaces an event that is too large by a short one instead of refusing the
	// batch.
	shorten bool
}

// outcome is what became of a batch.
type outcome struct {
	// fresh events are new; known ones were reported before.
	fresh, known int
	// numbers are the stored events' numbers, without known events that have been swept.
	numbers []int64
}

// commit matches a batch with the connector's routes and stores it. Of the commits that
// a large batch takes, only the last moves the checkpoint: when one fails, the next
// poll reports the whole batch again, and stored events are recognised by their keys.
func (r *runner) commit(ctx context.Context, in submission) (outcome, error) {
	var out outcome
	whole := in.whole || slices.ContainsFunc(in.Events, func(e event.Event) bool { return e.Key == "" })
	if whole && len(in.Events) > wholeEvents {
		return out, fmt.Errorf("%w: %d events that must be stored together; at most %d are allowed", errTooLarge, len(in.Events), wholeEvents)
	}
	batch, size := store.Batch{Connector: r.name()}, 0
	for _, e := range in.Events {
		entry, bytes, err := r.bounded(e, in.shorten)
		if err != nil {
			return out, fmt.Errorf("event %s: %w", e.Key, err)
		}
		entry.Fingerprint = in.fingerprint
		if n := len(batch.Events); !whole && n > 0 && (n == commitEvents || size+bytes > commitBytes) {
			if err := r.store(ctx, batch, &out); err != nil {
				return out, err
			}
			batch.Events, size = nil, 0
		}
		batch.Events, size = append(batch.Events, entry), size+bytes
	}
	batch.Checkpoint = in.Checkpoint
	return out, r.store(ctx, batch, &out)
}

// store makes one commit.
func (r *runner) store(ctx context.Context, batch store.Batch, out *outcome) error {
	if len(batch.Events) > 0 {
		if err := r.within(time.Now()); err != nil {
			return err
		}
	}
	receipts, err := r.intake.options.Store.Accept(ctx, batch)
	if err != nil {
		return err
	}
	fresh := 0
	for n, receipt := range receipts {
		if receipt.Event != 0 {
			out.numbers = append(out.numbers, receipt.Event)
		}
		if receipt.Seen {
			out.known++
			r.intake.metrics.events.WithLabelValues(r.name(), "seen").Inc()
			continue
		}
		fresh++
		r.intake.metrics.events.WithLabelValues(r.name(), string(batch.Events[n].Fate)).Inc()
	}
	if fresh == 0 {
		return nil
	}
	out.fresh += fresh
	r.quota.spend(time.Now(), fresh)
	r.mu.Lock()
	r.lastEvent = time.Now()
	r.mu.Unlock()
	select {
	case r.heard <- struct{}{}:
	default:
	}
	return nil
}

// bounded returns the store entry of an event and its size in bytes. An event larger
// than the connector's quota is refused, or replaced by a card that says so.
func (r *runner) bounded(e event.Event, shorten bool) (entry store.Entry, bytes int, err error) {
	encoded, err := e.Card.MarshalJSON()
	if err != nil {
		return entry, 0, fmt.Errorf("encode its card: %w", err)
	}
	bytes = len(encoded) + len(e.Data)
	if limit := r.quota.eventBytes; int64(bytes) > limit {
		if !shorten {
			return entry, bytes, fmt.Errorf("%w: it has %d bytes, and the connector's quota allows %d", errTooLarge, bytes, limit)
		}
		e = shortened(e, bytes, limit)
		if encoded, err = e.Card.MarshalJSON(); err != nil {
			return entry, 0, fmt.Errorf("encode its card: %w", err)
		}
		bytes = len(encoded)
	}
	entry, err = r.evaluate(e)
	entry.Encoded = encoded
	return entry, bytes, err
}

// shortened returns what stands in for an event that is too large: its headline and its
// size.
func shortened(e event.Event, bytes int, limit int64) event.Event {
	e.Data = nil
	text := fmt.Sprintf("This card was left out: with its data it had %d bytes, and the connector's quota allows %d.", bytes, limit)
	e.Card = card.Card{Title: card.Cut(e.Card.Headline(), 200), Text: text}
	return e
}

// evaluate decides an event's fate when a processor is free, unless the relay stops
// first.
func (r *runner) evaluate(e event.Event) (store.Entry, error) {
	evaluations := r.intake.budget.evaluations
	if err := evaluations.Acquire(r.intake.ctx, 1); err != nil {
		return store.Entry{}, ErrStopped
	}
	defer evaluations.Release(1)
	return r.entry(e)
}

// entry decides an event's fate. A channel named by several matching routes gets the
// card once, as the first of them changes it, and urgently if any of them says so.
//
// A route whose condition cannot be evaluated makes a dead letter for each of its
// channels, so that a person can decide, except for channels that get the card by
// another route.
func (r *runner) entry(e event.Event) (store.Entry, error) {
	routes := r.connector.Routes
	entry := store.Entry{Event: e, Fate: event.Filtered, Traces: make([]event.Trace, len(routes))}
	muted := r.intake.options.Mutes.Over(r.name(), e)
	var failed []int
	for n, rt := range routes {
		result := route.Result{Matched: true}
		if rt.Conditional() {
			result = rt.Apply(r.name(), e)
		}
		entry.Traces[n] = event.Trace{Route: n + 1, Matched: result.Matched, Reason: result.Reason}
		if result.Flawed {
			r.flawed(n+1, result.Reason)
		}
		switch {
		case result.Failed:
			failed = append(failed, n)
		case result.Matched:
			draft := store.Draft{Urgent: result.Urgent}
			if result.Card != nil {
				var err error
				if draft.Card, err = result.Card.MarshalJSON(); err != nil {
					return entry, fmt.Errorf("encode the card of route %d: %w", n+1, err)
				}
			}
			r.deliver(&entry, n, draft, muted)
		}
	}
	if len(e.Notes) > 0 {
		entry.Traces = append(entry.Traces, event.Trace{Reason: strings.Join(e.Notes, " ")})
	}
	for _, n := range failed {
		r.deliver(&entry, n, store.Draft{Dead: fmt.Sprintf("route %d: %s", n+1, entry.Traces[n].Reason)}, muted)
	}
	return entry, nil
}

// deliver adds a route's deliveries to the channels that have none yet, to which the
// connector's owner may post, and for which the event is not muted.
func (r *runner) deliver(entry *store.Entry, n int, draft store.Draft, muted mute.Ruling) {
	trace := &entry.Traces[n]
	for _, channel := range r.connector.Routes[n].To {
		if r.connector.Suspended[channel] != "" {
			trace.Suspended = append(trace.Suspended, channel)
			continue
		}
		if m := muted.For(channel); m != nil {
			trace.Muted = m.Note(trace.Muted, channel)
			continue
		}
		if at := slices.IndexFunc(entry.Deliveries, func(d store.Draft) bool { return d.Channel == channel }); at >= 0 {
			entry.Deliveries[at].Urgent = entry.Deliveries[at].Urgent || draft.Urgent
			continue
		}
		draft.Channel = channel
		entry.Deliveries = append(entry.Deliveries, draft)
		trace.Channels = append(trace.Channels, channel)
	}
	switch {
	case len(entry.Deliveries) > 0 || len(trace.Suspended)+len(trace.Muted) == 0:
		entry.Fate = event.Routed
	case entry.Fate == event.Filtered && len(trace.Muted) == 0:
		entry.Fate = event.Suspended
	case entry.Fate != event.Routed && len(trace.Muted) > 0:
		entry.Fate = event.Muted
	}
}
