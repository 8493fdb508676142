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
	// searchStep is how many rows one query of a search reads, and scanStep over how many
	// numbers one goes that looks for few of them. Between two queries others have their
	// turn.
	searchStep = 2000
	scanStep   = 50_000
	// searchers is how many such queries run at once, so that they leave connections to
	// others, and above all to lanes.
	searchers = readers / 2
)

// notIndexed is the order of the numbers.
const notIndexed = "NOT INDEXED"

// quarry is where what a filter wants is looked for.
type quarry struct {
	// id is the column of the numbers, such as "d.id", and table that of the rows; join is
	// what the costly conditions need besides.
	id, table, join string
	// index names the index that finds the rows with the least reading. SQLite cannot know
	// which, because it keeps no statistics here.
	index string
	// scans says that no index helps and that few rows may be wanted.
	scans bool
	// cheap are the conditions that need the table only, and costly are the others.
	cheap, costly conditions
	// card is the column of a card that must hold the text, unless that is empty.
	card, text string
}

func (q quarry) searches() bool { return q.text != "" || len(q.costly.parts) > 0 }

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

// search returns the numbers of what is wanted, newest first. It looks at up to
// [store.MaxSearched] rows that meet the cheap conditions.
func (s *Store) search(ctx context.Context, q quarry, limit int) (found store.Selected, err error) {
	v, err := s.firstStep(ctx, q, limit)
	if err != nil {
		return found, err
	}
	for looked := 0; looked < store.MaxSearched; {
		v.limit = limit + 1 - len(found.IDs)
		ids, n, last, err := s.look(ctx, q, v)
		found.IDs = append(found.IDs, ids...)
		switch {
		case err != nil:
			return store.Selected{}, err
		case len(found.IDs) > limit:
			return store.Selected{IDs: found.IDs[:limit], More: true}, nil
		case n == v.rows:
			v.before = last
		case v.low() <= v.first:
			return found, nil
		default:
			v.before = v.low()
		}
		if q.searches() {
			looked += n
		}
	}
	found.More = true
	return found, nil
}

// step is what one query of a search looks at: the next so many rows below a number, and
// not below another one.
type step struct {
	first, before, span int64
	rows                int
	// limit is how many are wanted.
	limit int
}

func (v step) low() int64 { return max(v.first, v.before-v.span) }

// firstStep returns where a search begins.
func (s *Store) firstStep(ctx context.Context, q quarry, limit int) (step, error) {
	v := step{before: math.MaxInt64, span: math.MaxInt64, rows: limit + 1}
	if q.searches() {
		v.rows = searchStep
	}
	if !q.scans {
		return v, nil
	}
	v.span = scanStep
	query := fmt.Sprintf("SELECT coalesce((SELECT min(%s) FROM %s), 0), coalesce((SELECT max(%[1]s) FROM %[2]s), 0) + 1", q.id, q.table)
	return v, s.reader.QueryRowContext(ctx, query).Scan(&v.first, &v.before)
}

// look makes one step, when it is its turn. It returns what is wanted, newest first, how
// many rows it read, and the number of the last.
func (s *Store) look(ctx context.Context, q quarry, v step) (ids []int64, n int, last int64, err error) {
	if q.searches() || q.scans {
		select {
		case s.searching <- struct{}{}:
			defer func() { <-s.searching }()
		case <-ctx.Done():
			return nil, 0, 0, ctx.Err()
		}
	}
	if !q.searches() {
		q.join = ""
	}
	rows := fmt.Sprintf("FROM %s %s %s WHERE %s AND %s >= ? AND %[5]s < ? ORDER BY %[5]s DESC LIMIT ?", q.table, q.index, q.join, q.cheap, q.id)
	args := slices.Concat(q.costly.args, q.cheap.args, []any{v.low(), v.before, v.rows})
	if q.text == "" {
		return s.sift(ctx, fmt.Sprintf("SELECT %s AS id, %s AS wanted %s", q.id, q.costly, rows), v.limit, args)
	}
	return s.read(ctx, fmt.Sprintf("SELECT %s, iif(%s, %s, NULL) %s", q.id, q.costly, q.card, rows), card.Holds(q.text), v.limit, args)
}

// sift returns what a query of numbers says that is wanted.
func (s *Store) sift(ctx context.Context, query string, limit int, args []any) (ids []int64, n int, last int64, err error) {
	var list []byte
	err = s.reader.QueryRowContext(ctx, "SELECT count(*), coalesce(min(id), 0), json_group_array(id) FILTER (WHERE wanted) FROM ("+query+")", args...).Scan(&n, &last, &list)
	if err == nil {
		err = json.Unmarshal(list, &ids)
	}
	return ids[:min(len(ids), limit)], n, last, err
}

// read returns the numbers of the cards that hold a text; a card that nobody wants is NULL.
func (s *Store) read(ctx context.Context, query string, holds func([]byte) bool, limit int, args []any) (ids []int64, n int, last int64, err error) {
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, 0, 0, err
	}
	for len(ids) < limit && err == nil && rows.Next() {
		var body sql.RawBytes // read in place
		if err = rows.Scan(&last, &body); err == nil && holds(body) {
			ids = append(ids, last)
		}
		n++
	}
	return ids, n, last, errors.Join(err, rows.Err(), rows.Close())
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
		id: "d.id", table: "deliveries d", join: "CROSS JOIN events e ON e.id = d.event", index: notIndexed,
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
	q.scans = f.Channel != "" || f.Connector != "" || f.Within != nil || len(f.States) > 0
	if f.Event != 0 {
		q.scans = false
		// The numbers of an event's deliveries follow each other.
		q.cheap.add("d.id >= (SELECT first_delivery FROM events WHERE id = ?)", f.Event)
		q.cheap.add("d.id < (SELECT first_delivery + deliveries FROM events WHERE id = ?)", f.Event)
	} else if len(f.States) == 1 {
		q.index = stateIndex(f.States[0], f.Channel != "", q.searches())
		q.scans = q.scans && q.index == notIndexed
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
func stateIndex(state delivery.State, channel, searches bool) string {
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
	return notIndexed
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
