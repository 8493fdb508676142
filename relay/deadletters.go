package relay

import (
	"context"
	"iter"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// deadLetterPage is how many dead letters are read at a time.
const deadLetterPage = 500

// deadLetters walks the dead letters of a channel, or of all, a page at a time.
func (r *Relay) deadLetters(ctx context.Context, channel string) iter.Seq2[[]int64, error] {
	return func(yield func([]int64, error) bool) {
		f := store.Filter{Channel: channel, States: []delivery.State{delivery.Dead}, Limit: deadLetterPage}
		for {
			page, err := r.store.Deliveries(ctx, f)
			if err != nil {
				yield(nil, err)
				return
			}
			if len(page) == 0 {
				return
			}
			ids := make([]int64, len(page))
			for i, d := range page {
				ids[i] = d.ID
			}
			if !yield(ids, nil) {
				return
			}
			f.Before = ids[len(ids)-1]
		}
	}
}

// countDead counts all dead letters.
func (r *Relay) countDead(ctx context.Context) (int, error) {
	channels, err := r.store.DeadLetters(ctx)
	n := 0
	for _, dead := range channels {
		n += dead
	}
	return n, err
}
