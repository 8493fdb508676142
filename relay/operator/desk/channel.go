package desk

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/dispatch"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
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
			Since: l.Since, Next: l.Next, Draining: l.Drain != 0, Waiting: l.Waiting, Dead: dead[l.Channel], Oldest: l.Oldest, Place: now.ChannelPlaces[l.Channel],
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

// Drain implements [operator.Relay].
func (d *Desk) Drain(ctx context.Context, channel string) error {
	waiting, err := d.options.Store.SelectDeliveries(ctx, waitingIn(channel, 1))
	switch {
	case err != nil:
		return err
	case len(waiting.IDs) == 0:
		return d.Pause(ctx, channel, "drained: nothing waited, and what comes waits until somebody resumes the channel")
	}
	return meaning(d.options.Dispatch.Drain(ctx, channel, waiting.IDs[0]))
}

// waitingIn selects the newest of what waits in a channel.
func waitingIn(channel string, n int) store.Filter {
	return store.Filter{Channel: channel, States: []delivery.State{delivery.Waiting}, Limit: n}
}

// Waiting implements [operator.Relay].
func (d *Desk) Waiting(ctx context.Context, channel string) ([]operator.Delivery, error) {
	lanes := d.lanes()
	at := slices.IndexFunc(lanes, func(l dispatch.Lane) bool { return l.Channel == channel })
	if at < 0 {
		return nil, fmt.Errorf("channel %s: %w; `relay channels` lists them", channel, operator.ErrNotFound)
	}
	list := []operator.Delivery{}
	heads, err := d.options.Store.Heads(ctx, channel, false, operator.MostListed)
	if err != nil || len(heads) == 0 {
		return list, err
	}
	// The oldest that wait are the newest up to the last of them.
	f := waitingIn(channel, len(heads))
	f.Before = heads[len(heads)-1].ID + 1
	found, err := d.options.Store.Deliveries(ctx, f)
	if err != nil {
		return nil, err
	}
	for _, s := range slices.Backward(found) {
		o := d.describe(s)
		if len(list) == 0 {
			o.Reason = first(lanes[at], o)
		} else {
			o.Reason = behind(lanes[at], o, list[0])
		}
		list = append(list, o)
	}
	return list, nil
}

// first says why the first card of a lane waits.
func first(l dispatch.Lane, o operator.Delivery) string {
	switch {
	case l.State == delivery.Removed:
		return l.Reason
	case l.State == delivery.Paused && l.Pause == delivery.PausedByEndpoint:
		return "the endpoint refuses cards, and is tried with this one now and then: " + l.Reason
	case l.State == delivery.Paused:
		return "the channel is paused: " + l.Reason
	}
	return cmp.Or(o.Reason, l.Reason, "it goes out next")
}

// behind says why another card of a lane waits.
func behind(l dispatch.Lane, o, head operator.Delivery) string {
	switch {
	case l.State == delivery.Quiet && !o.Urgent:
		return o.Reason
	case l.Drain != 0 && o.ID > l.Drain:
		return "the channel is being drained of what came before, and pauses then"
	}
	return fmt.Sprintf("behind delivery %d", head.ID)
}

// Resume implements [operator.Relay].
func (d *Desk) Resume(ctx context.Context, channel string) error {
	return meaning(d.options.Dispatch.Resume(ctx, channel))
}
