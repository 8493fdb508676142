//go:build unix

package listener

import (
	"math"
	"syscall"

	"golang.org/x/sys/unix"
)

// controlShared sets whether the kernel lets other sockets of this user have the same
// address. Both sockets must allow it when the second one is bound.
func controlShared(c syscall.RawConn, shared bool) error {
	value := 0
	if shared {
		value = 1
	}
	var set error
	err := c.Control(func(fd uintptr) { set = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, value) })
	if err != nil {
		return err
	}
	return set
}

// descriptors is how many files and connections this process may have open.
func descriptors() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return math.MaxInt32
	}
	return int(min(limit.Cur, math.MaxInt32))
}
