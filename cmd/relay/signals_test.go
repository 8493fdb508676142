package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// fifo makes a named pipe and opens it for reading.
func fifo(t *testing.T, flags int) (path string, r *os.File) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "log")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := os.OpenFile(path, flags, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return path, r
}

// TestALogThatNobodyReadsStopsNoLane: with a pipe that is full, and with one whose
// reader is gone, cards go out as ever.
func TestALogThatNobodyReadsStopsNoLane(t *testing.T) {
	const cards = 300
	config := strings.Replace(serviceConfig, "relay {", "relay {\n  log = \"trace\"\n ", 1)
	config = strings.Replace(config, "127.0.0.1:0\" }\nd", "127.0.0.1:0\"\n}\nd", 1) + `connector "webhook" "ci" {
  route { to = [channel.lobby] }
}
`
	deliver := func(t *testing.T, p *process, n int) {
		t.Helper()
		hook := p.hook("ci")
		for i := range n {
			if !postCard(http.DefaultClient, hook, fmt.Sprint("card ", i)) {
				t.Fatalf("card %d was not accepted", i)
			}
		}
		p.eventually("all cards are delivered", func() bool {
			list, err := p.client.Deliveries(t.Context(), store.Filter{States: []delivery.State{delivery.Delivered}, Limit: 2 * n})
			return err == nil && len(list) == n
		})
	}
	t.Run("full", func(t *testing.T) {
		path, _ := fifo(t, os.O_RDWR) // open at both ends, so that it is neither read nor closed
		p := startRelayAs(t, writeConfig(t, config), "sh", "-c", `exec "$0" "$@" 2>'`+path+`'`, "relay")
		deliver(t, p, cards)
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("it did not stop well: %v", err)
		}
	})
	t.Run("closed", func(t *testing.T) {
		path, r := fifo(t, os.O_RDONLY|syscall.O_NONBLOCK)
		p := startRelayAs(t, writeConfig(t, config), "sh", "-c", `exec "$0" "$@" 2>'`+path+`'`, "relay")
		r.Close()
		deliver(t, p, 20)
		s, err := p.client.Status(t.Context())
		if err != nil || !strings.Contains(strings.Join(s.Problems, "\n"), "the log cannot be written") {
			t.Errorf("the status does not tell of the log: %v, %v", s.Problems, err)
		}
		if m := p.page("/metrics"); !strings.Contains(m, "relay_log_lines_dropped_total") || strings.Contains(m, "relay_log_lines_dropped_total 0") {
			t.Error("the metrics do not count the lines")
		}
	})
}

// TestAHangUpDuringTheStartIsAReloadAfterIt holds the start up in a plugin.
func TestAHangUpDuringTheStartIsAReloadAfterIt(t *testing.T) {
	relay, err := exec.LookPath("relay")
	if err != nil {
		t.Fatal(err)
	}
	config := writeConfig(t, "")
	dir := filepath.Dir(config)
	plugin := filepath.Join(dir, "slow")
	script := fmt.Sprintf("#!/bin/sh\ncd '%s'\n: > begun\nwhile [ ! -e go ]; do /bin/sleep 0.02; done\nexec '%s' plugin serve rss\n", dir, relay)
	if err := os.WriteFile(plugin, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	p := newProcess(t, config, "relay")
	p.rewrite(serviceConfig + fmt.Sprintf("plugin \"slow\" { path = %q }\n", plugin))
	p.launch()
	exists := func(name string) bool { _, err := os.Stat(filepath.Join(dir, name)); return err == nil }
	p.eventually("the plugin has begun", func() bool { return exists("begun") })
	p.signal(syscall.SIGHUP)
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p.eventually("it has reloaded", func() bool { return strings.Contains(p.log.String(), "configuration reloaded") })
	p.stop()
}

// TestASecondInterruptEndsAtOnce: the first one lets what is in flight end, however long
// that takes; nothing is lost by the second.
func TestASecondInterruptEndsAtOnce(t *testing.T) {
	asked, release := make(chan struct{}, 16), make(chan struct{})
	let := sync.OnceFunc(func() { close(release) })
	chat := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, bufio.NewReader(r.Body))
		asked <- struct{}{}
		<-release
		_, _ = io.WriteString(w, "1")
	}))
	t.Cleanup(chat.Close)
	t.Cleanup(let)
	p := startRelay(t, writeConfig(t, serviceConfig+fmt.Sprintf("channel \"dev\" {\n  type = \"office365\"\n  url = %q\n}\n", chat.URL)))
	if _, err := p.client.Send(t.Context(), "dev", card.Card{Title: "Hello"}); err != nil {
		t.Fatal(err)
	}
	<-asked
	p.signal(syscall.SIGINT)
	p.eventually("it stops", func() bool { return strings.Contains(p.log.String(), "relay stops") })
	p.signal(syscall.SIGINT)
	if err := p.cmd.Wait(); err == nil {
		t.Error("it says that it has stopped well")
	}
	let()
	p.start()
	p.eventually("the card is delivered", func() bool {
		list, err := p.client.Deliveries(t.Context(), store.Filter{Limit: 1})
		return err == nil && len(list) == 1 && list[0].State == delivery.Delivered
	})
	p.stop()
}
