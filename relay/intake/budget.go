package intake

import (
	"context"
	"errors"
	"io"
	"runtime"
	"time"

	"golang.org/x/sync/semaphore"
)

// A body takes its size once while it is read and waits, and about thirty times, over
// the relay's and the plugin's process, while it is handled: it is encoded and decoded
// on the way to the plugin and back, parsed as a card, and encoded for the store. These
// are the shares of the memory for each, as divisors.
const (
	bodiesShare  = 4
	handledShare = 128
)

// The bounds of both shares, in bytes. The upper one also holds where the memory is
// unknown.
const (
	mostBodies, leastBodies   = 128 << 20, 8 << 20
	mostHandled, leastHandled = 8 << 20, 1 << 20
)

// patience bounds how long a request waits until it is handled.
const patience = 10 * time.Second

// budget bounds what the requests to all hooks hold in memory at a time. Only large
// ones ever wait: small ones pass at a gigabyte a minute.
type budget struct {
	bodies share
	// small and large are for bodies being handled, so that small ones do not wait for
	// large ones.
	small, large share
	// evaluations bounds how many events are matched with routes at a time: more than
	// there are processors would only take more memory.
	evaluations *semaphore.Weighted
}

// share is a semaphore over a number of bytes.
type share struct {
	*semaphore.Weighted
	size int64
}

func newBudget(memory int64) budget {
	sized := func(part, least, most int64) share {
		size := most
		if memory > 0 {
			size = min(max(memory/part, least), most)
		}
		return share{semaphore.NewWeighted(size), size}
	}
	return budget{
		bodies:      sized(bodiesShare, leastBodies, mostBodies),
		small:       sized(handledShare, leastHandled, mostHandled),
		large:       sized(handledShare, leastHandled, mostHandled),
		evaluations: semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0))),
	}
}

// errNoRoom says that the budget has no room for a body.
var errNoRoom = errors.New("there is no room for the body")

// incoming is a body that reserves memory as it arrives, so that a slow sender's
// announced body keeps no other out.
type incoming struct {
	io.Reader
	from        share
	taken, read int64
}

// open reserves memory for the beginning of a body that is about to be read.
func (b budget) open(body io.Reader, announced int64) (_ *incoming, ok bool) {
	first := min(announced, trustedLength)
	return &incoming{Reader: body, from: b.bodies, taken: first}, b.bodies.TryAcquire(first)
}

// Read implements [io.Reader].
func (b *incoming) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p[:min(len(p), trustedLength)])
	b.read += int64(n)
	// A body larger than the whole share is read once it holds all of it.
	if more := min(trustedLength, b.from.size-b.taken); b.read > b.taken && more > 0 {
		if !b.from.TryAcquire(more) {
			return n, errNoRoom
		}
		b.taken += more
	}
	return n, err
}

// release frees the memory.
func (b *incoming) release() { b.from.Release(b.taken) }

// handle waits for a while until a body may be handled.
func (b budget) handle(ctx context.Context, bytes int64) (done func(), ok bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	from := b.small
	if bytes > trustedLength {
		from = b.large
	}
	bytes = min(bytes, from.size)
	return func() { from.Release(bytes) }, from.Acquire(ctx, bytes) == nil
}
