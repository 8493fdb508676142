package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

// helpRender writes the cards of two deliveries for their channels and comes to an end
// over it, after it has written another one well.
func helpRender(path string) error {
	s, err := Open(context.Background(), Options{Path: path})
	if err != nil {
		return err
	}
	s.Rendering(3)()
	s.Rendering(1, 2)
	return errors.Join(syscall.Kill(syscall.Getpid(), syscall.SIGKILL))
}

// TestHostileCardsOfWhichTheRelayDiesTwiceAreDeadLetters, and only they: what was
// written well since is innocent.
func TestHostileCardsOfWhichTheRelayDiesTwiceAreDeadLetters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.db")
	s := openAt(t, path)
	var b store.Batch
	b.Connector = "c"
	for _, key := range []string{"a", "b", "c"} {
		e := event.Event{Key: key, Kind: "test", Card: card.Card{Title: key}}
		b.Events = append(b.Events, store.Entry{Event: e, Fate: event.Routed, Deliveries: []store.Draft{{Channel: "x"}}})
	}
	if _, err := s.OpenConnector(t.Context(), "c", "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Accept(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	die := func() {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := helper(t, "render", path).Run(); err == nil {
			t.Fatal("the helper is alive")
		}
		s = openAt(t, path)
	}
	crashes := func() (list []int) {
		t.Helper()
		heads, err := s.Heads(t.Context(), "x", 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range heads {
			list = append(list, d.Crashes)
		}
		return list
	}
	die()
	if got := crashes(); len(got) != 3 || got[0] != 1 || got[1] != 1 || got[2] != 0 {
		t.Fatalf("after one death the crashes are %v", got)
	}
	// The second goes on to its channel, which cannot take it now.
	d := delivery.Delivery{ID: 2, Channel: "x", Connector: "c", State: delivery.Waiting, Attempts: 1}
	if err := s.Record(t.Context(), delivery.Attempt{Delivery: 2, Number: 1, Outcome: delivery.Outcome{Verdict: delivery.VerdictFailed}}, d); err != nil {
		t.Fatal(err)
	}
	// A stop and a start are no death.
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path)
	if got := crashes(); len(got) != 3 || got[0] != 1 || got[1] != 0 {
		t.Fatalf("after a stop the crashes are %v", got)
	}
	die()
	if got := crashes(); len(got) != 2 || got[0] != 1 || got[1] != 0 {
		t.Fatalf("after two deaths what waits has %v crashes", got)
	}
	sum, _, err := s.Delivery(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if sum.State != delivery.Dead || !strings.Contains(sum.Reason, "died 2 times") {
		t.Errorf("the delivery is %s: %q", sum.State, sum.Reason)
	}
	if _, err := s.Replay(t.Context(), []int64{1}); err != nil {
		t.Fatal(err)
	}
	if got := crashes(); len(got) != 3 || got[0] != 0 {
		t.Errorf("after a replay the crashes are %v", got)
	}
}

// BenchmarkRendering is what the guard costs each card.
func BenchmarkRendering(b *testing.B) {
	s := openBench(b, filepath.Join(b.TempDir(), "relay.db"))
	for b.Loop() {
		s.Rendering(1)()
	}
}
