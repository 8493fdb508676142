package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

const (
	// searchStep is how many rows one query of a search looks at. Between two of them its
	// connection is free for others.
	searchStep = 2000
	// searchers is how many searches run at once, so that they leave others connections
	// and processors.
	searchers = 2
)

// quarry is where what a filter wants is looked for.
type quarry struct {
	// id is the column of the numbers, such as "d.id", and table that of the rows; join is
	// what the costly conditions need besides.
	id, table, join string
	// index names the index that finds the rows with the least reading. SQLite cannot know
	// which, because it keeps no statistics here.
	index string
	// cheap are the conditions that need the table only, and costly are the others.
	cheap, costly conditions
	// card is the column of a card that must hold the text, unless that is empty.
	card, text string
}

// conditions are a WHERE clause and its arguments.
type conditions struct {
	parts []string
	args  []any
}

func (c *conditions) add(part string, args ...any) {
	c.parts, c.args = append(c.parts, part), append(c.args, args...)
}

// String is the clause.
func (c conditions) String() string {
	return strings.Join(append([]string{"true"}, c.parts...), " AND ")
}

// search returns the numbers of what is wanted, newest first.
func (s *Store) search(ctx context.Context, q quarry, limit int) (found store.Selected, err error) {
	if len(q.costly.parts) == 0 && q.text == "" {
		query := fmt.Sprintf("SELECT %s FROM %s %s WHERE %s ORDER BY %[1]s DESC LIMIT ?", q.id, q.table, q.index, q.cheap)
		rows, err := s.reader.QueryContext(ctx, query, append(q.cheap.args, limit+1)...)
		err = each(rows, err, func() error {
			var id int64
			err := rows.Scan(&id)
			found.IDs = append(found.IDs, id)
			return err
		})
		return cut(found, limit), err
	}
	select {
	case s.searching <- struct{}{}:
		defer func() { <-s.searching }()
	case <-ctx.Done():
		return found, ctx.Err()
	}
	before := int64(math.MaxInt64)
	for looked := 0; looked < store.MaxSearched; looked += searchStep {
		low, n, err := s.window(ctx, q, before)
		if err != nil || n == 0 {
			return found, err
		}
		more, err := s.look(ctx, q, low, before, limit+1-len(found.IDs))
		found.IDs = append(found.IDs, more...)
		if err != nil || len(found.IDs) > limit || n < searchStep {
			return cut(found, limit), err
		}
		before = low
	}
	found.More = true
	return found, nil
}

// cut leaves the first ones, up to a limit.
func cut(found store.Selected, limit int) store.Selected {
	if len(found.IDs) > limit {
		return store.Selected{IDs: found.IDs[:limit], More: true}
	}
	return found
}

// window returns the lowest number of the next step's rows, and how many they are.
func (s *Store) window(ctx context.Context, q quarry, before int64) (low int64, n int, err error) {
	query := fmt.Sprintf("SELECT coalesce(min(id), 0), count(*) FROM (SELECT %s AS id FROM %s %s WHERE %s AND %[1]s < ? ORDER BY %[1]s DESC LIMIT ?)", q.id, q.table, q.index, q.cheap)
	err = s.reader.QueryRowContext(ctx, query, append(slices.Clone(q.cheap.args), before, searchStep)...).Scan(&low, &n)
	return low, n, err
}

// look returns up to a limit of what is wanted in a window, newest first.
func (s *Store) look(ctx context.Context, q quarry, low, before int64, limit int) (ids []int64, err error) {
	body, holds := "NULL", func([]byte) bool { return true }
	if q.text != "" {
		body, holds = q.card, card.Holds(q.text)
	}
	query := fmt.Sprintf("SELECT %s, %s FROM %s %s %s WHERE %s AND %[1]s >= ? AND %[1]s < ? AND %[7]s ORDER BY %[1]s DESC", q.id, body, q.table, q.index, q.join, q.cheap, q.costly)
	rows, err := s.reader.QueryContext(ctx, query, slices.Concat(q.cheap.args, []any{low, before}, q.costly.args)...)
	if err != nil {
		return nil, err
	}
	for len(ids) < limit && err == nil && rows.Next() {
		var id int64
		var text sql.RawBytes // read in place
		if err = rows.Scan(&id, &text); err == nil && holds(text) {
			ids = append(ids, id)
		}
	}
	return ids, errors.Join(err, rows.Err(), rows.Close())
}

