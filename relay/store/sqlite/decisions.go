package sqlite

import (
	"context"
	"fmt"
	"slices"

	"github.com/connector-relay/relay/relay/delivery"
)

// decisionStep is how many deliveries one commit replays or dismisses: few enough
// that others do not wait long for it, and many more than a lane can bring away
// before the next commit. So a lane sees what is replayed in its order, oldest
// first, although it starts before the last is back.
const decisionStep = 5000

// Replay implements [store.Store]. Whether an attempt may have shown the card
// before is still known afterwards; when it was first tried is counted anew.
func (s *Store) Replay(ctx context.Context, ids []int64) ([]int64, error) {
	return s.decide(ctx, ids, "replay", s.replay)
}

// Dismiss implements [store.Store].
func (s *Store) Dismiss(ctx context.Context, ids []int64) ([]int64, error) {
	return s.decide(ctx, ids, "dismiss", s.dismiss)
}

// decide does something with deliveries in steps and returns those it changed,
// also when a later step failed.
func (s *Store) decide(ctx context.Context, ids []int64, what string, step func([]int64) (*operation, *[]int64)) ([]int64, error) {
	var changed []int64
	for part := range slices.Chunk(slices.Sorted(slices.Values(ids)), decisionStep) {
		op, done := step(part)
		if err := s.write(ctx, op); err != nil {
			return changed, fmt.Errorf("%s: %w", what, err)
		}
		changed = append(changed, *done...)
	}
	return changed, nil
}

func (s *Store) replay(ids []int64) (*operation, *[]int64) {
	changed := new([]int64)
	var waiting []delivery.Delivery
	do := func(w *writer) error {
		*changed, waiting = nil, nil
		for _, id := range ids {
			row, err := w.row(`UPDATE deliveries SET state = 'waiting', attempts = 0, next_at = 0, tried_at = 0, finished_at = 0, digest = 0, reason = '', crashes = 0
				WHERE id = ? AND state IN ('dead', 'dismissed') RETURNING channel, connector, urgent`, id)
			if err != nil {
				return fmt.Errorf("delivery %d: %w", id, err)
			}
			if row != nil {
				*changed = append(*changed, id)
				waiting = append(waiting, delivery.Delivery{ID: id, Channel: row[0].(string), Connector: row[1].(string), Urgent: row[2].(int64) != 0})
			}
		}
		return nil
	}
	after := func(l *lanes) []string {
		channels := make([]string, len(waiting))
		for i, d := range waiting {
			l.replayed(d)
			channels[i] = d.Channel
		}
		return channels
	}
	return &operation{do: do, after: after, returns: true}, changed
}

func (s *Store) dismiss(ids []int64) (*operation, *[]int64) {
	changed, now := new([]int64), micros(s.now())
	do := func(w *writer) error {
		*changed = nil
		for _, id := range ids {
			n, err := w.exec("UPDATE deliveries SET state = 'dismissed', finished_at = ? WHERE id = ? AND state = 'dead'", now, id)
			if err != nil {
				return fmt.Errorf("delivery %d: %w", id, err)
			}
			if n > 0 {
				*changed = append(*changed, id)
			}
		}
		return nil
	}
	return &operation{do: do}, changed
}
