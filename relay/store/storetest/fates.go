package storetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

// acceptFrom stores entries of a connector.
func (s *suite) acceptFrom(connector string, entries ...store.Entry) []store.Receipt {
	s.Helper()
	receipts, err := s.store.Accept(s.ctx(), store.Batch{Connector: connector, Events: entries})
	s.ok(err, "accept")
	return receipts
}

func (s *suite) turns() {
	urgent := entry("", "u", "a")
	urgent.Deliveries[0].Urgent = true
	var feed []store.Entry
	for i := range 400 {
		feed = append(feed, entry("", fmt.Sprint("feed ", i), "a"))
	}
	s.acceptFrom("feed", feed...)
	s.acceptFrom("alarm", entry("", "alarm 0", "a"), entry("", "elsewhere", "b"))
	s.acceptFrom("build", entry("", "build 0", "a"), urgent)
	all, most, err := s.store.Waiting(s.ctx(), "a")
	s.ok(err, "waiting")
	equal(s, []int{all, most}, []int{403, 400}, "how much waits, and of one connector")
	turns := func(from string, urgent bool, n int) []string {
		s.Helper()
		list, err := s.store.Turns(s.ctx(), "a", from, urgent, n)
		s.ok(err, "turns")
		return titles(s, list)
	}
	equal(s, turns("", false, 6), []string{"alarm 0", "build 0", "feed 0", "u", "feed 1", "feed 2"}, "from the first")
	equal(s, turns("build", false, 3), []string{"build 0", "feed 0", "alarm 0"}, "from a connector")
	equal(s, turns("b", false, 2), []string{"build 0", "feed 0"}, "from a name that no connector has")
	equal(s, turns("feed0", false, 1), []string{"alarm 0"}, "from after the last")
	equal(s, turns("", true, 9), []string{"u"}, "of the urgent")
	equal(s, turns("", false, 0), nil, "none", cmpopts.EquateEmpty())
	list, err := s.store.Turns(s.ctx(), "a", "build", false, 2)
	s.ok(err, "turns")
	for _, d := range list {
		s.record(d, delivery.Dead, delivery.VerdictRejected)
	}
	equal(s, turns("build", false, 2), []string{"u", "feed 1"}, "without what was rejected")
	_, err = s.store.Replay(s.ctx(), ids(list))
	s.ok(err, "replay")
	equal(s, turns("build", false, 2), []string{"build 0", "feed 0"}, "with what was replayed")
}

