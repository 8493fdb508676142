package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// Record implements [store.Store].
func (s *Store) Record(ctx context.Context, results ...delivery.Result) error {
	now := micros(time.Now())
	records := make([]*record, len(results))
	for i, one := range results {
		var err error
		if records[i], err = newRecord(one, now); err != nil {
			return fmt.Errorf("record an attempt: delivery %d: %w", one.Delivery.ID, err)
		}
	}
	do := func(w *writer) error {
		for _, r := range records {
			if err := r.store(w); err != nil {
				return fmt.Errorf("delivery %d: %w", r.delivery.ID, err)
			}
		}
		return nil
	}
	after := func(l *lanes) []string {
		for _, r := range records {
			r.after(l)
		}
		return nil
	}
	return s.write(ctx, &operation{what: "record an attempt", record: true, rows: len(records), do: do, after: after})
}

// record is one outcome on its way into the store.
type record struct {
	attempt  delivery.Attempt
	delivery delivery.Delivery
	now      int64
	omitted  []byte
	// moved says that the delivery waited until now.
	moved bool
}

func newRecord(one delivery.Result, now int64) (*record, error) {
	r := &record{attempt: one.Attempt, delivery: one.Delivery, now: now}
	r.delivery.Crashes = 0 // whoever records an attempt is alive
	if len(r.attempt.Omitted) == 0 {
		return r, nil
	}
	var err error
	if r.omitted, err = json.Marshal(r.attempt.Omitted); err != nil {
		return nil, fmt.Errorf("encode what was left out: %w", err)
	}
	return r, nil
}

// store writes the outcome. It may run again, so it starts from nothing.
func (r *record) store(w *writer) error {
	d := r.delivery
	finished := int64(0)
	if d.State.Done() {
		finished = r.now
	}
	changed, err := w.exec(`UPDATE deliveries SET state = ?, attempts = ?, next_at = ?,
		unknown = ?, finished_at = ?, digest = ?, reason = ?, crashes = 0 WHERE id = ? AND state = 'waiting'`,
		string(d.State), d.Attempts, micros(d.Next), d.Unknown, finished, d.Digest, d.Reason, d.ID)
	if err != nil {
		return err
	}
	if r.moved = changed > 0; !r.moved {
		again, err := r.repeated(w)
		if err != nil || again {
			return err
		}
	}
	a := r.attempt
	_, err = w.exec(`INSERT INTO attempts (delivery, seq, number, started, took, verdict, status, detail, retry_after, bytes, omitted, duplicate, gathered)
		VALUES (?1, (SELECT coalesce(max(seq), 0) + 1 FROM attempts WHERE delivery = ?1), ?,?,?,?,?,?,?,?,?,?,?)`,
		d.ID, a.Number, micros(a.Started), a.Took.Microseconds(), string(a.Verdict), a.Status, a.Detail,
		a.RetryAfter.Microseconds(), a.Bytes, blob(r.omitted), a.PossibleDuplicate, a.Gathered)
	return err
}

// repeated reports whether a delivery that does not wait has this attempt already.
func (r *record) repeated(w *writer) (bool, error) {
	row, err := w.row("SELECT (SELECT count(*) FROM attempts WHERE delivery = d.id AND number = ? AND started = ?) FROM deliveries d WHERE d.id = ?",
		r.attempt.Number, micros(r.attempt.Started), r.delivery.ID)
	if err != nil {
		return false, err
	}
	if row == nil {
		return false, store.ErrNotFound
	}
	return row[0].(int64) > 0, nil
}

// after moves the delivery on in its lane.
func (r *record) after(l *lanes) {
	if !r.moved {
		return
	}
	l.update(r.delivery)
	if r.delivery.State.Arrived() {
		l.rates.count(counted{arrivalsIn, r.delivery.Channel}, 1)
	}
}
