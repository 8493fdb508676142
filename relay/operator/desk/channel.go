package desk

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/dispatch"
	"github.com/connector-relay/relay/relay/operator"
)

// Channels implements [operator.Relay].
func (d *Desk) Channels(ctx context.Context) ([]operator.Channel, error) {
	dead, err := d.options.Store.DeadLetters(ctx)
	if err != nil {
		return nil, err
	}
	now := d.options.Daemon.Running()
	types := now.Channels
	list := []operator.Channel{}
	for _, l := range d.lanes() {
		list = append(list, operator.Channel{
			Name: l.Channel, Type: types[l.Channel], Team: now.Teams[l.Channel], Lane: l.State, Pause: l.Pause, Reason: l.Reason,
			Since: l.Since, Next: l.Next, Waiting: l.Waiting, Dead: dead[l.Channel], Oldest: l.Oldest, Place: now.ChannelPlaces[l.Channel],
		})
		delete(dead, l.Channel)
	}
	for _, name := range slices.Sorted(maps.Keys(dead)) {
		if types[name] == "" {
			list = append(list, operator.Channel{Name: name, Lane: delivery.Removed, Reason: "the channel is not in the configuration", Dead: dead[name]})
		}
	}
	return list, nil
}

// lanes returns all lanes: those that run here, and those that only the store
// tells, because another node runs them or their channel is no longer configured.
func (d *Desk) lanes() []dispatch.Lane {
	list, configured := d.options.Dispatch.Lanes(), d.options.Daemon.Running().Channels
	for i := range list {
		l := &list[i]
		switch {
		case l.State != "":
		case configured[l.Channel] == "":
			l.State, l.Reason = delivery.Removed, "the channel is not in the configuration; its deliveries wait"
		case l.Pause != delivery.NotPaused:
			l.State = delivery.Paused
		default:
			l.State = delivery.Open
		}
	}
	return list
}

// ForgetChannel implements [operator.Relay].
func (d *Desk) ForgetChannel(ctx context.Context, name string) (int, error) {
	defer d.options.Daemon.Hold()()
	if _, ok := d.options.Daemon.Running().Channels[name]; ok {
		return 0, configured("channel", name)
	}
	n, err := d.options.Store.ForgetChannel(ctx, name)
	if err == nil && n == 0 {
		err = fmt.Errorf("channel %s: %w: nothing is stored for it", name, operator.ErrNotFound)
	}
	return n, err
}

// Pause implements [operator.Relay].
func (d *Desk) Pause(ctx context.Context, channel, reason string) error {
	if reason == "" {
		reason = "paused by an operator at " + time.Now().Format(time.RFC1123)
	}
	return meaning(d.options.Dispatch.Pause(ctx, channel, reason))
}

// Resume implements [operator.Relay].
func (d *Desk) Resume(ctx context.Context, channel string) error {
	return meaning(d.options.Dispatch.Resume(ctx, channel))
}
