package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// pageBytes is the size of a page in the write-ahead log, with its header.
const pageBytes = 8192 + 24

// checkpointBytes is how many bytes are written before the log is moved into the file,
// concurrently with the committer, so that no commit waits for it.
const checkpointBytes = 4 << 20

// The log has to start over when it is as long as the file, within these bounds: a
// small store has a small log, and a large one does not start it over all the time.
// While commits go on one after the other, moving it always ends a little behind the
// last of them; so the committer itself moves the rest and starts the log again.
const (
	shortestLog = 8 << 20
	longestLog  = 64 << 20
)

// keptLog is how much of the log's length stays when it starts over, because overwriting
// is faster than growing.
const keptLog = 16 << 20

// The committer waits a moment for readers before it starts the log over. One that
// reads for longer is waited for once the log is twice as long as it should be.
const (
	shortWait = 50 * time.Millisecond
	longWait  = 5 * time.Second
)

// watchEvery is how often the files are checked while nothing is written.
const watchEvery = time.Second

// checkpointer moves the write-ahead log into the file.
type checkpointer struct {
	conn  *connection
	watch *watch
	room  *room
	log   zerolog.Logger
	wake  chan struct{}
	quit  chan struct{}
	done  chan struct{}
	// pages is how long the log was when it was last looked at.
	pages atomic.Int64
	// long asks the committer to start the log over.
	long atomic.Bool
	// failing says that the last attempt failed, so that a failure is logged only once.
	failing atomic.Bool

	// seen and due are the committer's. Seen is how many pages it had written when the log
	// was last due to be moved. Due says that the log is moved after the next commit, which
	// raises the generation.
	seen int
	due  bool
}

func newCheckpointer(ctx context.Context, path string, watch *watch, room *room, log zerolog.Logger) (*checkpointer, error) {
	conn, err := connect(ctx, path, writing())
	if err != nil {
		return nil, err
	}
	return &checkpointer{
		conn: conn, watch: watch, room: room, log: log,
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}, nil
}

func (c *checkpointer) run() {
	defer close(c.done)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-c.quit:
			return
		case <-tick.C:
			_ = c.watch.check() // it reports that itself
		case <-c.wake:
			err := c.move()
			if err == nil && c.tooLong(1) {
				// Once more, so that little is left for the committer to move.
				err = c.move()
				c.long.Store(err == nil)
			}
			c.report(err)
		}
	}
}

// stop ends run. The store closes the connection.
func (c *checkpointer) stop() {
	close(c.quit)
	<-c.done
}

// committed is called by the committer after each commit.
func (c *checkpointer) committed(w *writer) {
	if c.long.CompareAndSwap(true, false) {
		wait := shortWait
		if c.tooLong(2) {
			wait = longWait
		}
		c.report(c.restart(w, wait))
		w.raise = true
	}
	if c.due && !w.raise {
		c.due = false
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
	written, err := w.pagesWritten()
	if err != nil {
		return
	}
	since := int64(written-c.seen) * pageBytes
	switch tight := c.room.tightLog(); {
	case tight > 0 && since >= tight:
		c.seen, w.raise = written, true
		c.report(c.restart(w, shortWait))
	case since >= checkpointBytes:
		c.seen, c.due, w.raise = written, true, true
	}
}

// tooLong reports whether the log is this many times as long as it should be.
func (c *checkpointer) tooLong(times int64) bool {
	bound := min(max(c.watch.size(theStore), shortestLog), longestLog)
	return c.pages.Load()*pageBytes >= times*bound
}

// move moves as much of the log as no reader still needs. A file that is no longer this
// process's alone is left as it is.
func (c *checkpointer) move() error {
	defer func() { _ = c.watch.end(theStore) }() // it reports that itself
	if c.watch.begin(theStore) != nil {
		return nil
	}
	row, err := c.conn.row("PRAGMA wal_checkpoint(PASSIVE)")
	if err != nil {
		return err
	}
	c.pages.Store(row[1].(int64))
	return nil
}

// restart moves what is left of the log and makes the next commit write over its
// beginning. It waits this long for readers; if one still reads the log, a later commit
// tries again.
func (c *checkpointer) restart(w *writer, wait time.Duration) error {
	defer func() { _ = c.watch.end(theStore, theLog) }() // it reports that itself
	if c.watch.begin(theStore, theLog) != nil {
		return nil
	}
	if err := w.wait(wait); err != nil {
		return err
	}
	row, err := w.row("PRAGMA wal_checkpoint(RESTART)")
	reset := w.wait(busyTimeout)
	if err == nil && row[0].(int64) == 0 { // not busy
		c.pages.Store(0)
	}
	return errors.Join(err, reset)
}

// wait sets how long the connection waits for others.
func (w *writer) wait(d time.Duration) error {
	_, err := w.exec(fmt.Sprintf("PRAGMA busy_timeout = %d", d.Milliseconds()))
	return err
}

// report logs a failure once, and once more when it is over.
func (c *checkpointer) report(err error) {
	if was := c.failing.Swap(err != nil); was == (err != nil) {
		return
	}
	if err != nil {
		c.log.Warn().Err(explain(fmt.Errorf("move the write-ahead log: %w", err))).
			Msg("the write-ahead log cannot be moved into the store and grows; nothing is lost")
		return
	}
	c.log.Info().Msg("the write-ahead log is moved into the store again")
}
