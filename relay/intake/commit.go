package intake

import (
	"context"
	"fmt"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/route"
	"github.com/connector-relay/relay/relay/store"
)

// commit matches a batch with the connector's routes and stores it whole. It
// returns how many events were new and how many were known.
func (s *source) commit(ctx context.Context, b event.Batch) (fresh, known int, err error) {
	batch := store.Batch{Connector: s.name(), Checkpoint: b.Checkpoint}
	for _, e := range b.Events {
		entry, err := s.entry(e)
		if err != nil {
			return 0, 0, fmt.Errorf("event %s: %w", e.Key, err)
		}
		batch.Events = append(batch.Events, entry)
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
		s.sawEvent()
	}
	return fresh, known, nil
}

// entry decides an event's fate. A channel that several routes name gets the card
// once, as the first of them changed it.
func (s *source) entry(e event.Event) (store.Entry, error) {
	entry := store.Entry{Event: e, Fate: event.Filtered}
	routes := s.connector.Routes
	if len(routes) == 1 && !routes[0].Conditional() {
		// The usual case needs no trace: it is the same for all events.
		entry.Fate = event.Routed
		entry.Traces = []event.Trace{{Route: 1, Matched: true, Channels: routes[0].To}}
		for _, channel := range routes[0].To {
			entry.Deliveries = append(entry.Deliveries, store.Draft{Channel: channel})
		}
		return entry, nil
	}
	taken := make(map[string]bool)
	for n, r := range routes {
		result := r.Apply(s.name(), e)
		trace := event.Trace{Route: n + 1, Matched: result.Matched, Reason: result.Reason}
		if result.Matched || result.Failed {
			drafts, err := drafts(r, result, taken)
			if err != nil {
				return entry, err
			}
			for _, d := range drafts {
				trace.Channels = append(trace.Channels, d.Channel)
			}
			entry.Deliveries = append(entry.Deliveries, drafts...)
			entry.Fate = event.Routed
		}
		entry.Traces = append(entry.Traces, trace)
	}
	return entry, nil
}

// drafts makes the deliveries that one route leads to, to channels that no
// earlier route has taken. A condition that could not be evaluated makes dead
// letters: a person decides what the route could not.
func drafts(r *route.Route, result route.Result, taken map[string]bool) ([]store.Draft, error) {
	var encoded []byte
	if result.Card != nil {
		var err error
		if encoded, err = result.Card.MarshalJSON(); err != nil {
			return nil, fmt.Errorf("encode card: %w", err)
		}
	}
	var list []store.Draft
	for _, channel := range r.To {
		if taken[channel] {
			continue
		}
		taken[channel] = true
		d := store.Draft{Channel: channel, Card: encoded}
		if result.Failed {
			d.Dead = result.Reason
		}
		list = append(list, d)
	}
	return list, nil
}
