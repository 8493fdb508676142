package sqlite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// decisionStep is how many deliveries one commit replays or dismisses: few enough that
// others do not wait long for it, and many more than a lane can deliver before the next
// commit. So a lane gets what is replayed in order, oldest first, although it starts
// before the last one is back.
const decisionStep = 5000

// Replay implements [store.Store].
func (s *Store) Replay(ctx context.Context, ids []int64) ([]int64, error) {
	const replay = `UPDATE deliveries SET state = 'waiting', attempts = 0, next_at = 0, finished_at = 0, digest = 0, reason = '', crashes = 0
		WHERE id = ? AND state IN ('dead', 'dismissed') RETURNING channel, connector, urgent`
	return s.decide(ctx, "replay", ids, true, replay)
}

// Dismiss implements [store.Store].
func (s *Store) Dismiss(ctx context.Context, ids []int64) ([]int64, error) {
	const dismiss = "UPDATE deliveries SET state = 'dismissed', finished_at = ?2 WHERE id = ?1 AND state = 'dead' RETURNING channel, connector, urgent"
	return s.decide(ctx, "dismiss", ids, false, dismiss, micros(time.Now()))
}

// decide changes deliveries one by one, with a query whose first argument is the
// delivery's number. It works in steps and returns those it changed, even if a later step
// failed. Returns says that they wait again.
func (s *Store) decide(ctx context.Context, what string, ids []int64, returns bool, query string, args ...any) (all []int64, err error) {
	for step := range slices.Chunk(slices.Sorted(slices.Values(ids)), decisionStep) {
		var changed []delivery.Delivery
		op := &operation{what: what, returns: true, do: func(w *writer) error {
			changed = nil
			for _, id := range step {
				row, err := w.row(query, append([]any{id}, args...)...)
				if err != nil {
					return fmt.Errorf("delivery %d: %w", id, err)
				}
				if row != nil {
					changed = append(changed, delivery.Delivery{ID: id, Channel: row[0].(string), Connector: row[1].(string), Urgent: row[2].(int64) != 0})
				}
			}
			return nil
		}}
		if returns {
			op.after = func(l *lanes) (channels []string) {
				for _, d := range changed {
					l.replayed(d)
					channels = append(channels, d.Channel)
				}
				return channels
			}
		}
		if err := s.write(ctx, op); err != nil {
			return all, err
		}
		for _, d := range changed {
			all = append(all, d.ID)
		}
	}
	return all, nil
}
