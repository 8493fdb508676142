package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// helpCopy begins to copy a backup and waits to be killed when all of it is written.
func helpCopy(path string) error {
	_, err := Backup(context.Background(), path, path+"-copy", func(int64, int64) {
		fmt.Fprintln(os.Stdout, "copied")
		select {}
	})
	return err
}

// TestWhatAKilledBackupLeftIsRemoved runs everything that writes to the folder, first
// while another process copies the store and then after that process was killed.
func TestWhatAKilledBackupLeftIsRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "relay.db")
	fillStore(t, path, 10, 100)
	backups := 0
	backup := func() error {
		backups++
		_, err := Backup(t.Context(), path, fmt.Sprint(path, "-backup-", backups), nil)
		return err
	}
	if err := backup(); err != nil {
		t.Fatal(err)
	}
	// These have names like those of such copies, but are none.
	others := []string{".relay-copy-mine", ".relay-copy-1", ".relay-copy-2"}
	err := errors.Join(os.WriteFile(filepath.Join(dir, others[0]), nil, 0o600),
		os.Symlink("relay.db", filepath.Join(dir, others[1])), os.Mkdir(filepath.Join(dir, others[2]), 0o700))
	if err != nil {
		t.Fatal(err)
	}
	for name, work := range map[string]func() error{
		"a backup": backup,
		"a restore": func() error {
			_, err := Restore(t.Context(), RestoreOptions{Path: path, From: path + "-backup-1"})
			return err
		},
		"a start": func() error {
			s, err := Open(t.Context(), Options{Path: path})
			if err != nil {
				return err
			}
			return s.Close()
		},
	} {
		c := helper(t, "copy", path+"-backup-1")
		if _, err := start(t, c).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		if err := work(); err != nil {
			t.Fatal(err)
		}
		if n := parts(t, dir, others); n != 1 {
			t.Errorf("%s beside a backup left %d unfinished copies, want that backup's", name, n)
		}
		_ = c.Process.Kill()
		_ = c.Wait()
		if err := work(); err != nil {
			t.Fatal(err)
		}
		if n := parts(t, dir, others); n != 0 {
			t.Errorf("%s after a killed backup left %d unfinished copies", name, n)
		}
	}
}

// parts counts the hidden files, except those that must be there and the journal that
// SQLite keeps beside a copy while it writes it.
func parts(t *testing.T, dir string, others []string) int {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil {
		t.Fatal(err)
	}
	list = slices.DeleteFunc(list, func(name string) bool { return strings.HasSuffix(name, journalSuffix) })
	for _, name := range others {
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			t.Errorf("what is no copy was removed: %v", err)
		}
	}
	return len(list) - len(others)
}

func TestAStartThatMakesANewStoreSaysSo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.db")
	for _, fresh := range []bool{true, false} {
		var log strings.Builder
		s, err := Open(t.Context(), Options{Path: path, Log: zerolog.New(&log)})
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		said := strings.Contains(log.String(), "new, empty") && strings.Contains(log.String(), path)
		if said != fresh {
			t.Errorf("the log of a start says %q; new: %t", log.String(), fresh)
		}
	}
}
