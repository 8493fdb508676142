package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// The queries of a lane each have an index of their own, which SQLite would not always
// choose.
const (
	headsQuery      = waitingBy + "deliveries_lane" + ofChannel + inOrder
	urgentQuery     = waitingBy + "deliveries_urgent" + ofChannel + onlyUrgent + inOrder
	turnQuery       = waitingBy + "deliveries_turns" + ofChannel + ofConnector + inOrder
	urgentTurnQuery = waitingBy + "deliveries_urgent_turns" + ofChannel + ofConnector + onlyUrgent + inOrder

	waitingBy   = "SELECT " + deliveryColumns + " FROM deliveries d INDEXED BY "
	ofChannel   = " CROSS JOIN events e ON e.id = d.event WHERE d.state = 'waiting' AND d.channel = ?"
	ofConnector = " AND d.connector = ?"
	onlyUrgent  = " AND d.urgent = 1"
	inOrder     = " ORDER BY d.id LIMIT ?"
)

const oldestQuery = `SELECT e.accepted_at FROM deliveries d INDEXED BY deliveries_lane CROSS JOIN events e ON e.id = d.event
	WHERE d.state = 'waiting' AND d.channel = ? ORDER BY d.id LIMIT 1`

// Heads implements [store.Store]. What was accepted a moment ago comes from memory.
func (s *Store) Heads(ctx context.Context, channel string, urgent bool, n int) ([]delivery.Delivery, error) {
	if s.queue.isClosed() {
		return nil, store.ErrClosed
	}
	list, changes, ok := s.lanes.heads(channel, urgent, n)
	if ok {
		return list, nil
	}
	query := headsQuery
	if urgent {
		query = urgentQuery
	}
	list, err := s.readHeads(ctx, query, channel, n)
	if err == nil && !urgent && len(list) < n {
		s.lanes.fill(channel, list, changes)
	}
	return list, err
}

// Turns implements [store.Store]. It reads the file: a lane that is crowded is deeper
// than what is kept in memory, or soon will be.
func (s *Store) Turns(ctx context.Context, channel, from string, urgent bool, n int) ([]delivery.Delivery, error) {
	if s.queue.isClosed() {
		return nil, store.ErrClosed
	}
	query := turnQuery
	if urgent {
		query = urgentTurnQuery
	}
	var taken [][]delivery.Delivery
	for _, share := range s.lanes.shares(channel, from, urgent, n) {
		if share.deliveries == 0 {
			break
		}
		list, err := s.readHeads(ctx, query, channel, share.connector, share.deliveries)
		if err != nil {
			return nil, err
		}
		taken = append(taken, list)
	}
	return interleave(taken, n), nil
}

// interleave takes the first of each list, then the second of each, and so on,
// up to n in all.
func interleave(lists [][]delivery.Delivery, n int) []delivery.Delivery {
	var all []delivery.Delivery
	for place, more := 0, true; more && len(all) < n; place++ {
		more = false
		for _, list := range lists {
			if place < len(list) && len(all) < n {
				all, more = append(all, list[place]), true
			}
		}
	}
	return all
}

// readHeads reads a lane's deliveries from the file. The arguments are the query's.
func (s *Store) readHeads(ctx context.Context, query, channel string, args ...any) ([]delivery.Delivery, error) {
	var list []delivery.Delivery
	rows, err := s.statements[query].QueryContext(ctx, append([]any{channel}, args...)...)
	err = each(rows, err, func() error {
		d, err := scanDelivery(rows.Scan)
		list = append(list, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read lane %s: %w", channel, s.explainRead(err))
	}
	return list, nil
}

// Waiting implements [store.Store]; it asks the memory.
func (s *Store) Waiting(_ context.Context, channel string) (all, most int, err error) {
	if s.queue.isClosed() {
		return 0, 0, store.ErrClosed
	}
	all, most = s.lanes.waiting(channel)
	return all, most, nil
}

// Lanes implements [store.Store].
func (s *Store) Lanes(ctx context.Context) ([]delivery.Lane, error) {
	list, err := s.storedLanes(ctx)
	if err != nil {
		return nil, fmt.Errorf("read lanes: %w", s.explainRead(err))
	}
	counts := s.lanes.counts()
	stored := make(map[string]bool, len(list))
	for _, l := range list {
		stored[l.Channel] = true
	}
	for channel := range counts {
		if !stored[channel] {
			list = append(list, delivery.Lane{Channel: channel})
		}
	}
	for i := range list {
		l := &list[i]
		c := counts[l.Channel]
		if c.waiting > 0 && !c.known {
			if err := s.age(ctx, l.Channel, &c); err != nil {
				return nil, fmt.Errorf("read lane %s: %w", l.Channel, s.explainRead(err))
			}
		}
		l.Waiting, l.Oldest = c.waiting, c.oldest
	}
	slices.SortFunc(list, func(a, b delivery.Lane) int { return strings.Compare(a.Channel, b.Channel) })
	return list, nil
}

// age asks the file how old a lane's oldest delivery is.
func (s *Store) age(ctx context.Context, channel string, c *count) error {
	var at int64
	err := s.statements[oldestQuery].QueryRowContext(ctx, channel).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		c.waiting = 0 // the last one has just ended
		return nil
	}
	if err != nil {
		return err
	}
	c.oldest = moment(at)
	s.lanes.learn(channel, c.oldest, c.changes)
	return nil
}

// storedLanes returns the lanes that are paused or wait until a time.
func (s *Store) storedLanes(ctx context.Context) ([]delivery.Lane, error) {
	rows, err := s.reader.QueryContext(ctx, "SELECT channel, pause, reason, since, next_at, drain FROM lanes")
	var list []delivery.Lane
	err = each(rows, err, func() error {
		var l delivery.Lane
		var since, next int64
		err := rows.Scan(&l.Channel, &l.Pause, &l.Reason, &since, &next, &l.Drain)
		l.Since, l.Next = moment(since), moment(next)
		list = append(list, l)
		return err
	})
	return list, err
}

// SaveLane implements [store.Store]. An ordinary lane needs no row.
func (s *Store) SaveLane(ctx context.Context, l delivery.Lane) error {
	return s.write(ctx, &operation{what: "save lane " + l.Channel, do: func(w *writer) error {
		if l.Ordinary() {
			_, err := w.exec("DELETE FROM lanes WHERE channel = ?", l.Channel)
			return err
		}
		_, err := w.exec("INSERT OR REPLACE INTO lanes (channel, pause, reason, since, next_at, drain) VALUES (?,?,?,?,?,?)",
			l.Channel, string(l.Pause), l.Reason, micros(l.Since), micros(l.Next), l.Drain)
		return err
	}})
}
