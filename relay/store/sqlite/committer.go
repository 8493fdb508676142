package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// maxOperations and maxBytes bound one commit, so that nobody waits long for it.
const (
	maxOperations = 512
	maxBytes      = 2 << 20
)

// operation is one caller's write. It runs inside a transaction that other
// callers share, and its caller waits for the commit.
type operation struct {
	do func(ctx context.Context, w *writer) error
	// committed runs after the commit, in commit order, before the caller goes on.
	committed func()
	bytes     int
	// record marks an attempt's outcome: records fill at most half of a commit, so
	// that draining a backlog does not keep senders waiting.
	record bool
	done   chan error
}

// writer is the one connection that writes, with its prepared statements.
type writer struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

func (w *writer) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := w.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

func (w *writer) row(ctx context.Context, query string, args ...any) *sql.Row {
	s, err := w.prepare(ctx, query)
	if err != nil {
		return w.conn.QueryRowContext(ctx, query, args...)
	}
	return s.QueryRowContext(ctx, args...)
}

func (w *writer) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if s := w.statements[query]; s != nil {
		return s, nil
	}
	s, err := w.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	w.statements[query] = s
	return s, nil
}

// write hands an operation to the committer and waits until it is durable.
func (s *Store) write(ctx context.Context, op *operation) error {
	op.done = make(chan error, 1)
	queue := s.accepts
	if op.record {
		queue = s.records
	}
	select {
	case queue <- op:
	case <-s.closing:
		return errClosed()
	case <-ctx.Done():
		return ctx.Err()
	}
	// From here the write may be committed whatever becomes of the caller, so the
	// caller is told what really happened.
	return <-op.done
}

// commitLoop gathers what waits into one transaction after the other. There is no
// timer: while one commit syncs, the next group gathers by itself.
func (s *Store) commitLoop() {
	defer close(s.committed)
	for {
		group := s.gather()
		if group == nil {
			return
		}
		start := time.Now()
		s.commitGroup(group)
		s.observe(len(group), time.Since(start))
		s.checkpointer.poke()
	}
}

// gather waits for a first operation and takes along what else is there. It
// returns nil when the store closes and nothing is left.
func (s *Store) gather() []*operation {
	var group []*operation
	bytes, records := 0, 0
	add := func(op *operation) {
		group = append(group, op)
		bytes += op.bytes
		if op.record {
			records++
		}
	}
	select {
	case op := <-s.accepts:
		add(op)
	case op := <-s.records:
		add(op)
	case <-s.closing:
	}
	for len(group) < maxOperations && bytes < maxBytes {
		records := s.records
		if recordsFull(group) {
			records = nil
		}
		select {
		case op := <-s.accepts:
			add(op)
		case op := <-records:
			add(op)
		default:
			return group
		}
	}
	return group
}

func recordsFull(group []*operation) bool {
	n := 0
	for _, op := range group {
		if op.record {
			n++
		}
	}
	return n >= maxOperations/2
}

// commitGroup commits a group at once. When one operation in it fails, the whole
// is rolled back and each is tried alone, so that a bad one fails alone.
func (s *Store) commitGroup(group []*operation) {
	ctx := context.Background()
	err := s.transaction(ctx, group)
	if err != nil && len(group) > 1 {
		for _, op := range group {
			s.finish(op, s.transaction(ctx, []*operation{op}))
		}
		return
	}
	for _, op := range group {
		s.finish(op, err)
	}
}

func (s *Store) finish(op *operation, err error) {
	if err == nil && op.committed != nil {
		op.committed()
	}
	op.done <- explainError(err)
}

func (s *Store) transaction(ctx context.Context, group []*operation) error {
	if _, err := s.writer.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	for _, op := range group {
		if err := op.do(ctx, s.writer); err != nil {
			return s.rollback(ctx, err)
		}
	}
	if _, err := s.writer.exec(ctx, "COMMIT"); err != nil {
		return s.rollback(ctx, fmt.Errorf("commit: %w", err))
	}
	return nil
}

// rollback undoes a transaction that failed. A full disk makes SQLite roll back
// by itself, in which case there is nothing left to undo.
func (s *Store) rollback(ctx context.Context, cause error) error {
	_, _ = s.writer.exec(ctx, "ROLLBACK")
	return cause
}