func (s *suite) eventList() {
	start := time.Now().Add(-time.Millisecond)
	green := entry("k1", "Green <b>", "")
	green.Deliveries, green.Fate = nil, event.Filtered
	green.Traces = []event.Trace{{Route: 1, Reason: "event.data.state is \"ok\""}}
	held := entry("k2", "Held")
	held.Fate, held.Kind = event.Suspended, "push"
	first := s.acceptFrom("ci", green, held, entry("k3", "Red 100%_", "a", "b"))
	time.Sleep(2 * time.Millisecond) // so that the next is accepted later by any clock
	later := time.Now()
	s.acceptFrom("feed", entry("k1", "News", "a"))
	s.record(s.heads("a")[0], delivery.Dead, delivery.VerdictRejected)
	list := func(f store.EventFilter) []string {
		s.Helper()
		found, err := s.store.Events(s.ctx(), f)
		s.ok(err, "events")
		var all []string
		for _, e := range found {
			all = append(all, e.Title)
		}
		return all
	}
	tests := []struct {
		name   string
		filter store.EventFilter
		want   []string
	}{
		{"all", store.EventFilter{}, []string{"News", "Red 100%_", "Held", "Green <b>"}},
		{"connector", store.EventFilter{Connector: "ci"}, []string{"Red 100%_", "Held", "Green <b>"}},
		{"within nothing", store.EventFilter{Within: &store.Within{Channels: []string{"a"}}}, nil},
		{"within a connector", store.EventFilter{Within: &store.Within{Connectors: []string{"feed"}}}, []string{"News"}},
		{"a connector within another", store.EventFilter{Connector: "ci", Within: &store.Within{Connectors: []string{"feed"}}}, nil},
		{"filtered", store.EventFilter{Fates: []event.Fate{event.Filtered}}, []string{"Green <b>"}},
		{"a connector's filtered", store.EventFilter{Connector: "feed", Fates: []event.Fate{event.Filtered}}, nil},
		{"routed", store.EventFilter{Fates: []event.Fate{event.Routed}}, []string{"News", "Red 100%_"}},
		{"two fates", store.EventFilter{Fates: []event.Fate{event.Filtered, event.Suspended}}, []string{"Held", "Green <b>"}},
		{"unknown fate", store.EventFilter{Fates: []event.Fate{"' OR true OR '"}}, nil},
		{"kind", store.EventFilter{Kind: "push"}, []string{"Held"}},
		{"key", store.EventFilter{Key: "k1"}, []string{"News", "Green <b>"}},
		{"a connector's key", store.EventFilter{Key: "k1", Connector: "ci"}, []string{"Green <b>"}},
		{"text", store.EventFilter{Text: "ne"}, []string{"News"}},
		{"text that needs quoting", store.EventFilter{Text: "green <B>"}, []string{"Green <b>"}},
		{"text that is no pattern", store.EventFilter{Text: "%_"}, []string{"Red 100%_"}},
		{"since the start", store.EventFilter{Since: start, Limit: 9}, []string{"News", "Red 100%_", "Held", "Green <b>"}},
		{"since a moment", store.EventFilter{Since: later}, []string{"News"}},
		{"since the future", store.EventFilter{Since: later.Add(time.Hour)}, nil},
		{"until a moment", store.EventFilter{Until: later}, []string{"Red 100%_", "Held", "Green <b>"}},
		{"between two moments", store.EventFilter{Since: start, Until: later, Kind: "push"}, []string{"Held"}},
		{"until the start", store.EventFilter{Until: start}, nil},
		{"before", store.EventFilter{Before: first[1].Event}, []string{"Green <b>"}},
		{"limit", store.EventFilter{Limit: 1}, []string{"News"}},
		{"everything at once", store.EventFilter{Connector: "ci", Kind: "test", Key: "k3", Fates: []event.Fate{event.Routed}, Since: start, Text: "red", Limit: 2}, []string{"Red 100%_"}},
	}
	for _, test := range tests {
		equal(s, list(test.filter), test.want, test.name, cmpopts.EquateEmpty())
	}
	all, err := s.store.Events(s.ctx(), store.EventFilter{})
	s.ok(err, "events")
	want := []store.EventSummary{
		{Event: store.Event{Connector: "feed", Key: "k1", Kind: "test", Fate: event.Routed}, Title: "News", Deliveries: []store.Standing{{Channel: "a", State: delivery.Waiting}}},
		{Event: store.Event{Connector: "ci", Key: "k3", Kind: "test", Fate: event.Routed}, Title: "Red 100%_", Deliveries: []store.Standing{{Channel: "a", State: delivery.Dead}, {Channel: "b", State: delivery.Waiting}}},
		{Event: store.Event{Connector: "ci", Key: "k2", Kind: "push", Fate: event.Suspended}, Title: "Held"},
		{Event: store.Event{Connector: "ci", Key: "k1", Kind: "test", Fate: event.Filtered, Traces: green.Traces}, Title: "Green <b>"},
	}
	equal(s, all, want, "events", cmpopts.IgnoreFields(store.Event{}, "ID", "AcceptedAt"), cmpopts.IgnoreFields(store.Standing{}, "ID"), cmpopts.EquateEmpty())
}

