package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/intake"
	"github.com/connector-relay/relay/relay/operator"
)

// removed is the health of a connector that is no longer configured.
const removed = "removed"

// Connectors implements [operator.Relay].
func (d *Desk) Connectors(ctx context.Context) ([]operator.Connector, error) {
	list := []operator.Connector{}
	hooks, now := d.options.Intake.HookURLs(), d.options.Daemon.Running()
	here := make(map[string]bool)
	for _, c := range d.options.Intake.Status() {
		here[c.Name] = true
		o := operator.Connector{
			Name: c.Name, Type: c.Type, Enabled: c.Enabled, Schedule: c.Schedule, Health: c.Health, Problem: c.Problem, Note: c.Poll.Note,
			Suspended: c.Suspended, LastPoll: c.Poll.Last, NextPoll: c.Poll.Next, LastEvent: c.LastEvent, Place: now.ConnectorPlaces[c.Name],
			Owner: now.Belongs[c.Name].Owner, Team: now.Belongs[c.Name].Team, Saved: now.Belongs[c.Name].Saved, Expires: c.Expires,
		}
		o.HookUsed, o.FormerHook = hookUse(hooks, c.Name, c.HookPath, now.Public)
		if c.HookPath != "" {
			o.HookURL = now.Public + c.HookPath
		}
		list = append(list, o)
	}
	for _, c := range now.asides() {
		here[c.Name] = true
		list = append(list, c)
	}
	kept, err := d.options.Store.Connectors(ctx)
	for _, k := range kept {
		if here[k.Name] {
			continue
		}
		c := operator.Connector{Name: k.Name, Type: k.Type, Health: removed, LastEvent: k.LastEvent, LastPoll: k.Poll.Last, Place: now.ConnectorPlaces[k.Name]}
		c.HookUsed, _ = hookUse(hooks, k.Name, "/hooks/"+k.HookToken, now.Public)
		if _, configured := now.Connectors[k.Name]; configured { // another node runs it
			c.Enabled, c.Health, c.Problem, c.Note, c.NextPoll = true, k.Poll.Health, k.Poll.Problem, k.Poll.Note, k.Poll.Next
		}
		list = append(list, c)
	}
	return list, err
}

// hookUse returns when a connector's hook URL was last used, and the URL from before its
// rotation, while that still works.
func hookUse(hooks []intake.HookURL, name, path, public string) (used time.Time, former *operator.FormerHook) {
	for _, h := range hooks {
		switch {
		case h.Connector != name:
		case h.Path == path:
			used = h.Used
		case h.Closed == "":
			former = &operator.FormerHook{URL: public + h.Path, Until: h.Until, Used: h.Used}
		}
	}
	return used, former
}

// PostCard implements [operator.Relay].
func (d *Desk) PostCard(ctx context.Context, name string, c card.Card) (operator.HookAnswer, error) {
	body, err := c.MarshalJSON()
	if err != nil {
		return operator.HookAnswer{}, fmt.Errorf("%w card: %w", operator.ErrInvalid, err)
	}
	a, err := d.options.Intake.Post(ctx, name, body)
	return operator.HookAnswer(a), meaning(err)
}

// RotateHook implements [operator.Relay].
func (d *Desk) RotateHook(ctx context.Context, name string, grace time.Duration) (operator.Connector, error) {
	defer d.options.Daemon.Hold()()
	if err := d.options.Intake.Rotate(ctx, name, time.Now().Add(grace)); err != nil {
		return operator.Connector{}, meaning(err)
	}
	list, err := d.Connectors(ctx)
	if err != nil {
		return operator.Connector{}, err
	}
	return list[slices.IndexFunc(list, func(c operator.Connector) bool { return c.Name == name })], nil
}

// ForgetConnector implements [operator.Relay].
func (d *Desk) ForgetConnector(ctx context.Context, name string) error {
	defer d.options.Daemon.Hold()()
	if _, ok := d.options.Daemon.Running().Connectors[name]; ok {
		return configured("connector", name)
	}
	switch saved, err := d.Has(ctx, name); {
	case err != nil:
		return err
	case saved:
		return fmt.Errorf("%w: connector %s is saved on the page, and set aside; remove it there first", operator.ErrInvalid, name)
	}
	if err := d.options.Intake.Forget(ctx, name); err != nil {
		return meaning(err)
	}
	return d.Forget(ctx, name)
}

// configured returns the error for something that cannot be forgotten because it is configured.
func configured(sort, name string) error {
	return fmt.Errorf("%w: %s %s is in the configuration; remove it there and reload first", operator.ErrInvalid, sort, name)
}

// Poll implements [operator.Relay].
func (d *Desk) Poll(ctx context.Context, name string) (operator.PollReport, error) {
	report, err := d.options.Intake.PollOnce(ctx, name)
	return operator.PollReport(report), meaning(err)
}

// dryRunEvents is how many events a dry run shows at most.
const dryRunEvents = 20

// DryRun implements [operator.Relay].
func (d *Desk) DryRun(ctx context.Context, name string) ([]operator.Event, error) {
	events, known, err := d.options.Intake.DryRun(ctx, name, dryRunEvents)
	if err != nil {
		return nil, meaning(err)
	}
	list := make([]operator.Event, len(events))
	for i, e := range events {
		if list[i], err = unkept(name, e); err != nil {
			return nil, err
		}
	}
	return withKnown(name, list, known), nil
}

// unkept is an event that is shown and not stored.
func unkept(connector string, e event.Event) (operator.Event, error) {
	c, err := e.Card.MarshalJSON()
	if err != nil {
		return operator.Event{}, fmt.Errorf("event %s: %w", e.Key, err)
	}
	return operator.Event{Connector: connector, Key: e.Key, Kind: e.Kind, Time: e.Time, Title: e.Card.Headline(), Card: c, Data: e.Data}, nil
}

// withKnown marks the known ones among the events. If all are new, it adds the known ones
// to the list.
func withKnown(name string, list []operator.Event, known []connector.Known) []operator.Event {
	shown := false
	for _, k := range known {
		if at := slices.IndexFunc(list, func(e operator.Event) bool { return e.Key == k.Key }); at >= 0 {
			list[at].Because, shown = k.Because, true
		}
	}
	if shown {
		return list
	}
	for _, k := range known {
		list = append(list, operator.Event{Connector: name, Key: k.Key, Kind: "known", Title: k.Title, Because: k.Because})
	}
	return list
}
