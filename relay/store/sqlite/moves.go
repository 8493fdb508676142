package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/store"
)

// moveStep is how many deliveries one commit moves: it takes a few milliseconds.
const moveStep = 1000

// MoveChannel implements [store.Store]. It moves only what a lane still deals with;
// deliveries that have ended may be millions of rows, and keep their old channel's name.
func (s *Store) MoveChannel(ctx context.Context, from, to string) (moved int, err error) {
	return s.emptyChannel(ctx, "move channel "+from+" to "+to, from, "channel = ?1", to, func(l *lanes, by map[string]tally) []string {
		l.moved(from, to, by)
		return []string{to}
	})
}

// ForgetChannel implements [store.Store].
func (s *Store) ForgetChannel(ctx context.Context, channel string) (dismissed int, err error) {
	const dismiss = "state = 'dismissed', finished_at = ?1, reason = CASE reason WHEN '' THEN 'the channel was forgotten' ELSE reason END"
	return s.emptyChannel(ctx, "forget channel "+channel, channel, dismiss, micros(time.Now()), func(l *lanes, by map[string]tally) []string {
		l.shortened(channel, by)
		return nil
	})
}

// emptyChannel takes what waits and the dead letters out of a channel, with the SET
// clause of an UPDATE and its one argument, and forgets the state of the channel's lane.
// After says what that did to the lane. Nothing is written where there is nothing to do.
func (s *Store) emptyChannel(ctx context.Context, what, channel, set string, arg any, after func(*lanes, map[string]tally) []string) (total int, err error) {
	var any bool
	err = s.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM lanes WHERE channel = ?1)
		OR EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_lane WHERE state = 'waiting' AND channel = ?1)
		OR EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_dead_channel WHERE state = 'dead' AND channel = ?1)`, channel).Scan(&any)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", what, s.explainRead(err))
	}
	if !any {
		return 0, nil
	}
	update := "UPDATE deliveries SET " + set + " WHERE id IN (SELECT id FROM deliveries INDEXED BY %s AND channel = ?2 ORDER BY id LIMIT ?3) RETURNING connector, urgent"
	for _, part := range []struct {
		from  string
		after func(*lanes, map[string]tally) []string
	}{{"deliveries_lane WHERE state = 'waiting'", after}, {"deliveries_dead_channel WHERE state = 'dead'", nil}} {
		for n := moveStep; n == moveStep; total += n {
			var by map[string]tally
			op := &operation{what: what, returns: true, do: func(w *writer) (err error) {
				n, by, err = tallied(w.rows(fmt.Sprintf(update, part.from), arg, channel, moveStep))
				return err
			}}
			if part.after != nil {
				op.after = func(l *lanes) []string { return part.after(l, by) }
			}
			if err := s.write(ctx, op); err != nil {
				return total, err
			}
		}
	}
	return total, s.write(ctx, &operation{what: what, do: func(w *writer) error {
		_, err := w.exec("DELETE FROM lanes WHERE channel = ?", channel)
		return err
	}})
}

// tallied counts deliveries, in total and by connector.
func tallied(rows [][]driver.Value, err error) (n int, by map[string]tally, _ error) {
	by = make(map[string]tally)
	for _, row := range rows {
		connector := row[0].(string)
		by[connector] = by[connector].plus(one(row[1].(int64) != 0))
	}
	return len(rows), by, err
}

// DeadLetters implements [store.Store].
func (s *Store) DeadLetters(ctx context.Context) (map[string]int, error) {
	rows, err := s.reader.QueryContext(ctx, "SELECT channel, count(*) FROM deliveries INDEXED BY deliveries_dead_channel WHERE state = 'dead' GROUP BY channel")
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
	return s.write(ctx, &operation{what: "move connector " + from + " to " + to, do: func(w *writer) error {
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
}

// ForgetConnector implements [store.Store]. The connector itself goes last, so that one
// half forgotten can be forgotten again.
func (s *Store) ForgetConnector(ctx context.Context, name string) error {
	for n := int64(moveStep); n == moveStep; {
		err := s.write(ctx, &operation{what: "forget the keys of connector " + name, do: func(w *writer) (err error) {
			n, err = w.exec("DELETE FROM seen WHERE (connector, key) IN (SELECT connector, key FROM seen WHERE connector = "+keysOf+" LIMIT ?2)", name, moveStep)
			return err
		}})
		if err != nil {
			return err
		}
	}
	return s.write(ctx, &operation{what: "forget connector " + name, do: func(w *writer) error {
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
