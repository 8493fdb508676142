package sqlite

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

// TestABackupUnderLoadIsWhole copies a store while a process writes to it as fast as
// it can.
func TestABackupUnderLoadIsWhole(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "relay.db")
	c := helper(t, "write", path)
	out := start(t, c)
	accepted := make(map[string]int)
	for range 300 {
		var name string
		var n int
		if line, err := out.ReadString('\n'); err != nil {
			t.Fatal(err)
		} else if _, err := fmt.Sscanf(line, "accepted %s %d", &name, &n); err == nil {
			accepted[name] = n
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	to := filepath.Join(t.TempDir(), "backup.db")
	var done, all int64
	contents, err := Backup(t.Context(), path, to, func(d, a int64) { done, all = d, a })
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Process.Kill()
	_ = c.Wait()
	if done != all || all == 0 {
		t.Errorf("the progress ended at %d of %d", done, all)
	}
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup has mode %v, error %v", info.Mode(), err)
	}
	if list, _ := os.ReadDir(filepath.Dir(to)); len(list) != 1 {
		t.Errorf("beside the backup lies more: %v", list)
	}
	if again, err := Check(t.Context(), to); err != nil || again != contents {
		t.Errorf("a check found %+v, error %v; want %+v", again, err, contents)
	}
	if _, err := Backup(t.Context(), path, to, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a backup over another: %v, want %v", err, fs.ErrExist)
	}
	s := openAt(t, to)
	defer s.Close()
	checkBatches(t, s, accepted)
}

// TestARestorePostsNothingTwice restores a backup over a store that has gone on since: of
// two deliveries that waited, one has been delivered, and a poll has moved its
// checkpoint.
func TestARestorePostsNothingTwice(t *testing.T) {
	tests := []struct {
		name   string
		repeat bool
		// lose makes the present store unreadable.
		lose        func(path string) error
		waiting     string
		held        int64
		checkpoint  string
		checkpoints string
		seen        bool
		next        int64
	}{
		{"over a store that can be read", false, nil, "2", 1, "after", "old", true, 4},
		{"told to repeat", true, nil, "1 2", 0, "before", "backup", false, 4},
		{"over a damaged store", false, func(path string) error { return os.Truncate(path, 20000) }, "", 2, "", "now", false, 3},
		{"where there is none", false, os.Remove, "", 2, "", "now", false, 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "relay.db")
			backup := path + "-backup"
			makeHistory(t, path, backup)
			if test.lose != nil {
				if err := test.lose(path); err != nil {
					t.Fatal(err)
				}
			}
			r, err := Restore(t.Context(), RestoreOptions{Path: path, From: backup, Repeat: test.repeat})
			if err != nil {
				t.Fatal(err)
			}
			if r.Held != test.held || r.Checkpoints != test.checkpoints || r.Backup.LastEvent != 2 || (r.Old != nil) != (test.lose == nil) {
				t.Errorf("the restore says %+v", r)
			}
			if r.Aside != "" {
				if _, err := os.Stat(r.Aside); err != nil {
					t.Errorf("the old store is not kept: %v", err)
				}
			} else if test.name != "where there is none" {
				t.Error("the old store is not kept")
			}
			s := openAt(t, path)
			defer s.Close()
			list, err := s.Heads(t.Context(), "a", false, 10)
			var waiting []string
			for _, d := range list {
				waiting = append(waiting, d.Key)
			}
			if got := strings.Join(waiting, " "); err != nil || got != test.waiting {
				t.Errorf("waiting are %q, error %v; want %q", got, err, test.waiting)
			}
			dead, err := s.Deliveries(t.Context(), store.Filter{States: []delivery.State{delivery.Dead}})
			if err != nil || len(dead) != int(test.held) || test.held > 0 && !strings.Contains(dead[0].Reason, "backup") {
				t.Errorf("held are %+v, error %v", dead, err)
			}
			known, err := s.OpenConnector(t.Context(), "bench", "test")
			if err != nil || string(known.Checkpoint) != test.checkpoint {
				t.Errorf("the checkpoint is %q, error %v; want %q", known.Checkpoint, err, test.checkpoint)
			}
			receipts, err := s.Accept(t.Context(), benchBatch("a", "3"))
			if err != nil || receipts[0].Seen != test.seen || !test.seen && receipts[0].Event != test.next {
				t.Errorf("what was posted since the backup came to %+v, error %v", receipts, err)
			}
		})
	}
}

