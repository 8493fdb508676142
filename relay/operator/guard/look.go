package guard

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// Status implements [operator.Relay]. Who does not see everything gets the numbers and
// problems of what she sees, and nothing about the machine.
func (g *Guard) Status(ctx context.Context) (operator.Status, error) {
	v, err := g.look(ctx)
	if err != nil {
		return operator.Status{}, err
	}
	s, err := g.relay.Status(ctx)
	if err != nil || v.SeesAll() {
		return s, err
	}
	hers := operator.Status{Version: s.Version, Started: s.Started, Configured: s.Configured, Problems: []string{}}
	channels, err := g.Channels(ctx)
	if err != nil {
		return hers, err
	}
	problems, err := g.Problems(ctx)
	for _, c := range channels {
		hers.Channels, hers.Waiting, hers.Dead = hers.Channels+1, hers.Waiting+c.Waiting, hers.Dead+c.Dead
	}
	for _, p := range problems {
		hers.Problems = append(hers.Problems, p.Text)
	}
	hers.Connectors = len(v.withinEvents().Connectors)
	return hers, err
}

// seen asks for a list and leaves out what somebody does not see.
func seen[T any](ctx context.Context, g *Guard, ask func(operator.Relay, context.Context) ([]T, error), sees func(view, T) bool) ([]T, error) {
	v, err := g.look(ctx)
	if err != nil {
		return nil, err
	}
	list, err := ask(g.relay, ctx)
	return slices.DeleteFunc(list, func(e T) bool { return !sees(v, e) }), err
}

// Problems implements [operator.Relay].
func (g *Guard) Problems(ctx context.Context) ([]operator.Problem, error) {
	return seen(ctx, g, operator.Relay.Problems, view.seesProblem)
}

// Channels implements [operator.Relay].
func (g *Guard) Channels(ctx context.Context) ([]operator.Channel, error) {
	return seen(ctx, g, operator.Relay.Channels, func(v view, c operator.Channel) bool { return v.seesChannel(c.Name) })
}

// Plugins implements [operator.Relay].
func (g *Guard) Plugins(ctx context.Context) ([]operator.Plugin, error) {
	return seen(ctx, g, operator.Relay.Plugins, func(v view, _ operator.Plugin) bool { return v.SeesAll() })
}

// PluginLog implements [operator.Relay]. A plugin serves everybody's connectors.
func (g *Guard) PluginLog(ctx context.Context, plugin string) ([]operator.LogLine, error) {
	v, err := g.look(ctx)
	if err == nil && !v.SeesAll() {
		err = missing("plugin", plugin)
	}
	if err != nil {
		return nil, err
	}
	return g.relay.PluginLog(ctx, plugin)
}

// Configuration implements [operator.Relay]. The files tell of everybody's connectors.
func (g *Guard) Configuration(ctx context.Context) ([]operator.File, error) {
	v, err := g.look(ctx)
	if err == nil && !v.SeesAll() {
		err = fmt.Errorf("%w: the configuration is for ops and readers", operator.ErrForbidden)
	}
	if err != nil {
		return nil, err
	}
	return g.relay.Configuration(ctx)
}

// Connectors implements [operator.Relay].
func (g *Guard) Connectors(ctx context.Context) ([]operator.Connector, error) {
	v, err := g.look(ctx)
	if err != nil {
		return nil, err
	}
	list, err := g.relay.Connectors(ctx)
	list = slices.DeleteFunc(list, func(c operator.Connector) bool { return !v.seesConnector(c.Name) })
	for i := range list {
		v.hideHooks(&list[i])
		if !v.SeesAll() && !v.managesConnector(list[i].Name) {
			list[i].Suspended = nil // it names channels
		}
	}
	return list, err
}

// hideHooks removes a connector's hook URLs unless it is hers: whoever has one can post.
func (v view) hideHooks(c *operator.Connector) {
	if v.managesConnector(c.Name) {
		return
	}
	c.HookURL = ""
	if c.FormerHook != nil {
		former := *c.FormerHook
		former.URL, c.FormerHook = "", &former
	}
}

// Deliveries implements [operator.Relay].
func (g *Guard) Deliveries(ctx context.Context, f store.Filter) ([]operator.Delivery, error) {
	v, err := g.look(ctx)
	if err != nil {
		return nil, err
	}
	f.Within = v.within()
	return g.relay.Deliveries(ctx, f)
}

// Count implements [operator.Relay].
func (g *Guard) Count(ctx context.Context, f store.Filter) (operator.Count, error) {
	v, err := g.look(ctx)
	if err != nil {
		return operator.Count{}, err
	}
	f.Within = v.within()
	return g.relay.Count(ctx, f)
}

