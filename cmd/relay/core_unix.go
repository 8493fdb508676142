//go:build unix

package main

import (
	"fmt"
	"syscall"
)

// noCore keeps this process and the plugins from leaving core files.
func noCore() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return fmt.Errorf("leave no core files: %w", err)
	}
	return nil
}
