package sqlite

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"modernc.org/sqlite"

	"github.com/connector-relay/relay/relay/store"
)

// readers is how many connections read besides the one that writes.
const readers = 4

// writing are the settings of connections that write. The page size matters only
// when the file is made: two cards of 2 kB do not fit a page of 4 kB. The
// write-ahead log is never shortened, because writing over it is faster than
// growing it; the checkpointer decides when it starts over.
//
// The driver applies the pragmas first, by name, and what has a key of its own
// after them: the page size would come too late once there is a log.
func writing() url.Values {
	return url.Values{
		"_pragma":       {"page_size(8192)", "wal_autocheckpoint(0)", "journal_size_limit(-1)", "cache_size(-32768)", "temp_store(memory)"},
		"_journal_mode": {"wal"},
		"_synchronous":  {"full"},
		"_busy_timeout": {"5000"},
	}
}

// reading are the settings of connections that only read. Their caches are small,
// because there are several and what is read often is in memory anyway.
func reading() url.Values {
	return url.Values{
		"_pragma":       {"cache_size(-8192)", "temp_store(memory)"},
		"_query_only":   {"true"},
		"_busy_timeout": {"5000"},
	}
}

func dsn(path string, settings url.Values) string {
	u := url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: settings.Encode()}
	return u.String()
}

// openPool opens a pool of connections.
func openPool(path string, settings url.Values) (*sql.DB, error) {
	c, err := sqlite.NewConnector(dsn(path, settings))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return sql.OpenDB(c), nil
}

// lockFile takes the store for this process, by a lock on a file of its own
// beside it, because SQLite must be the only one to open and close its file. The
// kernel gives the lock back when the process ends, however it ends.
func lockFile(path string) (*os.File, error) {
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%w: there is no directory %s; create it, or name another file", store.ErrUnavailable, filepath.Dir(path))
	}
	f, err := os.OpenFile(path+"-lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unwritable(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: lock %s: %w", store.ErrUnavailable, f.Name(), err)
		}
		return nil, fmt.Errorf("%w%s; stop that one first, or give this one a store of its own", store.ErrLocked, holder(f))
	}
	// Whose lock it is, for the other's error. It is not needed, so a full disk
	// does not matter here.
	_ = f.Truncate(0)
	_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
	return f, nil
}

// holder names the process that has the lock, if the file says.
func holder(f *os.File) string {
	b := make([]byte, 20)
	n, _ := f.ReadAt(b, 0)
	pid, err := strconv.Atoi(string(bytes.TrimSpace(b[:n])))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (process %d)", pid)
}

// createFile makes the file if it is missing, for its owner only, and finds out
// whether it can be written. SQLite gives its other files the same mode.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return unwritable(err)
	}
	info, err := f.Stat()
	if err := errors.Join(err, f.Close()); err != nil {
		return unwritable(err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %s is not a file", store.ErrUnavailable, path)
	}
	return nil
}

// unwritable says what to do about a file that cannot be opened for writing.
func unwritable(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %w; give the relay's user the right to write there", store.ErrUnavailable, err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: %w; mount it writable, or name another file", store.ErrUnavailable, err)
	default:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
}