func (s *suite) sweptEvents() {
	_, err := s.store.OpenConnector(s.ctx(), "c", "rss")
	s.ok(err, "open")
	gone := s.accept(entry("k", "1"))[0].Event
	_, err = s.store.Sweep(s.ctx(), time.Now().Add(time.Hour))
	s.ok(err, "sweep")
	_, err = s.store.Event(s.ctx(), gone)
	s.is(err, store.ErrSwept, "an event that was swept")
	s.is(err, store.ErrNotFound, "an event that was swept")
	found, err := s.store.FindEvents(s.ctx(), "k")
	s.ok(err, "find events")
	equal(s, found, []int64{gone}, "events of its key")
	_, err = s.store.Event(s.ctx(), gone+1)
	if errors.Is(err, store.ErrSwept) {
		s.Errorf("an event that never was: %v", err)
	}
	list, err := s.store.Events(s.ctx(), store.EventFilter{Since: time.Now().Add(-time.Hour)})
	s.ok(err, "events")
	equal(s, list, nil, "events of a store where all was swept", cmpopts.EquateEmpty())
}

func (s *suite) fingerprints() {
	with := func(key, fingerprint string) store.Entry {
		e := entry(key, "x", "a")
		e.Fingerprint = []byte(fingerprint)
		return e
	}
	accept := func(entries ...store.Entry) error {
		_, err := s.store.Accept(s.ctx(), store.Batch{Connector: "c", Events: entries})
		return err
	}
	first := s.accept(with("k", "1"))[0].Event
	equal(s, s.accept(with("k", "1")), []store.Receipt{{Event: first, Seen: true}}, "the same again")
	equal(s, s.accept(entry("k", "x", "a")), []store.Receipt{{Event: first, Seen: true}}, "without a fingerprint")
	for _, batch := range [][]store.Entry{{with("k", "2")}, {with("new", "1"), with("k", "2")}, {with("k", "2"), with("new", "1")}} {
		conflict, ok := errors.AsType[*store.ConflictError](accept(batch...))
		if !ok || conflict.Key != "k" || conflict.Event != first {
			s.Errorf("another content for a key: %v", conflict)
		}
	}
	equal(s, len(s.heads("a")), 1, "deliveries")
	plain := s.accept(entry("plain", "x"))[0].Event
	equal(s, s.accept(with("plain", "1")), []store.Receipt{{Event: plain, Seen: true}}, "of an event that had no fingerprint")
}

func (s *suite) refusals() {
	at := time.Now().Truncate(time.Microsecond)
	one := store.Refusal{Connector: "ci", Remote: "192.0.2.7", Method: "POST", Status: 400, Reason: "no JSON", Bytes: 7, Count: 1, First: at, Last: at}
	again := one
	again.Bytes, again.Count, again.First, again.Last = 9, 3, at.Add(time.Second), at.Add(2*time.Second)
	other := one
	other.Connector, other.Last = "feed", at.Add(time.Second)
	s.ok(s.store.Refuse(s.ctx(), []store.Refusal{one, other}), "refuse")
	s.ok(s.store.Refuse(s.ctx(), []store.Refusal{again}), "refuse")
	both := one
	both.Bytes, both.Count, both.Last = 9, 4, again.Last
	list := func(connector string) []store.Refusal {
		s.Helper()
		list, err := s.store.Refusals(s.ctx(), connector)
		s.ok(err, "refusals")
		return list
	}
	equal(s, list(""), []store.Refusal{both, other}, "refusals")
	equal(s, list("ci"), []store.Refusal{both}, "a connector's refusals")
	equal(s, list("nobody"), nil, "nobody's", cmpopts.EquateEmpty())
	var flood []store.Refusal
	for i := range store.MaxRefusals + 20 {
		r := one
		r.Remote, r.Last = fmt.Sprint("192.0.2.", i), at.Add(time.Duration(i)*time.Minute)
		flood = append(flood, r)
	}
	s.ok(s.store.Refuse(s.ctx(), flood), "refuse")
	kept := list("ci")
	equal(s, len(kept), store.MaxRefusals, "how many are kept")
	equal(s, kept[0], flood[len(flood)-1], "the last")
	equal(s, list("feed"), []store.Refusal{other}, "another connector's")
	_, err := s.store.Sweep(s.ctx(), at.Add(100*time.Minute))
	s.ok(err, "sweep")
	equal(s, len(list("")), 20, "how many a sweep leaves")
}
