package storetest

import (
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

// moveChannel moves a lane that is longer than a step into one that has cards of its
// own, before and after.
func (s *suite) moveChannel() {
	const depth = 2500
	first := s.fill("new", 1)
	entries := make([]store.Entry, depth)
	for i := range entries {
		entries[i] = entry("", "x", "old")
	}
	s.accept(entries...)
	old := s.heads("old")
	s.record(old[0], delivery.Delivered, delivery.VerdictDelivered)
	s.record(old[1], delivery.Dead, delivery.VerdictRejected)
	last := s.fill("new", 1)
	s.ok(s.store.SaveLane(s.ctx(), delivery.Lane{Channel: "old", Pause: delivery.PausedByOperator, Reason: "x"}), "save lane")
	moved, err := s.store.MoveChannel(s.ctx(), "old", "new")
	s.ok(err, "move channel")
	equal(s, moved, depth-1, "moved")
	want := append(append(ids(first), ids(old[2:])...), ids(last)...)
	equal(s, ids(s.heads("new")), want, "the lane")
	equal(s, s.lanes(), []delivery.Lane{{Channel: "new", Waiting: len(want), Oldest: first[0].AcceptedAt}}, "lanes")
	counts, err := s.store.DeadLetters(s.ctx())
	s.ok(err, "dead letters")
	equal(s, counts, map[string]int{"new": 1}, "dead letters")
	for i, channel := range []string{"old", "new"} {
		sum, _ := s.summary(old[i].ID)
		equal(s, sum.Channel, channel, "channel of the "+string(sum.State))
	}
	moved, err = s.store.MoveChannel(s.ctx(), "old", "new")
	s.ok(err, "move channel again")
	equal(s, moved, 0, "moved again")
}

// moveTells shows that a lane hears of what it is given.
func (s *suite) moveTells() {
	var h heard
	s.store.Notify(h.notify)
	d := s.fill("old", 1)
	_, err := s.store.MoveChannel(s.ctx(), "old", "new")
	s.ok(err, "move channel")
	equal(s, h.take(), store.Notice{Accepted: []string{"old"}, Returned: []string{"new"}}, "notices")
	s.record(s.heads("new")[0], delivery.Delivered, delivery.VerdictDelivered)
	sum, _ := s.summary(d[0].ID)
	equal(s, sum.State, delivery.Delivered, "state of what was moved")
}

func (s *suite) forgetChannel() {
	old, other := s.fill("old", 3), s.fill("other", 1)
	s.record(old[0], delivery.Delivered, delivery.VerdictDelivered)
	s.record(old[1], delivery.Dead, delivery.VerdictRejected)
	n, err := s.store.ForgetChannel(s.ctx(), "old")
	s.ok(err, "forget channel")
	equal(s, n, 2, "dismissed")
	var states []delivery.State
	for _, d := range old {
		sum, _ := s.summary(d.ID)
		states = append(states, sum.State)
	}
	equal(s, states, []delivery.State{delivery.Delivered, delivery.Dismissed, delivery.Dismissed}, "states")
	equal(s, s.lanes(), []delivery.Lane{{Channel: "other", Waiting: 1, Oldest: other[0].AcceptedAt}}, "lanes")
	changed, err := s.store.Replay(s.ctx(), ids(old))
	s.ok(err, "replay")
	equal(s, changed, ids(old[1:]), "what can be replayed")
}

// moveConnector gives a connector another name, and then another one its old name.
func (s *suite) moveConnector() {
	s.openConnector("ci", "rss")
	known := store.Batch{Connector: "ci", Events: []store.Entry{entry("k", "1", "a")}, Checkpoint: event.Checkpoint("x")}
	receipts, err := s.store.Accept(s.ctx(), known)
	s.ok(err, "accept")
	s.ok(s.store.SavePoll(s.ctx(), "ci", store.Poll{Health: "ok"}), "save poll")
	s.ok(s.store.SaveToken(s.ctx(), "ci", []byte("sealed for ci")), "save token")
	before := s.openConnector("ci", "rss")
	s.openConnector("build", "rss")
	s.ok(s.store.MoveConnector(s.ctx(), "ci", "build", []byte("sealed for build")), "move connector")

	after := before
	after.Name = "build"
	equal(s, s.openConnector("build", "rss"), after, "the connector")
	sealed, err := s.store.Token(s.ctx(), "build")
	s.ok(err, "token")
	equal(s, string(sealed), "sealed for build", "its token")
	_, err = s.store.Token(s.ctx(), "ci")
	s.is(err, store.ErrNotFound, "the token under the old name")
	for _, name := range []string{"build", "ci"} { // a request may be under way under the old name
		again, err := s.store.Accept(s.ctx(), store.Batch{Connector: name, Events: known.Events})
		s.ok(err, "accept again")
		equal(s, again, []store.Receipt{{Event: receipts[0].Event, Seen: true}}, "receipt of a key that "+name+" knows")
	}
	s.is(s.store.MoveConnector(s.ctx(), "ci", "build", nil), store.ErrNotFound, "move again")

	fresh := s.openConnector("ci", "rss")
	if fresh.HookToken == before.HookToken || fresh.Checkpoint != nil {
		s.Errorf("a new connector of the old name has what the old one had: %+v", fresh)
	}
	known.Checkpoint = nil
	again, err := s.store.Accept(s.ctx(), known)
	s.ok(err, "accept")
	equal(s, again[0].Seen, false, "the new connector knows the key")
	s.is(s.store.MoveConnector(s.ctx(), "ci", "build", nil), store.ErrTaken, "move onto one that has events")
	s.is(s.store.MoveConnector(s.ctx(), "nobody", "new", nil), store.ErrNotFound, "move what is not there")
}

func (s *suite) forgetConnector() {
	for _, name := range []string{"gone", "kept"} {
		s.openConnector(name, "rss")
		_, err := s.store.Accept(s.ctx(), store.Batch{Connector: name, Events: []store.Entry{entry("k", "1", "a")}, Checkpoint: event.Checkpoint("x")})
		s.ok(err, "accept")
		s.ok(s.store.SaveToken(s.ctx(), name, []byte("sealed")), "save token")
	}
	before := s.openConnector("gone", "rss")
	s.ok(s.store.ForgetConnector(s.ctx(), "gone"), "forget connector")
	s.is(s.store.ForgetConnector(s.ctx(), "gone"), store.ErrNotFound, "forget it again")
	_, err := s.store.Token(s.ctx(), "gone")
	s.is(err, store.ErrNotFound, "its token")
	after := s.openConnector("gone", "rss")
	if after.HookToken == before.HookToken || after.Checkpoint != nil || !after.LastEvent.IsZero() {
		s.Errorf("it is still known: %+v", after)
	}
	for name, seen := range map[string]bool{"gone": false, "kept": true} {
		receipts, err := s.store.Accept(s.ctx(), store.Batch{Connector: name, Events: []store.Entry{entry("k", "1", "a")}})
		s.ok(err, "accept")
		equal(s, receipts[0].Seen, seen, "whether "+name+" knows its key")
	}
	equal(s, len(s.heads("a")), 3, "what waits of the events of all")
}

func (s *suite) rotateHook() {
	before := s.openConnector("c", "webhook")
	used, until := time.Now().Truncate(time.Microsecond), time.Now().Add(time.Hour).Truncate(time.Microsecond)
	s.ok(s.store.SaveHookUse(s.ctx(), map[string]time.Time{before.HookToken: used, "of nobody": used}), "save use")
	token, err := s.store.RotateHook(s.ctx(), "c", until)
	s.ok(err, "rotate")
	after := s.openConnector("c", "webhook")
	if after.HookToken == before.HookToken || after.HookToken == "" || after.HookToken != token {
		s.Error("the URL is not new")
	}
	want := store.Kept{Name: "c", Type: "webhook", Former: store.FormerHook{Token: before.HookToken, Until: until, Used: used}}
	equal(s, after, want, "the connector", cmpopts.IgnoreFields(store.Kept{}, "HookToken"))
	later := used.Add(time.Minute)
	s.ok(s.store.SaveHookUse(s.ctx(), map[string]time.Time{before.HookToken: later, after.HookToken: later}), "save use")
	s.ok(s.store.SaveHookUse(s.ctx(), map[string]time.Time{before.HookToken: used, after.HookToken: used}), "save an earlier use")
	c := s.openConnector("c", "webhook")
	equal(s, []time.Time{c.HookUsed, c.Former.Used}, []time.Time{later, later}, "last uses")
	_, err = s.store.RotateHook(s.ctx(), "c", time.Time{})
	s.ok(err, "rotate at once")
	if c = s.openConnector("c", "webhook"); c.Former.Token != after.HookToken || c.Former.Until.After(time.Now()) {
		s.Errorf("the URL before still works: %+v", c.Former)
	}
	_, err = s.store.RotateHook(s.ctx(), "nobody", until)
	s.is(err, store.ErrNotFound, "rotate what is not there")
}
