package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const serviceConfig = `
relay { listen = "127.0.0.1:0" }
dashboard { listen = "127.0.0.1:0" }
channel "lobby" { type = "inbox" }
`

// TestAsAService speaks with the relay as a service manager does: it hears when
// the relay is ready, reloads and stops (Type=notify-reload), and a bad file
// changes nothing.
func TestAsAService(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { manager.Close() })
	config := writeConfig(t, serviceConfig)
	p := startRelay(t, config, "NOTIFY_SOCKET="+socket)
	hears(t, manager, "READY=1")

	names := func() string {
		list, err := p.client.Channels(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range list {
			names = append(names, c.Name)
		}
		return strings.Join(names, " ")
	}
	p.rewrite(serviceConfig + `channel "dev" { type = "inbox" }` + "\n")
	p.signal(syscall.SIGHUP)
	hears(t, manager, "RELOADING=1", "MONOTONIC_USEC=")
	hears(t, manager, "READY=1")
	if got := names(); got != "dev lobby" {
		t.Errorf("the channels are %s", got)
	}

	p.rewrite(`channel "broken" {`)
	p.signal(syscall.SIGHUP)
	hears(t, manager, "RELOADING=1")
	hears(t, manager, "READY=1")
	if got := names(); got != "dev lobby" {
		t.Errorf("a bad file changed the channels to %s", got)
	}
	p.eventually("the log says that the reload failed", func() bool {
		return strings.Contains(p.log.String(), "reload failed; the configuration that ran goes on")
	})
	p.stop()
	hears(t, manager, "STOPPING=1")
}

func (p *process) rewrite(config string) {
	p.t.Helper()
	if err := os.WriteFile(p.config, []byte(config), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// hears waits for one datagram that holds all these.
func hears(t *testing.T, manager *net.UnixConn, want ...string) {
	t.Helper()
	_ = manager.SetReadDeadline(time.Now().Add(30 * time.Second))
	b := make([]byte, 1024)
	n, err := manager.Read(b)
	if err != nil {
		t.Fatalf("the service manager did not hear %v: %v", want, err)
	}
	for _, w := range want {
		if !strings.Contains(string(b[:n]), w) {
			t.Fatalf("the service manager heard %q, not %s", b[:n], w)
		}
	}
}

// TestHealthAndMetrics asks what a monitoring system asks.
func TestHealthAndMetrics(t *testing.T) {
	p := startRelay(t, writeConfig(t, serviceConfig+`connector "webhook" "ci" {
  route { to = [channel.lobby] }
}
`))
	if !postCard(http.DefaultClient, p.hook("ci"), "Hello") {
		t.Fatal("the card was not accepted")
	}
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ok", "/metrics": `relay_lane_waiting{channel="lobby"}`, "/api/v1/channels": `"name":"lobby"`} {
		if got := p.page(path); !strings.Contains(got, want) {
			t.Errorf("%s: %s", path, tail(got))
		}
	}
	p.eventually("the metrics count the card", func() bool {
		m := p.page("/metrics")
		return strings.Contains(m, `relay_attempts_total{channel="lobby",verdict="delivered"} 1`) &&
			strings.Contains(m, `relay_events_total{connector="ci",fate="routed"} 1`) &&
			strings.Contains(m, `relay_hook_requests_total{code="200",connector="ci"} 1`)
	})
}

// TestTheDashboardAnswersOnlyToThisMachine: a web page elsewhere that points a
// name of its own at the dashboard learns nothing, and one that has a browser post to it
// changes nothing.
func TestTheDashboardAnswersOnlyToThisMachine(t *testing.T) {
	p := startRelay(t, writeConfig(t, serviceConfig))
	status, err := p.client.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, host string) int {
		req, err := http.NewRequest(method, "http://"+status.Dashboard+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		req.Header.Set("Origin", "https://evil.example:8081")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	for _, path := range []string{"/", "/api/v1/status", "/channels/lobby"} {
		if got := ask(http.MethodGet, path, "evil.example:8081"); got != http.StatusMisdirectedRequest {
			t.Errorf("%s for another host: %d", path, got)
		}
	}
	for _, path := range []string{"/api/v1/reload", "/api/v1/channels/lobby/pause", "/api/v1/channels/lobby/send"} {
		if got := ask(http.MethodPost, path, "localhost"); got != http.StatusForbidden {
			t.Errorf("POST %s: %d", path, got)
		}
	}
	if got := ask(http.MethodGet, "/no/such/page", "localhost"); got != http.StatusNotFound {
		t.Errorf("a page that does not exist: %d", got)
	}
}
