package intake

import (
	"context"
	"errors"
	"io"
	"runtime"
	"time"

	"golang.org/x/sync/semaphore"
)

// A body is kept once while it is read and waits, and about thirty times, over the
// relay's and the plugin's process, while it is handled: encoded and decoded on the way
// to the plugin and back, read as a card, encoded for the store. So much of the memory
// goes to each.
const (
	bodiesShare  = 4
	handledShare = 128
)

// The same in bytes, within bounds: where nobody has said how much memory there is,
// and for any memory.
const (
	mostBodies, leastBodies   = 128 << 20, 8 << 20
	mostHandled, leastHandled = 8 << 20, 1 << 20
)

// patience is how long a request waits for its turn to be handled.
const patience = 10 * time.Second

// room bounds what the requests to all hooks keep in memory at a time. It is about
// large ones: a gigabyte a minute of small ones goes through.
type room struct {
	bodies turnstile
	// small and large are for bodies that are handled; nobody waits for a larger one
	// than their own kind.
	small, large turnstile
	// evaluations bounds how many batches are matched with routes at a time: that is
	// all computing, so more at a time would only take more memory.
	evaluations *semaphore.Weighted
}

// turnstile lets through so many bytes at a time.
type turnstile struct {
	*semaphore.Weighted
	size int64
}

func newRoom(memory int64) room {
	share := func(part, least, most int64) turnstile {
		size := most
		if memory > 0 {
			size = min(max(memory/part, least), most)
		}
		return turnstile{semaphore.NewWeighted(size), size}
	}
	return room{
		bodies:      share(bodiesShare, leastBodies, mostBodies),
		small:       share(handledShare, leastHandled, mostHandled),
		large:       share(handledShare, leastHandled, mostHandled),
		evaluations: semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0))),
	}
}

// errNoRoom says that a body cannot be kept in memory beside the others.
var errNoRoom = errors.New("there is no room for the body")

// incoming is a body that takes its room as it comes in: one that is only announced, by
// a sender that is slow on purpose, keeps no other out.
type incoming struct {
	io.Reader
	room        turnstile
	taken, read int64
}

// enter takes the first of the room for a body that is about to be read.
func (r room) enter(body io.Reader, announced int64) (_ *incoming, ok bool) {
	first := min(announced, trustedLength)
	return &incoming{Reader: body, room: r.bodies, taken: first}, r.bodies.TryAcquire(first)
}

// Read implements [io.Reader].
func (b *incoming) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p[:min(len(p), trustedLength)])
	b.read += int64(n)
	// One that is larger than all the room there is comes in when it has that.
	if more := min(trustedLength, b.room.size-b.taken); b.read > b.taken && more > 0 {
		if !b.room.TryAcquire(more) {
			return n, errNoRoom
		}
		b.taken += more
	}
	return n, err
}

// leave gives the room back.
func (b *incoming) leave() { b.room.Release(b.taken) }

// handle waits, not for ever, until a body may be handled.
func (r room) handle(ctx context.Context, bytes int64) (done func(), ok bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	at := r.small
	if bytes > trustedLength {
		at = r.large
	}
	bytes = min(bytes, at.size)
	return func() { at.Release(bytes) }, at.Acquire(ctx, bytes) == nil
}
