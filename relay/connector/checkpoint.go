package connector

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/connector-relay/relay/relay/connector/wire"
	"github.com/connector-relay/relay/relay/event"
)

// EmitAt hands over its events once it holds this many, or this many bytes of them, or
// the first of them has waited this long. Larger batches would save little, and the relay
// stores one of this size in an instant.
const (
	batchEvents = 100
	batchBytes  = 1 << 20
	batchWait   = time.Second
)

// mostBytes is how many bytes of events fit into a message beside a checkpoint.
const mostBytes = wire.MaxMessage - wire.MaxCheckpoint - 1<<20

// kept is the format of a checkpoint that EmitAt makes.
type kept[T any] struct {
	// Version is the version of the connector's state, so that an outdated state is not misread.
	Version int `json:"version"`
	State   T   `json:"state"`
}

// Recall reads the state that an earlier poll left with [Poll.EmitAt]. It reports false
// when there is none, as at the first poll, and when the state is of another version or
// cannot be read, which it logs. The poll then counts as the first: what the source has
// now is known, and what comes later is new.
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

// waiting is what EmitAt was given and has not handed over yet.
type waiting struct {
	events []*wire.Event
	bytes  int
	since  time.Time
	// state is what holds after the last of the events; nil when EmitAt was not called.
	state *kept[any]
}

// EmitAt emits events, oldest first, and the state from which the next poll continues
// once they are stored, which [Recall] then reads. Call it as often as is convenient, for
// each event with the state that holds after it. EmitAt collects events, hands them over
// in batches of a good size with the state of the latest call, and returns before the
// last of them are stored. Those are handed over when Poll returns, or by [Poll.Flush].
// Without events EmitAt only moves the state.
//
// A crash half-way loses nothing: the next poll begins at the last stored state and finds
// the rest again, and the relay recognises by their keys the events that it already has.
//
// The state becomes JSON when a batch is handed over, not at each call, so that a large
// one costs little. It may hold maps and pointers, which the poll may keep changing for
// the next call. A poll that returns an error may have changed them for events that it
// never emitted, so its last events go without the state, unless Flush handed them over.
//
// After an error the poll should end: nothing more will be stored.
func (p *Poll) EmitAt(ctx context.Context, version int, state any, events ...event.Event) error {
	for _, e := range events {
		w, err := wire.FromEvent(e)
		if err != nil {
			p.waiting.state = nil // it already holds for this event
			return fmt.Errorf("event %s: %w", e.Key, err)
		}
		size := proto.Size(w)
		if len(p.waiting.events) >= batchEvents || p.waiting.bytes >= batchBytes || p.waiting.bytes+size > mostBytes {
			p.waiting.state = nil // it already holds for later events
			if err := p.Flush(ctx); err != nil {
				return err
			}
		}
		if len(p.waiting.events) == 0 {
			p.waiting.since = time.Now()
		}
		p.waiting.events, p.waiting.bytes = append(p.waiting.events, w), p.waiting.bytes+size
	}
	p.waiting.state = &kept[any]{version, state}
	if len(p.waiting.events) < batchEvents && p.waiting.bytes < batchBytes && (len(p.waiting.events) == 0 || time.Since(p.waiting.since) < batchWait) {
		return nil
	}
	return p.Flush(ctx)
}

// end hands over the rest when Poll has returned.
func (p *Poll) end(ctx context.Context, err error) error {
	if err != nil {
		p.waiting.state = nil
	}
	return p.Flush(ctx)
}

// Flush hands over what [Poll.EmitAt] has collected and returns once it is stored. Call
// it before waiting for what the source will send, and whenever the state must not be
// lost whatever happens next.
func (p *Poll) Flush(ctx context.Context) error {
	out := p.waiting
	p.waiting = waiting{}
	batch := &wire.Batch{Events: out.events}
	if out.state != nil {
		at, err := json.Marshal(out.state)
		if err != nil {
			return fmt.Errorf("the connector's state: %w", err)
		}
		batch.Checkpoint, batch.HasCheckpoint = at, true
	}
	if len(batch.GetEvents()) == 0 && (out.state == nil || string(batch.GetCheckpoint()) == string(p.position())) {
		return nil
	}
	return p.send(ctx, batch)
}

// Emit hands over a batch and returns once it is stored. After an error the poll should
// end: nothing more will be stored. It is for connectors with a checkpoint format of
// their own; [Poll.EmitAt] makes batches by itself.
func (p *Poll) Emit(ctx context.Context, b event.Batch) error {
	if err := p.Flush(ctx); err != nil {
		return err
	}
	w, err := wire.FromBatch(b)
	if err != nil {
		return err
	}
	return p.send(ctx, w)
}

func (p *Poll) send(ctx context.Context, b *wire.Batch) error {
	if err := p.emit(ctx, b); err != nil {
		return err
	}
	if b.GetHasCheckpoint() {
		p.at = b.GetCheckpoint()
	}
	return nil
}

// position is the checkpoint that the relay has now.
func (p *Poll) position() event.Checkpoint {
	if p.at != nil {
		return p.at
	}
	return p.Checkpoint
}
