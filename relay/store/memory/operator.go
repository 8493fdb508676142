package memory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// refusal is what distinguishes one refusal from others.
type refusal struct {
	connector, remote, method string
	status                    int
	reason                    string
}

// event returns an event, nil when there is none.
func (s *Store) event(id int64) *store.Event {
	i, found := slices.BinarySearchFunc(s.events, id, func(e *store.Event, id int64) int { return int(e.ID - id) })
	if !found {
		return nil
	}
	return s.events[i]
}

// title is what a list shows for a card.
func title(b []byte) string { return card.Cut(card.ReadHeadline(b), store.MaxTitle) }

// summary is a delivery for a list, with its card.
func (s *Store) summary(d *stored) store.Summary {
	sum := store.Summary{Delivery: d.Delivery, Kind: s.event(d.Event).Kind, Title: title(d.Card), Finished: d.finished}
	if n := len(d.attempts); n > 0 {
		last := d.attempts[n-1]
		sum.Last = &last
	}
	return sum
}

// Deliveries implements [store.Store].
func (s *Store) Deliveries(ctx context.Context, f store.Filter) (list []store.Summary, err error) {
	found, err := s.SelectDeliveries(ctx, f)
	if err != nil {
		return nil, err
	}
	err = s.use(ctx, func() error {
		for _, id := range found.IDs {
			sum := s.summary(s.find(id))
			if !f.Cards {
				sum.Card = nil
			}
			list = append(list, sum)
		}
		return nil
	})
	return list, err
}

// SelectDeliveries implements [store.Store].
func (s *Store) SelectDeliveries(ctx context.Context, f store.Filter) (found store.Selected, err error) {
	err = s.use(ctx, func() error {
		for _, d := range slices.Backward(s.deliveries) {
			switch {
			case !s.wanted(f, d):
			case len(found.IDs) == cmp.Or(f.Limit, store.DefaultLimit):
				found.More = true
				return nil
			default:
				found.IDs = append(found.IDs, d.ID)
			}
		}
		return nil
	})
	return found, err
}

func (s *Store) wanted(f store.Filter, d *stored) bool {
	sum := s.summary(d)
	return (f.Channel == "" || d.Channel == f.Channel) &&
		(f.Connector == "" || d.Connector == f.Connector) &&
		(f.Within == nil || slices.Contains(f.Within.Channels, d.Channel) || slices.Contains(f.Within.Connectors, d.Connector)) &&
		(f.Event == 0 || d.Event == f.Event) &&
		(f.Before == 0 || d.ID < f.Before) &&
		(len(f.States) == 0 || slices.Contains(f.States, d.State)) &&
		between(d.AcceptedAt, f.Since, f.Until) &&
		(f.Kind == "" || sum.Kind == f.Kind) &&
		(f.Verdict == "" || sum.Last != nil && sum.Last.Verdict == f.Verdict) &&
		(f.Text == "" || card.Holds(f.Text)(d.Card))
}

// between reports whether a time is in a range, whose bounds may be zero.
func between(at, since, until time.Time) bool {
	return !at.Before(since) && (until.IsZero() || at.Before(until))
}

// Delivery implements [store.Store].
func (s *Store) Delivery(ctx context.Context, id int64) (sum store.Summary, attempts []delivery.Attempt, err error) {
	err = s.use(ctx, func() error {
		d := s.find(id)
		if d == nil {
			return fmt.Errorf("delivery %d: %w", id, store.ErrNotFound)
		}
		sum, attempts = s.summary(d), slices.Clone(d.attempts)
		return nil
	})
	return sum, attempts, err
}

// DeadLetters implements [store.Store].
func (s *Store) DeadLetters(ctx context.Context) (map[string]int, error) {
	counts := make(map[string]int)
	err := s.use(ctx, func() error {
		for _, d := range s.deliveries {
			if d.State == delivery.Dead {
				counts[d.Channel]++
			}
		}
		return nil
	})
	return counts, err
}

// Rates implements [store.Store].
func (s *Store) Rates(ctx context.Context) (store.Rates, error) {
	hour := time.Now().Truncate(time.Hour)
	r := store.Rates{Hour: hour, Events: make(map[string][]int), Deliveries: make(map[string][]int)}
	count := func(in map[string][]int, name string, at time.Time) {
		if ago := int(hour.Sub(at.Truncate(time.Hour)).Hours()); ago < store.RateHours {
			if in[name] == nil {
				in[name] = make([]int, store.RateHours)
			}
			in[name][store.RateHours-1-ago]++
		}
	}
	err := s.use(ctx, func() error {
		for _, e := range s.events {
			count(r.Events, e.Connector, e.AcceptedAt)
		}
		for _, d := range s.deliveries {
			if d.State.Arrived() {
				count(r.Deliveries, d.Channel, d.finished)
			}
		}
		return nil
	})
	return r, err
}

