package api

import (
	"errors"
	"fmt"
	"net"
	"os"
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
