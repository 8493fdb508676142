//go:build !unix

package relay

import "syscall"

// controlShared can do nothing here: the address is only free when the old listener has
// ended.
func controlShared(syscall.RawConn, bool) error { return nil }
