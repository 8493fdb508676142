package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"modernc.org/sqlite"
)

// writer is the one connection that writes. It uses the driver without
// database/sql, whose locking and converting it does not need: only the
// committer's goroutine uses it.
type writer struct {
	conn       driver.Conn
	statements map[string]driver.Stmt
	args       []driver.NamedValue
	positions
	// touched is when each connector of the transaction accepted its last event;
	// it is written once for all operations.
	touched map[string]int64
}

// positions are the last numbers given out. The writer counts by itself, because
// a key is remembered, with its event's number, before the event is stored.
type positions struct {
	event    int64
	delivery int64
}

// newWriter opens the connection.
func newWriter(ctx context.Context, path string) (*writer, error) {
	conn, err := openConn(ctx, path, writingPragmas())
	if err != nil {
		return nil, err
	}
	w := &writer{conn: conn, statements: make(map[string]driver.Stmt), touched: make(map[string]int64)}
	for table, last := range map[string]*int64{"events": &w.event, "deliveries": &w.delivery} {
		row, err := w.row("SELECT seq FROM sqlite_sequence WHERE name = ?", table)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("read the last position: %w", err), w.close())
		}
		if row != nil {
			*last = row[0].(int64)
		}
	}
	return w, nil
}

func (w *writer) close() error {
	var errs []error
	for _, s := range w.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, w.conn.Close())...)
}

func (w *writer) mark() positions   { return w.positions }
func (w *writer) reset(p positions) { w.positions = p }

// flush writes what the operations of a transaction left to be written once.
func (w *writer) flush() error {
	for connector, at := range w.touched {
		if _, err := w.exec("UPDATE connectors SET last_event = ? WHERE name = ?", at, connector); err != nil {
			return err
		}
	}
	return nil
}

// prepare returns the statement for a query, which must be one of few: each is
// prepared once and kept.
func (w *writer) prepare(query string) (driver.Stmt, error) {
	if s := w.statements[query]; s != nil {
		return s, nil
	}
	s, err := w.conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	w.statements[query] = s
	return s, nil
}

// bind makes the driver's arguments, in a slice that the next call uses again.
func (w *writer) bind(args []any) []driver.NamedValue {
	w.args = w.args[:0]
	for i, a := range args {
		if n, ok := a.(int); ok {
			a = int64(n)
		}
		w.args = append(w.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return w.args
}

// exec runs a statement and returns how many rows it changed. Arguments are
// int, int64, bool, string, []byte or nil.
func (w *writer) exec(query string, args ...any) (changed int64, err error) {
	s, err := w.prepare(query)
	if err != nil {
		return 0, err
	}
	r, err := s.(driver.StmtExecContext).ExecContext(context.Background(), w.bind(args))
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// rows runs a query and returns all rows.
func (w *writer) rows(query string, args ...any) (list [][]driver.Value, err error) {
	s, err := w.prepare(query)
	if err != nil {
		return nil, err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(context.Background(), w.bind(args))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for {
		row := make([]driver.Value, len(rows.Columns()))
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, err
		}
		list = append(list, row)
	}
}

// row runs a query and returns its first row, nil when there is none.
func (w *writer) row(query string, args ...any) ([]driver.Value, error) {
	list, err := w.rows(query, args...)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// pagesWritten counts the pages the connection has written to the write-ahead log.
func (w *writer) pagesWritten() (int, error) {
	pages, _, err := w.conn.(sqlite.DBStatus).Status(sqlite.DBStatusCacheWrite, false)
	return pages, err
}
