package sqlite

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// sweepStep is how many rows one transaction of a sweep removes.
const sweepStep = 500

// Sweep implements [store.Store].
func (s *Store) Sweep(ctx context.Context, before time.Time) (int, error) {
	steps := []struct {
		query string
		arg   int64
		count bool
	}{
		{"DELETE FROM attempts WHERE delivery IN (SELECT id FROM deliveries WHERE state IN ('delivered','accepted','dismissed') AND finished_at < ? LIMIT 500)", micros(before), false},
		{"DELETE FROM deliveries WHERE id IN (SELECT d.id FROM deliveries d WHERE d.state IN ('delivered','accepted','dismissed') AND d.finished_at < ? AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.delivery = d.id) LIMIT 500)", micros(before), true},
		{"DELETE FROM events WHERE id IN (SELECT e.id FROM events e WHERE e.accepted_at < ? AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event = e.id) LIMIT 500)", micros(before), false},
		{"DELETE FROM seen WHERE (connector, key) IN (SELECT connector, key FROM seen WHERE expires < ? LIMIT 500)", micros(s.options.Now()), false},
	}
	removed := 0
	for _, step := range steps {
		for ctx.Err() == nil {
			n, err := s.sweepStep(ctx, step.query, step.arg)
			if err != nil {
				return removed, err
			}
			if step.count {
				removed += n
			}
			if n < sweepStep {
				break
			}
		}
	}
	return removed, ctx.Err()
}

func (s *Store) sweepStep(ctx context.Context, query string, arg int64) (int, error) {
	n := int64(0)
	err := s.write(ctx, &operation{do: func(ctx context.Context, w *writer) error {
		res, err := w.exec(ctx, query, arg)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	}})
	return int(n), err
}

func sortLanes(list []delivery.Lane) {
	slices.SortFunc(list, func(a, b delivery.Lane) int { return strings.Compare(a.Channel, b.Channel) })
}