// SelectDeliveries implements [store.Store].
func (s *Store) SelectDeliveries(ctx context.Context, f store.Filter) (found store.Selected, err error) {
	q, err := s.deliveryQuarry(ctx, f)
	if err == nil {
		found, err = s.search(ctx, q, limitOf(f.Limit))
	}
	if err != nil {
		return store.Selected{}, fmt.Errorf("list deliveries: %w", s.explainRead(err))
	}
	return found, nil
}

// deliveryQuarry says where the deliveries are that a filter wants. Its clause contains
// states literally, not as arguments, because only then can SQLite use the index of one.
func (s *Store) deliveryQuarry(ctx context.Context, f store.Filter) (quarry, error) {
	q := quarry{
		id: "d.id", table: "deliveries d", join: "CROSS JOIN events e ON e.id = d.event", index: "NOT INDEXED",
		card: cardColumn, text: f.Text,
	}
	if f.Kind != "" {
		q.costly.add("e.kind = ?", f.Kind)
	}
	if f.Verdict != "" {
		q.costly.add("(SELECT a.verdict FROM attempts a WHERE a.delivery = d.id ORDER BY a.seq DESC LIMIT 1) = ?", string(f.Verdict))
	}
	if f.Channel != "" {
		q.cheap.add("d.channel = ?", f.Channel)
	}
	if f.Connector != "" {
		q.cheap.add("d.connector = ?", f.Connector)
	}
	if f.Within != nil {
		q.cheap.add("(d.channel IN (SELECT value FROM json_each(?)) OR d.connector IN (SELECT value FROM json_each(?)))", asJSON(f.Within.Channels), asJSON(f.Within.Connectors))
	}
	if f.Event != 0 {
		// The numbers of an event's deliveries follow each other.
		q.cheap.add("d.id >= (SELECT first_delivery FROM events WHERE id = ?)", f.Event)
		q.cheap.add("d.id < (SELECT first_delivery + deliveries FROM events WHERE id = ?)", f.Event)
	} else if len(f.States) == 1 {
		q.index = stateIndex(f.States[0], f.Channel != "", q)
	}
	if f.Before != 0 {
		q.cheap.add("d.id < ?", f.Before)
	}
	if len(f.States) > 0 {
		var states []string
		for _, state := range delivery.States() {
			if slices.Contains(f.States, state) {
				states = append(states, "d.state = '"+string(state)+"'")
			}
		}
		if len(states) == 0 {
			states = []string{"false"}
		}
		q.cheap.add("(" + strings.Join(states, " OR ") + ")")
	}
	err := s.timeBounds(ctx, &q, f.Since, f.Until)
	return q, err
}

// stateIndex names the index of one state.
func stateIndex(state delivery.State, channel bool, q quarry) string {
	searches := q.text != "" || len(q.costly.parts) > 0
	switch {
	case state == delivery.Dead && channel:
		return "INDEXED BY deliveries_dead_channel"
	case state == delivery.Dead:
		return "INDEXED BY deliveries_dead"
	case state == delivery.Dismissed:
		return "INDEXED BY deliveries_dismissed"
	case state == delivery.Waiting && (channel || !searches):
		// Without a channel the numbers have to be sorted; a search would do that at each
		// step.
		return "INDEXED BY deliveries_lane"
	}
	return "NOT INDEXED"
}

// timeBounds adds that the deliveries were accepted between two times, where these are not
// zero: like those of events, their numbers grow with time.
func (s *Store) timeBounds(ctx context.Context, q *quarry, since, until time.Time) error {
	for _, bound := range []struct {
		at   time.Time
		part string
	}{{since, "d.id >= ?"}, {until, "d.id < ?"}} {
		if bound.at.IsZero() {
			continue
		}
		event, err := s.firstSince(ctx, bound.at)
		if err != nil {
			return err
		}
		first := int64(math.MaxInt64)
		err = s.reader.QueryRowContext(ctx, "SELECT first_delivery FROM events WHERE id >= ? ORDER BY id LIMIT 1", event).Scan(&first)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		q.cheap.add(bound.part, first)
	}
	return nil
}

// asJSON writes a list as JSON, as json_each and decode read it.
func asJSON[T string | int64](list []T) string {
	b, _ := json.Marshal(list) // these always encode
	return string(b)
}
