package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAFullDiskStopsTheAcceptingAndNothingElse runs a relay on a disk of 48 MB that
// another program fills. It takes no more, says so, delivers what waits, also when it
// is started again, and takes cards again once there is room.
func TestAFullDiskStopsTheAcceptingAndNothingElse(t *testing.T) {
	c := newChat(t)
	c.trouble("room", func(int) string { return trouble500 })
	config := writeConfig(t, fmt.Sprintf(tamperConfig, c.server.URL))
	mountDisk(t, filepath.Dir(config), "size=48m")
	if err := os.WriteFile(config, fmt.Appendf(nil, tamperConfig, c.server.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startRelay(t, config)
	hook := p.hook("ci")
	accepted := 0
	for ; accepted < 200; accepted++ {
		if !postCard(http.DefaultClient, hook, cardTitle("room", accepted)) {
			t.Fatalf("card %d was not accepted", accepted)
		}
	}
	fill(t, filepath.Join(filepath.Dir(config), "filler"))
	refused := func() bool {
		resp, err := http.Post(p.hook("ci"), "application/json", strings.NewReader(`{"text":"late"}`))
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != ""
	}
	p.eventually("hooks answer 503 and when to come back", refused)
	p.eventually("status says why", func() bool {
		out, _, _ := p.run("status")
		return strings.Contains(out, "disk.min_free") && !strings.Contains(out, "All is well")
	})
	p.kill()
	fill(t, filepath.Join(filepath.Dir(config), "filler"))
	p.start()
	p.eventually("hooks answer 503 after a start, too", refused)
	c.trouble("room", func(int) string { return "" })
	p.eventually("what was accepted arrives", func() bool { return len(distinct(c.cards("room"))) >= accepted })
	p.eventually("it is recorded", func() bool {
		out, _, _ := p.run("status")
		return strings.Contains(out, "waiting     0")
	})
	if n := len(c.cards("room")); n > accepted+1 {
		t.Errorf("%d cards were shown, want %d and one that was under way at the kill", n, accepted)
	}
	if err := os.Remove(filepath.Join(filepath.Dir(config), "filler")); err != nil {
		t.Fatal(err)
	}
	p.eventually("cards are accepted again", func() bool { return postCard(http.DefaultClient, p.hook("ci"), "again") })
	p.stop()
}

// mountDisk puts a small disk over a folder.
func mountDisk(t *testing.T, dir, options string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options+",mode=0700"); err != nil {
		t.Fatalf("this test needs the right to mount a disk, which the superuser has: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// fill takes all that is left of a disk.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}
