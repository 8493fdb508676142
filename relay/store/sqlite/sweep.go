package sqlite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/store"
)

// sweepStep is how many rows one commit of a sweep removes.
const sweepStep = 200

// Sweep implements [store.Store]. It returns how many deliveries it removed. After
// each step it pauses for as long as the step took, so that the committer belongs
// to the others at least half of the time.
func (s *Store) Sweep(ctx context.Context, before time.Time) (removed int, err error) {
	limit, now := micros(before), micros(time.Now())
	parts := []struct {
		what    string
		step    func(w *writer) (int, error)
		counted bool
	}{
		{"deliveries", func(w *writer) (int, error) { return sweepDeliveries(w, limit) }, true},
		{"events", func(w *writer) (int, error) {
			return sweepRows(w, "DELETE FROM events WHERE id IN (SELECT id FROM events INDEXED BY events_alone WHERE deliveries = 0 AND accepted_at < ? LIMIT ?)", limit)
		}, false},
		{"refusals", func(w *writer) (int, error) {
			return sweepRows(w, "DELETE FROM refusals WHERE (connector, remote, method, status, reason) IN (SELECT connector, remote, method, status, reason FROM refusals WHERE last < ? LIMIT ?)", limit)
		}, false},
		{"keys", func(w *writer) (int, error) {
			return sweepRows(w, "DELETE FROM seen WHERE (connector, key) IN (SELECT connector, key FROM seen INDEXED BY seen_expires WHERE expires < ? LIMIT ?)", now)
		}, false},
		{"sessions", func(w *writer) (int, error) {
			return sweepRows(w, "DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE expires < ? LIMIT ?)", now)
		}, false},
		{"tokens", func(w *writer) (int, error) {
			return sweepRows(w, "DELETE FROM api_tokens WHERE hash IN (SELECT hash FROM api_tokens WHERE expires BETWEEN 1 AND ? LIMIT ?)", now-store.KeepExpired.Microseconds())
		}, false},
		{"mutes", func(w *writer) (int, error) {
			return sweepRows(w, "DELETE FROM mutes WHERE id IN (SELECT id FROM mutes WHERE until < ? LIMIT ?)", now)
		}, false},
		{"the audit log", func(w *writer) (int, error) {
			return sweepAudit(w, min(limit, now-store.KeepAudit.Microseconds()), store.MaxAudit)
		}, false},
	}
	for _, part := range parts {
		for more := true; more; {
			start := time.Now()
			n := 0
			err := s.write(ctx, &operation{what: "sweep " + part.what, do: func(w *writer) (err error) {
				n, err = part.step(w)
				return err
			}})
			if err != nil {
				return removed, err
			}
			if part.counted {
				removed += n
			}
			if more = n >= sweepStep; more {
				if err := pause(ctx, time.Since(start)); err != nil {
					return removed, fmt.Errorf("sweep %s: %w", part.what, err)
				}
			}
		}
	}
	return removed, nil
}

// sweepDeliveries removes deliveries that ended before, with their attempts, and
// the events that have no delivery left.
func sweepDeliveries(w *writer, before int64) (int, error) {
	rows, err := w.rows(`SELECT id, event FROM deliveries INDEXED BY deliveries_ended
		WHERE state IN ('delivered', 'accepted', 'dismissed') AND finished_at < ? ORDER BY finished_at LIMIT ?`, before, sweepStep)
	if err != nil {
		return 0, err
	}
	var events []int64
	for _, row := range rows {
		if _, err := w.exec("DELETE FROM attempts WHERE delivery = ?", row[0]); err != nil {
			return 0, err
		}
		if _, err := w.exec("DELETE FROM deliveries WHERE id = ?", row[0]); err != nil {
			return 0, err
		}
		events = append(events, row[1].(int64))
	}
	slices.Sort(events)
	for _, event := range slices.Compact(events) {
		if _, err := w.exec("DELETE FROM events WHERE id = ? AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.id >= first_delivery AND d.id < first_delivery + deliveries)", event); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

// sweepRows runs a query that removes at most sweepStep rows.
func sweepRows(w *writer, query string, before int64) (int, error) {
	n, err := w.exec(query, before, sweepStep)
	return int(n), err
}

// sweepAudit removes the oldest entries of the audit log: those before a time, and all but
// the last few. Their numbers grow with time.
func sweepAudit(w *writer, before, most int64) (int, error) {
	n, err := w.exec(`DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ?3)
		AND (time < ?1 OR id <= (SELECT max(id) FROM audit) - ?2)`, before, most, sweepStep)
	return int(n), err
}

// pause waits, unless the context ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
