// Package storetest is the suite that every store passes, and what tests put around a
// store. [Run] is the contract itself, [RunDurable] is for stores that outlive their
// process; neither knows how a store keeps what it is given, so what becomes of a damaged
// file, for example, each store tests by itself. [Faults] makes any store fail.
package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

// Run runs the suite. Open returns a fresh, empty store; the suite closes it.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	tests := []struct {
		name string
		run  func(s *suite)
	}{
		{"an event is stored as it was reported", (*suite).eventRoundTrip},
		{"deliveries stand in the order of acceptance", (*suite).acceptOrder},
		{"a batch is stored whole or not at all", (*suite).acceptWhole},
		{"a known key stores nothing", (*suite).seenKeys},
		{"an event without a key is always new", (*suite).emptyKeys},
		{"a checkpoint holds with its events", (*suite).checkpoints},
		{"a delivery has its own card or the event's", (*suite).draftCards},
		{"a delivery can be dead from the start", (*suite).draftDead},
		{"a context that has ended writes nothing", (*suite).endedContext},
		{"accepting is told after the commit", (*suite).acceptedTells},
		{"concurrent callers keep their order", (*suite).concurrentAccepts},
		{"heads are the oldest that wait", (*suite).headsFirst},
		{"no delivery shows up before one that was read", (*suite).headsWhileAccepting},
		{"urgent heads are read without the others", (*suite).urgentHeads},
		{"a lane is read by turns of its connectors", (*suite).turns},
		{"a deep lane is read to its end", (*suite).deepLane},
		{"lanes count what waits", (*suite).laneCounts},
		{"a lane's pause is kept", (*suite).lanePause},
		{"an attempt moves its delivery on", (*suite).recordMoves},
		{"a failed attempt keeps the delivery waiting", (*suite).recordWaits},
		{"an outcome recorded twice counts once", (*suite).recordTwice},
		{"a digest's outcome is recorded for all it carried, or for none", (*suite).recordDigest},
		{"replay puts a dead letter back in its place", (*suite).replay},
		{"replay brings the oldest back first, however many", (*suite).manyReplays},
		{"only dead letters are dismissed", (*suite).dismiss},
		{"a sweep keeps what waits and dead letters", (*suite).sweep},
		{"a sweep forgets no key and reuses no number", (*suite).sweepKeys},
		{"deliveries are listed newest first", (*suite).lists},
		{"deliveries are filtered", (*suite).filters},
		{"deliveries are found by what their cards hold", (*suite).texts},
		{"a search goes on until it has enough", (*suite).deepSearch},
		{"what happens is counted by the hour", (*suite).rates},
		{"events are found by key", (*suite).findEvents},
		{"events are listed with their fates, newest first", (*suite).eventList},
		{"an event that was swept says so", (*suite).sweptEvents},
		{"a key is for one content where it has a fingerprint", (*suite).fingerprints},
		{"refusals are counted, and the last are kept", (*suite).refusals},
		{"what is not there is not found", (*suite).notFound},
		{"a connector keeps its token", (*suite).connectorToken},
		{"a connector of another type starts afresh", (*suite).connectorType},
		{"how a connector polls is kept", (*suite).polls},
		{"a token is kept until it is forgotten", (*suite).tokens},
		{"a channel's cards move to another in order", (*suite).moveChannel},
		{"a lane is told of what it is given", (*suite).moveTells},
		{"a channel that is forgotten dismisses its cards", (*suite).forgetChannel},
		{"a connector gets another name with all it has", (*suite).moveConnector},
		{"a connector that is forgotten starts afresh", (*suite).forgetConnector},
		{"a hook URL is rotated", (*suite).rotateHook},
		{"a block is saved on the revision that was read", (*suite).blocks},
		{"of those who save one revision of a block, one can", (*suite).concurrentBlocks},
		{"secrets are kept by name", (*suite).secrets},
		{"pictures are kept and listed without their content", (*suite).pictures},
		{"a mute is kept until its time", (*suite).mutes},
		{"sessions end", (*suite).sessions},
		{"what the last sign-in said is kept", (*suite).people},
		{"a token is kept until it is revoked or long expired", (*suite).apiTokens},
		{"the audit log is kept for a year", (*suite).auditLog},
		{"a closed store says so", (*suite).closed},
		{"a store answers a ping", (*suite).ping},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &suite{T: t, store: open(t)}
			t.Cleanup(func() {
				if err := s.store.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			test.run(s)
		})
	}
	t.Run("any sequence of operations agrees with the model", func(t *testing.T) { checkModel(t, open) })
}

