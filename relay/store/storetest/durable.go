package storetest

import (
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

// RunDurable runs what a store that outlives its process passes besides [Run]. Open
// returns a fresh, empty store, and restart, which opens the store as the next process
// finds it when this one has died, or has closed the store. The suite closes them all.
func RunDurable(t *testing.T, open func(t *testing.T) (s store.Store, restart func() store.Store)) {
	tests := []struct {
		name string
		run  func(s *durable)
	}{
		{"what was acknowledged is there after a death", (*durable).death},
		{"a card over which the relay dies twice is a dead letter", (*durable).crashes},
		{"a stop is no death", (*durable).stop},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &durable{suite: &suite{T: t}}
			s.store, s.again = open(t)
			t.Cleanup(s.close)
			test.run(s)
		})
	}
}

// durable is one test's store, and how it is opened again.
type durable struct {
	*suite
	again func() store.Store
}

func (s *durable) close() {
	if err := s.store.Close(); err != nil {
		s.Errorf("close: %v", err)
	}
}

// restart leaves the store as a process that dies does.
func (s *durable) restart() {
	dead := s.store
	s.store = s.again()
	if err := dead.Close(); err != nil {
		s.Errorf("close what was left: %v", err)
	}
}

// everything is all that can be read of a store.
type everything struct {
	Connectors []store.Kept
	Token      []byte
	Refusals   []store.Refusal
	Lanes      []delivery.Lane
	Heads      []delivery.Delivery
	Deliveries []store.Summary
	Attempts   []delivery.Attempt
	Events     []store.EventSummary
}

func (s *durable) everything() (e everything) {
	s.Helper()
	var err error
	e.Connectors, err = s.store.Connectors(s.ctx())
	s.ok(err, "connectors")
	e.Token, err = s.store.Token(s.ctx(), "c")
	s.ok(err, "token")
	e.Refusals, err = s.store.Refusals(s.ctx(), "")
	s.ok(err, "refusals")
	e.Lanes, e.Heads = s.lanes(), s.heads("a")
	e.Deliveries, err = s.store.Deliveries(s.ctx(), store.Filter{Cards: true})
	s.ok(err, "deliveries")
	for _, d := range e.Deliveries {
		_, attempts := s.summary(d.ID)
		e.Attempts = append(e.Attempts, attempts...)
	}
	e.Events, err = s.store.Events(s.ctx(), store.EventFilter{})
	s.ok(err, "events")
	return e
}

func (s *durable) death() {
	s.openConnector("c", "rss")
	known := store.Batch{Connector: "c", Events: []store.Entry{entry("k", "1", "a", "b"), entry("l", "2", "a")}, Checkpoint: event.Checkpoint("x")}
	receipts, err := s.store.Accept(s.ctx(), known)
	s.ok(err, "accept")
	s.fill("a", 3)
	list := s.heads("a")
	s.record(list[0], delivery.Delivered, delivery.VerdictDelivered)
	s.record(list[1], delivery.Dead, delivery.VerdictRejected)
	s.record(list[2], delivery.Waiting, delivery.VerdictFailed)
	s.ok(s.store.SaveLane(s.ctx(), delivery.Lane{Channel: "b", Pause: delivery.PausedByOperator, Reason: "maintenance"}), "save lane")
	s.ok(s.store.SavePoll(s.ctx(), "c", store.Poll{Health: "ok", Note: "well"}), "save poll")
	s.ok(s.store.SaveToken(s.ctx(), "c", []byte("sealed")), "save token")
	s.ok(s.store.Refuse(s.ctx(), []store.Refusal{{Connector: "c", Reason: "no JSON", Count: 1}}), "refuse")
	before := s.everything()
	s.restart()
	equal(s, s.everything(), before, "what is there after a death")
	known.Events = append(known.Events, entry("m", "3", "a"))
	again, err := s.store.Accept(s.ctx(), known)
	s.ok(err, "accept")
	equal(s, again[0], store.Receipt{Event: receipts[0].Event, Seen: true}, "receipt of a key from before")
	if last := before.Events[0].ID; again[2].Event <= last {
		s.Errorf("a new event has the number %d, which is not behind %d", again[2].Event, last)
	}
}

// crashCounts are the crashes of what waits.
func (s *durable) crashCounts() (list []int) {
	s.Helper()
	for _, d := range s.heads("a") {
		list = append(list, d.Crashes)
	}
	return list
}

func (s *durable) crashes() {
	list := s.fill("a", 3)
	guilty, passed, well := list[0], list[1], list[2]
	die := func() {
		s.Helper()
		s.store.Rendering(well.ID)()
		s.store.Rendering(guilty.ID, passed.ID)
		s.restart()
	}
	die()
	equal(s, s.crashCounts(), []int{1, 1, 0}, "crashes after one death")
	s.record(passed, delivery.Waiting, delivery.VerdictFailed)
	equal(s, s.crashCounts(), []int{1, 0, 0}, "crashes after an attempt")
	die()
	equal(s, s.crashCounts(), []int{1, 0}, "crashes of what waits after the second death")
	sum, _ := s.summary(guilty.ID)
	if sum.State != delivery.Dead || !strings.Contains(sum.Reason, "died 2 times") || sum.Finished.IsZero() {
		s.Errorf("the card over which the relay died twice is %s: %q", sum.State, sum.Reason)
	}
	_, err := s.store.Replay(s.ctx(), []int64{guilty.ID})
	s.ok(err, "replay")
	equal(s, s.crashCounts(), []int{0, 1, 0}, "crashes after a replay")
}

func (s *durable) stop() {
	d := s.fill("a", 1)[0]
	s.store.Rendering(d.ID)
	s.ok(s.store.Close(), "close")
	s.restart()
	equal(s, s.crashCounts(), []int{0}, "crashes after a stop")
}
