package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/store"
	"github.com/connector-relay/relay/relay/store/storetest"
)

// helperEnv makes the test binary, when executed again, do one thing in a process of its
// own instead of running tests.
const helperEnv = "RELAY_STORE_TEST_HELPER"

func TestMain(m *testing.M) {
	helpers := map[string]func(path string) error{"write": helpWrite, "hold": helpHold, "limit": helpLimit, "open": helpOpen, "move": helpMove, "leave": helpLeave, "full": helpFull, "copy": helpCopy}
	what := os.Getenv(helperEnv)
	if what == "" {
		os.Exit(m.Run())
	}
	help := helpers[what]
	if help == nil {
		// Running the tests here would run this helper again, and so on.
		fmt.Fprintln(os.Stderr, "there is no helper "+what)
		os.Exit(1)
	}
	if err := help(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// helper prepares the test binary to run as a helper.
func helper(t *testing.T, what, path string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), binary, path)
	c.Env = append(os.Environ(), helperEnv+"="+what)
	c.Stderr = os.Stderr
	return c
}

// start runs a helper and returns its output's lines.
func start(t *testing.T, c *exec.Cmd) *bufio.Reader {
	t.Helper()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return bufio.NewReader(out)
}

// openAt opens a store that the test closes.
func openAt(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: path, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// openNew opens a fresh store that is closed after the test.
func openNew(t *testing.T) *Store {
	t.Helper()
	s := openAt(t, filepath.Join(t.TempDir(), "relay.db"))
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store { return openAt(t, filepath.Join(t.TempDir(), "relay.db")) })
}

// A process that dies leaves its files as they are at that moment.
func TestStoreOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	storetest.RunDurable(t, func(t *testing.T) (store.Store, func() store.Store) {
		path := filepath.Join(t.TempDir(), "relay.db")
		return openAt(t, path), func() store.Store {
			left := path
			path = filepath.Join(t.TempDir(), "relay.db")
			for _, suffix := range []string{"", logSuffix, lockSuffix, renderingSuffix} {
				b, err := os.ReadFile(left + suffix)
				if err == nil {
					err = os.WriteFile(path+suffix, b, 0o600)
				}
				if err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
			}
			return openAt(t, path)
		}
	})
}

func TestSecondOpenFailsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.db")
	s := openAt(t, path)
	if _, err := Open(t.Context(), Options{Path: path}); !errors.Is(err, store.ErrLocked) {
		t.Errorf("a second open in the same process: %v, want %v", err, store.ErrLocked)
	}
	// The failed open must not have released the first one's locks.
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	openAt(t, path).Close()
}

func TestLockEndsWithItsProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.db")
	c := helper(t, "hold", path)
	if _, err := start(t, c).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Options{Path: path})
	if !errors.Is(err, store.ErrLocked) {
		t.Errorf("got %v, want %v", err, store.ErrLocked)
	}
	if want := fmt.Sprintf("%v (process %d); stop that one first, or give this one a store of its own", store.ErrLocked, c.Process.Pid); err != nil && err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	openAt(t, path).Close()
}

// helpHold opens the store, says so, and keeps it until it is killed.
func helpHold(path string) error {
	if _, err := Open(context.Background(), Options{Path: path}); err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "open")
	select {}
}

// helpOpen opens the store and prints the result.
func helpOpen(path string) error {
	if err := dropPrivileges(); err != nil {
		return err
	}
	s, err := Open(context.Background(), Options{Path: path})
	if err == nil {
		return s.Close()
	}
	_, err = fmt.Fprintf(os.Stdout, "%t %v\n", errors.Is(err, store.ErrUnavailable), err)
	return err
}

func TestOnlyTheOwnerReadsTheFiles(t *testing.T) {
	s := openNew(t)
	for _, name := range []string{s.path, s.path + "-wal", s.path + "-shm", s.path + "-lock"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o, want 600", filepath.Base(name), mode)
		}
	}
}

func TestCommitsReachTheDisk(t *testing.T) {
	s := openNew(t)
	for pragma, want := range map[string]any{"synchronous": int64(2), "journal_mode": "wal", "page_size": int64(8192), "wal_autocheckpoint": int64(0)} {
		err := s.write(t.Context(), &operation{do: func(w *writer) error {
			row, err := w.row("PRAGMA " + pragma)
			if err == nil && row[0] != want {
				t.Errorf("%s is %v, want %v", pragma, row[0], want)
			}
			return err
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
}
