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

// residentMemory is not known here.
func residentMemory(int) int64 { return 0 }

// opened is the file's name, by which it must be opened again. No other user can change
// it.
func opened(f *os.File) string { return f.Name() }
