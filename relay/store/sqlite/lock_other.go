//go:build !linux

package sqlite

import "os"

// lockFile has nothing to do where a lock cannot belong to an open file; the lock
// beside the store is all there is.
func lockFile(*os.File) error { return nil }
