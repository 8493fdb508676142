package private

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Path fails with [ErrExposed] if any user but the superuser and this process's can
// change what a path leads to: the file or directory itself, a directory on the way, or
// a symbolic link. What others cannot reach is safe, whatever its own mode.
func Path(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	if path != real {
		if err := checkWay(path); err != nil {
			return err
		}
	}
	return checkWay(real)
}

// checkWay checks a path from the root down.
func checkWay(path string) error {
	for _, step := range steps(path) {
		info, err := os.Lstat(step)
		if err != nil {
			return err
		}
		if err := checkStep(step, info, step == path); err != nil {
			return err
		}
		if info.IsDir() && info.Mode().Perm()&0o011 == 0 {
			return nil
		}
	}
	return nil
}

// steps returns the directories that lead to a path, root first, and the path.
func steps(path string) []string {
	root := filepath.VolumeName(path) + string(filepath.Separator)
	list := []string{root}
	for i := len(root); i < len(path); i++ {
		if next := strings.IndexByte(path[i:], filepath.Separator); next >= 0 {
			i += next
			list = append(list, path[:i])
		} else {
			return append(list, path)
		}
	}
	return list
}

func checkStep(path string, info fs.FileInfo, last bool) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil // a system without owners and modes
	}
	mode := info.Mode()
	switch {
	case stat.Uid != 0 && int(stat.Uid) != os.Geteuid():
		return fmt.Errorf("%w: %s belongs to user %d, who can change it; give it to root or to the relay's user", ErrExposed, path, stat.Uid)
	case mode&fs.ModeSymlink != 0:
		return nil // only its owner, and whoever can write to its directory, can change it
	case mode.IsDir() && !last && mode&fs.ModeSticky != 0:
		return nil // others can only add to it
	case mode.Perm()&0o002 != 0:
		return fmt.Errorf("%w: everybody can write to %s; run `chmod o-w %s`", ErrExposed, path, path)
	case mode.Perm()&0o020 != 0 && stat.Gid != 0:
		return fmt.Errorf("%w: group %d can write to %s; run `chmod g-w %s`", ErrExposed, stat.Gid, path, path)
	}
	return nil
}
