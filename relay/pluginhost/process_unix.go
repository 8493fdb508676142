//go:build unix && !linux

package pluginhost

import (
	"os"
	"os/exec"
	"syscall"
)

// isolate puts the process into a group of its own, so that what it starts can be ended
// with it and a terminal's ^C does not reach it. The SDK ends it with the relay by
// watching standard input.
func isolate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// awaitExit has no portable way to wait without reaping.
func awaitExit(int) {}

// killGroup kills the process and everything it started.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

func self(path string) string { return path }

// residentMemory is not known here.
func residentMemory(int) int64 { return 0 }

// opened is the file's name, by which it must be opened again. No other user can change
// it.
func opened(f *os.File) string { return f.Name() }