// Events implements [store.Store].
func (s *Store) Events(ctx context.Context, f store.EventFilter) (list []store.EventSummary, err error) {
	err = s.use(ctx, func() error {
		for _, e := range slices.Backward(s.events) {
			if len(list) == cmp.Or(f.Limit, store.DefaultLimit) {
				break
			}
			if !wantedEvent(f, e) {
				continue
			}
			sum := store.EventSummary{Event: *e, Title: title(e.Card)}
			sum.Card, sum.Data, sum.Thread = nil, nil, ""
			for _, d := range s.deliveries {
				if d.Event == e.ID {
					sum.Deliveries = append(sum.Deliveries, store.Standing{ID: d.ID, Channel: d.Channel, State: d.State})
				}
			}
			list = append(list, sum)
		}
		return nil
	})
	return list, err
}

func wantedEvent(f store.EventFilter, e *store.Event) bool {
	return (f.Connector == "" || e.Connector == f.Connector) &&
		(f.Within == nil || slices.Contains(f.Within.Connectors, e.Connector)) &&
		(f.Kind == "" || e.Kind == f.Kind) &&
		(f.Key == "" || e.Key == f.Key) &&
		(len(f.Fates) == 0 || slices.Contains(f.Fates, e.Fate)) &&
		between(e.AcceptedAt, f.Since, f.Until) &&
		(f.Text == "" || card.Holds(f.Text)(e.Card)) &&
		(f.Before == 0 || e.ID < f.Before)
}

// Event implements [store.Store].
func (s *Store) Event(ctx context.Context, id int64) (e store.Event, err error) {
	err = s.use(ctx, func() error {
		switch found := s.event(id); {
		case found != nil:
			e = *found
		case id > 0 && id <= s.lastEvent:
			return fmt.Errorf("event %d: %w", id, store.ErrSwept)
		default:
			return fmt.Errorf("event %d: %w", id, store.ErrNotFound)
		}
		return nil
	})
	return e, err
}

// FindEvents implements [store.Store].
func (s *Store) FindEvents(ctx context.Context, key string) (ids []int64, err error) {
	err = s.use(ctx, func() error {
		for _, e := range s.events {
			if e.Key == key {
				ids = append(ids, e.ID)
			}
		}
		for _, k := range s.keys {
			if was, seen := k.known[key]; seen {
				ids = append(ids, was.event)
			}
		}
		slices.Sort(ids)
		ids = slices.Compact(ids)
		slices.Reverse(ids)
		ids = ids[:min(len(ids), store.MaxFound)]
		return nil
	})
	return ids, err
}

// Replay implements [store.Store].
func (s *Store) Replay(ctx context.Context, ids []int64) ([]int64, error) {
	return s.decide(ctx, ids, func(d *stored) bool {
		if d.State != delivery.Dead && d.State != delivery.Dismissed {
			return false
		}
		d.State, d.Attempts, d.Next, d.Digest, d.Reason = delivery.Waiting, 0, time.Time{}, 0, ""
		d.finished = time.Time{}
		s.notice.Returned = append(s.notice.Returned, d.Channel)
		return true
	})
}

// Dismiss implements [store.Store].
func (s *Store) Dismiss(ctx context.Context, ids []int64) ([]int64, error) {
	return s.decide(ctx, ids, func(d *stored) bool {
		if d.State != delivery.Dead {
			return false
		}
		d.State, d.finished = delivery.Dismissed, time.Now()
		return true
	})
}

// decide does something with deliveries and returns those that it changed.
func (s *Store) decide(ctx context.Context, ids []int64, do func(*stored) bool) (changed []int64, err error) {
	err = s.use(ctx, func() error {
		for _, id := range slices.Sorted(slices.Values(ids)) {
			if d := s.find(id); d != nil && do(d) {
				changed = append(changed, id)
			}
		}
		return nil
	})
	return changed, err
}

// Refuse implements [store.Store].
func (s *Store) Refuse(ctx context.Context, list []store.Refusal) error {
	return s.use(ctx, func() error {
		for _, r := range list {
			which := refusal{r.Connector, r.Remote, r.Method, r.Status, r.Reason}
			was := s.refusals[which]
			if was == nil {
				s.refusals[which] = &r
				continue
			}
			was.Bytes, was.Count = r.Bytes, was.Count+r.Count
			if r.Last.After(was.Last) {
				was.Last = r.Last
			}
		}
		kept := make(map[string]int)
		for _, r := range s.lastRefusals() {
			if kept[r.Connector]++; kept[r.Connector] > store.MaxRefusals {
				delete(s.refusals, refusal{r.Connector, r.Remote, r.Method, r.Status, r.Reason})
			}
		}
		return nil
	})
}

// Refusals implements [store.Store].
func (s *Store) Refusals(ctx context.Context, connector string) (list []store.Refusal, err error) {
	err = s.use(ctx, func() error {
		for _, r := range s.lastRefusals() {
			if connector == "" || r.Connector == connector {
				list = append(list, *r)
			}
		}
		return nil
	})
	return list, err
}

// lastRefusals returns all refusals, the last first.
func (s *Store) lastRefusals() []*store.Refusal {
	return slices.SortedFunc(maps.Values(s.refusals), func(a, b *store.Refusal) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Connector, b.Connector), cmp.Compare(a.Remote, b.Remote),
			cmp.Compare(a.Method, b.Method), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Reason, b.Reason))
	})
}
