//go:build !linux

package sqlite

import (
	"errors"
	"os"
)

// dropPrivileges makes sure that the modes of files count.
func dropPrivileges() error {
	if os.Geteuid() == 0 {
		return errors.New("run this test as another user than the superuser")
	}
	return nil
}
