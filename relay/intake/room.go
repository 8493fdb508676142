package intake

import (
	"context"
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

// enter takes room for a body that is about to be read, if there is enough.
func (r room) enter(bytes int64) (leave func(), ok bool) {
	bytes = min(bytes, r.bodies.size)
	return func() { r.bodies.Release(bytes) }, r.bodies.TryAcquire(bytes)
}

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
