package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/store"
)

// watch knows the store's files as this process left them. Nobody else may change them:
// SQLite goes on writing to a file that has lost its name, and mixes its cache with the
// content of a file that was overwritten. So when a name leads to another file, or a size
// or a time of change is not this process's doing, the store stops accepting.
type watch struct {
	log zerolog.Logger

	mu sync.Mutex
	// files are the store's file, its log and the log's index, in this order.
	files [3]watched
	err   error
}

// The files that this process writes; the log's index is shared memory.
const (
	theStore = iota
	theLog
	theIndex
)

// watched is one file. While this process writes to it, only its identity is known.
type watched struct {
	path    string
	as      fs.FileInfo
	writing int
}

// newWatch remembers the files of a store that is open.
func newWatch(path string, log zerolog.Logger) (*watch, error) {
	w := &watch{log: log}
	for i, suffix := range []string{"", logSuffix, indexSuffix} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
		w.files[i] = watched{path: path + suffix, as: info}
	}
	return w, nil
}

// check returns why nothing can be accepted any longer, or nil while all is well.
func (w *watch) check() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.files {
		w.look(i)
	}
	return w.err
}

// begin says that this process is about to write to files.
func (w *watch) begin(files ...int) error {
	err := w.check()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, i := range files {
		w.files[i].writing++
	}
	return err
}

// end remembers them as they are now. What was written between begin and end is in
// the store only if it returns nil.
func (w *watch) end(files ...int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.files {
		info := w.look(i)
		for _, written := range files {
			if i != written {
				continue
			}
			if w.files[i].writing--; w.files[i].writing == 0 && info != nil && w.err == nil {
				w.files[i].as = info
			}
		}
	}
	return w.err
}

// size returns how long a file was when it was last written.
func (w *watch) size(file int) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.files[file].as.Size()
}

// look compares a file with what is known about it, and returns its present state. The
// caller holds the lock.
func (w *watch) look(i int) fs.FileInfo {
	f := &w.files[i]
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		w.stop(f.path, "was removed")
	case err != nil:
		w.stop(f.path, "can no longer be found ("+err.Error()+")")
	case !os.SameFile(info, f.as):
		w.stop(f.path, "was replaced by another file")
	case i == theIndex || f.writing > 0:
	case info.Size() < f.as.Size():
		w.stop(f.path, "was cut off")
	case info.Size() != f.as.Size() || !info.ModTime().Equal(f.as.ModTime()):
		w.stop(f.path, "was changed by another program")
	}
	return info
}

// stop makes the store stop accepting because of what happened to a file.
func (w *watch) stop(path, what string) {
	w.fail(fmt.Errorf("%w: %s %s while the relay ran. Nothing more is accepted; what waits is delivered where it can still be read. "+
		"Stop the relay, and restore a backup with `relay store restore FILE`", store.ErrUnavailable, path, what))
}

// fail keeps the first error.
func (w *watch) fail(err error) {
	if w.err == nil {
		w.err = err
		w.log.Error().Err(err).Msg("the store accepts nothing more")
	}
}

// corrupt makes the store stop accepting because it was found damaged.
func (w *watch) corrupt(err error) {
	if !errors.Is(err, store.ErrCorrupt) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail(err)
}