// suite is one test's store.
type suite struct {
	*testing.T
	store store.Store
}

func (s *suite) ctx() context.Context { return s.Context() }

// ok ends the test when err is not nil.
func (s *suite) ok(err error, doing string) {
	s.Helper()
	if err != nil {
		s.Fatalf("%s: %v", doing, err)
	}
}

// is complains when err is not the one wanted.
func (s *suite) is(err, want error, doing string) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Errorf("%s: got error %v, want %v", doing, err, want)
	}
}

// equal complains when got is not what is wanted.
func equal[T any](t testing.TB, got, want T, what string, options ...cmp.Option) {
	t.Helper()
	if diff := cmp.Diff(want, got, options...); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// entry is an event for channels.
func entry(key, title string, channels ...string) store.Entry {
	e := store.Entry{
		Event: event.Event{Key: key, Kind: "test", Card: card.Card{Title: title, Text: "Text of " + title}},
		Fate:  event.Filtered,
	}
	for _, c := range channels {
		e.Fate = event.Routed
		e.Deliveries = append(e.Deliveries, store.Draft{Channel: c})
	}
	return e
}

// accept stores entries of connector "c".
func (s *suite) accept(entries ...store.Entry) []store.Receipt {
	s.Helper()
	receipts, err := s.store.Accept(s.ctx(), store.Batch{Connector: "c", Events: entries})
	s.ok(err, "accept")
	if len(receipts) != len(entries) {
		s.Fatalf("accept: %d receipts for %d entries", len(receipts), len(entries))
	}
	return receipts
}

// fill accepts n events for a channel, titled 0, 1, …, and returns the deliveries.
func (s *suite) fill(channel string, n int) []delivery.Delivery {
	s.Helper()
	entries := make([]store.Entry, n)
	for i := range entries {
		entries[i] = entry("", fmt.Sprint(i), channel)
	}
	before := len(s.heads(channel))
	s.accept(entries...)
	return s.heads(channel)[before:]
}

// heads returns all that waits in a lane.
func (s *suite) heads(channel string) []delivery.Delivery {
	s.Helper()
	list, err := s.store.Heads(s.ctx(), channel, false, 1<<20)
	s.ok(err, "heads")
	return list
}

// record records an outcome: the state and verdict it comes to.
func (s *suite) record(d delivery.Delivery, state delivery.State, verdict delivery.Verdict) {
	s.Helper()
	d.State, d.Attempts = state, d.Attempts+1
	if state == delivery.Dead {
		d.Reason = "too much"
	}
	a := delivery.Attempt{Delivery: d.ID, Number: d.Attempts, Started: time.Now(), Took: time.Millisecond, Outcome: delivery.Outcome{Verdict: verdict}}
	s.ok(s.store.Record(s.ctx(), delivery.Result{Attempt: a, Delivery: d}), "record")
}

// summary returns a delivery and its attempts.
func (s *suite) summary(id int64) (store.Summary, []delivery.Attempt) {
	s.Helper()
	sum, attempts, err := s.store.Delivery(s.ctx(), id)
	s.ok(err, "delivery")
	return sum, attempts
}

func ids(list []delivery.Delivery) []int64 {
	var all []int64
	for _, d := range list {
		all = append(all, d.ID)
	}
	return all
}

// cardTitle is the title of a stored card.
func cardTitle(t testing.TB, b []byte) string {
	t.Helper()
	var c struct {
		Title string `json:"title"`
	}
	if err := json.Unmarshal(b, &c); err != nil {
		t.Errorf("card %q: %v", b, err)
	}
	return c.Title
}

func titles(t testing.TB, list []delivery.Delivery) []string {
	t.Helper()
	var all []string
	for _, d := range list {
		all = append(all, cardTitle(t, d.Card))
	}
	return all
}

// heard collects a store's notices.
type heard struct {
	mu  sync.Mutex
	all store.Notice
}

func (h *heard) notify(n store.Notice) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all.Accepted, h.all.Returned = append(h.all.Accepted, n.Accepted...), append(h.all.Returned, n.Returned...)
}

// take returns what was heard since the last take, each channel once.
func (h *heard) take() store.Notice {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := h.all
	h.all = store.Notice{}
	slices.Sort(n.Accepted)
	slices.Sort(n.Returned)
	return store.Notice{Accepted: slices.Compact(n.Accepted), Returned: slices.Compact(n.Returned)}
}
