package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/store"
)

// leftEvents is how many events a relay that was killed had accepted.
const leftEvents = 50

// helpLeave accepts events, says so, and waits to be killed.
func helpLeave(path string) error {
	s, err := Open(context.Background(), Options{Path: path})
	if err != nil {
		return err
	}
	for i := range leftEvents {
		if _, err := s.Accept(context.Background(), benchBatch("a", fmt.Sprint(i))); err != nil {
			return err
		}
	}
	fmt.Fprintln(os.Stdout, "accepted")
	select {}
}

// leave makes a store as a killed relay leaves it, with all that it accepted in the log.
func leave(t *testing.T, path string) {
	t.Helper()
	c := helper(t, "leave", path)
	if _, err := start(t, c).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	_ = c.Process.Kill()
	_ = c.Wait()
}

// commitEnds returns where each commit in a log ends.
func commitEnds(t *testing.T, path string) []int64 {
	t.Helper()
	b, err := os.ReadFile(path + logSuffix)
	if err != nil {
		t.Fatal(err)
	}
	var ends []int64
	for at := int64(logHeader); at+pageBytes <= int64(len(b)); at += pageBytes {
		if string(b[at+4:at+8]) != "\x00\x00\x00\x00" {
			ends = append(ends, at+pageBytes)
		}
	}
	return ends
}

func flip(path string, at int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		return err
	}
	b[0] ^= 0x55
	_, err = f.WriteAt(b, at)
	return err
}

func forget(path string) error { return os.Truncate(path+lockSuffix, markAt) }

// TestALogThatSQLiteWouldPassOverIsTold damages a killed relay's log in every way that
// makes SQLite silently forget acknowledged commits.
func TestALogThatSQLiteWouldPassOverIsTold(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		damage func(path string, ends []int64) error
		want   string
		// left is how many events are there after the loss was accepted; -1 when the
		// store cannot be opened even then.
		left int
	}{
		{"the head", func(path string, _ []int64) error { return flip(path+logSuffix, 17) }, "damaged behind 0 commits", 0},
		{"the head's checksum", func(path string, _ []int64) error { return flip(path+logSuffix, 25) }, "damaged behind 0 commits", 0},
		{"the middle", func(path string, ends []int64) error { return flip(path+logSuffix, ends[24]+5000) }, "damaged behind 25 commits", 25},
		{"a frame's number", func(path string, ends []int64) error { return flip(path+logSuffix, ends[24]+3) }, "damaged behind 25 commits", 25},
		{"the middle, and no mark", func(path string, ends []int64) error {
			return errors.Join(forget(path), flip(path+logSuffix, ends[24]+5000))
		}, "damaged behind 25 commits", 25},
		{"the last commit", func(path string, ends []int64) error { return flip(path+logSuffix, ends[49]-100) }, "were acknowledged", 49},
		{"the end cut off", func(path string, ends []int64) error { return os.Truncate(path+logSuffix, ends[39]) }, "were acknowledged", 40},
		{"emptied", func(path string, _ []int64) error { return os.Truncate(path+logSuffix, 0) }, "were acknowledged", 0},
		{"removed", func(path string, _ []int64) error { return os.Remove(path + logSuffix) }, "were acknowledged", 0},
		{"the file removed and not its log", removeFile, "missing or empty", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "relay.db")
			leave(t, path)
			ends := commitEnds(t, path)
			if len(ends) != leftEvents {
				t.Fatalf("the log has %d commits, want %d", len(ends), leftEvents)
			}
			if err := test.damage(path, ends); err != nil {
				t.Fatal(err)
			}
			before := listing(t, filepath.Dir(path))
			_, err := Open(t.Context(), Options{Path: path})
			if !errors.Is(err, store.ErrCorrupt) || !strings.Contains(fmt.Sprint(err), test.want) || !strings.Contains(fmt.Sprint(err), "--accept-loss") {
				t.Fatalf("got %v, want %v that says %q and what to do", err, store.ErrCorrupt, test.want)
			}
			if strings.Contains(test.name, "the file removed") {
				before = listing(t, filepath.Dir(path)) // an empty one was made
			}
			if now := listing(t, filepath.Dir(path)); now != before {
				t.Errorf("opening changed the files from\n%s\nto\n%s", before, now)
			}
			aside, err := AcceptLoss(path)
			if err != nil {
				t.Fatal(err)
			}
			if aside != "" {
				if _, err := os.Stat(aside); err != nil {
					t.Errorf("the damaged log is not kept: %v", err)
				}
			}
			s := openAt(t, path)
			defer s.Close()
			if n, _, err := s.Waiting(t.Context(), "a"); err != nil || n != test.left {
				t.Errorf("%d are left, error %v; want %d", n, err, test.left)
			}
		})
	}
}

