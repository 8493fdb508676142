// Package private keeps files to their owner: what holds cards, tokens or keys must
// neither be read nor replaced by another user of the machine.
package private

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ErrExposed says that somebody else owns the file, or can replace it.
var ErrExposed = errors.New("not private")

// Keep takes a file's rights away from everybody but its owner, and reports whether
// anybody had any. It fails with [ErrExposed] when the file is another user's, or no
// file; one that is missing is private.
func Keep(path string) (mended bool, err error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("%w: %s is not a file", ErrExposed, path)
	}
	if owner, ours := owner(info); !ours {
		return false, fmt.Errorf("%w: %s belongs to user %d; run the relay as that user, or give the file to the relay's", ErrExposed, path, owner)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return false, nil
	}
	if err := os.Chmod(path, info.Mode().Perm()&^0o077); err != nil {
		return false, fmt.Errorf("protect %s: %w", path, err)
	}
	return true, nil
}

// Directory fails with [ErrExposed] when every user of the machine can replace the
// files in a directory.
func Directory(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0 {
		path, _ := filepath.Abs(path)
		return fmt.Errorf("%w: everybody can replace the files in %s; run `chmod o-w %s`, or use another directory", ErrExposed, path, path)
	}
	return nil
}

// owner returns whose a file is, and whether that is this process's user.
func owner(info fs.FileInfo) (uid uint32, ours bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, true
	}
	return stat.Uid, int(stat.Uid) == os.Geteuid()
}
