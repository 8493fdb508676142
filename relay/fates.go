package relay

import (
	"context"
	"fmt"
	"strings"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// Events implements [operator.Relay].
func (r *Relay) Events(ctx context.Context, q operator.EventQuery) ([]operator.Fated, error) {
	found, err := r.store.Events(ctx, store.EventFilter{
		Connector: q.Connector, Kind: q.Kind, Key: q.Key, Fates: q.Fates, Since: q.Since, Text: q.Text,
		Before: q.Before, Limit: min(q.Limit, operator.MostListed),
	})
	if err != nil {
		return nil, err
	}
	list := make([]operator.Fated, len(found))
	for i, e := range found {
		list[i] = operator.Fated{Reason: reason(e), Deliveries: make([]operator.Standing, len(e.Deliveries)), Event: operator.Event{
			ID: e.ID, Connector: e.Connector, Key: e.Key, Kind: e.Kind, Time: e.Time, AcceptedAt: e.AcceptedAt, Fate: e.Fate, Title: e.Title,
		}}
		for n, d := range e.Deliveries {
			list[i].Deliveries[n] = operator.Standing(d)
		}
	}
	return list, nil
}

// reason says what the routes made of an event.
func reason(e store.EventSummary) string {
	routes, _ := event.Told(e.Traces)
	if len(routes) == 0 && e.Fate == event.Filtered {
		return "the connector has no route"
	}
	var parts []string
	for _, t := range routes {
		var part string
		switch {
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
func (r *Relay) Refusals(ctx context.Context, connector string) ([]operator.Refusal, error) {
	r.intake.KeepRefusals(ctx)
	found, err := r.store.Refusals(ctx, connector)
	if err != nil {
		return nil, err
	}
	list := make([]operator.Refusal, len(found))
	for i, f := range found {
		list[i] = operator.Refusal(f)
	}
	return list, nil
}
