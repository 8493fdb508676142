package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/store"
)

// TestAFullDisk fills a real disk of 24 MB, in a process that has it to itself.
func TestAFullDisk(t *testing.T) {
	t.Parallel()
	c := helper(t, "full", filepath.Join(t.TempDir(), "relay.db"))
	// A process may mount in a user namespace of its own.
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
	}
	if out, err := c.Output(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func helpFull(path string) error {
	if err := syscall.Mount("tmpfs", filepath.Dir(path), "tmpfs", 0, "size=24m"); err != nil {
		return fmt.Errorf("mount a small disk: %w", err)
	}
	s, err := Open(context.Background(), Options{Path: path, Log: zerolog.Nop()})
	if err != nil {
		return err
	}
	stored, err := acceptUntilRefused(s, "first")
	if err != nil {
		return err
	}
	if err := s.Ping(context.Background()); !errors.Is(err, store.ErrUnavailable) {
		return fmt.Errorf("while there is no room, the question came to %w", err)
	}
	if err := backUpWithoutRoom(path); err != nil {
		return err
	}
	if err := saveWithoutRoom(s); err != nil {
		return err
	}
	if err := fillDisk(path); err != nil {
		return err
	}
	if _, err := s.SaveBlock(context.Background(), store.Block{Name: "c"}, nil); !errors.Is(err, store.ErrUnavailable) {
		return fmt.Errorf("a block on a full disk: %w", err)
	}
	half := stored / 2
	if err := recordDelivered(s, half); err != nil {
		return fmt.Errorf("on a full disk: %w", err)
	}
	if err := s.Close(); err != nil {
		return fmt.Errorf("close on a full disk: %w", err)
	}

	if err := fillDisk(path); err != nil {
		return err
	}

	// A relay that starts while the disk is full delivers what is waiting.
	if s, err = Open(context.Background(), Options{Path: path, Log: zerolog.Nop()}); err != nil {
		return fmt.Errorf("open on a full disk: %w", err)
	}
	if _, err := s.Accept(context.Background(), largeBatch("refused")); !errors.Is(err, store.ErrUnavailable) {
		return fmt.Errorf("an event on a full disk: %w", err)
	}
	if n, _, err := s.Waiting(context.Background(), "a"); err != nil || n != stored-half {
		return fmt.Errorf("%d wait after the start, error %w; want %d", n, err, stored-half)
	}
	if err := recordDelivered(s, stored-half); err != nil {
		return fmt.Errorf("after a start on a full disk: %w", err)
	}

	if err := os.Remove(filler(path)); err != nil {
		return err
	}
	if _, err := s.Sweep(context.Background(), time.Now().Add(time.Hour)); err != nil {
		return err
	}
	if again, err := acceptUntilRefused(s, "second"); err != nil || again < stored/2 {
		return fmt.Errorf("with room again %d were stored, error %w", again, err)
	}
	return s.Close()
}

// acceptUntilRefused fills the store, which refuses early enough, with an error that says
// why.
func acceptUntilRefused(s *Store, name string) (stored int, err error) {
	for ; stored < 5000; stored++ {
		if _, err = s.Accept(context.Background(), largeBatch(fmt.Sprint(name, stored))); err != nil {
			break
		}
	}
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "disk.min_free") {
		return stored, fmt.Errorf("event %d came to %w, want that there is no room", stored, err)
	}
	return stored, nil
}

// saveWithoutRoom saves nothing that members could fill the disk with; whoever mends it can
// still sign in and act.
func saveWithoutRoom(s *Store) error {
	ctx := context.Background()
	if _, err := s.SaveBlock(ctx, store.Block{Name: "c"}, map[string][]byte{"c.token": {1}}); !errors.Is(err, store.ErrUnavailable) {
		return fmt.Errorf("a block without room came to %w", err)
	}
	if err := s.SavePicture(ctx, store.Picture{ID: "p", Content: []byte{1}}); !errors.Is(err, store.ErrUnavailable) {
		return fmt.Errorf("a picture without room came to %w", err)
	}
	if list, err := s.Secrets(ctx); err != nil || len(list) > 0 {
		return fmt.Errorf("a block that was not saved left the secrets %v, error %w", list, err)
	}
	_, err := s.SaveMute(ctx, store.Mute{Sort: "channel", Name: "a", Until: time.Now().Add(time.Hour)})
	return errors.Join(err, s.SaveSession(ctx, store.Session{Person: "ada"}), s.Audit(ctx, store.AuditEntry{Who: "ada"}))
}

// backUpWithoutRoom fails, and leaves nothing behind.
func backUpWithoutRoom(path string) error {
	if _, err := Backup(context.Background(), path, path+"-backup", nil); !errors.Is(err, store.ErrUnavailable) {
		return fmt.Errorf("a backup without room for it came to %w", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err != nil || len(left) > 0 {
		return fmt.Errorf("a backup without room for it left %v, error %w", left, err)
	}
	return nil
}

func filler(path string) string { return filepath.Join(filepath.Dir(path), "filler") }

// fillDisk acts as another program that uses up what is left.
func fillDisk(path string) error {
	f, err := os.OpenFile(filler(path), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for size := 1 << 20; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	return nil
}
