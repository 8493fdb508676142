package private

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// others is a user and a group that this process does not belong to.
const others = 12345

// TestAPathThatOthersCanChangeIsRefused needs the right to give files away, which the
// superuser has; for anybody else the rows with another's files are those of the mode.
func TestAPathThatOthersCanChangeIsRefused(t *testing.T) {
	give := func(path string) error {
		if os.Geteuid() != 0 {
			return os.Chmod(path, 0o777)
		}
		return os.Lchown(path, others, others)
	}
	chmod := func(mode os.FileMode) func(string) error {
		return func(path string) error { return os.Chmod(path, mode) }
	}
	group := func(path string) error {
		if os.Geteuid() != 0 {
			return os.Chmod(path, 0o777)
		}
		return errors.Join(os.Chown(path, 0, others), os.Chmod(path, 0o775))
	}
	for name, tt := range map[string]struct {
		change  func(string) error
		what    string
		exposed bool
	}{
		"as it should be":              {chmod(0o755), "outer/inner/plugin", false},
		"a file for everybody":         {chmod(0o757), "outer/inner/plugin", true},
		"a file for a group":           {group, "outer/inner/plugin", true},
		"another's file":               {give, "outer/inner/plugin", true},
		"a directory for everybody":    {chmod(0o777), "outer/inner", true},
		"a directory for a group":      {group, "outer/inner", true},
		"another's directory":          {give, "outer/inner", true},
		"a directory further up":       {chmod(0o777), "outer", true},
		"another's, further up":        {give, "outer", true},
		"a sticky directory on top":    {chmod(0o777 | os.ModeSticky), "outer", false},
		"a sticky directory around it": {chmod(0o777 | os.ModeSticky), "outer/inner", false},
	} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			// Others can come this far, so that the modes below it count.
			for dir := top; strings.HasPrefix(dir, os.TempDir()+"/"); dir = filepath.Dir(dir) {
				if err := os.Chmod(dir, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join(top, "outer", "inner", "plugin")
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o600), os.Chmod(path, 0o755)); err != nil {
				t.Fatal(err)
			}
			if err := tt.change(filepath.Join(top, tt.what)); err != nil {
				t.Fatal(err)
			}
			link := filepath.Join(top, "link")
			if err := os.Symlink("outer/inner", link); err != nil {
				t.Fatal(err)
			}
			for _, p := range []string{path, filepath.Join(link, "plugin")} {
				if err := Path(p); errors.Is(err, ErrExposed) != tt.exposed || err != nil && !tt.exposed {
					t.Errorf("%s: %v", p, err)
				}
			}
			if strings.HasPrefix(name, "a sticky directory around") {
				if err := Path(filepath.Dir(path)); !errors.Is(err, ErrExposed) {
					t.Errorf("the directory itself, to which everybody can add: %v", err)
				}
			}
			// Behind a closed door none of this matters.
			if err := os.Chmod(top, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := Path(path); err != nil {
				t.Errorf("where nobody can come: %v", err)
			}
		})
	}
}
