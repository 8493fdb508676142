package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
	"github.com/connector-relay/relay/relay/store/sqlite"
)

// backlog is how many cards wait in the channel that is renamed: several steps of a
// move.
const backlog = 4000

// renamedConfig is a channel and a connector that have had so many names before, and a
// file that tells them all.
func renamedConfig(c *chatServer, times int) string {
	var s strings.Builder
	fmt.Fprintf(&s, `
relay {
  listen = "127.0.0.1:0"
  log    = "warn"
}
dashboard { listen = "127.0.0.1:0" }
channel "name-%[1]d" {
  type = "office365"
  url  = "%[2]s/office365/dev"
  rate = "3000/s"
  digest { enabled = false }
}
connector "webhook" "ci-%[1]d" {
  route { to = [channel.name-%[1]d] }
}
`, times, c.server.URL)
	for n := range times {
		for _, sort := range []string{"channel.name", "connector.ci"} {
			fmt.Fprintf(&s, "moved {\n  from = %[1]s-%[2]d\n  to   = %[1]s-%[3]d\n}\n", sort, n, n+1)
		}
	}
	return s.String()
}

// TestAKillDuringARenameLosesNothing renames a channel with a deep lane and its
// connector again and again, and kills the relay each time while it moves what they
// have. All cards arrive in order, and the hook's URL is still the first one.
func TestAKillDuringARenameLosesNothing(t *testing.T) {
	const renames = 7
	c := newChat(t)
	config := writeConfig(t, renamedConfig(c, 0))
	fillChannel(t, strings.TrimSuffix(config, "hcl")+"db", "name-0")
	p := startRelay(t, config)
	first := filepath.Base(p.hook("ci-0"))
	for n := range renames {
		if err := os.WriteFile(config, []byte(renamedConfig(c, n+1)), 0o600); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = p.client.Reload(context.Background()) // does not end well
		}()
		time.Sleep(rand.N(150 * time.Millisecond))
		p.kill()
		<-done
		p.start()
	}
	p.eventually("all cards have arrived", func() bool { return len(distinct(c.cards("dev"))) >= backlog })
	shown := c.cards("dev")
	for i, got := range distinct(shown) {
		if want := cardTitle("dev", i); !strings.Contains(got, want) {
			t.Fatalf("card %d is %q, want %q: lost or out of order", i, got, want)
		}
	}
	if repeats := len(shown) - backlog; repeats > renames {
		t.Errorf("%d repeats after %d kills", repeats, renames)
	}
	if last := filepath.Base(p.hook(fmt.Sprint("ci-", renames))); last != first {
		t.Error("the hook URL is another one")
	}
	list, err := p.client.Channels(t.Context())
	if err != nil || len(list) != 1 || list[0].Waiting != 0 {
		t.Errorf("the channels are %+v, error %v", list, err)
	}
	p.stop()
}

// fillChannel makes a store in which the backlog waits.
func fillChannel(t *testing.T, path, channel string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	b := store.Batch{Connector: "before"}
	for i := range backlog {
		b.Events = append(b.Events, store.Entry{
			Event: event.Event{Kind: "test", Card: card.Card{Title: cardTitle("dev", i), Text: "t"}}, Fate: event.Routed, Deliveries: []store.Draft{{Channel: channel}},
		})
	}
	if _, err := s.Accept(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
