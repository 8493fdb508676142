package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// tampering is what careless hands do to the files of a running relay.
var tampering = []struct {
	name string
	do   func(path string) error
	want string
}{
	{"the file removed", os.Remove, "was removed"},
	{"the directory renamed", func(path string) error { return os.Rename(filepath.Dir(path), filepath.Dir(path)+"-moved") }, "was removed"},
	{"another file moved over it", func(path string) error {
		return errors.Join(os.WriteFile(path+"-new", []byte("SQLite format 3"), 0o600), os.Rename(path+"-new", path))
	}, "was replaced"},
	{"cut off", func(path string) error { return os.Truncate(path, 8192) }, "was cut off"},
	{"emptied", func(path string) error { return os.Truncate(path, 0) }, "was cut off"},
	{"a copy written over it", func(path string) error { return rewrite(path, 0, -1) }, "was changed"},
	{"a page overwritten", func(path string) error { return rewrite(path, 8192, 8192) }, "was changed"},
	{"the log removed", func(path string) error { return os.Remove(path + logSuffix) }, "was removed"},
	{"the log cut off", func(path string) error { return os.Truncate(path+logSuffix, 100) }, "was cut off"},
	{"the log's head overwritten", func(path string) error { return rewrite(path+logSuffix, 0, 32) }, "was changed"},
	{"the log's index removed", func(path string) error { return os.Remove(path + indexSuffix) }, "was removed"},
}

// rewrite overwrites a part of a file until its time of change shows it, because the
// kernel's clock for files may be coarse. A negative size copies the file onto itself.
func rewrite(path string, at int64, size int) error {
	before, err := os.Stat(path)
	if err != nil {
		return err
	}
	b := []byte(strings.Repeat("x", max(size, 0)))
	if size < 0 {
		if b, err = os.ReadFile(path); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		if _, err := f.WriteAt(b, at); err != nil {
			return err
		}
		if now, err := f.Stat(); err != nil || !now.ModTime().Equal(before.ModTime()) {
			return err
		}
	}
}

func TestTamperingEndsTheAccepting(t *testing.T) {
	for _, test := range tampering {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store", "relay.db")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			fillStore(t, path, 3, 0)
			s := openAt(t, path)
			if _, err := s.Accept(t.Context(), benchBatch("a", "before")); err != nil {
				t.Fatal(err)
			}
			list, err := s.Heads(t.Context(), "a", false, 10)
			if err != nil || len(list) != 4 {
				t.Fatalf("%d wait, error %v", len(list), err)
			}
			if err := test.do(path); err != nil {
				t.Fatal(err)
			}
			for what, got := range map[string]error{
				"the first question": s.Ping(t.Context()),
				"an accept":          second(s.Accept(t.Context(), benchBatch("a", "after"))),
				"the next question":  s.Ping(t.Context()),
			} {
				if !errors.Is(got, store.ErrUnavailable) || !strings.Contains(fmt.Sprint(got), test.want) || !strings.Contains(fmt.Sprint(got), "relay store restore") {
					t.Errorf("%s came to %v, want %v that says %q and what to do", what, got, store.ErrUnavailable, test.want)
				}
			}
			if list, err := s.Heads(t.Context(), "a", false, 10); err != nil || len(list) != 4 {
				t.Errorf("%d of what was accepted before can be delivered, error %v", len(list), err)
			}
			left := listing(t, filepath.Dir(filepath.Dir(path)))
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
			if now := listing(t, filepath.Dir(filepath.Dir(path))); now != left {
				t.Errorf("closing changed the files from\n%s\nto\n%s", left, now)
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }

// listing shows the files of a folder with their sizes.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		fmt.Fprintln(&b, path, info.Size())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestWhatTheRelayItselfDoesIsNoTampering writes and moves enough for the log to start
// over several times, alongside readers and another process.
func TestWhatTheRelayItselfDoesIsNoTampering(t *testing.T) {
	s := openNew(t)
	other, err := openPool(s.path, reading())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	longest := int64(0)
	for i := range 150 {
		b := benchBatch("a", fmt.Sprint(i))
		b.Events[0].Data = fmt.Appendf(nil, `{"filler":%q}`, strings.Repeat("x", 200_000))
		if _, err := s.Accept(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := other.QueryRowContext(t.Context(), "SELECT count(*) FROM events").Scan(&n); err != nil || n != i+1 {
			t.Fatalf("another process sees %d events, error %v", n, err)
		}
		if info, err := os.Stat(s.path + logSuffix); err == nil {
			longest = max(longest, info.Size())
		}
	}
	if err := s.watch.check(); err != nil {
		t.Error(err)
	}
	info, err := os.Stat(s.path)
	if err != nil {
		t.Fatal(err)
	}
	if longest > max(2*shortestLog, 2*info.Size()) {
		t.Errorf("the log grew to %d bytes beside a store of %d", longest, info.Size())
	}
	t.Logf("the log grew to %d bytes beside a store of %d", longest, info.Size())
}

// TestALogThatAReaderHeldIsShortAgain holds a read open while the log grows far
// beyond its bound, and lets it go.
func TestALogThatAReaderHeldIsShortAgain(t *testing.T) {
	s := openNew(t)
	accept := func(n int) {
		t.Helper()
		for i := range n {
			b := benchBatch("a", "")
			b.Events[0].Data = fmt.Appendf(nil, `{"n":%d,"filler":%q}`, i, strings.Repeat("x", 500_000))
			if _, err := s.Accept(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
	}
	accept(1)
	tx, err := s.reader.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRowContext(t.Context(), "SELECT count(*) FROM events").Scan(&n); err != nil {
		t.Fatal(err)
	}
	accept(40)
	grown, _ := os.Stat(s.path + logSuffix)
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	for range 500 {
		accept(1)
		if info, _ := os.Stat(s.path + logSuffix); info.Size() <= keptLog+(1<<20) {
			t.Logf("the log was %d bytes long and is %d", grown.Size(), info.Size())
			return
		}
	}
	t.Errorf("the log stays %d bytes long", grown.Size())
}

func TestOneStoreUnderTwoNamesIsLocked(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "relay.db")
	c := helper(t, "hold", path)
	if _, err := start(t, c).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Process.Kill(); _ = c.Wait() }()
	away := t.TempDir()
	names := map[string]error{
		filepath.Join(away, "symbolic.db"): os.Symlink(path, filepath.Join(away, "symbolic.db")),
		filepath.Join(away, "hard.db"):     os.Link(path, filepath.Join(away, "hard.db")),
		filepath.Join(away, "directory"):   os.Symlink(dir, filepath.Join(away, "directory")),
	}
	for name, err := range names {
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			name = filepath.Join(name, "relay.db")
		}
		if s, err := Open(t.Context(), Options{Path: name}); !errors.Is(err, store.ErrLocked) {
			t.Errorf("%s: %v, want %v", name, err, store.ErrLocked)
			if err == nil {
				s.Close()
			}
		}
	}
	if err := os.Symlink(filepath.Join(dir, "unmounted", "relay.db"), filepath.Join(away, "dangling.db")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Path: filepath.Join(away, "dangling.db")}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a link that leads nowhere: %v, want %v", err, store.ErrUnavailable)
	}
}

func TestFilesThatOthersCanReadAreMended(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.db")
	fillStore(t, path, 1, 0)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	s, err := Open(t.Context(), Options{Path: path, Log: zerolog.New(&log)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || !strings.Contains(log.String(), "only its owner") {
		t.Errorf("the file has mode %v; the log says %q", info.Mode(), log.String())
	}
}

func TestAStoreThatOthersCanReplaceIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Options{Path: filepath.Join(dir, "relay.db")})
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "chmod o-w") {
		t.Errorf("got %v, want %v that says what to do", err, store.ErrUnavailable)
	}
}

