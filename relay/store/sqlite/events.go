package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

const eventsQuery = `SELECT e.id, e.connector, e.key, e.kind, e.time, e.accepted_at, e.fate, e.traces, e.title, iif(e.title IS NULL, e.card, NULL),
	(SELECT json_group_array(json_object('delivery', d.id, 'channel', d.channel, 'state', d.state))
		FROM deliveries d WHERE d.id >= e.first_delivery AND d.id < e.first_delivery + e.deliveries)
	FROM events e WHERE e.id IN (SELECT value FROM json_each(?)) ORDER BY e.id DESC`

// Events implements [store.Store].
func (s *Store) Events(ctx context.Context, f store.EventFilter) ([]store.EventSummary, error) {
	q, err := s.eventQuarry(ctx, f)
	var found store.Selected
	if err == nil {
		found, err = s.search(ctx, q, limitOf(f.Limit))
	}
	if err != nil {
		return nil, fmt.Errorf("list events: %w", s.explainRead(err))
	}
	if len(found.IDs) == 0 {
		return nil, nil
	}
	return readAll(ctx, s, "list events", scanSummary, eventsQuery, asJSON(found.IDs))
}

// firstSince returns the number of the first event that was accepted at a time or later,
// or the number behind the last event. Numbers grow with time, so that no index is needed.
func (s *Store) firstSince(ctx context.Context, since time.Time) (id int64, err error) {
	var low, high int64
	if err := s.reader.QueryRowContext(ctx, "SELECT coalesce((SELECT min(id) FROM events), 1), coalesce((SELECT max(id) FROM events), 0) + 1").Scan(&low, &high); err != nil {
		return 0, err
	}
	for low < high {
		middle := low + (high-low)/2
		var at int64
		err := s.reader.QueryRowContext(ctx, "SELECT accepted_at FROM events WHERE id >= ? ORDER BY id LIMIT 1", middle).Scan(&at)
		switch {
		case errors.Is(err, sql.ErrNoRows): // it has been swept in the meantime
			high = middle
		case err != nil:
			return 0, err
		case at < micros(since):
			low = middle + 1
		default:
			high = middle
		}
	}
	return low, nil
}

// eventQuarry says where the events are that a filter wants.
func (s *Store) eventQuarry(ctx context.Context, f store.EventFilter) (quarry, error) {
	q := quarry{id: "e.id", table: "events e", index: notIndexed, card: "e.card", text: f.Text}
	if f.Connector != "" {
		q.index = "INDEXED BY events_connector"
		q.cheap.add("e.connector = ?", f.Connector)
	}
	if f.Within != nil {
		q.cheap.add("e.connector IN (SELECT value FROM json_each(?))", asJSON(f.Within.Connectors))
	}
	if len(f.Fates) > 0 {
		var fates []string
		for _, fate := range event.Fates() {
			if slices.Contains(f.Fates, fate) {
				fates = append(fates, "'"+string(fate)+"'")
			}
		}
		if len(fates) == 1 && !slices.Contains(f.Fates, event.Routed) {
			// The index of events that went nowhere, which only a constant can use.
			q.index = "INDEXED BY events_unrouted"
			q.cheap.add("e.fate = " + fates[0] + " AND e.fate <> 'routed'")
		} else {
			q.cheap.add("e.fate IN (" + strings.Join(fates, ",") + ")")
		}
	}
	if f.Key != "" {
		q.index = "INDEXED BY events_key"
		q.cheap.add("e.key = ?", f.Key)
	}
	q.scans = q.index == notIndexed && (f.Within != nil || len(f.Fates) > 0)
	if f.Kind != "" {
		q.costly.add("e.kind = ?", f.Kind)
	}
	if f.Before > 0 {
		q.cheap.add("e.id < ?", f.Before)
	}
	for _, bound := range []struct {
		at   time.Time
		part string
	}{{f.Since, "e.id >= ?"}, {f.Until, "e.id < ?"}} {
		if !bound.at.IsZero() {
			first, err := s.firstSince(ctx, bound.at)
			if err != nil {
				return q, err
			}
			q.cheap.add(bound.part, first)
		}
	}
	return q, nil
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