// Rates implements [operator.Relay].
func (g *Guard) Rates(ctx context.Context) (operator.Rates, error) {
	v, err := g.look(ctx)
	if err != nil {
		return operator.Rates{}, err
	}
	r, err := g.relay.Rates(ctx)
	maps.DeleteFunc(r.Events, func(connector string, _ []int) bool { return !v.seesConnector(connector) })
	maps.DeleteFunc(r.Deliveries, func(channel string, _ []int) bool { return !v.seesChannel(channel) })
	return r, err
}

// Events implements [operator.Relay].
func (g *Guard) Events(ctx context.Context, f store.EventFilter) ([]operator.Fated, error) {
	v, err := g.look(ctx)
	if err != nil {
		return nil, err
	}
	f.Within = v.withinEvents()
	list, err := g.relay.Events(ctx, f)
	for i := range list {
		list[i].Deliveries = slices.DeleteFunc(list[i].Deliveries, func(d store.Standing) bool { return !v.seesDelivery(d.Channel, list[i].Connector) })
		if !v.SeesAll() && !v.managesConnector(list[i].Connector) {
			list[i].Reason = "" // it names channels
		}
	}
	return list, err
}

// Refusals implements [operator.Relay].
func (g *Guard) Refusals(ctx context.Context, connector string) ([]store.Refusal, error) {
	v, err := g.look(ctx)
	if err == nil && connector != "" && !v.seesConnector(connector) {
		err = missing("connector", connector)
	}
	if err != nil {
		return nil, err
	}
	list, err := g.relay.Refusals(ctx, connector)
	return slices.DeleteFunc(list, func(r store.Refusal) bool { return !v.seesConnector(r.Connector) }), err
}

// Delivery implements [operator.Relay].
func (g *Guard) Delivery(ctx context.Context, id int64) (operator.Explanation, error) {
	v, err := g.look(ctx)
	if err != nil {
		return operator.Explanation{}, err
	}
	x, err := g.relay.Delivery(ctx, id)
	if err == nil && !v.explain(&x) {
		return operator.Explanation{}, fmt.Errorf("delivery %d: %w", id, operator.ErrNotFound)
	}
	return x, err
}

// Payload implements [operator.Relay].
func (g *Guard) Payload(ctx context.Context, id int64) (operator.Payload, error) {
	if _, err := g.Delivery(ctx, id); err != nil {
		return operator.Payload{}, err
	}
	return g.relay.Payload(ctx, id)
}

// Waiting implements [operator.Relay].
func (g *Guard) Waiting(ctx context.Context, channel string) ([]operator.Delivery, error) {
	v, err := g.look(ctx)
	if err == nil && !v.seesChannel(channel) {
		err = missing("channel", channel)
	}
	if err != nil {
		return nil, err
	}
	return g.relay.Waiting(ctx, channel)
}

// Explain implements [operator.Relay].
func (g *Guard) Explain(ctx context.Context, ref string) ([]operator.Explanation, error) {
	v, err := g.look(ctx)
	if err != nil {
		return nil, err
	}
	list, err := g.relay.Explain(ctx, ref)
	hers := []operator.Explanation{}
	for _, x := range list {
		if v.explain(&x) {
			hers = append(hers, x)
		}
	}
	if err == nil && len(hers) == 0 {
		err = fmt.Errorf("event %s: %w", ref, operator.ErrNotFound)
	}
	return hers, err
}

// explain leaves out of an event's way what she does not see, and reports whether she sees
// any of it. Of an event from elsewhere that has come into a channel of hers, she sees
// the card.
func (v view) explain(x *operator.Explanation) bool {
	x.Deliveries = slices.DeleteFunc(x.Deliveries, func(d operator.Explained) bool { return !v.seesDelivery(d.Channel, d.Connector) })
	switch {
	case v.SeesAll() || v.managesConnector(x.Connector):
		return true
	case v.seesConnector(x.Connector):
		x.Routes = v.routes(x.Routes)
		return true
	}
	x.Notes, x.Routes, x.Data = "", []event.Trace{}, nil
	return len(x.Deliveries) > 0
}

// routes tells what routes did, without the channels that she does not see.
func (v view) routes(list []event.Trace) []event.Trace {
	hers := make([]event.Trace, len(list))
	for i, t := range list {
		t.Channels, t.Suspended = v.channels(t.Channels), v.channels(t.Suspended)
		var muted []event.MutedBy
		for _, m := range t.Muted {
			if m.Channels = v.channels(m.Channels); len(m.Channels) > 0 {
				muted = append(muted, m)
			}
		}
		t.Muted = muted
		hers[i] = t
	}
	return hers
}

func (v view) channels(names []string) (hers []string) {
	for _, name := range names {
		if v.seesChannel(name) {
			hers = append(hers, name)
		}
	}
	return hers
}
