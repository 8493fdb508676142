package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
)

// writer is the one connection that changes the store. Only the committer's
// goroutine uses it.
type writer struct {
	*connection
	positions
	// touched is when each connector of the transaction accepted its last event;
	// it is written once for all operations.
	touched map[string]int64
	// generation distinguishes one state of the file from the next; raise asks the next
	// transaction for a new one.
	generation uint32
	raise      bool
}

// positions are the last numbers given out. The writer counts by itself, because
// a key is remembered, with its event's number, before the event is stored.
type positions struct {
	event    int64
	delivery int64
}

// newWriter opens the connection.
func newWriter(ctx context.Context, path string) (*writer, error) {
	c, err := connect(ctx, path, writing())
	if err != nil {
		return nil, err
	}
	w := &writer{connection: c, touched: make(map[string]int64), raise: true}
	row, err := w.row("PRAGMA user_version")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the generation: %w", err), w.Close())
	}
	w.generation = uint32(row[0].(int64))
	for table, last := range map[string]*int64{"events": &w.event, "deliveries": &w.delivery} {
		row, err := w.row("SELECT seq FROM sqlite_sequence WHERE name = ?", table)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("read the last position: %w", err), w.Close())
		}
		if row != nil {
			*last = row[0].(int64)
		}
	}
	return w, nil
}

// space returns how many bytes of the file hold something and how many do not.
func (w *writer) space() (used, free int64, err error) {
	row, err := w.row("SELECT (page_count - freelist_count) * page_size, freelist_count * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size")
	if err != nil {
		return 0, 0, err
	}
	return row[0].(int64), row[1].(int64), nil
}

// flush writes what the operations of a transaction left to be written once.
func (w *writer) flush() error {
	for connector, at := range w.touched {
		if _, err := w.exec("UPDATE connectors SET last_event = ? WHERE name = ?", at, connector); err != nil {
			return err
		}
	}
	if w.raise {
		return w.setGeneration(w.generation + 1)
	}
	return nil
}

// setGeneration writes the generation, without keeping the statement.
func (w *writer) setGeneration(g uint32) error {
	s, err := w.conn.Prepare(fmt.Sprintf("PRAGMA user_version = %d", int32(g)))
	if err != nil {
		return err
	}
	_, err = s.(driver.StmtExecContext).ExecContext(context.Background(), nil)
	return errors.Join(err, s.Close())
}
