package operator

import (
	"context"
	"fmt"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/notice"
	"github.com/connector-relay/relay/relay/store"
)

// Send implements [Relay].
func (d *Desk) Send(ctx context.Context, channel string, c card.Card) (Delivery, error) {
	if d.options.Daemon.Running().Channels[channel] == "" {
		return Delivery{}, fmt.Errorf("channel %s: %w; `relay channels` lists them", channel, ErrNotFound)
	}
	if err := c.Validate(); err != nil {
		return Delivery{}, fmt.Errorf("%w card: %w", ErrInvalid, err)
	}
	receipt, err := notice.Send(ctx, d.options.Store, channel, c)
	if err != nil {
		return Delivery{}, err
	}
	list, err := d.Deliveries(ctx, store.Filter{Event: receipt.Event, Limit: 1})
	if err != nil || len(list) == 0 {
		return Delivery{Event: receipt.Event, Channel: channel, State: delivery.Waiting}, err
	}
	return list[0], nil
}
