package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// undumpable keeps this process's memory, which holds secrets, from other processes of
// the same user (such as a plugin with ptrace or /proc/PID/mem) and from core files.
func undumpable() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("keep this process from being dumped: %w", err)
	}
	return noCore()
}
