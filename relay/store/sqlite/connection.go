package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"

	"modernc.org/sqlite" // pure Go, so that the relay stays one static file
)

// connection is one connection with its prepared statements, for one goroutine. It
// uses the driver without database/sql, whose locking and converting it does not
// need.
type connection struct {
	conn       driver.Conn
	statements map[string]driver.Stmt
	args       []driver.NamedValue
}

func connect(ctx context.Context, path string, settings url.Values) (*connection, error) {
	connector, err := sqlite.NewConnector(dsn(path, settings))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return &connection{conn: conn, statements: make(map[string]driver.Stmt)}, nil
}

// Close closes the statements and the connection.
func (c *connection) Close() error {
	var errs []error
	for _, s := range c.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.conn.Close())...)
}

// prepare returns the statement for a query. There must be few different queries, because
// each is prepared once and kept.
func (c *connection) prepare(query string) (driver.Stmt, error) {
	if s := c.statements[query]; s != nil {
		return s, nil
	}
	s, err := c.conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	c.statements[query] = s
	return s, nil
}

// bind makes the driver's arguments, in a slice that the next call uses again.
func (c *connection) bind(args []any) []driver.NamedValue {
	c.args = c.args[:0]
	for i, a := range args {
		if n, ok := a.(int); ok {
			a = int64(n)
		}
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return c.args
}

// exec runs a statement and returns how many rows it changed. Arguments are
// int, int64, bool, string, []byte or nil.
func (c *connection) exec(query string, args ...any) (changed int64, err error) {
	s, err := c.prepare(query)
	if err != nil {
		return 0, err
	}
	r, err := s.(driver.StmtExecContext).ExecContext(context.Background(), c.bind(args))
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// rows runs a query and returns all rows.
func (c *connection) rows(query string, args ...any) (list [][]driver.Value, err error) {
	s, err := c.prepare(query)
	if err != nil {
		return nil, err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(context.Background(), c.bind(args))
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

// row runs a query and returns its first row, or nil when there is none.
func (c *connection) row(query string, args ...any) ([]driver.Value, error) {
	list, err := c.rows(query, args...)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// pagesWritten counts the pages the connection has written to the write-ahead log.
func (c *connection) pagesWritten() (int, error) {
	pages, _, err := c.conn.(sqlite.DBStatus).Status(sqlite.DBStatusCacheWrite, false)
	return pages, err
}
