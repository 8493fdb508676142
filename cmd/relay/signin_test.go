package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/store"
)

// microsoft is Microsoft's sign-in and the To Do lists of one person.
type microsoft struct {
	*httptest.Server
	mu      sync.Mutex
	entered bool // the code, by the person
	revoked bool
	issued  int
	titles  []string
}

func newMicrosoft(t *testing.T) *microsoft {
	m := &microsoft{}
	mux := http.NewServeMux()
	say := func(w http.ResponseWriter, status int, v map[string]any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("POST /common/oauth2/v2.0/devicecode", func(w http.ResponseWriter, _ *http.Request) {
		say(w, 200, map[string]any{"device_code": "canary-device", "user_code": "AB-CD", "verification_uri": "https://microsoft.example/devicelogin", "expires_in": 60, "interval": 1})
	})
	mux.HandleFunc("POST /common/oauth2/v2.0/token", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.FormValue("grant_type") == "refresh_token" && m.revoked:
			say(w, 400, map[string]any{"error": "invalid_grant"})
		case r.FormValue("grant_type") != "refresh_token" && !m.entered:
			say(w, 400, map[string]any{"error": "authorization_pending"})
		default:
			m.issued++
			m.revoked = false
			// It is soon over, so that each poll refreshes it.
			say(w, 200, map[string]any{"access_token": fmt.Sprintf("canary-access-%d", m.issued), "refresh_token": fmt.Sprintf("canary-refresh-%d", m.issued), "token_type": "Bearer", "expires_in": 1})
		}
	})
	mux.HandleFunc("GET /v1.0/me/todo/lists/delta", func(w http.ResponseWriter, r *http.Request) {
		say(w, 200, map[string]any{"value": []any{map[string]any{"id": "l", "displayName": "Trip"}}, "@odata.deltaLink": m.URL + r.URL.Path + "?again"})
	})
	mux.HandleFunc("GET /v1.0/me/todo/lists/l/tasks/delta", func(w http.ResponseWriter, r *http.Request) {
		tasks := []any{}
		for _, title := range m.titles {
			tasks = append(tasks, map[string]any{"id": title, "title": title, "status": "notStarted", "createdDateTime": time.Now()})
		}
		say(w, 200, map[string]any{"value": tasks, "@odata.deltaLink": m.URL + r.URL.Path + "?again"})
	})
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		defer m.mu.Unlock()
		if strings.HasPrefix(r.URL.Path, "/v1.0/") && r.Header.Get("Authorization") != fmt.Sprintf("Bearer canary-access-%d", m.issued) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(m.Close)
	return m
}

func (m *microsoft) change(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// TestAPersonSignsInAndTheConnectorGoesOn signs in as a user does, loses the access
// again, and signs in once more: the operators hear of each change once, nothing is
// lost, and no token lies in the open.
func TestAPersonSignsInAndTheConnectorGoesOn(t *testing.T) {
	m := newMicrosoft(t)
	p := startRelay(t, writeConfig(t, fmt.Sprintf(`
relay {
  listen = "127.0.0.1:0"
  log    = "trace"
  ops    = channel.ops
  http { allow = ["127.0.0.0/8"] }
}
dashboard { listen = "127.0.0.1:0" }
channel "ops" { type = "inbox" }
channel "trip" { type = "inbox" }
connector "todo" "trip" {
  client_id = "app"
  api       = %[1]q
  login_api = %[1]q
  route { to = [channel.trip] }
}
`, m.URL)))
	health := func() string {
		list, err := p.client.Connectors(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return list[0].Health
	}
	posted := func(channel string) string {
		list, err := p.client.Deliveries(t.Context(), store.Filter{Channel: channel})
		if err != nil {
			t.Fatal(err)
		}
		var titles []string
		for _, d := range list {
			titles = append([]string{d.Title}, titles...)
		}
		return strings.Join(titles, "; ")
	}
	login := func() {
		t.Helper()
		m.change(func() { m.entered = true })
		out, errOut, err := p.run("login", "trip")
		if err != nil || !strings.Contains(errOut, "Open https://microsoft.example/devicelogin") || !strings.Contains(errOut, "enter the code AB-CD") || !strings.Contains(out, "signed in") {
			t.Fatalf("relay login: %v\n%s%s", err, out, errOut)
		}
		p.eventually("the connector is well", func() bool { return health() == "ok" })
	}

	p.eventually("the connector asks for a sign-in", func() bool { return health() == "unauthorised" })
	login()
	m.change(func() { m.titles = append(m.titles, "Book the room") })
	if _, errOut, err := p.run("poll", "trip"); err != nil {
		t.Fatal(err, errOut)
	}
	p.eventually("the task is posted", func() bool { return posted("trip") == "New task: Book the room" })

	m.change(func() { m.revoked, m.titles = true, append(m.titles, "Pay for it") })
	for range 2 {
		if _, errOut, err := p.run("poll", "trip"); err == nil || !strings.Contains(errOut, "relay login trip") {
			t.Errorf("a poll without access: %v, %s", err, errOut)
		}
	}
	login()
	p.eventually("what happened meanwhile is posted", func() bool { return posted("trip") == "New task: Book the room; New task: Pay for it" })
	const told = "Connector trip is unauthorised; Connector trip is well again"
	p.eventually("the operators heard of each change once", func() bool { return posted("ops") == told+"; "+told })

	files, err := filepath.Glob(filepath.Join(filepath.Dir(p.config), "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if b, err := os.ReadFile(file); err == nil && bytes.Contains(b, []byte("canary")) {
			t.Errorf("%s holds a token", filepath.Base(file))
		}
	}
	if strings.Contains(p.log.String(), "canary") {
		t.Errorf("the log holds a token:\n%s", p.log)
	}
	p.stop()
}
