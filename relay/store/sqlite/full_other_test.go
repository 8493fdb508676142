//go:build !linux

package sqlite

import "errors"

func helpFull(string) error { return errors.New("small disks are made on Linux only") }
