package sqlite

import (
	"os"

	"golang.org/x/sys/unix"
)

// allocate extends a file to this size, with room on the disk for all of it.
func allocate(f *os.File, size int64) error {
	if unix.Fallocate(int(f.Fd()), 0, 0, size) == nil {
		return nil
	}
	return writeZeros(f, size) // not every file system can do it at once
}
