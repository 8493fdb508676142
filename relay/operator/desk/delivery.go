package desk

import (
	"context"
	"fmt"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/notice"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// Deliveries implements [operator.Relay].
func (d *Desk) Deliveries(ctx context.Context, f store.Filter) ([]operator.Delivery, error) {
	if err := searchable(f.Text); err != nil {
		return nil, err
	}
	f.Limit = min(f.Limit, operator.MostListed)
	found, err := d.options.Store.Deliveries(ctx, f)
	if err != nil {
		return nil, err
	}
	list := make([]operator.Delivery, len(found))
	for i, s := range found {
		list[i] = d.describe(s)
	}
	return list, nil
}

// searchable complains of a text that is too long to be looked for.
func searchable(text string) error {
	if len(text) > store.MaxText {
		return fmt.Errorf("%w: the text to look for has %d bytes, and %d are the most", operator.ErrInvalid, len(text), store.MaxText)
	}
	return nil
}

// describe returns a stored delivery as an operator sees it.
func (d *Desk) describe(s store.Summary) operator.Delivery {
	o := operator.Delivery{
		ID: s.ID, Event: s.Event, Channel: s.Channel, Connector: s.Connector, Kind: s.Kind, Title: s.Title, State: s.State, Attempts: s.Attempts,
		AcceptedAt: s.AcceptedAt, FinishedAt: s.Finished, NextTry: s.Next, Urgent: s.Urgent, Reason: s.Reason, Card: s.Card,
	}
	if s.State.Arrived() && s.Last != nil {
		o.Digest, o.DigestCards = s.Digest, s.Last.Gathered
	}
	if o.Reason != "" || s.State != delivery.Waiting {
		return o
	}
	if end := d.options.Dispatch.Quiet(s.Channel); !end.IsZero() && !s.Urgent {
		o.Reason, o.NextTry = "until the quiet hours end", end
	} else if s.Last != nil {
		o.Reason = fmt.Sprintf("%s: %s", s.Last.Verdict, s.Last.Detail)
	}
	return o
}

// explained returns a delivery with its attempts.
func (d *Desk) explained(ctx context.Context, id int64) (operator.Explained, error) {
	summary, attempts, err := d.options.Store.Delivery(ctx, id)
	if err != nil {
		return operator.Explained{}, meaning(err)
	}
	x := operator.Explained{Delivery: d.describe(summary), Tries: make([]operator.Attempt, len(attempts))}
	for i, a := range attempts {
		x.Tries[i] = operator.Attempt{
			Number: a.Number, Started: a.Started, TookMS: float64(a.Took.Microseconds()) / 1000, Verdict: a.Verdict, Status: a.Status,
			Detail: a.Detail, Bytes: a.Bytes, Omitted: a.Omitted, PossibleDuplicate: a.PossibleDuplicate, DigestCards: a.Gathered,
		}
	}
	return x, nil
}

// Send implements [operator.Relay].
func (d *Desk) Send(ctx context.Context, channel string, c card.Card) (operator.Delivery, error) {
	if d.options.Daemon.Running().Channels[channel] == "" {
		return operator.Delivery{}, fmt.Errorf("channel %s: %w; `relay channels` lists them", channel, operator.ErrNotFound)
	}
	if err := c.Validate(); err != nil {
		return operator.Delivery{}, fmt.Errorf("%w card: %w", operator.ErrInvalid, err)
	}
	receipt, err := notice.Send(ctx, d.options.Store, channel, c)
	if err != nil {
		return operator.Delivery{}, err
	}
	list, err := d.Deliveries(ctx, store.Filter{Event: receipt.Event, Limit: 1})
	if err != nil || len(list) == 0 {
		return operator.Delivery{Event: receipt.Event, Channel: channel, State: delivery.Waiting}, err
	}
	return list[0], nil
}
