package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

func (s *suite) eventRoundTrip() {
	happened := time.Date(2026, 3, 1, 12, 0, 0, 123000, time.UTC)
	traces := []event.Trace{{Route: 1, Reason: "kind is not \"release\""}, {Route: 2, Matched: true, Channels: []string{"a", "b"}}}
	full := store.Entry{
		Event: event.Event{
			Key: "key ä \x00 1", Kind: "release", Thread: "pull/1", Time: happened, Data: json.RawMessage(`{"n":1}`),
			Card: card.Card{Title: "Ünïcode 🚀", Text: "a\nb", Sections: []card.Section{{Facts: []card.Fact{{Name: "n", Value: "v"}}}}},
		},
		Fate: event.Routed, Traces: traces, Deliveries: []store.Draft{{Channel: "a"}, {Channel: "b"}},
	}
	bare := store.Entry{Event: event.Event{Key: "bare", Card: card.Card{Text: "x"}}, Fate: event.Filtered}
	before := time.Now().Add(-time.Millisecond)
	receipts := s.accept(full, bare)
	got, err := s.store.Event(s.ctx(), receipts[0].Event)
	s.ok(err, "event")
	if got.AcceptedAt.Before(before) || got.AcceptedAt.After(time.Now()) {
		s.Errorf("accepted at %v, which is not now", got.AcceptedAt)
	}
	want := store.Event{
		ID: receipts[0].Event, Connector: "c", Key: "key ä \x00 1", Kind: "release", Thread: "pull/1", Time: happened, AcceptedAt: got.AcceptedAt,
		Card: encode(s, full.Card), Data: []byte(`{"n":1}`), Fate: event.Routed, Traces: traces,
	}
	equal(s, got, want, "event")
	got, err = s.store.Event(s.ctx(), receipts[1].Event)
	s.ok(err, "event")
	want = store.Event{ID: receipts[1].Event, Connector: "c", Key: "bare", AcceptedAt: got.AcceptedAt, Card: encode(s, bare.Card), Data: []byte(`{}`), Fate: event.Filtered}
	equal(s, got, want, "event without time, data and traces")
	head := s.heads("a")[0]
	equal(s, head, delivery.Delivery{
		ID: head.ID, Channel: "a", Event: receipts[0].Event, Connector: "c", State: delivery.Waiting,
		AcceptedAt: head.AcceptedAt, Card: encode(s, full.Card), Key: "key ä \x00 1", Thread: "pull/1",
	}, "delivery")
}

func encode(s *suite, c card.Card) []byte {
	s.Helper()
	b, err := c.MarshalJSON()
	s.ok(err, "encode card")
	return b
}

func (s *suite) acceptOrder() {
	s.accept(entry("", "1", "a", "b"), entry("", "2", "b"), entry("", "3", "a"))
	s.accept(entry("", "4", "b", "a"))
	equal(s, titles(s, s.heads("a")), []string{"1", "3", "4"}, "lane a")
	equal(s, titles(s, s.heads("b")), []string{"1", "2", "4"}, "lane b")
	if list := ids(s.heads("a")); !slices.IsSorted(list) || list[0] <= 0 {
		s.Errorf("positions of lane a are %v, want them positive and rising", list)
	}
}

func (s *suite) acceptWhole() {
	_, err := s.store.Accept(s.ctx(), store.Batch{Connector: "never opened", Events: []store.Entry{entry("k", "1", "a")}, Checkpoint: event.Checkpoint("x")})
	s.is(err, store.ErrNotFound, "checkpoint of a connector that was never opened")
	equal(s, len(s.heads("a")), 0, "deliveries of a batch that failed")
	receipts, err := s.store.Accept(s.ctx(), store.Batch{Connector: "never opened", Events: []store.Entry{entry("k", "1", "a")}})
	s.ok(err, "accept")
	if receipts[0].Seen {
		s.Error("the key of a batch that failed is known")
	}
}

func (s *suite) seenKeys() {
	first := s.accept(entry("1", "one", "a"), entry("2", "two", "a"))
	again := s.accept(entry("2", "two again", "a"), entry("3", "three", "a"), entry("3", "three in the same batch", "b"))
	equal(s, again[0], store.Receipt{Event: first[1].Event, Seen: true}, "receipt of a known key")
	equal(s, again[2], store.Receipt{Event: again[1].Event, Seen: true}, "receipt of a key known from the same batch")
	if again[1].Seen || again[1].Event <= first[1].Event {
		s.Errorf("a new key got %+v", again[1])
	}
	equal(s, titles(s, s.heads("a")), []string{"one", "two", "three"}, "lane")
	equal(s, len(s.heads("b")), 0, "deliveries of a known key")
	other, err := s.store.Accept(s.ctx(), store.Batch{Connector: "other", Events: []store.Entry{entry("1", "another's one", "a")}})
	s.ok(err, "accept")
	if other[0].Seen {
		s.Error("another connector's key is known")
	}
}

func (s *suite) emptyKeys() {
	s.accept(entry("", "1", "a"), entry("", "2", "a"))
	s.accept(entry("", "3", "a"))
	seen := make(map[string]bool)
	for _, d := range s.heads("a") {
		if d.Key == "" || seen[d.Key] {
			s.Errorf("generated key %q is empty or not the first of its kind", d.Key)
		}
		seen[d.Key] = true
		e, err := s.store.Event(s.ctx(), d.Event)
		s.ok(err, "event")
		equal(s, e.Key, d.Key, "the event's key")
	}
	equal(s, len(seen), 3, "keys")
}

