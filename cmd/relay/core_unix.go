//go:build unix

package main

import (
	"fmt"
	"syscall"
)

// noCore leaves no core files, nor lets the plugins leave any.
func noCore() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return fmt.Errorf("leave no core files: %w", err)
	}
	return nil
}