// TestManyQuestionsCostOneCommit pings as a load balancer does.
func TestManyQuestionsCostOneCommit(t *testing.T) {
	s := openNew(t)
	before := commits(t, s)
	spread(1000, func(int) {
		if err := s.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if n := commits(t, s) - before; n > 3 {
		t.Errorf("1000 questions cost %d commits", n)
	}
}

// TestAStoreThatHoldsEnoughTakesNoMore limits a store, then makes room in it.
func TestAStoreThatHoldsEnoughTakesNoMore(t *testing.T) {
	s := openNew(t)
	s.Limit(Limits{MaxSize: 1 << 20})
	var stored int
	var err error
	for ; err == nil && stored < 5000; stored++ {
		_, err = s.Accept(t.Context(), largeBatch(fmt.Sprint(stored)))
	}
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "disk.max_store is 1.0 MB") || !errors.Is(s.Ping(t.Context()), store.ErrUnavailable) {
		t.Fatalf("after %d events: %v", stored, err)
	}
	if err := recordDelivered(s, stored-1); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sweep(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for _, err = s.Accept(t.Context(), largeBatch("again")); err != nil; _, err = s.Accept(t.Context(), largeBatch("again")) {
		if time.Now().After(deadline) {
			t.Fatalf("with room again: %v", err)
		}
	}
}

// largeBatch returns one event of about 20 kB.
func largeBatch(key string) store.Batch {
	b := benchBatch("a", key)
	b.Events[0].Data = fmt.Appendf(nil, `{"filler":%q}`, strings.Repeat("x", 20_000))
	return b
}

// deliverAll records this many heads as delivered, one by one.
func recordDelivered(s *Store, n int) error {
	for i := range n {
		list, err := s.Heads(context.Background(), "a", false, 1)
		if err != nil || len(list) != 1 {
			return fmt.Errorf("delivery %d of %d: %d heads, error %w", i, n, len(list), err)
		}
		d := list[0]
		d.State, d.Attempts = delivery.Delivered, 1
		a := delivery.Attempt{Delivery: d.ID, Number: 1, Started: time.Now(), Outcome: delivery.Outcome{Verdict: delivery.VerdictDelivered, Status: 200}}
		if err := s.Record(context.Background(), delivery.Result{Attempt: a, Delivery: d}); err != nil {
			return fmt.Errorf("delivery %d of %d: %w", i, n, err)
		}
	}
	return nil
}
