package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/connector-relay/relay/relay/store"
)

// moveStep is how many deliveries one commit moves: it takes a few milliseconds.
const moveStep = 1000

// MoveChannel implements [store.Store]. Only what a lane still has to do with is
// moved; what has ended may be millions of rows, and keeps the name it went by.
func (s *Store) MoveChannel(ctx context.Context, from, to string) (moved int, err error) {
	waiting := func(w *writer) (map[string]tally, error) {
		return tallied(w.rows(`UPDATE deliveries SET channel = ? WHERE id IN
			(SELECT id FROM deliveries INDEXED BY deliveries_lane WHERE state = 'waiting' AND channel = ? ORDER BY id LIMIT ?)`+who, to, from, moveStep))
	}
	handOver := func(l *lanes, by map[string]tally) []string {
		l.moved(from, to, by)
		return []string{to}
	}
	dead := func(w *writer) (map[string]tally, error) {
		return tallied(w.rows(`UPDATE deliveries SET channel = ? WHERE id IN
			(SELECT id FROM deliveries INDEXED BY deliveries_dead WHERE state = 'dead' AND channel = ? LIMIT ?)`+who, to, from, moveStep))
	}
	moved, err = s.clearChannel(ctx, from, []clearing{{step: waiting, after: handOver}, {step: dead}})
	if err != nil {
		return moved, fmt.Errorf("move channel %s to %s: %w", from, to, err)
	}
	return moved, nil
}

// ForgetChannel implements [store.Store].
func (s *Store) ForgetChannel(ctx context.Context, channel string) (dismissed int, err error) {
	now := micros(s.now())
	const put = "UPDATE deliveries SET state = 'dismissed', finished_at = ?, reason = CASE reason WHEN '' THEN 'the channel was forgotten' ELSE reason END WHERE id IN "
	waiting := func(w *writer) (map[string]tally, error) {
		return tallied(w.rows(put+"(SELECT id FROM deliveries INDEXED BY deliveries_lane WHERE state = 'waiting' AND channel = ? ORDER BY id LIMIT ?)"+who, now, channel, moveStep))
	}
	shorten := func(l *lanes, by map[string]tally) []string {
		l.shortened(channel, by)
		return nil
	}
	dead := func(w *writer) (map[string]tally, error) {
		return tallied(w.rows(put+"(SELECT id FROM deliveries INDEXED BY deliveries_dead WHERE state = 'dead' AND channel = ? LIMIT ?)"+who, now, channel, moveStep))
	}
	dismissed, err = s.clearChannel(ctx, channel, []clearing{{step: waiting, after: shorten}, {step: dead}})
	if err != nil {
		return dismissed, fmt.Errorf("forget channel %s: %w", channel, err)
	}
	return dismissed, nil
}

// clearing takes deliveries out of a channel, up to moveStep in one commit.
type clearing struct {
	step  func(w *writer) (map[string]tally, error)
	after func(l *lanes, by map[string]tally) []string
}

// who has an UPDATE of deliveries say whose they are, as tallied reads it.
const who = " RETURNING connector, urgent"

// tallied counts deliveries by their connectors.
func tallied(rows [][]driver.Value, err error) (map[string]tally, error) {
	by := make(map[string]tally)
	for _, row := range rows {
		connector := row[0].(string)
		by[connector] = by[connector].plus(one(row[1].(int64) != 0))
	}
	return by, err
}

