package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

// searchStep is how many events one query of a search reads at most. A search that no
// index helps may take long; between two steps its connection is free for others.
const searchStep = 2000

const eventsQuery = `SELECT e.id, e.connector, e.key, e.kind, e.time, e.accepted_at, e.fate, e.traces, e.title, iif(e.title IS NULL, e.card, NULL),
	(SELECT json_group_array(json_object('delivery', d.id, 'channel', d.channel, 'state', d.state))
		FROM deliveries d WHERE d.id >= e.first_delivery AND d.id < e.first_delivery + e.deliveries)
	FROM events e %s WHERE e.id > ? AND e.id <= ? AND %s ORDER BY e.id DESC LIMIT ?`

// Events implements [store.Store].
func (s *Store) Events(ctx context.Context, f store.EventFilter) ([]store.EventSummary, error) {
	list, err := s.events(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", s.explainRead(err))
	}
	return list, nil
}

func (s *Store) events(ctx context.Context, f store.EventFilter) (list []store.EventSummary, err error) {
	limit := limitOf(f.Limit)
	from, to, err := s.span(ctx, f)
	if err != nil {
		return nil, err
	}
	index, clause, args := eventConditions(f)
	step := to
	if f.Kind != "" || f.Text != "" {
		step = searchStep
	}
	for to > from && len(list) < limit {
		low := max(from, to-step)
		rows, err := s.reader.QueryContext(ctx, fmt.Sprintf(eventsQuery, index, clause), slices.Concat([]any{low, to}, args, []any{limit - len(list)})...)
		err = each(rows, err, func() error {
			e, err := scanSummary(rows.Scan)
			list = append(list, e)
			return err
		})
		if err != nil {
			return nil, err
		}
		to = low
	}
	return list, nil
}

// span returns the range in which a filter's events have their numbers: greater than
// from, and at most to.
func (s *Store) span(ctx context.Context, f store.EventFilter) (from, to int64, err error) {
	if err := s.reader.QueryRowContext(ctx, "SELECT coalesce(min(id), 1) - 1, coalesce(max(id), 0) FROM events").Scan(&from, &to); err != nil {
		return 0, 0, err
	}
	if f.Before > 0 {
		to = min(to, f.Before-1)
	}
	if f.Since.IsZero() {
		return from, to, nil
	}
	// Numbers grow with time, so that no index is needed to find a time.
	for low, high := from, to; low < high; {
		middle := low + (high-low)/2
		var at int64
		err := s.reader.QueryRowContext(ctx, "SELECT accepted_at FROM events WHERE id > ? ORDER BY id LIMIT 1", middle).Scan(&at)
		switch {
		case errors.Is(err, sql.ErrNoRows): // it has been swept in the meantime
			high = middle
		case err != nil:
			return 0, 0, err
		case at < micros(f.Since):
			low = middle + 1
		default:
			high = middle
		}
		from = low
	}
	return from, to, nil
}

// eventConditions names the index that finds what a filter wants with the least
// reading, and makes the WHERE clause.
func eventConditions(f store.EventFilter) (index, clause string, args []any) {
	index = "NOT INDEXED"
	parts := []string{"true"}
	add := func(part string, values ...any) { parts, args = append(parts, part), append(args, values...) }
	if f.Connector != "" {
		index = "INDEXED BY events_connector"
		add("e.connector = ?", f.Connector)
	}
	if f.Within != nil {
		add("e.connector IN (SELECT value FROM json_each(?))", names(f.Within.Connectors))
	}
	if len(f.Fates) > 0 {
		var fates []string
		for _, fate := range event.Fates() {
			if slices.Contains(f.Fates, fate) {
				fates = append(fates, "'"+string(fate)+"'")
			}
		}
		add("e.fate IN (" + strings.Join(fates, ",") + ")")
		if len(fates) == 1 && !slices.Contains(f.Fates, event.Routed) {
			// The index of events that went nowhere, which only a constant can use.
			index = "INDEXED BY events_unrouted"
			parts[len(parts)-1] = "e.fate = " + fates[0] + " AND e.fate <> 'routed'"
		}
	}
	if f.Key != "" {
		index = "INDEXED BY events_key"
		add("e.key = ?", f.Key)
	}
	if f.Kind != "" {
		add("e.kind = ?", f.Kind)
	}
	if f.Text != "" {
		add(`CAST(e.card AS TEXT) LIKE ? ESCAPE '\'`, "%"+pattern(f.Text)+"%")
	}
	return index, strings.Join(parts, " AND "), args
}

// pattern returns a text as it appears in the JSON of a card, for LIKE.
func pattern(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(card.Quoted(text))
}

func scanSummary(scan func(...any) error) (store.EventSummary, error) {
	var e store.EventSummary
	var at, accepted int64
	var traces, body, deliveries []byte
	var known sql.NullString
	if err := scan(&e.ID, &e.Connector, &e.Key, &e.Kind, &at, &accepted, &e.Fate, &traces, &known, &body, &deliveries); err != nil {
		return e, err
	}
	e.Time, e.AcceptedAt, e.Title = moment(at), moment(accepted), known.String
	if !known.Valid { // an older relay stored the card
		e.Title = title(body)
	}
	if err := decode(traces, &e.Traces, "the traces of event %d", e.ID); err != nil {
		return e, err
	}
	return e, decode(deliveries, &e.Deliveries, "the deliveries of event %d", e.ID)
}
