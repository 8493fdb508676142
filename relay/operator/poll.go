package operator

import (
	"context"
	"fmt"
	"slices"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/intake"
)

// Poll implements [Relay].
func (d *Desk) Poll(ctx context.Context, name string) (intake.PollReport, error) {
	report, err := d.options.Intake.PollOnce(ctx, name)
	return report, meaning(err)
}

// dryRunEvents is how many events a dry run shows at most.
const dryRunEvents = 20

// DryRun implements [Relay].
func (d *Desk) DryRun(ctx context.Context, name string) ([]Event, error) {
	events, known, err := d.options.Intake.DryRun(ctx, name, dryRunEvents)
	if err != nil {
		return nil, meaning(err)
	}
	list := make([]Event, len(events))
	for i, e := range events {
		if list[i], err = preview(name, e); err != nil {
			return nil, err
		}
	}
	return withKnown(name, list, known), nil
}

func preview(connector string, e event.Event) (Event, error) {
	c, err := e.Card.MarshalJSON()
	if err != nil {
		return Event{}, fmt.Errorf("event %s: %w", e.Key, err)
	}
	return Event{Connector: connector, Key: e.Key, Kind: e.Kind, Time: e.Time, Title: e.Card.Headline(), Card: c, Data: e.Data}, nil
}

// withKnown marks the events that are known ones. Where all are new, it adds the known
// ones to the list.
func withKnown(name string, list []Event, known []connector.Known) []Event {
	shown := false
	for _, k := range known {
		if at := slices.IndexFunc(list, func(e Event) bool { return e.Key == k.Key }); at >= 0 {
			list[at].Because, shown = k.Because, true
		}
	}
	if shown {
		return list
	}
	for _, k := range known {
		list = append(list, Event{Connector: name, Key: k.Key, Kind: "known", Title: k.Title, Because: k.Because})
	}
	return list
}
