package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/preview"
	"github.com/connector-relay/relay/relay/route"
	"github.com/connector-relay/relay/relay/store"
)

// What somebody who tries things out may cost.
const (
	// playersAtOnce and examinersAtOnce are how many may do so at a time, and playWithin how
	// long each waits for her turn and then takes.
	playersAtOnce   = 2
	examinersAtOnce = 4
	playWithin      = 10 * time.Second
	// maxPaste bounds a body, and pastedCards and pastedBytes what is shown of it.
	maxPaste    = 1 << 20
	pastedCards = 5
	pastedBytes = 4 << 20
	// triedEvents is on how many events a route is tried, and triedBytes bounds the cards
	// that are shown.
	triedEvents = 20
	triedBytes  = 1 << 20
	// examinedWithin bounds an examination, which may have to wait for a chat system.
	examinedWithin = 2 * time.Minute
)

// turns lets so many do something costly at a time.
type turns chan struct{}

// take does it, in the time that each has, when it is somebody's turn.
func (t turns) take(ctx context.Context, within time.Duration, do func(context.Context) error) error {
	busy := time.NewTimer(playWithin)
	defer busy.Stop()
	select {
	case t <- struct{}{}:
		defer func() { <-t }()
	case <-busy.C:
		return fmt.Errorf("%w: others are trying things out; try again in a moment", operator.ErrBusy)
	case <-ctx.Done():
		return ctx.Err()
	}
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := do(limited)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return fmt.Errorf("%w: it takes longer than %s", operator.ErrInvalid, within)
	}
	return err
}

// Preview implements [operator.Relay].
func (d *Desk) Preview(ctx context.Context, p operator.Paste) (operator.Pasted, error) {
	shown := operator.Pasted{Notes: []string{}, Cards: []json.RawMessage{}, Previews: []operator.Preview{}}
	if len(p.Body) > maxPaste {
		return shown, fmt.Errorf("%w: the body is larger than %d bytes, and so than any card", operator.ErrInvalid, maxPaste)
	}
	err := d.players.take(ctx, playWithin, func(ctx context.Context) error {
		events, err := d.pasted(ctx, p, &shown)
		if err != nil {
			return err
		}
		for i, e := range events[:min(len(events), pastedCards)] {
			if err := show(ctx, &shown, i+1, e, p.ChannelType); err != nil {
				return err
			}
		}
		shown.Left += max(0, len(events)-pastedCards)
		return nil
	})
	return shown, err
}

// pasted returns the events in a paste.
func (d *Desk) pasted(ctx context.Context, p operator.Paste, shown *operator.Pasted) (events []event.Event, err error) {
	if p.Body != "" {
		events, shown.Refused, err = preview.Receive(ctx, []byte(p.Body))
		return events, err
	}
	samples, _, err := d.samples(p.Type)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(samples, func(e event.Event) bool { return e.Kind == p.Kind })
	if at < 0 {
		return nil, fmt.Errorf("kind %q of type %q: %w; paste a body, or name a kind that the type has", p.Kind, p.Type, operator.ErrNotFound)
	}
	return samples[at : at+1], nil
}

// show adds an event's card, in each format as far as there is room.
func show(ctx context.Context, shown *operator.Pasted, number int, e event.Event, only string) error {
	b, err := e.Card.MarshalJSON()
	if err != nil {
		return fmt.Errorf("card %d: %w", number, err)
	}
	previews, err := preview.Write(ctx, number, e, only)
	if err != nil {
		return fmt.Errorf("%w: card %d: %w", operator.ErrInvalid, number, err)
	}
	shown.Notes = append(shown.Notes, e.Notes...)
	shown.Cards = append(shown.Cards, b)
	size := 0
	for _, p := range shown.Previews {
		size += p.Bytes
	}
	for _, p := range previews {
		if size += p.Bytes; size > pastedBytes {
			shown.Left++
			continue
		}
		shown.Previews = append(shown.Previews, p)
	}
	return nil
}

// samples returns a sample event of each kind that a connector type has, and the names of
// the kinds.
func (d *Desk) samples(typ string) (samples []event.Event, kinds []string, err error) {
	types := d.options.Plugins.Types()
	t, ok := types[typ]
	if !ok {
		return nil, nil, fmt.Errorf("connector type %q: %w among those that run: %v", typ, operator.ErrNotFound, slices.Sorted(maps.Keys(types)))
	}
	return samplesOf(t.Kinds), kindsOf(t.Kinds), nil
}

