// Package sqlite keeps the store in one SQLite file, for one relay process.
//
// All writes go through one committer. It gathers what concurrent callers wait
// for into one transaction, so that they share its fsync; there is no timer,
// because while one commit reaches the disk the next group gathers by itself.
// Readers have connections of their own and never wait for it. What was accepted
// a moment ago is also kept in memory, within a bound, so that a lane that keeps
// up never reads its cards back.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/store"
)

// Options say where and how to open a store.
type Options struct {
	// Path is the file. Its directory must exist. Beside it SQLite keeps its
	// write-ahead log, and the store a lock file.
	Path string
	Log  zerolog.Logger
	// Limits say when it takes no more events.
	Limits Limits
	// Metrics, when not nil, gets the store's metrics; it can take those of one store.
	Metrics prometheus.Registerer
}

// Store implements [store.Store]. Its methods may be called concurrently.
type Store struct {
	log  zerolog.Logger
	path string
	held *held
	// watch says whether the files are still this process's alone.
	watch *watch
	room  *room
	pulse pulse

	// reader is a pool of connections that only read, with statements for what is
	// read often.
	reader     *sql.DB
	statements map[string]*sql.Stmt
	// searching has an element for each search under way.
	searching chan struct{}

	// writer belongs to the committer's goroutine.
	writer       *writer
	marker       *marker
	queue        *queue
	lanes        *lanes
	checkpointer *checkpointer
	metrics      *metrics
	renderings   *renderings
	stopped      chan struct{}

	// notify is what Notify has registered.
	notify atomic.Pointer[func(store.Notice)]

	closing sync.Once
	closed  error
}

var _ store.Store = (*Store)(nil)

// Open opens a store, makes it when there is none, and brings its schema up to
// date. When another process has it open it fails at once with
// [store.ErrLocked]; with [store.ErrCorrupt] when the file is damaged or no store;
// with [store.ErrTooNew] when a newer relay has migrated it; and with
// [store.ErrUnavailable] when it cannot be written.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{
		log: o.Log, path: o.Path,
		queue: newQueue(), lanes: newLanes(), pulse: newPulse(), stopped: make(chan struct{}), searching: make(chan struct{}, searchers),
	}
	if err := s.open(ctx, o); err != nil {
		return nil, errors.Join(explain(err), s.release())
	}
	go s.checkpointer.run()
	go s.commitLoop()
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) error {
	var err error
	if s.held, err = hold(s.path, s.log); err != nil {
		return err
	}
	s.path = s.held.path
	if err := s.held.examineLog(); err != nil {
		return err
	}
	s.held.clearMark()
	for _, left := range removeParts(filepath.Dir(s.path)) {
		s.log.Info().Str("file", left).Msg("removed the unfinished copy of a backup or restore that was killed")
	}
	s.room = newRoom(s.path, o.Limits, s.log)
	s.room.prepare()
	fresh, err := prepareFile(ctx, s.path)
	if err != nil {
		return err
	}
	if fresh {
		// This tells a person whose store was moved or renamed.
		s.log.Warn().Str("file", s.path).Msg("there was no store; created a new, empty one")
	}
	if s.writer, err = newWriter(ctx, s.path); err != nil {
		return err
	}
	var left []int64
	if s.renderings, left, err = openRenderings(s.path); err != nil {
		return err
	}
	if err := s.countCrashes(left, time.Now()); err != nil {
		return err
	}
	if err := s.openReader(ctx); err != nil {
		return err
	}
	if err := s.lanes.load(ctx, s.reader); err != nil {
		return err
	}
	if s.watch, err = newWatch(s.path, s.log); err != nil {
		return err
	}
	if s.marker, err = newMarker(s.held); err != nil {
		return err
	}
	if s.checkpointer, err = newCheckpointer(ctx, s.path, s.watch, s.room, s.log); err != nil {
		return err
	}
	s.metrics = newMetrics(o.Metrics, s)
	return nil
}

// openReader opens the pool that reads.
func (s *Store) openReader(ctx context.Context) error {
	var err error
	if s.reader, err = openPool(s.path, reading()); err != nil {
		return err
	}
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	if err := s.openAll(ctx); err != nil {
		return err
	}
	s.statements = make(map[string]*sql.Stmt)
	for _, query := range []string{headsQuery, urgentQuery, turnQuery, urgentTurnQuery, oldestQuery, lastQuery} {
		if s.statements[query], err = s.reader.PrepareContext(ctx, query); err != nil {
			return fmt.Errorf("prepare to read: %w", err)
		}
	}
	return nil
}

// openAll opens every connection of the pool now: a later one would open whatever
// has the file's name by then.
func (s *Store) openAll(ctx context.Context) error {
	var errs []error
	for range readers {
		conn, err := s.reader.Conn(ctx)
		if err != nil {
			return fmt.Errorf("open to read: %w", err)
		}
		defer func() { errs = append(errs, conn.Close()) }()
		if err := conn.PingContext(ctx); err != nil {
			return fmt.Errorf("open to read: %w", err)
		}
	}
	return errors.Join(errs...)
}

// Notify implements [store.Store]. There is one notice for each commit.
func (s *Store) Notify(call func(store.Notice)) { s.notify.Store(&call) }

// Close implements [store.Store]. Writes that wait for their commit get it; later
// ones fail with [store.ErrClosed]. A second Close does nothing.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.saveRates(true)
		s.queue.close()
		<-s.stopped
		s.checkpointer.stop()
		s.closed = s.release()
	})
	return s.closed
}

// release closes whatever is open. The writer goes before the file: the last connection
// to close moves the write-ahead log into the file, and removes it by its name. Where the
// files are no longer this process's, that name may be another's, so the connections are
// left to the kernel.
func (s *Store) release() error {
	var errs []error
	if s.watch != nil && s.watch.check() != nil {
		return s.held.lock.Close()
	}
	if s.marker != nil {
		s.held.clearMark()
	}
	if s.checkpointer != nil {
		errs = append(errs, s.checkpointer.conn.Close())
	}
	if s.reader != nil {
		errs = append(errs, s.reader.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
	}
	if s.writer != nil && s.room != nil {
		s.room.keep()
	}
	if s.renderings != nil {
		errs = append(errs, s.renderings.Close())
	}
	if s.held != nil {
		errs = append(errs, s.held.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close %s: %w", s.path, err)
	}
	return nil
}

// explainRead gives a reader's error the store's meaning.
func (s *Store) explainRead(err error) error {
	if err == nil {
		return nil
	}
	if s.queue.isClosed() {
		return store.ErrClosed
	}
	err = explain(err)
	s.watch.corrupt(err)
	return err
}

// micros and moment convert between times and what the file holds.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us)
}
