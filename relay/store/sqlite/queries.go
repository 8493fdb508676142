package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// deliveryColumns are what scanDelivery reads, of deliveries d and events e.
const deliveryColumns = `d.id, d.channel, d.event, e.connector, d.state, d.attempts, d.next_at, d.unknown,
	e.accepted_at, coalesce(d.card, e.card), e.key, d.reason`

const deliveryTables = "deliveries d JOIN events e ON e.id = d.event"

func scanDelivery(scan func(...any) error, more ...any) (delivery.Delivery, error) {
	var d delivery.Delivery
	var next, accepted int64
	err := scan(append([]any{&d.ID, &d.Channel, &d.Event, &d.Connector, &d.State, &d.Attempts, &next, &d.Unknown,
		&accepted, &d.Card, &d.Key, &d.Reason}, more...)...)
	d.Next, d.AcceptedAt = moment(next), moment(accepted)
	return d, err
}

// Heads implements [store.Store].
func (s *Store) Heads(ctx context.Context, channel string, after int64, n int) ([]delivery.Delivery, error) {
	if list, ok := s.lanes.heads(channel, after, n); ok {
		return list, nil
	}
	rows, err := s.db.QueryContext(ctx, "SELECT "+deliveryColumns+" FROM "+deliveryTables+
		" WHERE d.state = 'waiting' AND d.channel = ? AND d.id > ? ORDER BY d.id LIMIT ?", channel, after, n)
	if err != nil {
		return nil, explainError(err)
	}
	defer rows.Close()
	var list []delivery.Delivery
	for rows.Next() {
		d, err := scanDelivery(rows.Scan)
		if err != nil {
			return nil, explainError(err)
		}
		list = append(list, d)
	}
	return list, explainError(rows.Err())
}

// Lanes implements [store.Store].
func (s *Store) Lanes(ctx context.Context) ([]delivery.Lane, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT channel, pause, reason, since, next_at FROM lanes")
	if err != nil {
		return nil, explainError(err)
	}
	defer rows.Close()
	var list []delivery.Lane
	counts := s.lanes.counts()
	for rows.Next() {
		var l delivery.Lane
		var since, next int64
		if err := rows.Scan(&l.Channel, &l.Pause, &l.Reason, &since, &next); err != nil {
			return nil, explainError(err)
		}
		l.Since, l.Next, l.Waiting = moment(since), moment(next), counts[l.Channel]
		delete(counts, l.Channel)
		list = append(list, l)
	}
	if err := rows.Err(); err != nil {
		return nil, explainError(err)
	}
	for channel, n := range counts {
		list = append(list, delivery.Lane{Channel: channel, Waiting: n})
	}
	for i := range list {
		heads, err := s.Heads(ctx, list[i].Channel, 0, 1)
		if err != nil {
			return nil, err
		}
		if len(heads) > 0 {
			list[i].Oldest = heads[0].AcceptedAt
		}
	}
	sortLanes(list)
	return list, nil
}

// Deliveries implements [store.Store].
func (s *Store) Deliveries(ctx context.Context, f store.Filter) ([]store.Summary, error) {
	where, args := conditions(f)
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	rows, err := s.db.QueryContext(ctx, "SELECT "+deliveryColumns+", e.kind, d.finished_at FROM "+deliveryTables+where+" ORDER BY d.id DESC LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, explainError(err)
	}
	defer rows.Close()
	var list []store.Summary
	for rows.Next() {
		var sum store.Summary
		var finished int64
		if sum.Delivery, err = scanDelivery(rows.Scan, &sum.Kind, &finished); err != nil {
			return nil, explainError(err)
		}
		sum.Finished, sum.Title = moment(finished), title(sum.Card)
		list = append(list, sum)
	}
	if err := rows.Err(); err != nil {
		return nil, explainError(err)
	}
	for i := range list {
		attempts, err := s.attempts(ctx, list[i].ID)
		if err != nil {
			return nil, err
		}
		if len(attempts) > 0 {
			list[i].Last = &attempts[len(attempts)-1]
		}
	}
	return list, nil
}

func title(b []byte) string {
	c, err := card.Parse(b)
	if err != nil {
		return ""
	}
	return c.Headline()
}

func conditions(f store.Filter) (string, []any) {
	var parts []string
	var args []any
	add := func(part string, values ...any) { parts, args = append(parts, part), append(args, values...) }
	if f.Channel != "" {
		add("d.channel = ?", f.Channel)
	}
	if f.Connector != "" {
		add("e.connector = ?", f.Connector)
	}
	if f.Event != 0 {
		add("d.event = ?", f.Event)
	}
	if f.Before != 0 {
		add("d.id < ?", f.Before)
	}
	if len(f.States) > 0 {
		marks := make([]any, len(f.States))
		for i, state := range f.States {
			marks[i] = string(state)
		}
		add("d.state IN (?"+strings.Repeat(",?", len(marks)-1)+")", marks...)
	}
	if len(parts) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(parts, " AND "), args
}

