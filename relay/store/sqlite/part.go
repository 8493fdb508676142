package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"syscall"

	"github.com/connector-relay/relay/relay/store"
)

// part is a copy of a store that does not have its final name yet. It is locked while it
// is being written: an unlocked one was left by a killed process.
type part struct {
	path string
	// lock is open for longer than SQLite has the file open: closing any descriptor of
	// a file gives up all of SQLite's own locks on it.
	lock *os.File
}

// partPattern is what parts are called. The name does not depend on the copy's name, so that
// the next backup removes what the last one left, whatever that would have been called.
const partPattern = ".relay-copy-*"

var partName = regexp.MustCompile(`^\.relay-copy-[0-9]+$`)

// newPart makes an empty part in a folder and removes those that were left there.
func newPart(dir string) (*part, error) {
	removeParts(dir)
	for {
		f, err := os.CreateTemp(dir, partPattern)
		if err != nil {
			return nil, unwritable(err)
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
			err = fmt.Errorf("%w: lock %s: %w", store.ErrUnavailable, f.Name(), err)
			f.Close()
			return nil, err
		}
		p := &part{path: f.Name(), lock: f}
		if p.named() {
			return p, nil
		}
		f.Close() // another process considered it abandoned before it was locked
	}
}

// named reports whether the part still has its name.
func (p *part) named() bool {
	as, err := os.Lstat(p.path)
	is, err2 := p.lock.Stat()
	return err == nil && err2 == nil && os.SameFile(as, is)
}

// discard removes the part, where it has no other name, and what SQLite left beside it.
func (p *part) discard() {
	for _, suffix := range []string{"", logSuffix, indexSuffix, journalSuffix} {
		_ = os.Remove(p.path + suffix)
	}
	_ = p.lock.Close()
}

// removeParts removes the parts in a folder that killed processes of this user left,
// and returns their names.
func removeParts(dir string) (removed []string) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, entry := range list {
		if !partName.MatchString(entry.Name()) || !entry.Type().IsRegular() {
			continue
		}
		if p := abandoned(filepath.Join(dir, entry.Name())); p != nil {
			p.discard()
			removed = append(removed, p.path)
		}
	}
	return removed
}

// abandoned locks and returns a part that nobody works on; it returns nil for any other
// file.
func abandoned(path string) *part {
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	p := &part{path: path, lock: f}
	info, err := f.Stat()
	if err == nil {
		stat, ok := info.Sys().(*syscall.Stat_t)
		if ok && int(stat.Uid) == os.Geteuid() && syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil && p.named() {
			return p
		}
	}
	f.Close()
	return nil
}
