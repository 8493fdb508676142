package private

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFilesAreKeptToTheirOwner(t *testing.T) {
	dir := t.TempDir()
	for mode, want := range map[os.FileMode]os.FileMode{0o600: 0o600, 0o644: 0o600, 0o666: 0o600, 0o440: 0o400} {
		path := filepath.Join(dir, mode.String())
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		mended, err := Keep(path)
		if err != nil || mended != (mode != want) {
			t.Errorf("%v: mended %t, error %v", mode, mended, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%v became %v, want %v", mode, info.Mode(), want)
		}
	}
	if mended, err := Keep(filepath.Join(dir, "missing")); mended || err != nil {
		t.Errorf("a missing file: mended %t, error %v", mended, err)
	}
}

func TestWhatOthersOwnOrCanReplaceIsRefused(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink("/etc/hostname", link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, dir} {
		if _, err := Keep(path); !errors.Is(err, ErrExposed) {
			t.Errorf("%s: %v, want %v", path, err, ErrExposed)
		}
	}
	for mode, want := range map[os.FileMode]bool{0o700: false, 0o755: false, 0o777: true, 0o777 | os.ModeSticky: false} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if err := Directory(dir); errors.Is(err, ErrExposed) != want {
			t.Errorf("a directory with mode %v: %v", mode, err)
		}
	}
}

// TestAnotherUsersFileIsRefused needs the right to give a file away, which the
// superuser has; anybody else finds a file of the superuser's.
func TestAnotherUsersFileIsRefused(t *testing.T) {
	path := "/etc/passwd"
	if os.Geteuid() == 0 {
		path = filepath.Join(t.TempDir(), "theirs")
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chown(path, 12345, 12345)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Keep(path); !errors.Is(err, ErrExposed) {
		t.Errorf("got %v, want %v", err, ErrExposed)
	}
}
