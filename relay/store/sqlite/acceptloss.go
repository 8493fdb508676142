package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/store"
)

// AcceptLoss lets a store whose log is damaged, or is another file's, be opened with
// what is left. The log is kept, under the name that is returned; it is empty when
// there is no log, or nothing was wrong with it.
func AcceptLoss(path string) (aside string, err error) {
	h, err := hold(path, zerolog.Nop())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	r, err := readLog(h.path)
	if err != nil {
		return "", err
	}
	if r.trouble(h.path, readMark(h.lock)) == nil {
		return "", nil
	}
	if aside, err = setAside(h.path + logSuffix); err != nil {
		return "", err
	}
	h.clearMark()
	// What is sound of it is applied, unless it is not this file's.
	r.lost = 0
	if r.trouble(h.path, mark{}) != nil {
		r.size = 0
	}
	if aside == "" {
		return "", nil
	}
	return aside, os.Truncate(h.path+logSuffix, r.size)
}

// setAside copies a file to a name of its own beside it, and returns that.
func setAside(path string) (aside string, err error) {
	from, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", unwritable(err)
	}
	defer from.Close()
	aside = path + "-" + time.Now().Format("20060102-150405")
	to, err := os.OpenFile(aside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", unwritable(err)
	}
	_, err = io.Copy(to, from)
	if err := errors.Join(err, to.Sync(), to.Close()); err != nil {
		return "", fmt.Errorf("%w: keep the log: %w", store.ErrUnavailable, err)
	}
	return aside, nil
}
