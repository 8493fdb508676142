package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// Record implements [store.Store].
func (s *Store) Record(ctx context.Context, a delivery.Attempt, d delivery.Delivery) error {
	omitted := "[]"
	if len(a.Omitted) > 0 {
		b, err := json.Marshal(a.Omitted)
		if err != nil {
			return fmt.Errorf("encode what was left out: %w", err)
		}
		omitted = string(b)
	}
	finished := int64(0)
	if d.State.Done() {
		finished = micros(s.options.Now())
	}
	op := &operation{record: true, do: func(ctx context.Context, w *writer) error {
		_, err := w.exec(ctx, "UPDATE deliveries SET state = ?, attempts = ?, next_at = ?, unknown = ?, finished_at = ?, reason = ? WHERE id = ?",
			string(d.State), d.Attempts, micros(d.Next), d.Unknown, finished, d.Reason, d.ID)
		if err != nil {
			return err
		}
		_, err = w.exec(ctx, "INSERT INTO attempts (delivery, number, started, took, verdict, status, detail, retry_after, bytes, omitted, duplicate) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
			d.ID, a.Number, micros(a.Started), a.Took.Microseconds(), string(a.Verdict), a.Status, a.Detail, a.RetryAfter.Microseconds(), a.Bytes, omitted, a.PossibleDuplicate)
		return err
	}, committed: func() { s.lanes.update(d) }}
	return s.write(ctx, op)
}

// SaveLane implements [store.Store].
func (s *Store) SaveLane(ctx context.Context, l delivery.Lane) error {
	return s.write(ctx, &operation{do: func(ctx context.Context, w *writer) error {
		if l.Pause == delivery.NotPaused && l.Next.IsZero() {
			_, err := w.exec(ctx, "DELETE FROM lanes WHERE channel = ?", l.Channel)
			return err
		}
		_, err := w.exec(ctx, "INSERT OR REPLACE INTO lanes (channel, pause, reason, since, next_at) VALUES (?,?,?,?,?)",
			l.Channel, string(l.Pause), l.Reason, micros(l.Since), micros(l.Next))
		return err
	}})
}

// OpenConnector implements [store.Store].
func (s *Store) OpenConnector(ctx context.Context, name, typ string) (store.Connector, error) {
	err := s.write(ctx, &operation{do: func(ctx context.Context, w *writer) error {
		if _, err := w.exec(ctx, "INSERT OR IGNORE INTO connectors (name, type, hook_token, poll, last_event) VALUES (?,?,?,'{}',0)", name, typ, newToken()); err != nil {
			return err
		}
		res, err := w.exec(ctx, "UPDATE connectors SET type = ?, checkpoint = NULL, poll = '{}', last_event = 0 WHERE name = ? AND type <> ?", typ, name, typ)
		if err != nil {
			return err
		}
		if changed, err := res.RowsAffected(); err != nil || changed == 0 {
			return err
		}
		_, err = w.exec(ctx, "DELETE FROM seen WHERE connector = ?", name)
		return err
	}})
	if err != nil {
		return store.Connector{}, err
	}
	list, err := s.connectors(ctx, "WHERE name = ?", name)
	if err != nil || len(list) == 0 {
		return store.Connector{}, err
	}
	return list[0], nil
}

// SavePoll implements [store.Store].
func (s *Store) SavePoll(ctx context.Context, connector string, p store.Poll) error {
	b, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode poll: %w", err)
	}
	return s.write(ctx, &operation{do: func(ctx context.Context, w *writer) error {
		_, err := w.exec(ctx, "UPDATE connectors SET poll = ? WHERE name = ?", string(b), connector)
		return err
	}})
}

// Replay implements [store.Store].
func (s *Store) Replay(ctx context.Context, ids []int64) ([]int64, error) {
	channels := map[int64]string{}
	var changed []int64
	err := s.write(ctx, &operation{do: func(ctx context.Context, w *writer) error {
		changed = nil
		for _, id := range ids {
			res, err := w.exec(ctx, "UPDATE deliveries SET state = 'waiting', attempts = 0, next_at = 0, finished_at = 0, reason = '' WHERE id = ? AND state IN ('dead','dismissed')", id)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n == 0 {
				continue
			}
			var channel string
			if err := w.row(ctx, "SELECT channel FROM deliveries WHERE id = ?", id).Scan(&channel); err != nil {
				return err
			}
			changed, channels[id] = append(changed, id), channel
		}
		return nil
	}, committed: func() {
		for _, id := range changed {
			s.lanes.replayed(channels[id], id)
			s.notify([]string{channels[id]})
		}
	}})
	return changed, err
}

// Dismiss implements [store.Store].
func (s *Store) Dismiss(ctx context.Context, ids []int64) ([]int64, error) {
	var changed []int64
	err := s.write(ctx, &operation{do: func(ctx context.Context, w *writer) error {
		changed = nil
		for _, id := range ids {
			res, err := w.exec(ctx, "UPDATE deliveries SET state = 'dismissed', finished_at = ? WHERE id = ? AND state = 'dead'", micros(s.options.Now()), id)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err == nil && n > 0 {
				changed = append(changed, id)
			}
		}
		return nil
	}})
	return changed, err
}
