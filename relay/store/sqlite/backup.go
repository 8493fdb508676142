package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/connector-relay/relay/relay/store"
)

// Progress is called with how many bytes of a long operation are done, and about how many
// there are.
type Progress func(done, all int64)

// Backup copies a store as it is at one moment, whether or not a relay runs on it. Only
// the owner may read the copy, which gets its name once it is on the disk and has been
// found whole.
func Backup(ctx context.Context, path, to string, progress Progress) (c Contents, err error) {
	if _, err := os.Lstat(to); err == nil {
		return c, fmt.Errorf("%s is there already; name another file: %w", to, fs.ErrExist)
	}
	free, err := borrow(path)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, free()) }()
	part, c, err := copyBeside(ctx, path, to, progress)
	if err != nil {
		return c, err
	}
	defer part.discard() // it has its final name by then
	// Unlike a rename, a link never replaces another file.
	if err := os.Link(part.path, to); errors.Is(err, fs.ErrExist) || err != nil && os.Rename(part.path, to) != nil {
		return c, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return c, syncFile(filepath.Dir(to))
}

// copyBeside copies a store to a new file in another file's folder. The copy it returns
// is on the disk and has been found whole.
func copyBeside(ctx context.Context, path, beside string, progress Progress) (_ *part, c Contents, err error) {
	p, err := newPart(filepath.Dir(beside))
	if err != nil {
		return nil, c, err
	}
	defer func() {
		if err != nil {
			p.discard()
		}
	}()
	before, err := vacuumInto(ctx, path, p.path, progress)
	if err != nil {
		return nil, c, err
	}
	if c, err = Check(ctx, p.path); err != nil {
		return nil, c, fmt.Errorf("the copy is not whole: %w", err)
	}
	if c.LastEvent < before.LastEvent || c.LastDelivery < before.LastDelivery {
		return nil, c, fmt.Errorf("%w: the copy ends at event %d, and the store was at %d before", store.ErrCorrupt, c.LastEvent, before.LastEvent)
	}
	return p, c, syncFile(p.path)
}

// vacuumInto copies a store into an empty file. It reads the store in one go, so a relay
// that goes on writing does not hold it up; SQLite's own backup starts over at each
// write.
func vacuumInto(ctx context.Context, path, part string, progress Progress) (before Contents, err error) {
	settings := url.Values{"_busy_timeout": {fmt.Sprint(busyTimeout.Milliseconds())}}
	if !hasLog(path) {
		settings.Set("immutable", "1")
	}
	db, err := openPool(path, settings)
	if err != nil {
		return before, err
	}
	defer func() { err = errors.Join(explain(err), db.Close()) }()
	if before, err = contents(ctx, db); err != nil {
		return before, err
	}
	var size int64
	if err := db.QueryRowContext(ctx, "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size").Scan(&size); err != nil {
		return before, err
	}
	stop := watchGrowth(part, size, progress)
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", part)
	stop()
	if err != nil {
		return before, err
	}
	// No log of the store goes with the copy.
	copied, err := openPool(part, url.Values{"_pragma": {"journal_mode(delete)", "synchronous(full)"}})
	if err != nil {
		return before, err
	}
	_, err = copied.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", rand.Int32N(1<<30)+1))
	return before, errors.Join(err, copied.Close())
}

// watchGrowth reports how a file grows until stop is called.
func watchGrowth(path string, all int64, progress Progress) (stop func()) {
	if progress == nil {
		return func() {}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				progress(all, all)
				return
			case <-tick.C:
				if info, err := os.Stat(path); err == nil {
					progress(min(info.Size(), all), all)
				}
			}
		}
	}()
	return func() { close(quit); <-done }
}

// syncFile makes sure that a file, or the names in a folder, are on the disk.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return unwritable(err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return nil
}
