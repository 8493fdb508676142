//go:build !unix

package connector

import (
	"io"
	"os"
)

// endWithHost ends this process when the relay, which holds the other end of
// standard input, is gone.
func endWithHost() {
	if info, err := os.Stdin.Stat(); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(1)
		}()
	}
}
