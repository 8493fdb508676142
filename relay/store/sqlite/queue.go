package sqlite

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"github.com/connector-relay/relay/relay/store"
)

// maxOperations, maxRows and maxBytes bound one commit, so that nobody waits long for
// it. An operation that exceeds them by itself gets a commit of its own. What is left for
// the next commit keeps its place, so that callers who write much and callers who write
// little take turns.
const (
	maxOperations = 512
	maxRows       = 1024
	maxBytes      = 2 << 20
)

// maxRecords bounds the outcomes of attempts in one commit, so that draining a
// backlog does not keep senders waiting.
const maxRecords = maxOperations / 2

// operation is one caller's write. It runs inside a transaction that other
// callers share, and its caller waits for the commit.
type operation struct {
	// what names it in its errors, such as "save lane a"; empty adds nothing.
	what string
	// do writes. It may run more than once: when another operation of its group
	// fails, the group is rolled back and run again.
	do func(w *writer) error
	// after, when not nil, brings the lanes in memory up to date after the commit and
	// returns the channels that got deliveries. It runs for one operation after the
	// other, in the order of their commits, before any caller goes on.
	after func(l *lanes) (channels []string)
	bytes int
	// rows is about how many rows it writes, where that may be many.
	rows int
	// record marks an attempt's outcome, and grows an operation that needs room for
	// events.
	record bool
	grows  bool
	// returns marks deliveries that wait at old positions again.
	returns bool
	err     error
	done    chan struct{}
}

// queue holds the operations that wait for a commit. It needs no bound: a caller
// waits for its operation, so there are never more than callers.
type queue struct {
	mu      sync.Mutex
	writes  []*operation
	records []*operation
	closed  bool
	// wake holds one token when the committer should look.
	wake chan struct{}
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// add queues an operation, unless the store has been closed.
func (q *queue) add(op *operation) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	if op.record {
		q.records = append(q.records, op)
	} else {
		q.writes = append(q.writes, op)
	}
	q.rouse()
	return true
}

func (q *queue) rouse() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// withdraw takes back an operation that the committer has not started.
func (q *queue) withdraw(op *operation) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := &q.writes
	if op.record {
		list = &q.records
	}
	for i, other := range *list {
		if other == op {
			*list = append((*list)[:i:i], (*list)[i+1:]...)
			return true
		}
	}
	return false
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.rouse()
}

func (q *queue) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

// settle lets the callers of the last commit, who are awake by now, run before the
// next one begins, for as long as that makes its group larger. Nobody waits for a
// timer: a caller that is alone is not held up.
func (q *queue) settle() {
	for last := -1; ; {
		q.mu.Lock()
		n := len(q.writes) + len(q.records)
		q.mu.Unlock()
		if n == last || n >= maxOperations {
			return
		}
		last = n
		runtime.Gosched()
	}
}

// take returns what the next commit holds, oldest first, waiting until there is
// something. It returns nil when the queue is closed and empty.
func (q *queue) take(group []*operation) []*operation {
	for {
		q.settle()
		q.mu.Lock()
		group = q.gather(group[:0])
		over := q.closed && len(group) == 0
		q.mu.Unlock()
		if over {
			return nil
		}
		if len(group) > 0 {
			return group
		}
		<-q.wake
	}
}

// gather moves operations into a group until it is full.
func (q *queue) gather(group []*operation) []*operation {
	bytes, rows := 0, 0
	fill := func(list []*operation, most int) []*operation {
		n := 0
		for n < len(list) && n < most && (len(group) == 0 || bytes+list[n].bytes <= maxBytes && rows+list[n].rows <= maxRows) {
			bytes, rows = bytes+list[n].bytes, rows+list[n].rows
			group = append(group, list[n])
			n++
		}
		if n == len(list) {
			clear(list)
			return list[:0]
		}
		return list[n:]
	}
	records := min(len(q.records), maxRecords)
	q.writes = fill(q.writes, maxOperations-records)
	q.records = fill(q.records, records)
	return group
}

// write hands an operation to the committer and waits until it is durable. When the
// context ends before the committer begins with it, it is withdrawn and nothing is
// written; after that, the caller learns what really happened.
func (s *Store) write(ctx context.Context, op *operation) error {
	err := s.await(ctx, op)
	if err != nil && op.what != "" {
		return fmt.Errorf("%s: %w", op.what, err)
	}
	return err
}

func (s *Store) await(ctx context.Context, op *operation) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	op.done = make(chan struct{})
	if !s.queue.add(op) {
		return store.ErrClosed
	}
	select {
	case <-op.done:
	case <-ctx.Done():
		if s.queue.withdraw(op) {
			return ctx.Err()
		}
		<-op.done
	}
	return op.err
}
