//go:build !unix

package pluginhost

import (
	"os"
	"os/exec"
)

func isolate(*exec.Cmd) {}

func awaitExit(int) {}

func killGroup(p *os.Process) { _ = p.Kill() }

func self(path string) string { return path }
