//go:build !unix

package listener

import (
	"math"
	"syscall"
)

// controlShared can do nothing here: the address is only free when the old listener has
// ended.
func controlShared(syscall.RawConn, bool) error { return nil }

// descriptors is how many files and connections this process may have open; nobody says
// here.
func descriptors() int { return math.MaxInt32 }