func removeFile(path string, _ []int64) error { return os.Remove(path) }

// TestACommitThatAPowerLossBrokeOffIsNoLoss leaves the last commit unfinished, which was
// never acknowledged.
func TestACommitThatAPowerLossBrokeOffIsNoLoss(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(path string, ends []int64) error{
		"its first frame never written": func(path string, ends []int64) error { return flip(path+logSuffix, ends[48]+100) },
		"its end never written":         func(path string, ends []int64) error { return os.Truncate(path+logSuffix, ends[49]-4000) },
		"nothing of it written":         func(path string, ends []int64) error { return os.Truncate(path+logSuffix, ends[48]) },
		"the mark lost as well": func(path string, ends []int64) error {
			return errors.Join(forget(path), os.Truncate(path+logSuffix, ends[48]+10))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "relay.db")
			leave(t, path)
			ends := commitEnds(t, path)
			if err := errors.Join(markBefore(path, ends[48]), damage(path, ends)); err != nil {
				t.Fatal(err)
			}
			s := openAt(t, path)
			defer s.Close()
			if n, _, err := s.Waiting(t.Context(), "a"); err != nil || n != leftEvents-1 {
				t.Errorf("%d are there, error %v; want %d", n, err, leftEvents-1)
			}
		})
	}
}

// markBefore sets the mark back to that of an earlier commit.
func markBefore(path string, size int64) error {
	lock, err := os.OpenFile(path+lockSuffix, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer lock.Close()
	m := readMark(lock)
	m.size = size
	_, err = lock.WriteAt([]byte(m.String()), markAt)
	return err
}

// TestALogBesideAnotherFileIsNotApplied puts copies of all kinds in the place of a
// killed relay's file, as somebody in a hurry restores a backup.
func TestALogBesideAnotherFileIsNotApplied(t *testing.T) {
	t.Parallel()
	for name, copyTo := range map[string]string{"VACUUM INTO": "VACUUM INTO '%s'", "a plain copy": ""} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "relay.db")
			backup := path + "-backup"
			fillStore(t, path, 30, 0)
			if copyTo == "" {
				b, err := os.ReadFile(path)
				if err := errors.Join(err, os.WriteFile(backup, b, 0o600)); err != nil {
					t.Fatal(err)
				}
			} else {
				execSQL(t, path, fmt.Sprintf(copyTo, backup))
			}
			fillStore(t, path, 30, 0)
			leave(t, path)
			if err := os.Rename(backup, path); err != nil {
				t.Fatal(err)
			}
			_, err := Open(t.Context(), Options{Path: path})
			if !errors.Is(err, store.ErrCorrupt) || !strings.Contains(fmt.Sprint(err), "another state of the file") {
				t.Fatalf("got %v, want %v", err, store.ErrCorrupt)
			}
			if _, err := AcceptLoss(path); err != nil {
				t.Fatal(err)
			}
			s := openAt(t, path)
			defer s.Close()
			if n, _, err := s.Waiting(t.Context(), "a"); err != nil || n != 30 {
				t.Errorf("%d are in the backup, error %v; want 30", n, err)
			}
		})
	}
}

// TestALogThatSQLiteItselfMovedIsNoLoss opens a killed relay's store with another
// program, which moves the log into the file.
func TestALogThatSQLiteItselfMovedIsNoLoss(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.db")
	leave(t, path)
	execSQL(t, path, "PRAGMA wal_checkpoint(TRUNCATE)")
	if _, err := os.Stat(path + logSuffix); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the log is still there: %v", err)
	}
	s := openAt(t, path)
	defer s.Close()
	if n, _, err := s.Waiting(t.Context(), "a"); err != nil || n != leftEvents {
		t.Errorf("%d are there, error %v; want %d", n, err, leftEvents)
	}
}
