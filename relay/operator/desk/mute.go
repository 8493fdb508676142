package desk

import (
	"context"
	"errors"
	"fmt"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/mute"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// Mutes implements [operator.Relay].
func (d *Desk) Mutes(context.Context) ([]operator.Mute, error) {
	list := []operator.Mute{}
	for _, m := range d.options.Mutes.List() {
		list = append(list, muted(m))
	}
	return list, nil
}

func muted(m mute.Mute) operator.Mute {
	return operator.Mute{
		ID: m.ID, Sort: m.Sort, Name: m.Name, Condition: m.Condition, What: m.What(),
		By: m.By, Reason: m.Reason, Since: m.Since, Until: m.Until, Problem: m.Problem,
	}
}

// Mute implements [operator.Relay].
func (d *Desk) Mute(ctx context.Context, m operator.Mute) (operator.Mute, error) {
	if err := d.configured(m); err != nil {
		return operator.Mute{}, err
	}
	person, _ := access.From(ctx)
	begun, err := d.options.Mutes.Begin(ctx, store.Mute{
		Sort: m.Sort, Name: m.Name, Condition: m.Condition, By: person.Name, Reason: m.Reason, Until: m.Until,
	})
	if errors.Is(err, mute.ErrInvalid) {
		return operator.Mute{}, fmt.Errorf("%w: %w", operator.ErrInvalid, err)
	}
	return muted(begun), err
}

// configured fails when what is to be muted is not in the configuration: a mistyped name
// would mute nothing.
func (d *Desk) configured(m operator.Mute) error {
	now, sort := d.options.Daemon.Running(), m.Sort
	among := now.Connectors
	switch {
	case sort == mute.Channel:
		among = now.Channels
	case sort == mute.Condition && m.Name == "":
		return nil
	case sort == mute.Condition:
		sort = mute.Connector
	}
	if _, ok := among[m.Name]; !ok && m.Name != "" {
		return fmt.Errorf("%s %s: %w; `relay %ss` lists them", sort, m.Name, operator.ErrNotFound, sort)
	}
	return nil
}

// Unmute implements [operator.Relay].
func (d *Desk) Unmute(ctx context.Context, id int64) error {
	err := d.options.Mutes.End(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("mute %d: %w; `relay mutes` lists them", id, operator.ErrNotFound)
	}
	return err
}
