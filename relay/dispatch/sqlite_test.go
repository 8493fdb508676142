package dispatch_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/dispatch"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
	"github.com/connector-relay/relay/relay/store/sqlite"
)

// moody fails every third attempt.
type moody struct {
	mu    sync.Mutex
	calls int
	taken map[string][]int64
}

func (m *moody) Send(_ context.Context, d delivery.Delivery) delivery.Outcome {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	if trouble := []delivery.Verdict{delivery.VerdictFailed, delivery.VerdictThrottled, delivery.VerdictRefused}; m.calls%3 == 0 {
		return delivery.Outcome{Verdict: trouble[m.calls/3%3], Detail: "in a bad mood"}
	}
	m.taken[d.Channel] = append(m.taken[d.Channel], d.ID)
	return delivery.Outcome{Verdict: delivery.VerdictDelivered, Status: 200}
}

func (m *moody) Gather(ctx context.Context, list []delivery.Delivery) (delivery.Outcome, int) {
	o := m.Send(ctx, list[0])
	if o.Verdict == delivery.VerdictDelivered {
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, d := range list[1:] {
			m.taken[d.Channel] = append(m.taken[d.Channel], d.ID)
		}
	}
	return o, len(list)
}

func (m *moody) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, ids := range m.taken {
		n += len(ids)
	}
	return n
}

// The real store keeps the same promises as the one in memory: deliveries stay in order,
// nothing is lost, and nothing is sent twice when the relay stops cleanly.
func TestLanesOnTheRealStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.db")
	end := &moody{taken: make(map[string][]int64)}
	names := []string{"a", "b", "c"}
	const each, rounds = 20, 4
	for round := range rounds {
		s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Log: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		d := dispatch.New(dispatch.Options{Store: s, Log: zerolog.Nop()})
		s.Notify(func(n store.Notice) { d.Wake(n.Accepted) })
		var channels []dispatch.Spec
		for _, name := range names {
			p := dispatch.Policy{First: time.Millisecond, Longest: 4 * time.Millisecond, GiveUpAfter: time.Hour, Probe: 3 * time.Millisecond}
			if name == "c" {
				p.Rate, p.Digest = 1000, dispatch.Digest{Most: 7, After: 2 * time.Millisecond}
			}
			channels = append(channels, dispatch.Spec{Name: name, Sender: end, Policy: p})
		}
		if err := d.Apply(t.Context(), channels); err != nil {
			t.Fatal(err)
		}
		for i := range each {
			entry := store.Entry{Event: event.Event{Key: fmt.Sprint(round, "-", i), Kind: "test", Card: card.Card{Title: "A card"}, Data: []byte("{}")}, Fate: event.Routed}
			for _, name := range names {
				entry.Deliveries = append(entry.Deliveries, store.Draft{Channel: name})
			}
			if _, err := s.Accept(t.Context(), store.Batch{Connector: "feed", Events: []store.Entry{entry}}); err != nil {
				t.Fatal(err)
			}
		}
		if round == rounds-1 {
			await(t, func() bool { return end.count() == each*rounds*len(names) })
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		d.Stop(ctx)
		cancel()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		ids := end.taken[name]
		if len(ids) != each*rounds || !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
			t.Errorf("%s got %d cards: %v", name, len(ids), ids)
		}
	}
}

// accepted stores events of a connector for a channel, as intake does.
func accepted(t *testing.T, s *sqlite.Store, connector, channel string, n int) {
	t.Helper()
	var list []store.Entry
	for range n {
		list = append(list, store.Entry{
			Event: event.Event{Kind: "test", Card: card.Card{Title: connector}, Data: []byte("{}")}, Fate: event.Routed,
			Deliveries: []store.Draft{{Channel: channel}},
		})
	}
	if _, err := s.Accept(t.Context(), store.Batch{Connector: connector, Events: list}); err != nil {
		t.Fatal(err)
	}
}

// orderly accepts everything and remembers whose it was.
type orderly struct {
	mu    sync.Mutex
	whose []string
	ids   []int64
}

func (o *orderly) Send(_ context.Context, d delivery.Delivery) delivery.Outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.whose, o.ids = append(o.whose, d.Connector), append(o.ids, d.ID)
	return delivery.Outcome{Verdict: delivery.VerdictDelivered, Status: 200}
}

func (o *orderly) Gather(ctx context.Context, list []delivery.Delivery) (delivery.Outcome, int) {
	return o.Send(ctx, list[0]), 1
}

func (o *orderly) order() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.whose)
}

// A lane that was already crowded when the relay started takes turns as well.
func TestHostileBacklogOnTheRealStoreDoesNotHoldUpAnAlarm(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.db")
	fill, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	const flood = 2000
	accepted(t, fill, "feed", "a", flood)
	accepted(t, fill, "alarm", "a", 2)
	if err := fill.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	end := &orderly{}
	d := dispatch.New(dispatch.Options{Store: s, Log: zerolog.Nop()})
	s.Notify(func(n store.Notice) { d.Wake(n.Accepted) })
	if err := d.Apply(t.Context(), []dispatch.Spec{{Name: "a", Sender: end}}); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return len(end.order()) == flood+2 })
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	d.Stop(ctx)
	order := end.order()
	first := slices.Index(order, "alarm")
	if second := first + 1 + slices.Index(order[first+1:], "alarm"); second > 20 {
		t.Errorf("the alarms are at places %d and %d of %d", first, second, len(order))
	}
	last := make(map[string]int64)
	for i, whose := range order {
		if end.ids[i] <= last[whose] {
			t.Fatalf("delivery %d of %s came after %d", end.ids[i], whose, last[whose])
		}
		last[whose] = end.ids[i]
	}
}

// await waits until a condition holds.
func await(t *testing.T, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the condition never held")
		}
	}
}
