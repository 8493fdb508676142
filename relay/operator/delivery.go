package operator

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/notice"
	"github.com/connector-relay/relay/relay/store"
)

// Delivery is one card on its way to one channel.
type Delivery struct {
	ID         int64          `json:"delivery"`
	Event      int64          `json:"event"`
	Channel    string         `json:"channel"`
	Connector  string         `json:"connector"`
	Kind       string         `json:"kind"`
	Title      string         `json:"title"`
	State      delivery.State `json:"state"`
	Attempts   int            `json:"attempts"`
	AcceptedAt time.Time      `json:"accepted_at"`
	FinishedAt time.Time      `json:"finished_at,omitzero"`
	NextTry    time.Time      `json:"next_attempt,omitzero"`
	// Urgent says that it goes out in quiet hours, too.
	Urgent bool `json:"urgent,omitempty"`
	// Digest is the delivery that led the digest in which it arrived, and DigestCards
	// counts that digest's cards; both are 0 when it arrived as a card of its own or has
	// not arrived yet.
	Digest      int64 `json:"digest,omitempty"`
	DigestCards int   `json:"digest_cards,omitempty"`
	// Reason says why it is dead, or why it waits: for the end of quiet hours, or what
	// the last attempt came to.
	Reason string `json:"reason,omitempty"`
	// Card is the card as its channel gets it; it is present when a page asks for it.
	Card json.RawMessage `json:"-"`
}

// Others says with how many other cards it arrived in its digest.
func (d Delivery) Others() string { return card.Plural(d.DigestCards-1, "other") }

// Attempt is one try to deliver.
type Attempt struct {
	Number            int              `json:"attempt"`
	Started           time.Time        `json:"started"`
	TookMS            float64          `json:"took_ms"`
	Verdict           delivery.Verdict `json:"verdict"`
	Status            int              `json:"status,omitempty"`
	Detail            string           `json:"detail,omitempty"`
	Bytes             int              `json:"bytes,omitempty"`
	Omitted           []string         `json:"omitted,omitempty"`
	PossibleDuplicate bool             `json:"possible_duplicate,omitempty"`
	// DigestCards is how many cards it carried as a digest; it is 0 when it was not a digest.
	DigestCards int `json:"digest_cards,omitempty"`
}

// Explained is one delivery with its attempts.
type Explained struct {
	Delivery
	Tries []Attempt `json:"tries"`
}

// Deliveries implements [Relay].
func (d *Desk) Deliveries(ctx context.Context, f store.Filter) ([]Delivery, error) {
	f.Limit = min(f.Limit, mostListed)
	found, err := d.options.Store.Deliveries(ctx, f)
	if err != nil {
		return nil, err
	}
	list := make([]Delivery, len(found))
	for i, s := range found {
		list[i] = d.describe(s)
	}
	return list, nil
}

// describe returns a stored delivery as an operator sees it.
func (d *Desk) describe(s store.Summary) Delivery {
	o := Delivery{
		ID: s.ID, Event: s.Event, Channel: s.Channel, Connector: s.Connector, Kind: s.Kind, Title: s.Title, State: s.State, Attempts: s.Attempts,
		AcceptedAt: s.AcceptedAt, FinishedAt: s.Finished, NextTry: s.Next, Urgent: s.Urgent, Reason: s.Reason, Card: s.Card,
	}
	if (s.State == delivery.Delivered || s.State == delivery.Accepted) && s.Last != nil {
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
func (d *Desk) explained(ctx context.Context, id int64) (Explained, error) {
	summary, attempts, err := d.options.Store.Delivery(ctx, id)
	if err != nil {
		return Explained{}, meaning(err)
	}
	x := Explained{Delivery: d.describe(summary), Tries: make([]Attempt, len(attempts))}
	for i, a := range attempts {
		x.Tries[i] = Attempt{
			Number: a.Number, Started: a.Started, TookMS: float64(a.Took.Microseconds()) / 1000, Verdict: a.Verdict, Status: a.Status,
			Detail: a.Detail, Bytes: a.Bytes, Omitted: a.Omitted, PossibleDuplicate: a.PossibleDuplicate, DigestCards: a.Gathered,
		}
	}
	return x, nil
}

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

// Selection chooses dead letters: by delivery, or all of a channel, or all.
type Selection struct {
	Deliveries []int64 `json:"deliveries,omitempty"`
	Channel    string  `json:"channel,omitempty"`
	All        bool    `json:"all,omitempty"`
}

// Replay implements [Relay].
func (d *Desk) Replay(ctx context.Context, s Selection) ([]int64, error) {
	return d.change(ctx, s, d.options.Store.Replay)
}

// Dismiss implements [Relay].
func (d *Desk) Dismiss(ctx context.Context, s Selection) ([]int64, error) {
	return d.change(ctx, s, d.options.Store.Dismiss)
}

// change applies one change to the chosen dead letters, all at once: the store
// keeps their order.
func (d *Desk) change(ctx context.Context, s Selection, do func(context.Context, []int64) ([]int64, error)) ([]int64, error) {
	chosen := s.Deliveries
	if len(chosen) == 0 {
		var err error
		if chosen, err = d.deadLetters(ctx, s.Channel); err != nil {
			return []int64{}, err
		}
	}
	changed, err := do(ctx, chosen)
	return append([]int64{}, changed...), err
}

// deadLetterPage is how many dead letters are read at a time.
const deadLetterPage = 500

// deadLetters returns the dead letters of a channel or, without a name, of all.
func (d *Desk) deadLetters(ctx context.Context, channel string) (ids []int64, err error) {
	f := store.Filter{Channel: channel, States: []delivery.State{delivery.Dead}, Limit: deadLetterPage}
	for {
		page, err := d.options.Store.Deliveries(ctx, f)
		if err != nil || len(page) == 0 {
			return ids, err
		}
		for _, s := range page {
			ids = append(ids, s.ID)
		}
		f.Before = ids[len(ids)-1]
	}
}
