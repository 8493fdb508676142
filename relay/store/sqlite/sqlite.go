// Package sqlite keeps the store in one SQLite file, for one relay process.
//
// All writes go through one committer that gathers what concurrent callers wait
// for into one transaction, so that they share its fsync. What was accepted a
// moment ago is also kept in memory, within a bound, so that a lane that keeps up
// never reads its cards back.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	_ "modernc.org/sqlite" // the driver, pure Go, so that the relay stays one static file

	"github.com/connector-relay/relay/relay/store"
)

// Options say where and how to open a store.
type Options struct {
	// Path is the file. Its folder must exist.
	Path string
	Log  zerolog.Logger
	// Metrics, when not nil, gets the store's metrics.
	Metrics prometheus.Registerer
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Store implements [store.Store]. Its methods may be called concurrently.
type Store struct {
	options Options
	lock    *os.File
	db      *sql.DB
	writer  *writer

	accepts   chan *operation
	records   chan *operation
	closing   chan struct{}
	closeOnce sync.Once
	committed chan struct{}

	checkpointer *checkpointer
	lanes        *lanes
	metrics      *metrics
	notify       func([]string)
}

var _ store.Store = (*Store)(nil)

// readers is how many connections read besides the one that writes.
const readers = 4

// Open opens a store, makes it when there is none, and brings it up to date. It
// fails with [store.ErrLocked], [store.ErrCorrupt] or [store.ErrTooNew].
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{
		options: o, accepts: make(chan *operation, 1024), records: make(chan *operation, 1024),
		closing: make(chan struct{}), committed: make(chan struct{}), lanes: newLanes(), notify: func([]string) {},
	}
	if err := s.open(ctx); err != nil {
		s.release()
		return nil, err
	}
	s.metrics = newMetrics(o.Metrics, s.lanes)
	go s.commitLoop()
	s.checkpointer.start()
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	var err error
	if s.lock, err = lockFile(s.options.Path); err != nil {
		return err
	}
	if err := createPrivate(s.options.Path); err != nil {
		return err
	}
	if s.db, err = sql.Open("sqlite", dsn(s.options.Path)); err != nil {
		return fmt.Errorf("open: %w", err)
	}
	s.db.SetMaxOpenConns(readers + 2)
	s.db.SetMaxIdleConns(readers + 2)
	if err := s.probe(ctx); err != nil {
		return explainError(err)
	}
	if err := migrate(ctx, s.db); err != nil {
		return explainError(err)
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return explainError(err)
	}
	s.writer = &writer{conn: conn, statements: make(map[string]*sql.Stmt)}
	s.checkpointer = newCheckpointer(s.db, s.options.Path+"-wal", s.options.Log)
	return explainError(s.lanes.load(ctx, s.db))
}

// dsn sets what every connection needs. The page size matters only when the file
// is made: two cards of 2 kB do not fit a page of 4 kB.
func dsn(path string) string {
	q := url.Values{"_pragma": {
		"busy_timeout(10000)", "page_size(8192)", "journal_mode(wal)", "synchronous(full)",
		"wal_autocheckpoint(0)", "cache_size(-65536)", "journal_size_limit(-1)", "temp_store(memory)",
	}}
	u := url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: q.Encode()}
	return u.String()
}

// createPrivate makes the file if it is missing, readable by its owner only.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return f.Close()
}

// probe finds out cheaply whether this is a store at all.
func (s *Store) probe(ctx context.Context) error {
	var n int
	return s.db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&n)
}

// Accepted implements [store.Store].
func (s *Store) Accepted(notify func(channels []string)) { s.notify = notify }

// Ping implements [store.Store]: it reads, and waits for a commit of nothing.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.probe(ctx); err != nil {
		return explainError(err)
	}
	return s.write(ctx, &operation{do: func(ctx context.Context, w *writer) error {
		_, err := w.exec(ctx, "DELETE FROM lanes WHERE channel = ''")
		return err
	}})
}

// Close implements [store.Store].
func (s *Store) Close() error {
	var err error
	s.closeOnce.Do(func() {
		close(s.closing)
		<-s.committed
		s.checkpointer.stop()
		err = s.release()
	})
	return err
}

// release lets go of what is open.
func (s *Store) release() error {
	var errs []error
	if s.writer != nil {
		errs = append(errs, s.writer.conn.Close())
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// lockPath is beside the store; the lock ends with the process that holds it.
func lockPath(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock")
}