func kindsOf(kinds []connector.Kind) (names []string) {
	for _, k := range kinds {
		names = append(names, k.Name)
	}
	return names
}

func samplesOf(kinds []connector.Kind) (samples []event.Event) {
	for _, k := range kinds {
		s := k.Sample
		s.Kind = k.Name
		samples = append(samples, s)
	}
	return samples
}

// TryRoute implements [operator.Relay].
func (d *Desk) TryRoute(ctx context.Context, draft operator.RouteDraft) (operator.RouteTrial, error) {
	trial := operator.RouteTrial{Flaws: []operator.Flaw{}, Events: []operator.RoutedEvent{}}
	now := d.options.Daemon.Running()
	typ, name := draft.Type, draft.Connector
	if name != "" {
		if typ = now.Connectors[name]; typ == "" {
			return trial, fmt.Errorf("connector %s: %w; `relay connectors` lists them", name, operator.ErrNotFound)
		}
	}
	samples, kinds, err := d.samples(typ)
	if err != nil {
		return trial, err
	}
	channels := draft.Channels
	if channels == nil {
		channels = slices.Sorted(maps.Keys(now.Channels))
	}
	err = d.players.take(ctx, playWithin, func(ctx context.Context) error {
		r, flaws := route.Draft(draft.Route, channels, name, kinds, samples)
		for _, f := range flaws {
			trial.Flaws = append(trial.Flaws, operator.Flaw(f))
		}
		if r == nil {
			return nil
		}
		events, err := d.recent(ctx, name)
		if len(events) == 0 {
			for _, s := range samples {
				events = append(events, numbered{Event: s})
			}
		}
		trial.Events = try(ctx, r, name, events)
		return err
	})
	return trial, err
}

// numbered is an event, and its number if it is stored.
type numbered struct {
	event.Event
	id int64
}

// recent returns a connector's last events, newest first.
func (d *Desk) recent(ctx context.Context, name string) (list []numbered, err error) {
	if name == "" {
		return nil, nil
	}
	found, err := d.options.Store.Events(ctx, store.EventFilter{Connector: name, Limit: triedEvents})
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		e, err := d.options.Store.Event(ctx, f.ID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			continue // it was swept just now
		case err != nil:
			return nil, err
		}
		c, err := card.Parse(e.Card)
		if err != nil {
			return nil, fmt.Errorf("the stored card of event %d: %w", e.ID, err)
		}
		list = append(list, numbered{event.Event{Key: e.Key, Kind: e.Kind, Thread: e.Thread, Time: e.Time, Card: c, Data: e.Data}, e.ID})
	}
	return list, nil
}

// try applies a route to events, as long as there is time.
func try(ctx context.Context, r *route.Route, name string, events []numbered) []operator.RoutedEvent {
	list, size := make([]operator.RoutedEvent, 0, len(events)), 0
	for _, e := range events {
		o := operator.RoutedEvent{Event: e.id, Kind: e.Kind, Title: e.Card.Headline(), Time: e.Time, Reason: "not tried: the others took too long"}
		if ctx.Err() == nil {
			result := r.Apply(name, e.Event)
			o.Matched, o.Urgent, o.Reason = result.Matched, result.Urgent, result.Reason
			if result.Card != nil {
				e.Card = *result.Card
			}
		}
		if o.Matched {
			if b, err := e.Card.MarshalJSON(); err == nil && size+len(b) <= triedBytes {
				o.Card = b
				size += len(b)
			}
		}
		list = append(list, o)
	}
	return list
}

// Doctor implements [operator.Relay].
func (d *Desk) Doctor(ctx context.Context, channel string) (x operator.Examination, err error) {
	err = d.examiners.take(ctx, examinedWithin, func(ctx context.Context) error {
		x, err = d.options.Daemon.Examine(ctx, channel)
		if err == nil || ctx.Err() != nil || errors.Is(err, operator.ErrNotFound) {
			return err
		}
		return declinedError{err} // a mistake of the configuration, in words for a person
	})
	return x, err
}
