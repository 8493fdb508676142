// Package private keeps files private to their owner: no other user of the machine may
// read or replace what holds cards, tokens or keys.
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

// Keep removes all rights but the owner's from a file and reports whether there were
// any. It fails with [ErrExposed] if the file belongs to another user or is not a file;
// a missing one is private.
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

// Directory fails with [ErrExposed] if every user of the machine can replace the files
// in a directory.
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

// owner returns a file's owner and whether that is this process's user.
func owner(info fs.FileInfo) (uid uint32, ours bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, true
	}
	return stat.Uid, int(stat.Uid) == os.Geteuid()
}
