package sqlite

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// freshKeys is how far a key's expiry must move before it is written again, because a
// feed reports the same keys at each poll.
const freshKeys = 24 * time.Hour

// Accept implements [store.Store].
func (s *Store) Accept(ctx context.Context, b store.Batch) ([]store.Receipt, error) {
	a, err := newAcceptance(b, time.Now())
	if err != nil {
		return nil, err
	}
	if err := s.write(ctx, &operation{grows: true, do: a.store, after: a.after, bytes: a.bytes, rows: len(b.Events)}); err != nil {
		return nil, err
	}
	if a.conflict != nil {
		return nil, a.conflict
	}
	return a.receipts, nil
}

// acceptance is one batch on its way into the store.
type acceptance struct {
	batch      store.Batch
	now        int64
	entries    []encoded
	bytes      int
	receipts   []store.Receipt
	deliveries []delivery.Delivery
	// conflict is why nothing was stored although nothing went wrong.
	conflict *store.ConflictError
}

// encoded is what the file holds of an entry.
type encoded struct {
	key    string
	card   []byte
	title  string
	traces []byte
}

// newAcceptance encodes the entries, so that the committer, which everybody shares, need
// not.
func newAcceptance(b store.Batch, now time.Time) (*acceptance, error) {
	a := &acceptance{batch: b, now: micros(now), entries: make([]encoded, len(b.Events)), bytes: len(b.Checkpoint)}
	for i, e := range b.Events {
		n := &a.entries[i]
		var err error
		if n.card = e.Encoded; n.card == nil {
			if n.card, err = e.Card.MarshalJSON(); err != nil {
				return nil, fmt.Errorf("event %d of the batch: encode its card: %w", i+1, err)
			}
		}
		n.title = card.Cut(e.Card.Headline(), store.MaxTitle)
		if len(e.Traces) > 0 {
			if n.traces, err = json.Marshal(e.Traces); err != nil {
				return nil, fmt.Errorf("event %d of the batch: encode its traces: %w", i+1, err)
			}
		}
		if n.key = e.Key; n.key == "" {
			n.key = newKey(a.now)
		}
		a.bytes += len(n.card) + len(e.Data) + len(n.traces)
		for _, d := range e.Deliveries {
			a.bytes += len(d.Card)
		}
	}
	return a, nil
}

// store writes the batch. It may run again, so it starts from nothing.
func (a *acceptance) store(w *writer) error {
	a.receipts = make([]store.Receipt, 0, len(a.batch.Events))
	a.deliveries, a.conflict = nil, nil
	fresh := false
	for i := range a.batch.Events {
		receipt, err := a.entry(w, i)
		if conflict, ok := errors.AsType[*store.ConflictError](err); ok && i == 0 {
			// Nothing has been written yet, so there is nothing to undo, and others keep
			// what they have in the same transaction.
			a.conflict = conflict
			return nil
		}
		if err != nil {
			return fmt.Errorf("event %d of the batch: %w", i+1, err)
		}
		fresh = fresh || !receipt.Seen
		a.receipts = append(a.receipts, receipt)
	}
	if a.batch.Checkpoint != nil {
		changed, err := w.exec("UPDATE connectors SET checkpoint = ? WHERE name = ?", []byte(a.batch.Checkpoint), a.batch.Connector)
		if err != nil {
			return fmt.Errorf("checkpoint: %w", err)
		}
		if changed == 0 {
			return fmt.Errorf("checkpoint of connector %s, which was never opened: %w", a.batch.Connector, store.ErrNotFound)
		}
	}
	if fresh {
		w.touched[a.batch.Connector] = a.now
	}
	return nil
}

