package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// Events implements [operator.Relay].
func (d *Desk) Events(ctx context.Context, f store.EventFilter) ([]operator.Fated, error) {
	if err := searchable(f.Text); err != nil {
		return nil, err
	}
	f.Limit = min(f.Limit, operator.MostListed)
	found, err := d.options.Store.Events(ctx, f)
	if err != nil {
		return nil, err
	}
	list := make([]operator.Fated, len(found))
	for i, e := range found {
		list[i] = operator.Fated{Event: stored(e.Event, e.Title), Reason: reason(e.Event), Deliveries: append([]store.Standing{}, e.Deliveries...)}
	}
	return list, nil
}

// stored returns a stored event as an operator sees it.
func stored(e store.Event, title string) operator.Event {
	return operator.Event{
		ID: e.ID, Connector: e.Connector, Key: e.Key, Kind: e.Kind, Time: e.Time,
		AcceptedAt: e.AcceptedAt, Fate: e.Fate, Title: title, Card: e.Card, Data: e.Data,
	}
}

// reason says what the routes did with an event.
func reason(e store.Event) string {
	routes, notes := event.Told(e.Traces)
	if e.Fate == event.Muted && len(routes) == 0 { // the relay's own
		return notes
	}
	if len(routes) == 0 && e.Fate == event.Filtered {
		return "the connector has no route"
	}
	var parts []string
	for _, t := range routes {
		var part string
		switch {
		case len(t.Muted) > 0:
			part = t.Muted[0].String()
		case len(t.Suspended) > 0:
			part = "suspended to " + strings.Join(t.Suspended, ", ")
		case t.Reason != "":
			part = t.Reason
		case len(t.Channels) > 0:
			part = "to " + strings.Join(t.Channels, ", ")
		default:
			continue
		}
		parts = append(parts, fmt.Sprintf("route %d: %s", t.Route, part))
	}
	return strings.Join(parts, "; ")
}

// Refusals implements [operator.Relay].
func (d *Desk) Refusals(ctx context.Context, connector string) ([]store.Refusal, error) {
	d.options.Intake.KeepRefusals(ctx)
	list, err := d.options.Store.Refusals(ctx, connector)
	return append([]store.Refusal{}, list...), err
}

// Explain implements [operator.Relay].
func (d *Desk) Explain(ctx context.Context, ref string) ([]operator.Explanation, error) {
	ids, err := d.options.Store.FindEvents(ctx, ref)
	if err != nil {
		return nil, err
	}
	if id, err := strconv.ParseInt(ref, 10, 64); err == nil && !slices.Contains(ids, id) {
		ids = append(ids, id)
	}
	list := []operator.Explanation{}
	var swept int64
	for _, id := range ids {
		e, err := d.explain(ctx, id)
		switch {
		case errors.Is(err, store.ErrSwept):
			swept = id
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return nil, err
		default:
			list = append(list, e)
		}
	}
	switch {
	case len(list) > 0:
		return list, nil
	case swept != 0:
		return nil, fmt.Errorf("event %d: %w any longer: nothing was left to do for it, and it was removed when its retention of %s was over", swept, operator.ErrNotFound, d.options.Daemon.Running().Retention)
	default:
		return nil, fmt.Errorf("event %s: %w; `relay events` lists events by number", ref, operator.ErrNotFound)
	}
}

// explain returns the way of an event with all its deliveries.
func (d *Desk) explain(ctx context.Context, id int64) (operator.Explanation, error) {
	x, err := d.event(ctx, id)
	if err != nil {
		return x, err
	}
	deliveries, err := d.options.Store.Deliveries(ctx, store.Filter{Event: id})
	if err != nil {
		return x, err
	}
	for _, s := range slices.Backward(deliveries) {
		explained, err := d.explained(ctx, s.ID)
		if err != nil {
			return x, err
		}
		x.Deliveries = append(x.Deliveries, explained)
	}
	return x, nil
}

// Delivery implements [operator.Relay].
func (d *Desk) Delivery(ctx context.Context, id int64) (operator.Explanation, error) {
	explained, err := d.explained(ctx, id)
	if err != nil {
		return operator.Explanation{}, err
	}
	x, err := d.event(ctx, explained.Event)
	x.Deliveries = append(x.Deliveries, explained)
	return x, meaning(err)
}

// event returns the beginning of an event's way: what it was, and what its routes did with it.
func (d *Desk) event(ctx context.Context, id int64) (operator.Explanation, error) {
	e, err := d.options.Store.Event(ctx, id)
	if err != nil {
		return operator.Explanation{}, err
	}
	routes, notes := event.Told(e.Traces)
	return operator.Explanation{Event: stored(e, card.ReadHeadline(e.Card)), Notes: notes, Routes: routes, Deliveries: []operator.Explained{}}, nil
}
