package sqlite

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/connector-relay/relay/relay/store"
)

// explain translates SQLite's errors into the store's and says what to do. Other errors
// stay as they are.
func explain(err error) error {
	code, ok := resultCode(err)
	if !ok || explained(err) {
		return err
	}
	switch code {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w: the disk is full: %w", store.ErrUnavailable, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		return fmt.Errorf("%w: %w; give the relay's user the right to write there", store.ErrUnavailable, err)
	case sqlite3.SQLITE_IOERR:
		return fmt.Errorf("%w: %w; check the disk and the system's log", store.ErrUnavailable, err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL:
		return fmt.Errorf("%w: another program holds it: %w", store.ErrUnavailable, err)
	case sqlite3.SQLITE_NOMEM:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	case sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("%w: %w; restore a backup, or move the file away to start with an empty store", store.ErrCorrupt, err)
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: it is not an SQLite file: %w", store.ErrCorrupt, err)
	}
	return err
}

// isFull reports whether the disk had no room. SQLite says so for files that cannot grow,
// and uses other words for its log's index.
func isFull(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code()&0xff == sqlite3.SQLITE_FULL || e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE || e.Code() == sqlite3.SQLITE_IOERR_WRITE)
}

func explained(err error) bool {
	return errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrCorrupt) || errors.Is(err, store.ErrTooNew)
}

// noTransaction reports whether SQLite refused a rollback because it had already
// rolled back by itself. There is no code of its own for that.
func noTransaction(err error) bool {
	code, ok := resultCode(err)
	return ok && code == sqlite3.SQLITE_ERROR
}

// resultCode returns SQLite's primary result code.
func resultCode(err error) (int, bool) {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return 0, false
	}
	return e.Code() & 0xff, true
}
