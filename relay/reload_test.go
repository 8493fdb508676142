package relay

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/connector-relay/relay/plugins"
	"github.com/connector-relay/relay/plugins/rss"
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
	if os.Args[2] == "read-feeds" {
		rss.ServeReader(os.Stdin, os.Stdout)
		return
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
	renamed = `relay { listen = "127.0.0.1:0" }
dashboard { listen = "127.0.0.1:0" }
channel "devs" { type = "inbox" }
connector "webhook" "build" {
  route { to = [channel.devs] }
}
connector "webhook" "new" {
  route { to = [channel.devs] }
}
connector "rss" "feed" {
  url     = "http://127.0.0.1:1/"
  enabled = false
  route { to = [channel.devs] }
}
moved {
  from = channel.dev
  to   = channel.devs
}
moved {
  from = connector.ci
  to   = connector.build
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
	r, err := Start(t.Context(), Options{Config: path, Log: io.Discard, Version: "test", wrap: func(s store.Store) store.Store {
		f.Store = s
		return f
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
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

// whole is what is to be the same of a relay whose reload has failed.
func whole(t *testing.T, r *Relay) string {
	t.Helper()
	s, err := r.desk.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	connectors, err := r.desk.Connectors(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	channels, err := r.desk.Channels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	plugins := r.host.Status()
	for i := range plugins {
		plugins[i].Memory = 0 // it changes by itself
	}
	text := fmt.Sprintf("%s listens on %s, %s; log %s, operators in %q; plugins %+v\n",
		s.Configured, s.Listen, s.Dashboard, r.current().Config.Relay.Log, r.current().Config.Relay.Ops, plugins)
	for _, c := range connectors {
		text += fmt.Sprintf("connector %s %s %s\n", c.Name, c.HookURL, c.Health)
	}
	for _, c := range channels {
		text += fmt.Sprintf("channel %s %s\n", c.Name, c.Lane)
	}
	return text
}

// TestAReloadThatFailsAtAnyStepChangesNothing takes the steps from the relay, and makes
// each fail once it has done all that it does. The old configuration then runs whole, and
// the next reload does all of the new one.
func TestAReloadThatFailsAtAnyStepChangesNothing(t *testing.T) {
	r, _, rewrite := running(t, before, nil)
	reload := func(text string) error {
		rewrite(text)
		_, err := r.Reload(t.Context())
		return err
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	n, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	address := n.Addr().String()
	n.Close()
	renamed := strings.Replace(renamed, "127.0.0.1:0", address, 1)

	var steps []string
	r.options.after = func(step string) error { steps = append(steps, step); return nil }
	must(reload(renamed))
	r.options.after = nil
	back := before + "moved {\n  from = channel.devs\n  to = channel.dev\n}\nmoved {\n  from = connector.build\n  to = connector.ci\n}\n"
	must(reload(back))
	forget := func() {
		t.Helper()
		must(r.desk.ForgetConnector(t.Context(), "new"))
		must(r.desk.ForgetConnector(t.Context(), "feed"))
	}
	forget()
	if len(steps) < 4 {
		t.Fatalf("the reload has the steps %q", steps)
	}
	for _, failing := range steps {
		t.Run(failing, func(t *testing.T) {
			old, running := whole(t, r), goleak.IgnoreCurrent()
			r.options.after = func(step string) error {
				if step == failing {
					return errFaulty
				}
				return nil
			}
			if err := reload(renamed); !errors.Is(err, errFaulty) || !strings.Contains(err.Error(), "nothing has changed") {
				t.Fatalf("the reload returned %v", err)
			}
			r.options.after = nil
			if err := goleak.Find(running); err != nil {
				t.Errorf("the plugin of the new configuration runs: %v", err)
			}
			if failing == steps[len(steps)-1] {
				forget() // they were opened in the store, which does no harm there
			}
			if now := whole(t, r); now != old {
				t.Errorf("it was\n%s\nand is\n%s", old, now)
			}
			if c, err := net.Dial("tcp", address); err == nil {
				c.Close()
				t.Error("the new address is bound")
			}
			takes(t, r, "ci", "dev")

			must(reload(renamed))
			takes(t, r, "build", "devs")
			takes(t, r, "new", "devs")
			must(reload(back))
			forget()
		})
	}
}

// TestAStartThatFailsAtAnyStepLeavesNothing of itself that would keep the next one from
// starting, nor anything that still runs.
func TestAStartThatFailsAtAnyStepLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.hcl")
	n, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n.Close()
	if err := os.WriteFile(path, []byte(strings.Replace(before, "127.0.0.1:0", n.Addr().String(), 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	var steps []string
	start := func(after func(string) error) error {
		r, err := Start(t.Context(), Options{Config: path, Log: io.Discard, Version: "test", after: after})
		if err == nil {
			err = r.Stop()
		}
		return err
	}
	idle := goleak.IgnoreCurrent()
	if err := start(func(step string) error { steps = append(steps, step); return nil }); err != nil {
		t.Fatal(err)
	}
	for _, failing := range steps {
		if err := start(func(step string) error {
			if step == failing {
				return errFaulty
			}
			return nil
		}); !errors.Is(err, errFaulty) {
			t.Fatalf("%s: the start returned %v", failing, err)
		}
		http.DefaultClient.CloseIdleConnections()
		if err := goleak.Find(idle); err != nil {
			t.Errorf("%s: %v", failing, err)
		}
	}
	if err := start(nil); err != nil {
		t.Fatalf("the next start returned %v", err)
	}
}

// TestAReloadThatTheStoreLetsDownChangesNothing lets the store fail in the middle of a
// step.
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
