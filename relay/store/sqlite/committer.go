package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/store"
)

// slowCommit is how long a commit may take before the log reports it: the disk has a
// problem, and senders notice.
const slowCommit = time.Second

// commitLoop commits one group after the other until the store is closed.
func (s *Store) commitLoop() {
	defer close(s.stopped)
	var group []*operation
	for {
		if group = s.queue.take(group); group == nil {
			return
		}
		start := time.Now()
		s.guard(group)
		took := time.Since(start)
		s.metrics.observe(len(group), took)
		if took >= slowCommit {
			s.log.Warn().Dur("took", took).Int("operations", len(group)).Msg("a commit was slow; the disk may be overloaded")
		}
		s.finish(group)
		s.checkpointer.committed(s.writer)
		s.saveRates(false)
	}
}

// guard commits a group while the store's files are this process's alone. Otherwise
// nothing may be acknowledged: only outcomes are still recorded, so that what waits goes
// out once, as far as the files can still be used.
func (s *Store) guard(group []*operation) {
	trouble := s.watch.begin(theLog)
	todo := s.spare(refuse(group, trouble))
	s.commit(todo)
	s.useReserve(todo)
	after := s.watch.end(theLog)
	if trouble == nil && after != nil {
		refuse(group, after)
	}
	if after == nil {
		s.marker.write(s.writer.generation)
	}
}

// spare fails the operations for which there is no room and returns the rest.
func (s *Store) spare(group []*operation) []*operation {
	if s.room.due() {
		if used, free, err := s.writer.space(); err == nil {
			s.room.look(used, free)
		}
	}
	full := s.room.check()
	if full == nil {
		return group
	}
	var rest []*operation
	for _, op := range group {
		if op.grows {
			op.err = full
		} else {
			rest = append(rest, op)
		}
	}
	return rest
}

// useReserve retries the outcomes that a full disk had no room for: in the reserved
// space, and at the beginning of the log once the log has been moved into the file.
func (s *Store) useReserve(group []*operation) {
	var again []*operation
	for _, op := range group {
		if op.record && op.err != nil && isFull(op.err) {
			again = append(again, op)
		}
	}
	if len(again) == 0 {
		return
	}
	s.room.giveReserve()
	s.checkpointer.report(s.checkpointer.restart(s.writer, longWait))
	s.commit(again)
}

// refuse fails the operations that must not be acknowledged and returns the rest.
func refuse(group []*operation, trouble error) []*operation {
	if trouble == nil {
		return group
	}
	var rest []*operation
	for _, op := range group {
		if op.record {
			rest = append(rest, op)
		} else {
			op.err = trouble
		}
	}
	return rest
}

// commit writes a group in one transaction, and settles the result of each operation. A
// bad operation fails alone: the others are committed together without it.
func (s *Store) commit(group []*operation) {
	if len(group) == 0 {
		return
	}
	err := s.writer.transaction(func() error {
		for _, op := range group {
			if op.err = op.do(s.writer); op.err != nil {
				return op.err
			}
		}
		return nil
	})
	if err == nil {
		return
	}
	if len(group) > 1 && s.writer.transaction(func() error { return s.guarded(group) }) == nil {
		return
	}
	// The transaction itself failed, or did not fit as a whole: a full disk may still
	// have room for the small operations.
	for _, op := range group {
		op.err = s.writer.transaction(func() error { return op.do(s.writer) })
	}
}

// guarded runs each operation so that its failure undoes nothing but itself.
func (s *Store) guarded(group []*operation) error {
	for _, op := range group {
		if _, err := s.writer.exec("SAVEPOINT operation"); err != nil {
			return err
		}
		mark := s.writer.positions
		if op.err = op.do(s.writer); op.err != nil {
			s.writer.positions = mark
			if _, err := s.writer.exec("ROLLBACK TO operation"); err != nil {
				return err
			}
		}
		if _, err := s.writer.exec("RELEASE operation"); err != nil {
			return err
		}
	}
	return nil
}

// finish brings the memory up to date with a committed group, reports the new deliveries,
// and lets the callers continue.
func (s *Store) finish(group []*operation) {
	var n store.Notice
	s.lanes.mu.Lock()
	for _, op := range group {
		switch {
		case op.err != nil || op.after == nil:
		case op.returns:
			n.Returned = append(n.Returned, op.after(s.lanes)...)
		default:
			n.Accepted = append(n.Accepted, op.after(s.lanes)...)
		}
	}
	s.lanes.mu.Unlock()
	n.Accepted, n.Returned = distinct(n.Accepted), distinct(n.Returned)
	if call := s.notify.Load(); call != nil && len(n.Accepted)+len(n.Returned) > 0 {
		(*call)(n)
	}
	var worst error
	for _, op := range group {
		if op.err = explain(op.err); op.err != nil {
			worst = op.err
			s.watch.corrupt(op.err)
		}
	}
	s.pulse.beat(worst)
	for i, op := range group {
		close(op.done)
		group[i] = nil
	}
}

func distinct(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// transaction runs f inside a transaction and commits it. After an error, none of it remains.
func (w *writer) transaction(f func() error) error {
	if _, err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	mark := w.positions
	clear(w.touched)
	err := f()
	if err == nil {
		err = w.flush()
	}
	if err == nil {
		if _, err = w.exec("COMMIT"); err != nil {
			err = fmt.Errorf("commit: %w", err)
		}
	}
	if err == nil {
		if w.raise {
			w.generation, w.raise = w.generation+1, false
		}
		return nil
	}
	w.positions = mark
	// A full disk makes SQLite roll back by itself; there is nothing to undo then.
	if _, rollback := w.exec("ROLLBACK"); rollback != nil && !noTransaction(rollback) {
		return errors.Join(err, fmt.Errorf("roll back: %w", rollback))
	}
	return err
}