// entry stores one event with its deliveries, unless its key is known. The key is
// tried first, with the number that the event would get.
func (a *acceptance) entry(w *writer, i int) (store.Receipt, error) {
	e, n := &a.batch.Events[i], a.entries[i]
	id := w.event + 1
	if e.Key != "" {
		fresh, err := w.exec("INSERT INTO seen (connector, key, event, expires, fingerprint) VALUES ("+keysOf+",?,?,?,?) ON CONFLICT DO NOTHING",
			a.batch.Connector, e.Key, id, a.now+store.KeepKeys.Microseconds(), blob(e.Fingerprint))
		if err != nil {
			return store.Receipt{}, err
		}
		if fresh == 0 {
			return a.known(w, e)
		}
	}
	_, err := w.exec("INSERT INTO events (id, connector, key, kind, thread, time, accepted_at, fate, first_delivery, deliveries, traces, data, card, title) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		id, a.batch.Connector, n.key, e.Kind, e.Thread, micros(e.Time), a.now, string(e.Fate), w.delivery+1, len(e.Deliveries), blob(n.traces), blob(e.Data), n.card, n.title)
	if err != nil {
		return store.Receipt{}, err
	}
	w.event = id
	for _, d := range e.Deliveries {
		if err := a.draft(w, id, i, d); err != nil {
			return store.Receipt{}, fmt.Errorf("delivery to %s: %w", d.Channel, err)
		}
	}
	return store.Receipt{Event: id}, nil
}

// known answers for an event whose key the connector has reported before, and
// remembers the key for longer.
func (a *acceptance) known(w *writer, e *store.Entry) (store.Receipt, error) {
	row, err := w.row("SELECT coalesce(e.id, 0), s.expires, s.fingerprint FROM seen s LEFT JOIN events e ON e.id = s.event WHERE s.connector = "+keysOf+" AND s.key = ?",
		a.batch.Connector, e.Key)
	if err != nil {
		return store.Receipt{}, err
	}
	if was, _ := row[2].([]byte); len(e.Fingerprint) > 0 && len(was) > 0 && !bytes.Equal(was, e.Fingerprint) {
		return store.Receipt{}, &store.ConflictError{Key: e.Key, Event: row[0].(int64)}
	}
	expires := a.now + store.KeepKeys.Microseconds()
	if expires-row[1].(int64) > freshKeys.Microseconds() {
		if _, err := w.exec("UPDATE seen SET expires = ?2 WHERE connector = "+keysOf+" AND key = ?3", a.batch.Connector, expires, e.Key); err != nil {
			return store.Receipt{}, err
		}
	}
	return store.Receipt{Event: row[0].(int64), Seen: true}, nil
}

// draft stores one delivery.
func (a *acceptance) draft(w *writer, event int64, i int, draft store.Draft) error {
	state, finished := delivery.Waiting, int64(0)
	if draft.Dead != "" {
		state, finished = delivery.Dead, a.now
	}
	id := w.delivery + 1
	var own any // the title of the delivery's own card
	if len(draft.Card) > 0 {
		own = title(draft.Card)
	}
	_, err := w.exec("INSERT INTO deliveries (id, event, connector, channel, state, urgent, finished_at, reason, card, title) VALUES (?,?,?,?,?,?,?,?,?,?)",
		id, event, a.batch.Connector, draft.Channel, string(state), draft.Urgent, finished, draft.Dead, blob(draft.Card), own)
	if err != nil {
		return err
	}
	w.delivery = id
	if state != delivery.Waiting {
		return nil
	}
	body := draft.Card
	if len(body) == 0 {
		body = a.entries[i].card
	}
	a.deliveries = append(a.deliveries, delivery.Delivery{
		ID: id, Channel: draft.Channel, Event: event, Connector: a.batch.Connector, State: state,
		AcceptedAt: moment(a.now), Card: body, Key: a.entries[i].key, Thread: a.batch.Events[i].Thread, Urgent: draft.Urgent,
	})
	return nil
}

// after puts the new deliveries into their lanes.
func (a *acceptance) after(l *lanes) []string {
	fresh := 0
	for _, r := range a.receipts {
		if !r.Seen {
			fresh++
		}
	}
	l.rates.count(counted{eventsOf, a.batch.Connector}, fresh)
	channels := make([]string, len(a.deliveries))
	for i, d := range a.deliveries {
		l.add(d)
		channels[i] = d.Channel
	}
	return channels
}

// newKey makes a key for an event that has none. Newer keys sort later, so that their
// index grows at its end.
func newKey(now int64) string {
	var b [18]byte
	binary.BigEndian.PutUint64(b[:], uint64(now))
	_, _ = rand.Read(b[8:]) // never fails; see crypto/rand
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

// blob returns bytes as the file holds them: NULL when there are none.
func blob(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}
