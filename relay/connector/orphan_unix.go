//go:build unix

package connector

import (
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin"
)

// endWithHost ends this process, and those it started, when the relay is gone. It watches
// for three signs, because none is always available: the relay holds the other end of
// standard input; on Linux the kernel sends SIGTERM at its death; and the parent process
// changes.
func endWithHost() {
	parent := os.Getppid()
	if info, err := os.Stdin.Stat(); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			endGroup()
		}()
	}
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	go func() {
		for {
			select {
			case <-terminated:
			case <-time.After(2 * time.Second):
			}
			if os.Getppid() != parent {
				endGroup()
			}
		}
	}()
}

// endGroup ends the whole process group if it is this plugin's own. It also removes the
// directory of its socket, which the relay can no longer do, and those above it if they
// are empty.
func endGroup() {
	if dir := os.Getenv(plugin.EnvUnixSocketDir); dir != "" {
		_ = os.RemoveAll(dir)
		_ = os.Remove(filepath.Dir(dir))
		_ = os.Remove(filepath.Dir(filepath.Dir(dir)))
	}
	if syscall.Getpgrp() == os.Getpid() {
		_ = syscall.Kill(0, syscall.SIGKILL)
	}
	os.Exit(1)
}
