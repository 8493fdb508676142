package sqlite

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// dropPrivileges makes the superuser subject to the modes of files. It restarts the
// process, because what a process may do is decided when it starts.
func dropPrivileges() error {
	const dropped = "RELAY_STORE_TEST_DROPPED"
	if os.Geteuid() != 0 || os.Getenv(dropped) != "" {
		return nil
	}
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_CAPBSET_DROP, unix.CAP_DAC_OVERRIDE, 0, 0, 0); err != nil {
		return fmt.Errorf("drop the right to write everything: %w", err)
	}
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	return syscall.Exec(binary, os.Args, append(os.Environ(), dropped+"=1"))
}
