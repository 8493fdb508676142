//go:build unix && !linux

package pluginhost

import (
	"os"
	"os/exec"
	"syscall"
)

// isolate puts the process into a group of its own, so that what it starts can
// be ended with it and a terminal's ^C does not reach it. That it ends with the
// relay is up to the SDK, which watches standard input.
func isolate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// awaitExit has no portable way to wait without reaping.
func awaitExit(int) {}

// killGroup ends the process and all it started.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

func self(path string) string { return path }

// opened is the file's name: what was checked has to be found by it once more. No other
// user can change it.
func opened(f *os.File) string { return f.Name() }
