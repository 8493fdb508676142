//go:build !unix

package listener

import (
	"math"
	"syscall"
)

// controlShared does nothing here: the address is free only once the old listener has
// ended.
func controlShared(syscall.RawConn, bool) error { return nil }

// descriptors is how many files and connections this process may have open. This system
// does not say.
func descriptors() int { return math.MaxInt32 }
