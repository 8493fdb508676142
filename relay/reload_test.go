package relay

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/connector-relay/relay/plugins"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
	"github.com/connector-relay/relay/relay/store/storetest"
)

// TestMain makes this test binary its own plugins, as the relay is, and refuses to be
// any other process: running its tests again would start the next one.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != "plugin" {
		os.Exit(m.Run())
	}
	if factory := plugins.Bundled()[os.Args[len(os.Args)-1]]; factory != nil && os.Args[2] == "serve" {
		connector.Serve(factory)
		return
	}
	os.Exit(2)
}

var errFaulty = errors.New("no room on the disk")

const (
	before = `relay { listen = "127.0.0.1:0" }
dashboard { listen = "127.0.0.1:0" }
channel "dev" { type = "inbox" }
connector "webhook" "ci" {
  route { to = [channel.dev] }
}
`
	after = before + `channel "new" { type = "inbox" }
connector "webhook" "new" {
  route { to = [channel.new] }
}
`
)

// running starts a relay in this process, with a fault of its store from the start, or nil.
func running(t *testing.T, config string, fault storetest.Fault) (r *Relay, f *storetest.Faults, rewrite func(string)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "relay.hcl")
	rewrite = func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rewrite(config)
	f = storetest.NewFaults(nil)
	f.Inject(fault)
	r, err := start(t.Context(), Options{Config: path, Log: io.Discard, Version: "test", wrap: func(s store.Store) store.Store {
		f.Store = s
		return f
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
	return r, f, rewrite
}

// takes fails unless the hook of a connector takes a card and its channel has it soon.
func takes(t *testing.T, r *Relay, connector, channel string) {
	t.Helper()
	list, err := r.desk.Connectors(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if c.Name != connector {
			continue
		}
		resp, err := http.Post(c.HookURL, "application/json", strings.NewReader(`{"text":"hi"}`))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("the hook of %s answered %d", connector, resp.StatusCode)
		}
		soon(t, "the card is delivered", func() bool {
			d, err := r.desk.Deliveries(t.Context(), store.Filter{Channel: channel, Limit: 1})
			return err == nil && len(d) == 1 && d[0].State == delivery.Delivered
		})
		return
	}
	t.Fatalf("there is no connector %s", connector)
}

// soon waits until something is so; its deadline only keeps a test from hanging.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// TestAReloadThatTheStoreLetsDownChangesNothing: see also the test of the same rule in
// cmd/relay, where the other steps fail.
func TestAReloadThatTheStoreLetsDownChangesNothing(t *testing.T) {
	r, f, rewrite := running(t, before, nil)
	for name, method := range map[string]string{"the lanes cannot be read": "Lanes", "a connector cannot be opened": "OpenConnector"} {
		f.Inject(storetest.Fail(errFaulty, method))
		rewrite(after)
		if _, err := r.Reload(t.Context()); !errors.Is(err, errFaulty) || !strings.Contains(err.Error(), "nothing has changed") {
			t.Fatalf("%s: the reload returned %v", name, err)
		}
		if n := len(r.current().Channels); n != 1 {
			t.Errorf("%s: there are %d channels", name, n)
		}
		f.Inject(nil)
		takes(t, r, "ci", "dev")
		if _, err := r.Reload(t.Context()); err != nil {
			t.Fatalf("%s: the next reload returned %v", name, err)
		}
		takes(t, r, "ci", "dev")
		takes(t, r, "new", "new")
		rewrite(before)
		if _, err := r.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestARelayStartsThoughItsStoreOpensNoConnector: it delivers what waits, and accepts
// again by itself as soon as it can.
func TestARelayStartsThoughItsStoreOpensNoConnector(t *testing.T) {
	r, f, _ := running(t, before, storetest.Fail(errFaulty, "OpenConnector"))
	s, err := r.desk.Status(t.Context())
	if err != nil || len(s.Problems) == 0 || !strings.Contains(strings.Join(s.Problems, " "), errFaulty.Error()) {
		t.Errorf("the status is %+v, %v", s, err)
	}
	f.Inject(nil)
	soon(t, "the connector is up", func() bool {
		s, err := r.desk.Status(t.Context())
		return err == nil && len(s.Problems) == 0
	})
	takes(t, r, "ci", "dev")
}
