package intake

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/route"
	"github.com/connector-relay/relay/relay/store"
)

// commit matches a batch with the connector's routes and stores it whole. It
// returns how many events were new and how many were known.
func (s *source) commit(ctx context.Context, b event.Batch) (fresh, known int, err error) {
	batch := store.Batch{Connector: s.name(), Checkpoint: b.Checkpoint, Events: make([]store.Entry, len(b.Events))}
	if err := s.entries(&batch, b.Events); err != nil {
		return 0, 0, err
	}
	receipts, err := s.intake.options.Store.Accept(ctx, batch)
	if err != nil {
		return 0, 0, err
	}
	for n, r := range receipts {
		if r.Seen {
			known++
			s.intake.metrics.events.WithLabelValues(s.name(), "seen").Inc()
			continue
		}
		fresh++
		s.intake.metrics.events.WithLabelValues(s.name(), string(batch.Events[n].Fate)).Inc()
	}
	if fresh > 0 {
		s.mu.Lock()
		s.lastEvent = time.Now()
		s.mu.Unlock()
		select {
		case s.heard <- struct{}{}:
		default:
		}
	}
	return fresh, known, nil
}

// entries decides the events' fates, unless the relay has to end before it is their
// turn.
func (s *source) entries(batch *store.Batch, events []event.Event) (err error) {
	evaluations := s.intake.room.evaluations
	for n, e := range events {
		if err := evaluations.Acquire(s.intake.ctx, 1); err != nil {
			return ErrStopped
		}
		batch.Events[n], err = s.entry(e)
		evaluations.Release(1)
		if err != nil {
			return fmt.Errorf("event %s: %w", e.Key, err)
		}
	}
	return nil
}

// entry decides an event's fate. A channel that several routes name gets the card
// once, as the first of them that matches changed it, and urgently if one of those
// that match says so.
//
// A route whose condition cannot be evaluated makes a dead letter for each of its
// channels, so that a person decides what it could not; but not for those that get
// the card by another route.
func (s *source) entry(e event.Event) (store.Entry, error) {
	routes := s.connector.Routes
	entry := store.Entry{Event: e, Fate: event.Filtered, Traces: make([]event.Trace, len(routes))}
	var failed []int
	for n, r := range routes {
		result := route.Result{Matched: true}
		if r.Conditional() {
			result = r.Apply(s.name(), e)
		}
		entry.Traces[n] = event.Trace{Route: n + 1, Matched: result.Matched, Reason: result.Reason}
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
			s.deliver(&entry, n, draft)
		}
	}
	for _, n := range failed {
		s.deliver(&entry, n, store.Draft{Dead: fmt.Sprintf("route %d: %s", n+1, entry.Traces[n].Reason)})
	}
	return entry, nil
}

// deliver adds a route's deliveries to the channels that have none yet and that the
// connector's owner may post to.
func (s *source) deliver(entry *store.Entry, n int, draft store.Draft) {
	trace := &entry.Traces[n]
	for _, channel := range s.connector.Routes[n].To {
		if s.connector.Suspended[channel] != "" {
			trace.Suspended = append(trace.Suspended, channel)
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
	if len(entry.Deliveries) > 0 || len(trace.Suspended) == 0 {
		entry.Fate = event.Routed
	} else if entry.Fate == event.Filtered {
		entry.Fate = event.Suspended
	}
}
