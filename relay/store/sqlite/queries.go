package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// deliveryColumns are the columns that scanDelivery reads, of deliveries d and events e.
const deliveryColumns = columnsBefore + cardColumn + columnsAfter

const (
	columnsBefore = `d.id, d.channel, d.event, d.connector, d.state, d.attempts, d.next_at, d.unknown, e.accepted_at, `
	cardColumn    = `coalesce(d.card, e.card)`
	columnsAfter  = `, e.key, e.thread, d.urgent, d.digest, d.reason, d.crashes`
	titleColumn   = `iif(d.card IS NULL, e.title, d.title)`
)

// attemptColumns are the columns that scanAttempt reads, of attempts a.
const attemptColumns = "a.number, a.started, a.took, a.verdict, a.status, a.detail, a.retry_after, a.bytes, a.omitted, a.duplicate, a.gathered"

const lastQuery = "SELECT " + attemptColumns + " FROM attempts a WHERE a.delivery = ? ORDER BY a.seq DESC LIMIT 1"

// each calls scan for every row and closes the rows. It takes what the query
// returned.
func each(rows *sql.Rows, err error, scan func() error) error {
	if err != nil {
		return err
	}
	for err == nil && rows.Next() {
		err = scan()
	}
	return errors.Join(err, rows.Err(), rows.Close())
}

func scanDelivery(scan func(...any) error, more ...any) (delivery.Delivery, error) {
	var d delivery.Delivery
	var next, accepted int64
	err := scan(append([]any{
		&d.ID, &d.Channel, &d.Event, &d.Connector, &d.State, &d.Attempts, &next, &d.Unknown,
		&accepted, &d.Card, &d.Key, &d.Thread, &d.Urgent, &d.Digest, &d.Reason, &d.Crashes,
	}, more...)...)
	d.Next, d.AcceptedAt = moment(next), moment(accepted)
	return d, err
}

func scanAttempt(scan func(...any) error, id int64) (delivery.Attempt, error) {
	a := delivery.Attempt{Delivery: id}
	var started, took, retry int64
	var omitted []byte
	if err := scan(&a.Number, &started, &took, &a.Verdict, &a.Status, &a.Detail, &retry, &a.Bytes, &omitted, &a.PossibleDuplicate, &a.Gathered); err != nil {
		return a, err
	}
	a.Started, a.Took, a.RetryAfter = moment(started), time.Duration(took)*time.Microsecond, time.Duration(retry)*time.Microsecond
	return a, decode(omitted, &a.Omitted, "an attempt of delivery %d", id)
}

// decode reads JSON that this store has written; NULL leaves the value as it is. What
// names it in the error.
func decode(b []byte, value any, what string, args ...any) error {
	if b == nil {
		return nil
	}
	if err := json.Unmarshal(b, value); err != nil {
		return fmt.Errorf("%w: %s: %w", store.ErrCorrupt, fmt.Sprintf(what, args...), err)
	}
	return nil
}

// Deliveries implements [store.Store].
func (s *Store) Deliveries(ctx context.Context, f store.Filter) ([]store.Summary, error) {
	found, err := s.SelectDeliveries(ctx, f)
	if err != nil || len(found.IDs) == 0 {
		return nil, err
	}
	list, err := s.summaries(ctx, f.Cards, "WHERE d.id IN (SELECT value FROM json_each(?)) ORDER BY d.id DESC", asJSON(found.IDs))
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", s.explainRead(err))
	}
	return list, nil
}

// limitOf returns how many entries a list may have when its filter asks for n.
func limitOf(n int) int {
	if n <= 0 {
		return store.DefaultLimit
	}
	return n
}

