package memory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// waiting returns what waits in a channel, oldest first.
func (s *Store) waiting(channel string, urgent bool) []*stored {
	var list []*stored
	for _, d := range s.deliveries {
		if d.Channel == channel && d.State == delivery.Waiting && (d.Urgent || !urgent) {
			list = append(list, d)
		}
	}
	return list
}

// Lanes implements [store.Store].
func (s *Store) Lanes(ctx context.Context) (list []delivery.Lane, err error) {
	err = s.use(ctx, func() error {
		all := maps.Clone(s.lanes)
		for _, d := range s.deliveries {
			if d.State != delivery.Waiting {
				continue
			}
			l := all[d.Channel]
			l.Channel = d.Channel
			if l.Waiting++; l.Waiting == 1 {
				l.Oldest = d.AcceptedAt
			}
			all[d.Channel] = l
		}
		for _, channel := range slices.Sorted(maps.Keys(all)) {
			list = append(list, all[channel])
		}
		return nil
	})
	return list, err
}

// SaveLane implements [store.Store].
func (s *Store) SaveLane(ctx context.Context, l delivery.Lane) error {
	return s.use(ctx, func() error {
		l.Waiting, l.Oldest = 0, time.Time{}
		if l.Ordinary() {
			delete(s.lanes, l.Channel)
		} else {
			s.lanes[l.Channel] = l
		}
		return nil
	})
}

// Waiting implements [store.Store].
func (s *Store) Waiting(ctx context.Context, channel string) (all, most int, err error) {
	err = s.use(ctx, func() error {
		list, by := s.waiting(channel, false), make(map[string]int)
		for _, d := range list {
			by[d.Connector]++
			most = max(most, by[d.Connector])
		}
		all = len(list)
		return nil
	})
	return all, most, err
}

// Heads implements [store.Store].
func (s *Store) Heads(ctx context.Context, channel string, urgent bool, n int) (list []delivery.Delivery, err error) {
	err = s.use(ctx, func() error {
		list = first(n, s.waiting(channel, urgent))
		return nil
	})
	return list, err
}

// Turns implements [store.Store]: it sorts what waits by its place among its connector's
// deliveries, and then by whose turn it is.
func (s *Store) Turns(ctx context.Context, channel, from string, urgent bool, n int) (list []delivery.Delivery, err error) {
	err = s.use(ctx, func() error {
		waiting := s.waiting(channel, urgent)
		places, place := make(map[string]int), make(map[int64]int)
		for _, d := range waiting {
			place[d.ID] = places[d.Connector]
			places[d.Connector]++
		}
		second := func(d *stored) int { // whether its turn comes only after that of the last name
			if d.Connector < from {
				return 1
			}
			return 0
		}
		slices.SortFunc(waiting, func(a, b *stored) int {
			return cmp.Or(cmp.Compare(place[a.ID], place[b.ID]), cmp.Compare(second(a), second(b)), cmp.Compare(a.Connector, b.Connector))
		})
		list = first(n, waiting)
		return nil
	})
	return list, err
}

// first returns the first n deliveries.
func first(n int, all []*stored) []delivery.Delivery {
	var list []delivery.Delivery
	for _, d := range all[:min(n, len(all))] {
		list = append(list, d.Delivery)
	}
	return list
}

// Rendering implements [store.Store]. No store is left of a process that dies.
func (s *Store) Rendering(...int64) (done func()) { return func() {} }

// Record implements [store.Store].
func (s *Store) Record(ctx context.Context, results ...delivery.Result) error {
	return s.use(ctx, func() error {
		for _, r := range results {
			if s.find(r.Delivery.ID) == nil {
				return fmt.Errorf("record an attempt of delivery %d: %w", r.Delivery.ID, store.ErrNotFound)
			}
		}
		for _, r := range results {
			s.find(r.Delivery.ID).record(r)
		}
		return nil
	})
}

// record applies the outcome of an attempt to a delivery.
func (d *stored) record(r delivery.Result) {
	a, now := r.Attempt, r.Delivery
	a.Delivery = d.ID
	same := func(b delivery.Attempt) bool { return b.Number == a.Number && b.Started.Equal(a.Started) }
	switch {
	case d.State == delivery.Waiting:
		d.State, d.Attempts, d.Next, d.Unknown, d.Digest, d.Reason = now.State, now.Attempts, now.Next, now.Unknown, now.Digest, now.Reason
		if d.State.Done() {
			d.finished = time.Now()
		}
	case slices.ContainsFunc(d.attempts, same):
		return
	}
	d.attempts = append(d.attempts, a)
}

// MoveChannel implements [store.Store]. Each step moves one delivery.
func (s *Store) MoveChannel(ctx context.Context, from, to string) (moved int, err error) {
	return s.emptyChannel(ctx, from, func(d *stored) {
		d.Channel = to
		if d.State == delivery.Waiting {
			s.notice.Returned = append(s.notice.Returned, to)
		}
	})
}

// ForgetChannel implements [store.Store].
func (s *Store) ForgetChannel(ctx context.Context, channel string) (dismissed int, err error) {
	return s.emptyChannel(ctx, channel, func(d *stored) {
		d.State, d.finished, d.Reason = delivery.Dismissed, time.Now(), cmp.Or(d.Reason, "the channel was forgotten")
	})
}

// emptyChannel takes everything waiting or dead out of a channel, step by step, and then
// forgets its lane.
func (s *Store) emptyChannel(ctx context.Context, channel string, takeOut func(*stored)) (n int, err error) {
	for more := true; more; {
		err := s.use(ctx, func() error {
			at := slices.IndexFunc(s.deliveries, func(d *stored) bool {
				return d.Channel == channel && (d.State == delivery.Waiting || d.State == delivery.Dead)
			})
			if more = at >= 0; more {
				takeOut(s.deliveries[at])
				n++
			} else {
				delete(s.lanes, channel)
			}
			return nil
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
