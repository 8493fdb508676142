package api

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// Listen opens the operator socket, to which only this user can connect. It replaces a
// socket file that a killed relay left behind; the store's lock guarantees that no other
// relay is alive.
func Listen(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("replace the operator socket: %w", err)
	}
	n, err := net.Listen("unix", short(path))
	if err != nil {
		return nil, fmt.Errorf("open the operator socket %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		n.Close()
		return nil, fmt.Errorf("protect the operator socket: %w", err)
	}
	return n, nil
}

// short returns the shorter of a socket's absolute path and its path from the
// working directory, because a socket's path is limited to about 100 bytes.
func short(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(wd, path)
	if err != nil || len(rel) >= len(path) {
		return path
	}
	return rel
}