// summaries returns the deliveries that a clause selects, each with its last attempt. It
// reads cards only on demand, because those of a list may be many megabytes.
func (s *Store) summaries(ctx context.Context, cards bool, clause string, args ...any) ([]store.Summary, error) {
	body := "NULL"
	if cards {
		body = cardColumn
	}
	// The cross join keeps deliveries in the outer loop, where they come in the wanted
	// order.
	rows, err := s.reader.QueryContext(ctx, "SELECT "+columnsBefore+body+columnsAfter+", e.kind, d.finished_at, "+titleColumn+
		" FROM deliveries d CROSS JOIN events e ON e.id = d.event "+clause, args...)
	var list []store.Summary
	var untitled []int
	err = each(rows, err, func() (err error) {
		var sum store.Summary
		var finished int64
		var title sql.NullString
		sum.Delivery, err = scanDelivery(rows.Scan, &sum.Kind, &finished, &title)
		sum.Finished, sum.Title = moment(finished), title.String
		if !title.Valid {
			untitled = append(untitled, len(list))
		}
		list = append(list, sum)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, i := range untitled {
		if list[i].Title, err = s.oldTitle(ctx, list[i].ID); err != nil {
			return nil, err
		}
	}
	return list, s.lastAttempts(ctx, list)
}

// oldTitle returns the title of a card that an older relay stored. One that has been
// swept meanwhile has none.
func (s *Store) oldTitle(ctx context.Context, id int64) (string, error) {
	var body []byte
	err := s.reader.QueryRowContext(ctx, "SELECT "+cardColumn+" FROM deliveries d JOIN events e ON e.id = d.event WHERE d.id = ?", id).Scan(&body)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", err
	}
	return title(body), nil
}

// lastAttempts fills in the last attempt of each.
func (s *Store) lastAttempts(ctx context.Context, list []store.Summary) error {
	for i := range list {
		a, err := scanAttempt(s.statements[lastQuery].QueryRowContext(ctx, list[i].ID).Scan, list[i].ID)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		list[i].Last = &a
	}
	return nil
}

// title returns what a list shows of a stored card.
func title(b []byte) string { return card.Cut(card.ReadHeadline(b), store.MaxTitle) }

// Delivery implements [store.Store].
func (s *Store) Delivery(ctx context.Context, id int64) (store.Summary, []delivery.Attempt, error) {
	list, err := s.summaries(ctx, true, "WHERE d.id = ?", id)
	if err == nil && len(list) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Summary{}, nil, fmt.Errorf("delivery %d: %w", id, s.explainRead(err))
	}
	attempts, err := s.attempts(ctx, id)
	if err != nil {
		return store.Summary{}, nil, fmt.Errorf("delivery %d: %w", id, s.explainRead(err))
	}
	return list[0], attempts, nil
}

// attempts returns a delivery's attempts, oldest first.
func (s *Store) attempts(ctx context.Context, id int64) ([]delivery.Attempt, error) {
	rows, err := s.reader.QueryContext(ctx, "SELECT "+attemptColumns+" FROM attempts a WHERE a.delivery = ? ORDER BY a.seq", id)
	var list []delivery.Attempt
	err = each(rows, err, func() error {
		a, err := scanAttempt(rows.Scan, id)
		list = append(list, a)
		return err
	})
	return list, err
}

// Event implements [store.Store].
func (s *Store) Event(ctx context.Context, id int64) (store.Event, error) {
	e := store.Event{ID: id}
	var at, accepted int64
	var traces []byte
	err := s.reader.QueryRowContext(ctx, "SELECT connector, key, kind, thread, time, accepted_at, card, coalesce(data, '{}'), fate, traces FROM events WHERE id = ?", id).
		Scan(&e.Connector, &e.Key, &e.Kind, &e.Thread, &at, &accepted, &e.Card, &e.Data, &e.Fate, &traces)
	if errors.Is(err, sql.ErrNoRows) {
		err = s.gone(ctx, id)
	}
	if err != nil {
		return store.Event{}, fmt.Errorf("event %d: %w", id, s.explainRead(err))
	}
	e.Time, e.AcceptedAt = moment(at), moment(accepted)
	return e, decode(traces, &e.Traces, "the traces of event %d", id)
}

// gone says why there is no event with a number: each number is given out once.
func (s *Store) gone(ctx context.Context, id int64) error {
	var last int64
	err := s.reader.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'").Scan(&last)
	switch {
	case err != nil:
		return err
	case id > 0 && id <= last:
		return store.ErrSwept
	default:
		return store.ErrNotFound
	}
}

// FindEvents implements [store.Store].
func (s *Store) FindEvents(ctx context.Context, key string) ([]int64, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT id FROM events WHERE key = ?1
		UNION SELECT event FROM seen WHERE connector IN (SELECT iif(keys = '', name, keys) FROM connectors) AND key = ?1 ORDER BY 1 DESC LIMIT ?2`, key, store.MaxFound)
	var ids []int64
	err = each(rows, err, func() error {
		var id int64
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find events: %w", s.explainRead(err))
	}
	return ids, nil
}