// makeHistory makes a store, a backup of it, and changes since.
func makeHistory(t *testing.T, path, backup string) {
	t.Helper()
	s := openAt(t, path)
	defer s.Close()
	if _, err := s.OpenConnector(t.Context(), "bench", "test"); err != nil {
		t.Fatal(err)
	}
	accept := func(key, checkpoint string) {
		t.Helper()
		b := benchBatch("a", key)
		b.Connector, b.Checkpoint = "bench", event.Checkpoint(checkpoint)
		if _, err := s.Accept(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	accept("1", "before")
	accept("2", "before")
	if _, err := Backup(t.Context(), path, backup, nil); err != nil {
		t.Fatal(err)
	}
	accept("3", "after")
	list, err := s.Heads(t.Context(), "a", false, 1)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d wait, error %v", len(list), err)
	}
	d := list[0]
	d.State = delivery.Delivered
	if err := s.Record(t.Context(), delivery.Result{Attempt: delivery.Attempt{Delivery: d.ID, Number: 1, Started: time.Now(), Outcome: delivery.Outcome{Verdict: delivery.VerdictDelivered}}, Delivery: d}); err != nil {
		t.Fatal(err)
	}
}

// TestARestoreTakesNoHookURLBack restores a backup from before a hook URL was replaced, a
// connector was renamed, and another one was added.
func TestARestoreTakesNoHookURLBack(t *testing.T) {
	for _, repeat := range []bool{false, true} {
		t.Run(fmt.Sprint(repeat), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "relay.db")
			makeHistory(t, path, path+"-backup")
			s := openAt(t, path)
			_, err := s.RotateHook(t.Context(), "bench", time.Time{})
			_, opened := s.OpenConnector(t.Context(), "later", "test")
			moved := s.MoveConnector(t.Context(), "bench", "renamed", nil)
			before, listed := s.Connectors(t.Context())
			if err := errors.Join(err, opened, moved, listed, s.SaveToken(t.Context(), "later", []byte("sealed")), s.Close()); err != nil {
				t.Fatal(err)
			}
			asides := map[string]bool{}
			for range 3 { // in one second, each of which keeps what was there
				r, err := Restore(t.Context(), RestoreOptions{Path: path, From: path + "-backup", Repeat: repeat})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := Check(t.Context(), r.Aside); err != nil {
					t.Errorf("what is kept aside: %v", err)
				}
				asides[r.Aside] = true
			}
			if len(asides) != 3 {
				t.Errorf("three restores keep %v", asides)
			}
			s = openAt(t, path)
			defer s.Close()
			after, err := s.Connectors(t.Context())
			if err != nil || len(after) != len(before) {
				t.Fatalf("there were %+v, and are %+v, error %v", before, after, err)
			}
			for i := range after {
				if after[i].Name != before[i].Name || after[i].HookToken != before[i].HookToken {
					t.Errorf("there was %+v, and is %+v", before[i], after[i])
				}
			}
			if sealed, err := s.Token(t.Context(), "later"); err != nil || string(sealed) != "sealed" {
				t.Errorf("the sign-in is %q, error %v", sealed, err)
			}
		})
	}
}

func TestARestoreChangesNothingWhereItCannotBe(t *testing.T) {
	dir := t.TempDir()
	path, backup, bad := filepath.Join(dir, "relay.db"), filepath.Join(dir, "backup.db"), filepath.Join(dir, "bad.db")
	makeHistory(t, path, backup)
	b, err := os.ReadFile(backup)
	if err := errors.Join(err, os.WriteFile(bad, b[:len(b)-8192], 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := Check(t.Context(), bad); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("a check of a damaged backup: %v", err)
	}
	before := listing(t, dir)
	for from, want := range map[string]error{bad: store.ErrCorrupt, filepath.Join(dir, "missing"): fs.ErrNotExist} {
		if _, err := Restore(t.Context(), RestoreOptions{Path: path, From: from}); !errors.Is(err, want) {
			t.Errorf("from %s: %v, want %v", from, err, want)
		}
	}
	s := openAt(t, path)
	if _, err := Restore(t.Context(), RestoreOptions{Path: path, From: backup}); !errors.Is(err, store.ErrLocked) {
		t.Errorf("under a running relay: %v, want %v", err, store.ErrLocked)
	}
	s.Close()
	if now := listing(t, dir); now != before {
		t.Errorf("the files changed from\n%s\nto\n%s", before, now)
	}
}
