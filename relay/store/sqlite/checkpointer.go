package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/rs/zerolog"
)

// pageBytes is what a page takes in the write-ahead log, with its header.
const pageBytes = 8192 + 24

// checkpointPages is after how many pages written (16 MB) the log is moved into
// the file, beside the committer, so that no commit waits for it.
const checkpointPages = 16 << 20 / pageBytes

// restartPages is at how many pages (64 MB) the log has to start over. While
// commits go on one after the other, moving it always ends a little behind the
// last of them; so the committer itself moves the rest and starts the log again.
const restartPages = 64 << 20 / pageBytes

// checkpointer moves the write-ahead log into the file.
type checkpointer struct {
	conn *connection
	log  zerolog.Logger
	wake chan struct{}
	quit chan struct{}
	done chan struct{}
	// pages is how long the log was when it was last looked at.
	pages atomic.Int64
	// long asks the committer to start the log over.
	long atomic.Bool
	// failing says that the last try failed, so that the log says it once.
	failing atomic.Bool

	// seen is the committer's: how many pages it had written when it last asked for
	// the log to be moved.
	seen int
}

func newCheckpointer(ctx context.Context, path string, log zerolog.Logger) (*checkpointer, error) {
	conn, err := connect(ctx, path, writing())
	if err != nil {
		return nil, err
	}
	return &checkpointer{
		conn: conn, log: log,
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}, nil
}

func (c *checkpointer) run() {
	defer close(c.done)
	for {
		select {
		case <-c.quit:
			return
		case <-c.wake:
			err := c.move()
			if err == nil && c.pages.Load() >= restartPages {
				// Once more, so that little is left for the committer to move.
				err = c.move()
				c.long.Store(err == nil)
			}
			c.report(err)
		}
	}
}

// stop ends run. The connection is closed by the store.
func (c *checkpointer) stop() {
	close(c.quit)
	<-c.done
}

// committed is called by the committer after each commit.
func (c *checkpointer) committed(w *writer) {
	if c.long.CompareAndSwap(true, false) {
		c.report(c.restart(w))
	}
	written, err := w.pagesWritten()
	if err != nil || written-c.seen < checkpointPages {
		return
	}
	c.seen = written
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// move moves as much of the log as no reader needs any more.
func (c *checkpointer) move() error {
	row, err := c.conn.row("PRAGMA wal_checkpoint(PASSIVE)")
	if err != nil {
		return err
	}
	c.pages.Store(row[1].(int64))
	return nil
}

// restart moves what is left of the log and makes the next commit write over its
// beginning. It waits a moment for readers; one that reads for long is left alone,
// and it is tried again later.
func (c *checkpointer) restart(w *writer) error {
	if _, err := w.exec("PRAGMA busy_timeout = 50"); err != nil {
		return err
	}
	row, err := w.row("PRAGMA wal_checkpoint(RESTART)")
	_, reset := w.exec("PRAGMA busy_timeout = 5000")
	if err == nil && row[0].(int64) == 0 { // not busy
		c.pages.Store(0)
	}
	return errors.Join(err, reset)
}

// report logs a failure once, and that it is over.
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