// clearChannel runs the clearings until nothing is left, and forgets how the
// channel's lane stands. Nothing is written where there is nothing to do.
func (s *Store) clearChannel(ctx context.Context, channel string, list []clearing) (total int, err error) {
	var any bool
	err = s.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM lanes WHERE channel = ?1)
		OR EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_lane WHERE state = 'waiting' AND channel = ?1)
		OR EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_dead WHERE state = 'dead' AND channel = ?1)`, channel).Scan(&any)
	if err != nil || !any {
		return 0, s.explainRead(err)
	}
	for _, c := range list {
		for n := moveStep; n == moveStep; {
			var by map[string]tally
			op := &operation{do: func(w *writer) (err error) {
				by, err = c.step(w)
				return err
			}}
			if c.after != nil {
				op.returns, op.after = true, func(l *lanes) []string { return c.after(l, by) }
			}
			if err := s.write(ctx, op); err != nil {
				return total, err
			}
			n = 0
			for _, t := range by {
				n += t.all
			}
			total += n
		}
	}
	return total, s.write(ctx, &operation{do: func(w *writer) error {
		_, err := w.exec("DELETE FROM lanes WHERE channel = ?", channel)
		return err
	}})
}

// DeadLetters implements [store.Store].
func (s *Store) DeadLetters(ctx context.Context) (map[string]int, error) {
	rows, err := s.reader.QueryContext(ctx, "SELECT channel, count(*) FROM deliveries INDEXED BY deliveries_dead WHERE state = 'dead' GROUP BY channel")
	counts := make(map[string]int)
	err = each(rows, err, func() error {
		var channel string
		var n int
		err := rows.Scan(&channel, &n)
		counts[channel] = n
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count dead letters: %w", s.explainRead(err))
	}
	return counts, nil
}

// MoveConnector implements [store.Store]. The keys stay where they are; the
// connector remembers where that is.
func (s *Store) MoveConnector(ctx context.Context, from, to string, token []byte) error {
	err := s.write(ctx, &operation{do: func(w *writer) error {
		row, err := w.row("SELECT (SELECT count(*) FROM connectors WHERE name = ?), (SELECT count(*) FROM connectors WHERE name = ? AND (last_event <> 0 OR checkpoint IS NOT NULL))", from, to)
		switch {
		case err != nil:
			return err
		case row[0].(int64) == 0:
			return store.ErrNotFound
		case row[1].(int64) > 0:
			return store.ErrTaken
		}
		return w.all([]statement{
			{"DELETE FROM connectors WHERE name = ?", []any{to}},
			{"UPDATE connectors SET name = ?1, keys = CASE keys WHEN '' THEN ?2 ELSE keys END WHERE name = ?2", []any{to, from}},
			{"DELETE FROM tokens WHERE connector = ?", []any{from}},
			{"INSERT INTO tokens (connector, sealed) SELECT ?1, ?2 WHERE ?2 IS NOT NULL ON CONFLICT DO NOTHING", []any{to, blob(token)}},
		})
	}})
	if err != nil {
		return fmt.Errorf("move connector %s to %s: %w", from, to, err)
	}
	return nil
}

// ForgetConnector implements [store.Store]. The connector itself goes last, so that
// what an end in the middle leaves can be forgotten again.
func (s *Store) ForgetConnector(ctx context.Context, name string) error {
	for n := int64(moveStep); n == moveStep; {
		err := s.write(ctx, &operation{do: func(w *writer) (err error) {
			n, err = w.exec("DELETE FROM seen WHERE (connector, key) IN (SELECT connector, key FROM seen WHERE connector = "+keysOf+" LIMIT ?2)", name, moveStep)
			return err
		}})
		if err != nil {
			return fmt.Errorf("forget the keys of connector %s: %w", name, err)
		}
	}
	err := s.write(ctx, &operation{do: func(w *writer) error {
		n, err := w.exec("DELETE FROM connectors WHERE name = ?", name)
		if err == nil && n == 0 {
			return store.ErrNotFound
		}
		if err != nil {
			return err
		}
		return w.all([]statement{
			{"DELETE FROM tokens WHERE connector = ?", []any{name}},
			{"DELETE FROM refusals WHERE connector = ?", []any{name}},
		})
	}})
	if err != nil {
		return fmt.Errorf("forget connector %s: %w", name, err)
	}
	return nil
}

// statement is a query and its arguments.
type statement struct {
	query string
	args  []any
}

// all runs statements one after the other.
func (w *writer) all(list []statement) error {
	for _, s := range list {
		if _, err := w.exec(s.query, s.args...); err != nil {
			return err
		}
	}
	return nil
}
