package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/store"
)

// fillStore makes a closed store with n events of at least this size.
func fillStore(t *testing.T, path string, n, size int) {
	t.Helper()
	s := openAt(t, path)
	b := store.Batch{Connector: "bench"}
	for i := range n {
		e := benchBatch("a", fmt.Sprint(i)).Events[0]
		e.Data = fmt.Appendf(nil, `{"filler":%q}`, strings.Repeat("x", size))
		b.Events = append(b.Events, e)
	}
	if _, err := s.Accept(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// execSQL runs statements on a closed store.
func execSQL(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := openPool(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

// overwrite puts garbage into a file.
func overwrite(t *testing.T, path string, at int64, n int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	garbage := make([]byte, n)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range garbage {
		garbage[i] = byte(random.Uint32())
	}
	if _, err := f.WriteAt(garbage, at); err != nil {
		t.Fatal(err)
	}
}

func rootPage(t *testing.T, path, name string) int64 {
	t.Helper()
	db, err := openPool(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var page int64
	if err := db.QueryRowContext(t.Context(), "SELECT rootpage FROM sqlite_master WHERE name = ?", name).Scan(&page); err != nil {
		t.Fatal(err)
	}
	return page
}

func TestDamageIsFoundAtOpen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		events int
		size   int
		damage func(t *testing.T, path string)
		want   string
	}{
		{"not a database", 0, 0, func(t *testing.T, path string) { overwrite(t, path, 0, 20000) }, "it is not an SQLite file"},
		{"a text file", 0, 0, func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("relay {}\n", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "it is not an SQLite file"},
		{"another program's database", 0, 0, func(t *testing.T, path string) {
			os.Remove(path)
			execSQL(t, path, "CREATE TABLE songs (title TEXT)")
		}, "another program's database"},
		{"another program's mark", 0, 0, func(t *testing.T, path string) { execSQL(t, path, "PRAGMA application_id = 7") }, "another program's database"},
		{"cut off", 300, 0, func(t *testing.T, path string) {
			if err := os.Truncate(path, 40*8192); err != nil {
				t.Fatal(err)
			}
		}, "restore a backup"},
		{"garbage in the middle", 300, 0, func(t *testing.T, path string) { overwrite(t, path, 50*8192, 8192) }, "restore a backup"},
		{"a garbled table in a large store", 400, 50_000, func(t *testing.T, path string) {
			overwrite(t, path, (rootPage(t, path, "deliveries")-1)*8192, 8192)
		}, "restore a backup"},
		{"a garbled lane index in a large store", 400, 50_000, func(t *testing.T, path string) {
			overwrite(t, path, (rootPage(t, path, "deliveries_lane")-1)*8192, 8192)
		}, "restore a backup"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "relay.db")
			fillStore(t, path, test.events, test.size)
			test.damage(t, path)
			s, err := Open(t.Context(), Options{Path: path, Log: zerolog.Nop()})
			if err == nil {
				s.Close()
			}
			if !errors.Is(err, store.ErrCorrupt) || !strings.Contains(fmt.Sprint(err), test.want) {
				t.Errorf("got %v, want %v that says %q", err, store.ErrCorrupt, test.want)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("the damaged file is gone: %v", err)
			}
		})
	}
}

func TestNewerStoreIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.db")
	fillStore(t, path, 3, 0)
	execSQL(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Path: path}); !errors.Is(err, store.ErrTooNew) {
		t.Errorf("got %v, want %v", err, store.ErrTooNew)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
}

func TestAStoreThatWasNeverFinishedIsMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.db")
	fillStore(t, path, 0, 0)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	// This is left when a relay is killed before the first migration commits.
	execSQL(t, path, "PRAGMA journal_mode = wal", `CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')))`,
		"INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1)")
	fillStore(t, path, 3, 0)
}

func TestAPlaceThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		name, path string
		want       string
	}{
		{"no directory", filepath.Join(dir, "missing", "relay.db"), "there is no directory " + filepath.Join(dir, "missing")},
		{"a file for a directory", filepath.Join(dir, "file", "relay.db"), "there is no directory"},
		{"a directory for a file", filepath.Join(dir, "directory"), "is not a file"},
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "directory"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Open(t.Context(), Options{Path: test.path})
			if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(fmt.Sprint(err), test.want) {
				t.Errorf("got %v, want %v that says %q", err, store.ErrUnavailable, test.want)
			}
		})
	}
}

// TestFilesThatMayNotBeWritten opens stores in a process that may not write them, even
// when the superuser runs the tests.
func TestFilesThatMayNotBeWritten(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "relay.db")
	fillStore(t, path, 1, 0)
	chmod := func(name string, mode os.FileMode) {
		t.Helper()
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name            string
		directory, file os.FileMode
	}{{"directory", 0o555, 0o666}, {"file", 0o755, 0o444}} {
		t.Run(test.name, func(t *testing.T) {
			os.Remove(path + "-lock")
			chmod(path, test.file)
			chmod(dir, test.directory)
			defer chmod(dir, 0o755)
			c := helper(t, "open", path)
			out, err := io.ReadAll(start(t, c))
			if err := errors.Join(err, c.Wait()); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(string(out), "true ") || !strings.Contains(string(out), "give the relay's user the right") {
				t.Errorf("got %q, want an error that says so", out)
			}
		})
	}
}

// helpLimit writes until the kernel refuses to let a file grow, which is the most real
// I/O error to be had everywhere, and goes on when it may again.
func helpLimit(path string) error {
	ctx := context.Background()
	s, err := Open(ctx, Options{Path: path, Log: zerolog.Nop()})
	if err != nil {
		return err
	}
	defer s.Close()
	var free syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &free); err != nil {
		return err
	}
	limit := free
	limit.Cur = 1 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	stored := 0
	for ; stored < 10000; stored++ {
		if _, err = s.Accept(ctx, benchBatch("a", fmt.Sprint(stored))); err != nil {
			break
		}
	}
	if !errors.Is(err, store.ErrUnavailable) {
		return fmt.Errorf("write %d: got %w, want %w", stored, err, store.ErrUnavailable)
	}
	if list, err := s.Heads(ctx, "a", false, 1<<20); err != nil || len(list) != stored {
		return fmt.Errorf("%d deliveries of %d, error %w", len(list), stored, err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &free); err != nil {
		return err
	}
	receipts, err := s.Accept(ctx, benchBatch("a", fmt.Sprint(stored)))
	if err != nil || receipts[0].Seen {
		return fmt.Errorf("afterwards: receipts %v, error %w", receipts, err)
	}
	return s.Ping(ctx)
}

func TestAnIOErrorLosesNothing(t *testing.T) {
	c := helper(t, "limit", filepath.Join(t.TempDir(), "relay.db"))
	if out, err := c.Output(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
