//go:build !linux

package sqlite

import "os"

// allocate extends a file to this size, with room on the disk for all of it.
func allocate(f *os.File, size int64) error { return writeZeros(f, size) }
