package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// Record implements [store.Store]. A delivery that does not wait any more stays as
// it is: what ended it was recorded before. An attempt that was recorded already,
// because its recorder could not know, is not recorded again.
func (s *Store) Record(ctx context.Context, a delivery.Attempt, d delivery.Delivery) error {
	r := &record{attempt: a, delivery: d, now: micros(s.now())}
	if r.delivery.Tried.IsZero() {
		r.delivery.Tried = moment(micros(a.Started))
	}
	if len(a.Omitted) > 0 {
		var err error
		if r.omitted, err = json.Marshal(a.Omitted); err != nil {
			return fmt.Errorf("record an attempt of delivery %d: encode what was left out: %w", d.ID, err)
		}
	}
	if err := s.write(ctx, &operation{record: true, do: r.store, after: r.after}); err != nil {
		return fmt.Errorf("record an attempt of delivery %d: %w", d.ID, err)
	}
	return nil
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

// store writes the outcome. It may run again, so it starts from nothing.
func (r *record) store(w *writer) error {
	d := r.delivery
	finished := int64(0)
	if d.State.Done() {
		finished = r.now
	}
	changed, err := w.exec(`UPDATE deliveries SET state = ?, attempts = ?, next_at = ?, tried_at = CASE tried_at WHEN 0 THEN ? ELSE tried_at END,
		unknown = ?, finished_at = ?, reason = ? WHERE id = ? AND state = 'waiting'`,
		string(d.State), d.Attempts, micros(d.Next), micros(d.Tried), d.Unknown, finished, d.Reason, d.ID)
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
	_, err = w.exec(`INSERT INTO attempts (delivery, seq, number, started, took, verdict, status, detail, retry_after, bytes, omitted, duplicate)
		VALUES (?1, (SELECT coalesce(max(seq), 0) + 1 FROM attempts WHERE delivery = ?1), ?,?,?,?,?,?,?,?,?,?)`,
		d.ID, a.Number, micros(a.Started), a.Took.Microseconds(), string(a.Verdict), a.Status, a.Detail,
		a.RetryAfter.Microseconds(), a.Bytes, blob(r.omitted), a.PossibleDuplicate)
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
func (r *record) after(l *lanes) []string {
	if r.moved {
		l.update(r.delivery)
	}
	return nil
}
