package connector

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/connector-relay/relay/relay/event"
)

// batchSize is how many events EmitAt hands over at once: enough that a large batch
// costs little more than a small one, few enough that the relay stores it in an instant.
const batchSize = 100

// kept is the form of a checkpoint that EmitAt makes.
type kept[T any] struct {
	// Version is of the connector's state, so that one which it cannot read any more
	// is not misread.
	Version int `json:"version"`
	State   T   `json:"state"`
}

// Recall reads the state that an earlier poll left with [Poll.EmitAt]. It is false
// when there is none, as at the first poll, and when there is one of another version
// or one that cannot be read, of which the log is told: what the source has now then
// counts as known.
func Recall[T any](p *Poll, version int) (state T, ok bool) {
	if p.Checkpoint == nil {
		return state, false
	}
	var k kept[T]
	if err := json.Unmarshal(p.Checkpoint, &k); err != nil || k.Version != version {
		p.Log.Warn("the checkpoint cannot be read; this poll counts as the first")
		return state, false
	}
	return k.State, true
}

// EmitAt hands over events, oldest first, in batches of a good size, and with the
// last of them the state in which the next poll is to begin, as JSON: a poll that
// breaks off before finds the same events again, and the relay knows them by their
// keys. It does nothing when there is neither an event nor a new state.
func (p *Poll) EmitAt(ctx context.Context, version int, state any, events ...event.Event) error {
	at, err := json.Marshal(kept[any]{version, state})
	if err != nil {
		return fmt.Errorf("the connector's state: %w", err)
	}
	for len(events) > batchSize {
		if err := p.Emit(ctx, event.Batch{Events: events[:batchSize]}); err != nil {
			return err
		}
		events = events[batchSize:]
	}
	before := p.at
	if before == nil {
		before = p.Checkpoint
	}
	if len(events) == 0 && string(at) == string(before) {
		return nil
	}
	return p.Emit(ctx, event.Batch{Events: events, Checkpoint: at})
}
