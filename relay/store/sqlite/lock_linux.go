package sqlite

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/connector-relay/relay/relay/store"
)

// lockedByte is the byte of the file that is locked: far beyond its end and beyond the
// bytes that SQLite locks. The lock belongs to the open file, not to the process, so that
// it survives SQLite's opening and closing.
const lockedByte = 1 << 50

// lockFile locks the file itself.
func lockFile(f *os.File) error {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: lockedByte, Len: 1}
	err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &lock)
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EACCES):
		return fmt.Errorf("%w, which knows it by another name; stop that one first, or give this one a store of its own", store.ErrLocked)
	case errors.Is(err, unix.EINVAL), err == nil: // some file systems have no such locks
		return nil
	}
	return fmt.Errorf("%w: lock %s: %w", store.ErrUnavailable, f.Name(), err)
}