func (s *suite) checkpoints() {
	checkpoint := func() event.Checkpoint {
		c, err := s.store.OpenConnector(s.ctx(), "c", "rss")
		s.ok(err, "open connector")
		return c.Checkpoint
	}
	if got := checkpoint(); got != nil {
		s.Errorf("a new connector has checkpoint %q", got)
	}
	send := func(b store.Batch) {
		s.Helper()
		b.Connector = "c"
		_, err := s.store.Accept(s.ctx(), b)
		s.ok(err, "accept")
	}
	send(store.Batch{Events: []store.Entry{entry("1", "1", "a")}, Checkpoint: event.Checkpoint("one")})
	equal(s, checkpoint(), event.Checkpoint("one"), "checkpoint with events")
	send(store.Batch{Events: []store.Entry{entry("2", "2", "a")}})
	equal(s, checkpoint(), event.Checkpoint("one"), "checkpoint after a batch without one")
	send(store.Batch{Checkpoint: event.Checkpoint("t\x00wo")})
	equal(s, checkpoint(), event.Checkpoint("t\x00wo"), "checkpoint without events")
	send(store.Batch{Events: []store.Entry{entry("1", "1", "a")}, Checkpoint: event.Checkpoint("three")})
	equal(s, checkpoint(), event.Checkpoint("three"), "checkpoint with known events only")
	send(store.Batch{})
	equal(s, len(s.heads("a")), 2, "deliveries")
}

func (s *suite) draftCards() {
	e := entry("", "the event's", "a", "b")
	e.Deliveries[1].Card = []byte(`{"title":"the route's"}`)
	s.accept(e)
	equal(s, titles(s, s.heads("a")), []string{"the event's"}, "lane a")
	equal(s, titles(s, s.heads("b")), []string{"the route's"}, "lane b")
	sum, _ := s.summary(s.heads("b")[0].ID)
	equal(s, sum.Title, "the route's", "title of the changed card")
}

func (s *suite) draftDead() {
	e := entry("", "1", "a", "b")
	e.Deliveries[0].Dead = "the condition failed"
	s.accept(e)
	equal(s, len(s.heads("a")), 0, "deliveries that wait")
	list, err := s.store.Deliveries(s.ctx(), store.Filter{Channel: "a"})
	s.ok(err, "deliveries")
	if len(list) != 1 || list[0].State != delivery.Dead || list[0].Reason != "the condition failed" || list[0].Finished.IsZero() {
		s.Errorf("got %+v, want one dead letter with its reason", list)
	}
}

func (s *suite) endedContext() {
	ctx, cancel := context.WithCancel(s.ctx())
	cancel()
	_, err := s.store.Accept(ctx, store.Batch{Connector: "c", Events: []store.Entry{entry("k", "1", "a")}})
	s.is(err, context.Canceled, "accept")
	if s.accept(entry("k", "1", "a"))[0].Seen {
		s.Error("a write whose context had ended was made")
	}
}

func (s *suite) acceptedTells() {
	var h heard
	s.store.Notify(func(n store.Notice) {
		for _, c := range slices.Concat(n.Accepted, n.Returned) {
			if list, err := s.store.Heads(s.ctx(), c, false, 1); err != nil || len(list) == 0 {
				s.Errorf("lane %s was told of but has no heads (error %v)", c, err)
			}
		}
		h.notify(n)
	})
	s.accept(entry("", "1", "a", "b"), entry("", "2", "a"), entry("", "3"))
	equal(s, h.take(), store.Notice{Accepted: []string{"a", "b"}}, "notice when accept returns")
	s.accept(entry("", "4"))
	equal(s, h.take(), store.Notice{}, "notice without deliveries")
	d := s.heads("a")[0]
	s.record(d, delivery.Dead, delivery.VerdictRejected)
	equal(s, h.take(), store.Notice{}, "notice after an attempt")
	_, err := s.store.Replay(s.ctx(), []int64{d.ID})
	s.ok(err, "replay")
	equal(s, h.take(), store.Notice{Returned: []string{"a"}}, "notice after a replay")
	s.accept(entry("", "5", "b"))
	_, err = s.store.MoveChannel(s.ctx(), "b", "a")
	s.ok(err, "move channel")
	equal(s, h.take(), store.Notice{Accepted: []string{"b"}, Returned: []string{"a"}}, "notice after a move")
}

// concurrentAccepts has 64 callers accept and delivers at the same time.
func (s *suite) concurrentAccepts() {
	const callers, each = 64, 20
	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() {
			last := int64(0)
			for n := range each {
				b := store.Batch{Connector: fmt.Sprint("c", caller), Events: []store.Entry{entry(fmt.Sprint(n), fmt.Sprint(caller, " ", n), "a", fmt.Sprint("own ", caller))}}
				receipts, err := s.store.Accept(s.ctx(), b)
				if err != nil || receipts[0].Seen || receipts[0].Event <= last {
					s.Errorf("caller %d, event %d: receipts %v after event %d, error %v", caller, n, receipts, last, err)
					return
				}
				last = receipts[0].Event
			}
		})
	}
	group.Wait()
	next := make(map[int]int)
	for _, d := range s.heads("a") {
		var caller, n int
		if _, err := fmt.Sscan(cardTitle(s, d.Card), &caller, &n); err != nil {
			s.Fatal(err)
		}
		if n != next[caller] {
			s.Fatalf("caller %d's event %d comes when %d is due", caller, n, next[caller])
		}
		next[caller]++
	}
	for caller := range callers {
		equal(s, next[caller], each, "deliveries of one caller in the common lane")
		equal(s, len(s.heads(fmt.Sprint("own ", caller))), each, "deliveries in the caller's own lane")
	}
}
