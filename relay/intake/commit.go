package intake

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/route"
	"github.com/connector-relay/relay/relay/store"
)

// One commit takes so many events at most, and about so many bytes of them, so that
// nobody else waits long for it; a larger batch is stored in several.
const (
	commitEvents = 256
	commitBytes  = 1 << 20
)

// wholeEvents is how many events a batch may have that has to be stored in one commit.
const wholeEvents = 2048

// intent is a batch on its way into the store.
type intent struct {
	event.Batch
	// Fingerprint is what all events have to have whose keys are known; nil when it
	// does not matter.
	fingerprint []byte
	// whole says that the batch is stored whole or not at all. A batch is as well that
	// has an event without a key: stored again, it would be another one.
	whole bool
	// shorten makes an event that is too large smaller, instead of refusing the batch.
	shorten bool
}

// outcome is what became of a batch.
type outcome struct {
	// fresh events were new, known ones had been reported before.
	fresh, known int
	// numbers are the events' as stored; that of a known event that has been swept is
	// not among them.
	numbers []int64
}

// commit matches a batch with the connector's routes and stores it. A large batch is
// stored in several commits, of which only the last moves the checkpoint: when one
// fails, the source reports all of the batch again, and what is stored is known by its
// key.
func (s *source) commit(ctx context.Context, in intent) (outcome, error) {
	var out outcome
	whole := in.whole || slices.ContainsFunc(in.Events, func(e event.Event) bool { return e.Key == "" })
	if whole && len(in.Events) > wholeEvents {
		return out, fmt.Errorf("%w: %d events at once that must be stored together; at most %d are allowed", errTooLarge, len(in.Events), wholeEvents)
	}
	batch, size := store.Batch{Connector: s.name()}, 0
	for _, e := range in.Events {
		entry, bytes, err := s.bounded(e, in.shorten)
		if err != nil {
			return out, fmt.Errorf("event %s: %w", e.Key, err)
		}
		entry.Fingerprint = in.fingerprint
		if n := len(batch.Events); !whole && n > 0 && (n == commitEvents || size+bytes > commitBytes) {
			if err := s.store(ctx, batch, &out); err != nil {
				return out, err
			}
			batch.Events, size = nil, 0
		}
		batch.Events, size = append(batch.Events, entry), size+bytes
	}
	batch.Checkpoint = in.Checkpoint
	return out, s.store(ctx, batch, &out)
}

// store is one commit.
func (s *source) store(ctx context.Context, batch store.Batch, out *outcome) error {
	if len(batch.Events) > 0 {
		if err := s.within(time.Now()); err != nil {
			return err
		}
	}
	receipts, err := s.intake.options.Store.Accept(ctx, batch)
	if err != nil {
		return err
	}
	fresh := 0
	for n, r := range receipts {
		if r.Event != 0 {
			out.numbers = append(out.numbers, r.Event)
		}
		if r.Seen {
			out.known++
			s.intake.metrics.events.WithLabelValues(s.name(), "seen").Inc()
			continue
		}
		fresh++
		s.intake.metrics.events.WithLabelValues(s.name(), string(batch.Events[n].Fate)).Inc()
	}
	if fresh == 0 {
		return nil
	}
	out.fresh += fresh
	s.quota.spend(time.Now(), fresh)
	s.mu.Lock()
	s.lastEvent = time.Now()
	s.mu.Unlock()
	select {
	case s.heard <- struct{}{}:
	default:
	}
	return nil
}

// bounded makes the entry of an event, and says how many bytes it has. An event that
// is larger than the connector's quota allows is refused, or told of by a card in its
// place.
func (s *source) bounded(e event.Event, shorten bool) (entry store.Entry, bytes int, err error) {
	encoded, err := e.Card.MarshalJSON()
	if err != nil {
		return entry, 0, fmt.Errorf("encode its card: %w", err)
	}
	bytes = len(encoded) + len(e.Data)
	if limit := s.quota.eventBytes; int64(bytes) > limit {
		if !shorten {
			return entry, bytes, fmt.Errorf("%w: it has %d bytes, and the connector's quota allows %d", errTooLarge, bytes, limit)
		}
		e = shortened(e, bytes, limit)
		if encoded, err = e.Card.MarshalJSON(); err != nil {
			return entry, 0, fmt.Errorf("encode its card: %w", err)
		}
		bytes = len(encoded)
	}
	entry, err = s.evaluate(e)
	entry.Encoded = encoded
	return entry, bytes, err
}

// shortened is an event that says of a larger one what it was about.
func shortened(e event.Event, bytes int, limit int64) event.Event {
	e.Data = nil
	text := fmt.Sprintf("The card was left out: it had %d bytes with its data, and the quota of the connector allows %d.", bytes, limit)
	e.Card = card.Card{Title: card.Cut(e.Card.Headline(), 200), Text: text}
	return e
}

// evaluate decides an event's fate when it is its turn, unless the relay has to end
// before.
func (s *source) evaluate(e event.Event) (store.Entry, error) {
	evaluations := s.intake.room.evaluations
	if err := evaluations.Acquire(s.intake.ctx, 1); err != nil {
		return store.Entry{}, ErrStopped
	}
	defer evaluations.Release(1)
	return s.entry(e)
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
		if result.Flawed {
			s.flawed(n+1, result.Reason)
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
			s.deliver(&entry, n, draft)
		}
	}
	if len(e.Notes) > 0 {
		entry.Traces = append(entry.Traces, event.Trace{Reason: strings.Join(e.Notes, " ")})
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
