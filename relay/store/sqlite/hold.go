package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/private"
	"github.com/connector-relay/relay/relay/store"
)

// The names of what lies beside the store's file: SQLite's write-ahead log and its
// index, its journal where it writes without them, and the store's own lock.
const (
	logSuffix     = "-wal"
	indexSuffix   = "-shm"
	journalSuffix = "-journal"
	lockSuffix    = "-lock"
)

// held is a store's file that belongs to this process, under whatever name it was opened.
type held struct {
	// path has no symbolic link in it.
	path string
	lock *os.File
	// file is open for as long as SQLite has the file open, and not a moment less:
	// closing any descriptor of a file gives up all of SQLite's own locks on it.
	file *os.File
	// index is the log's index, once there is one; the same holds for it.
	index *os.File
}

// hold claims the store for this process: with a lock on a separate file beside it, which
// says who has it, and with one on the file itself, which applies under its other names,
// too. The kernel releases both when the process ends, however it ends. hold creates the
// file when there is none.
func hold(path string, log zerolog.Logger) (*held, error) {
	h := &held{}
	if err := h.take(path, log); err != nil {
		_ = h.Close()
		return nil, err
	}
	return h, nil
}

func (h *held) take(path string, log zerolog.Logger) (err error) {
	if h.path, err = resolve(path); err != nil {
		return err
	}
	if err := private.Directory(filepath.Dir(h.path)); err != nil {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	for _, suffix := range []string{lockSuffix, "", logSuffix, indexSuffix, journalSuffix, reserveSuffix} {
		mended, err := private.Keep(h.path + suffix)
		if err != nil {
			return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
		if mended {
			log.Warn().Str("file", h.path+suffix).Msg("other users had access to the file; now only its owner has")
		}
	}
	if h.lock, err = lockBeside(h.path); err != nil {
		return err
	}
	// SQLite gives its other files the mode of this one.
	if h.file, err = os.OpenFile(h.path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return unwritable(err)
	}
	return lockFile(h.file)
}

// examineLog fails with [store.ErrCorrupt] when SQLite would pass over a part of the
// log, or apply one that is not this file's.
func (h *held) examineLog() error {
	r, err := readLog(h.path)
	if err != nil {
		return err
	}
	if trouble := r.trouble(h.path, readMark(h.lock)); trouble != nil {
		return fmt.Errorf("%w: %w. Nothing was changed. Restore a backup with `relay store restore FILE`, or go on with what is left: `relay store check --accept-loss`", store.ErrCorrupt, trouble)
	}
	return nil
}

// Close releases the store.
func (h *held) Close() error {
	var errs []error
	for _, f := range []*os.File{h.index, h.file, h.lock} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// resolve follows symbolic links, because SQLite does: two names for one file must lead
// to the same lock.
func resolve(path string) (string, error) {
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	if info, statErr := os.Stat(dir); err != nil || statErr != nil || !info.IsDir() {
		return "", fmt.Errorf("%w: there is no directory %s; create it, or name another file", store.ErrUnavailable, filepath.Dir(path))
	}
	named := filepath.Join(dir, filepath.Base(path))
	if _, err := os.Lstat(named); errors.Is(err, fs.ErrNotExist) {
		return named, nil
	}
	file, err := filepath.EvalSymlinks(named)
	if err != nil {
		return "", fmt.Errorf("%w: %w; the symbolic link leads to nothing", store.ErrUnavailable, err)
	}
	return file, nil
}

// lockBeside locks a file beside the store. The file names the process that has the lock.
func lockBeside(path string) (*os.File, error) {
	f, err := os.OpenFile(path+lockSuffix, os.O_RDWR|os.O_CREATE, 0o600)
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
	// The number is for the error of a second relay; nothing depends on it, so a full
	// disk does not matter here. What the last relay acknowledged comes after it.
	_, _ = f.WriteAt(fmt.Appendf(nil, "%-*d\n", markAt-1, os.Getpid()), 0)
	return f, nil
}

// holder names the process that has the lock, if the file does.
func holder(f *os.File) string {
	b := make([]byte, markAt)
	n, _ := f.ReadAt(b, 0)
	pid, err := strconv.Atoi(string(bytes.TrimSpace(b[:n])))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (process %d)", pid)
}

// unwritable says what to do when a file cannot be opened for writing.
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
