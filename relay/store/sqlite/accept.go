package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// keepKeys is how long a key is remembered after it was last seen.
const keepKeys = 90 * 24 * time.Hour

// Accept implements [store.Store].
func (s *Store) Accept(ctx context.Context, b store.Batch) ([]store.Receipt, error) {
	a, err := newAcceptance(b, s.options.Now())
	if err != nil {
		return nil, err
	}
	op := &operation{do: a.store, bytes: a.bytes, committed: func() {
		for _, d := range a.deliveries {
			s.lanes.add(d)
		}
		if len(a.deliveries) > 0 {
			s.notify(a.channels())
		}
	}}
	if err := s.write(ctx, op); err != nil {
		return nil, err
	}
	return a.receipts, nil
}

// acceptance is one batch on its way into the store.
type acceptance struct {
	batch      store.Batch
	now        time.Time
	cards      [][]byte
	bytes      int
	receipts   []store.Receipt
	deliveries []delivery.Delivery
}

// newAcceptance encodes the cards outside of the committer, which all share.
func newAcceptance(b store.Batch, now time.Time) (*acceptance, error) {
	a := &acceptance{batch: b, now: now, cards: make([][]byte, len(b.Events))}
	for i, e := range b.Events {
		card, err := e.Card.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("event %s: encode card: %w", e.Key, err)
		}
		a.cards[i] = card
		a.bytes += len(card) + len(e.Data)
	}
	return a, nil
}

// store writes the batch inside a transaction. It may run twice, when the first
// transaction failed, so it starts from nothing.
func (a *acceptance) store(ctx context.Context, w *writer) error {
	a.receipts, a.deliveries = nil, nil
	for i := range a.batch.Events {
		if err := a.event(ctx, w, i); err != nil {
			return err
		}
	}
	if a.batch.Checkpoint != nil {
		if _, err := w.exec(ctx, "UPDATE connectors SET checkpoint = ? WHERE name = ?", []byte(a.batch.Checkpoint), a.batch.Connector); err != nil {
			return err
		}
	}
	if len(a.deliveries)+len(a.receipts) == 0 {
		return nil
	}
	_, err := w.exec(ctx, "UPDATE connectors SET last_event = ? WHERE name = ?", micros(a.now), a.batch.Connector)
	return err
}

// event stores one event unless its key is known.
func (a *acceptance) event(ctx context.Context, w *writer, i int) error {
	e := a.batch.Events[i]
	if e.Key != "" {
		known, err := a.seen(ctx, w, e.Key)
		if err != nil || known {
			return err
		}
	}
	key := e.Key
	if key == "" {
		key = rand.Text()
	}
	data := []byte(e.Data)
	if len(data) == 0 {
		data = []byte("{}")
	}
	traces := []byte("[]")
	if len(e.Traces) > 0 {
		var err error
		if traces, err = json.Marshal(e.Traces); err != nil {
			return fmt.Errorf("encode traces: %w", err)
		}
	}
	res, err := w.exec(ctx, "INSERT INTO events (connector, key, kind, time, accepted_at, card, data, fate, traces) VALUES (?,?,?,?,?,?,?,?,?)",
		a.batch.Connector, key, e.Kind, micros(e.Time), micros(a.now), a.cards[i], data, string(e.Fate), string(traces))
	if err != nil {
		return err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return err
	}
	if e.Key != "" {
		if _, err := w.exec(ctx, "INSERT INTO seen (connector, key, event, expires) VALUES (?,?,?,?)", a.batch.Connector, e.Key, id, micros(a.now.Add(keepKeys))); err != nil {
			return err
		}
	}
	a.receipts = append(a.receipts, store.Receipt{Event: id})
	for _, d := range e.Deliveries {
		if err := a.draft(ctx, w, id, key, i, d); err != nil {
			return err
		}
	}
	return nil
}

// seen reports whether the key is known, and then remembers it for longer.
func (a *acceptance) seen(ctx context.Context, w *writer, key string) (bool, error) {
	var id int64
	err := w.row(ctx, "SELECT event FROM seen WHERE connector = ? AND key = ?", a.batch.Connector, key).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	a.receipts = append(a.receipts, store.Receipt{Event: id, Seen: true})
	_, err = w.exec(ctx, "UPDATE seen SET expires = ? WHERE connector = ? AND key = ?", micros(a.now.Add(keepKeys)), a.batch.Connector, key)
	return true, err
}

func (a *acceptance) draft(ctx context.Context, w *writer, event int64, key string, i int, draft store.Draft) error {
	state, finished := delivery.Waiting, time.Time{}
	if draft.Dead != "" {
		state, finished = delivery.Dead, a.now
	}
	res, err := w.exec(ctx, "INSERT INTO deliveries (channel, event, state, finished_at, reason, card) VALUES (?,?,?,?,?,?)",
		draft.Channel, event, string(state), micros(finished), draft.Dead, draft.Card)
	if err != nil {
		return err
	}
	id, err := res.LastInsertId()
	if err != nil || state == delivery.Dead {
		return err
	}
	card := draft.Card
	if card == nil {
		card = a.cards[i]
	}
	a.deliveries = append(a.deliveries, delivery.Delivery{
		ID: id, Channel: draft.Channel, Event: event, Connector: a.batch.Connector, State: state,
		AcceptedAt: time.UnixMicro(micros(a.now)), Card: card, Key: key,
	})
	return nil
}

func (a *acceptance) channels() []string {
	var list []string
	seen := make(map[string]bool)
	for _, d := range a.deliveries {
		if !seen[d.Channel] {
			seen[d.Channel] = true
			list = append(list, d.Channel)
		}
	}
	return list
}

// newToken makes the secret part of a hook URL: 192 random bits.
func newToken() string {
	b := make([]byte, 24)
	_, _ = rand.Read(b) // never fails; see crypto/rand
	return base64.RawURLEncoding.EncodeToString(b)
}