// Delivery implements [store.Store].
func (s *Store) Delivery(ctx context.Context, id int64) (store.Summary, []delivery.Attempt, error) {
	var sum store.Summary
	var finished int64
	row := s.db.QueryRowContext(ctx, "SELECT "+deliveryColumns+", e.kind, d.finished_at FROM "+deliveryTables+" WHERE d.id = ?", id)
	d, err := scanDelivery(row.Scan, &sum.Kind, &finished)
	if errors.Is(err, sql.ErrNoRows) {
		return sum, nil, fmt.Errorf("delivery %d: %w", id, store.ErrNotFound)
	}
	if err != nil {
		return sum, nil, explainError(err)
	}
	sum.Delivery, sum.Finished, sum.Title = d, moment(finished), title(d.Card)
	attempts, err := s.attempts(ctx, id)
	if len(attempts) > 0 {
		sum.Last = &attempts[len(attempts)-1]
	}
	return sum, attempts, err
}

func (s *Store) attempts(ctx context.Context, id int64) ([]delivery.Attempt, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT number, started, took, verdict, status, detail, retry_after, bytes, omitted, duplicate FROM attempts WHERE delivery = ? ORDER BY rowid", id)
	if err != nil {
		return nil, explainError(err)
	}
	defer rows.Close()
	var list []delivery.Attempt
	for rows.Next() {
		a := delivery.Attempt{Delivery: id}
		var started, took, retry int64
		var omitted []byte
		if err := rows.Scan(&a.Number, &started, &took, &a.Verdict, &a.Status, &a.Detail, &retry, &a.Bytes, &omitted, &a.PossibleDuplicate); err != nil {
			return nil, explainError(err)
		}
		a.Started, a.Took, a.RetryAfter = moment(started), time.Duration(took)*time.Microsecond, time.Duration(retry)*time.Microsecond
		if err := json.Unmarshal(omitted, &a.Omitted); err != nil {
			return nil, fmt.Errorf("attempt of delivery %d: %w", id, err)
		}
		list = append(list, a)
	}
	return list, explainError(rows.Err())
}

// Event implements [store.Store].
func (s *Store) Event(ctx context.Context, id int64) (store.Event, error) {
	e := store.Event{ID: id}
	var at, accepted int64
	var traces []byte
	err := s.db.QueryRowContext(ctx, "SELECT connector, key, kind, time, accepted_at, card, data, fate, traces FROM events WHERE id = ?", id).
		Scan(&e.Connector, &e.Key, &e.Kind, &at, &accepted, &e.Card, &e.Data, &e.Fate, &traces)
	if errors.Is(err, sql.ErrNoRows) {
		return e, fmt.Errorf("event %d: %w", id, store.ErrNotFound)
	}
	if err != nil {
		return e, explainError(err)
	}
	e.Time, e.AcceptedAt = moment(at), moment(accepted)
	if err := json.Unmarshal(traces, &e.Traces); err != nil {
		return e, fmt.Errorf("event %d: traces: %w", id, err)
	}
	return e, nil
}

// FindEvents implements [store.Store].
func (s *Store) FindEvents(ctx context.Context, key string) ([]int64, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT id FROM events WHERE key = ? ORDER BY id DESC LIMIT 20", key)
	if err != nil {
		return nil, explainError(err)
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, explainError(err)
		}
		ids = append(ids, id)
	}
	return ids, explainError(rows.Err())
}

// Connectors implements [store.Store].
func (s *Store) Connectors(ctx context.Context) ([]store.Connector, error) {
	return s.connectors(ctx, "ORDER BY name")
}

func (s *Store) connectors(ctx context.Context, clause string, args ...any) ([]store.Connector, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT name, type, hook_token, checkpoint, poll, last_event FROM connectors "+clause, args...)
	if err != nil {
		return nil, explainError(err)
	}
	defer rows.Close()
	var list []store.Connector
	for rows.Next() {
		var c store.Connector
		var poll []byte
		var last int64
		if err := rows.Scan(&c.Name, &c.Type, &c.HookToken, (*[]byte)(&c.Checkpoint), &poll, &last); err != nil {
			return nil, explainError(err)
		}
		if err := json.Unmarshal(poll, &c.Poll); err != nil {
			return nil, fmt.Errorf("connector %s: poll: %w", c.Name, err)
		}
		c.LastEvent = moment(last)
		list = append(list, c)
	}
	return list, explainError(rows.Err())
}
