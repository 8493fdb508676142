package storetest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

func (s *suite) headsFirst() {
	all := s.fill("a", 5)
	s.fill("b", 2)
	first := func(n int) []int64 {
		s.Helper()
		list, err := s.store.Heads(s.ctx(), "a", false, n)
		s.ok(err, "heads")
		return ids(list)
	}
	equal(s, first(2), ids(all[:2]), "the first two")
	equal(s, first(9), ids(all), "all")
	equal(s, first(0), nil, "none at all", cmpopts.EquateEmpty())
	s.record(all[2], delivery.Delivered, delivery.VerdictDelivered)
	equal(s, first(3), []int64{all[0].ID, all[1].ID, all[3].ID}, "without one from the middle")
	equal(s, len(s.heads("nobody's")), 0, "of a lane that does not exist")
}

// headsWhileAccepting reads a lane again and again while 8 callers accept: what is read
// later begins with all that was read before. A delivery that shows up between those that
// were read would be passed over by a lane that has gone past it.
func (s *suite) headsWhileAccepting() {
	const callers, each = 8, 100
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for range each {
				if _, err := s.store.Accept(s.ctx(), store.Batch{Connector: "c", Events: []store.Entry{entry("", "x", "a")}}); err != nil {
					s.Error(err)
					return
				}
			}
		})
	}
	var read []int64
	for len(read) < callers*each && !s.Failed() {
		now := ids(s.heads("a"))
		if len(now) < len(read) || !slices.Equal(now[:len(read)], read) || !slices.IsSorted(now) {
			s.Fatalf("the lane was %v, and then %v", read, now)
		}
		read = now
	}
	group.Wait()
	equal(s, len(read), callers*each, "how many were read while others accepted")
}

// deepLane delivers a lane that is deeper than what an implementation may keep in
// memory, while more comes in.
func (s *suite) deepLane() {
	const depth, batch = 1200, 100
	for n := range depth / batch {
		var entries []store.Entry
		for i := range batch {
			entries = append(entries, entry("", fmt.Sprint(n*batch+i), "a"))
		}
		s.accept(entries...)
	}
	for n := 0; n < depth+depth/10; {
		list, err := s.store.Heads(s.ctx(), "a", false, 50)
		s.ok(err, "heads")
		if len(list) == 0 {
			s.Fatalf("the lane is empty after %d of %d", n, depth)
		}
		var group sync.WaitGroup
		for i, d := range list {
			equal(s, cardTitle(s, d.Card), fmt.Sprint(n+i), "card")
			group.Go(func() { s.record(d, delivery.Delivered, delivery.VerdictDelivered) })
		}
		group.Wait()
		n += len(list)
		if n <= depth && n%batch == 0 {
			more := make([]store.Entry, batch/10)
			for i := range more {
				more[i] = entry("", fmt.Sprint(depth+(n/batch-1)*len(more)+i), "a")
			}
			s.accept(more...)
		}
	}
	equal(s, len(s.heads("a")), 0, "deliveries left")
	equal(s, s.lanes(), nil, "lanes", cmpopts.EquateEmpty())
}

func (s *suite) lanes() []delivery.Lane {
	s.Helper()
	list, err := s.store.Lanes(s.ctx())
	s.ok(err, "lanes")
	return list
}

func (s *suite) laneCounts() {
	equal(s, s.lanes(), nil, "lanes of an empty store", cmpopts.EquateEmpty())
	b := s.fill("b", 2)
	a := s.fill("a", 3)
	want := []delivery.Lane{
		{Channel: "a", Waiting: 3, Oldest: a[0].AcceptedAt},
		{Channel: "b", Waiting: 2, Oldest: b[0].AcceptedAt},
	}
	equal(s, s.lanes(), want, "lanes")
	time.Sleep(2 * time.Millisecond) // so that the next is accepted later by any clock
	more := s.fill("a", 1)
	for _, d := range append(a, b...) {
		s.record(d, delivery.Delivered, delivery.VerdictDelivered)
	}
	equal(s, s.lanes(), []delivery.Lane{{Channel: "a", Waiting: 1, Oldest: more[0].AcceptedAt}}, "lanes after deliveries")
	s.record(more[0], delivery.Dead, delivery.VerdictRejected)
	equal(s, s.lanes(), nil, "lanes with a dead letter only", cmpopts.EquateEmpty())
}

func (s *suite) lanePause() {
	now := time.Now().Truncate(time.Microsecond)
	paused := delivery.Lane{Channel: "b", Pause: delivery.PausedByEndpoint, Reason: "410 Gone", Since: now, Next: now.Add(time.Hour)}
	counted := paused
	counted.Waiting, counted.Oldest = 77, now
	s.ok(s.store.SaveLane(s.ctx(), counted), "save lane")
	s.ok(s.store.SaveLane(s.ctx(), delivery.Lane{Channel: "a", Next: now.Add(time.Minute)}), "save lane")
	equal(s, s.lanes(), []delivery.Lane{{Channel: "a", Next: now.Add(time.Minute)}, paused}, "lanes")
	d := s.fill("b", 1)
	paused.Waiting, paused.Oldest = 1, d[0].AcceptedAt
	paused.Pause, paused.Reason, paused.Next = delivery.PausedByOperator, "maintenance", time.Time{}
	s.ok(s.store.SaveLane(s.ctx(), paused), "save lane")
	s.ok(s.store.SaveLane(s.ctx(), delivery.Lane{Channel: "a"}), "save lane")
	equal(s, s.lanes(), []delivery.Lane{paused}, "lanes after a change")
	s.ok(s.store.SaveLane(s.ctx(), delivery.Lane{Channel: "b"}), "save lane")
	equal(s, s.lanes(), []delivery.Lane{{Channel: "b", Waiting: 1, Oldest: d[0].AcceptedAt}}, "lanes after a resume")
	s.ok(s.store.SaveLane(s.ctx(), delivery.Lane{Channel: "c", Drain: d[0].ID}), "save lane")
	equal(s, s.lanes()[1], delivery.Lane{Channel: "c", Drain: d[0].ID}, "a lane that is being drained")
	s.ok(s.store.SaveLane(s.ctx(), delivery.Lane{Channel: "c"}), "save lane")
	equal(s, len(s.lanes()), 1, "lanes after it was drained")
}

func (s *suite) recordMoves() {
	for _, state := range []delivery.State{delivery.Delivered, delivery.Accepted, delivery.Dead} {
		d := s.fill("a", 1)[0]
		before := time.Now().Add(-time.Millisecond)
		d.State, d.Attempts, d.Reason, d.Unknown = state, 1, "because", true
		a := delivery.Attempt{
			Delivery: d.ID, Number: 1, Started: time.Now().Truncate(time.Microsecond), Took: 1234 * time.Microsecond, PossibleDuplicate: true,
			Outcome: delivery.Outcome{Verdict: delivery.VerdictRejected, Status: 413, Detail: "too large", RetryAfter: 7 * time.Second, Bytes: 99, Omitted: []string{"section 2", "2 facts"}},
		}
		s.ok(s.store.Record(s.ctx(), delivery.Result{Attempt: a, Delivery: d}), "record")
		equal(s, len(s.heads("a")), 0, "deliveries that wait")
		sum, attempts := s.summary(d.ID)
		equal(s, attempts, []delivery.Attempt{a}, "attempts")
		if sum.Finished.Before(before) || sum.Finished.After(time.Now()) {
			s.Errorf("%s: finished at %v, which is not now", state, sum.Finished)
		}
		equal(s, sum, store.Summary{Delivery: d, Kind: "test", Title: "0", Finished: sum.Finished, Last: &a}, "summary")
	}
}

func (s *suite) recordWaits() {
	d := s.fill("a", 2)[0]
	start := time.Now().Truncate(time.Microsecond)
	var want []delivery.Attempt
	for n := range 3 {
		d.Attempts, d.Unknown, d.Next, d.Reason = n+1, n > 0, start.Add(time.Duration(n)*time.Minute), fmt.Sprint("try ", n)
		a := delivery.Attempt{Delivery: d.ID, Number: n + 1, Started: start.Add(time.Duration(n) * time.Second), Outcome: delivery.Outcome{Verdict: delivery.VerdictFailed, Status: 500 + n}}
		s.ok(s.store.Record(s.ctx(), delivery.Result{Attempt: a, Delivery: d}), "record")
		equal(s, s.heads("a")[0], d, "head")
		want = append(want, a)
	}
	sum, attempts := s.summary(d.ID)
	equal(s, attempts, want, "attempts")
	equal(s, sum, store.Summary{Delivery: d, Kind: "test", Title: "0", Last: &want[2]}, "summary")
	equal(s, len(s.heads("a")), 2, "deliveries that wait")
}

func (s *suite) recordTwice() {
	list := s.fill("a", 2)
	d := list[0]
	d.State, d.Attempts = delivery.Delivered, 1
	a := delivery.Attempt{Delivery: d.ID, Number: 1, Started: time.Now(), Outcome: delivery.Outcome{Verdict: delivery.VerdictDelivered}}
	s.ok(s.store.Record(s.ctx(), delivery.Result{Attempt: a, Delivery: d}), "record")
	s.ok(s.store.Record(s.ctx(), delivery.Result{Attempt: a, Delivery: d}), "record the same again")
	late := d
	late.State = delivery.Dead
	b := a
	b.Number = 2
	s.ok(s.store.Record(s.ctx(), delivery.Result{Attempt: b, Delivery: late}), "record another when it has ended")
	sum, attempts := s.summary(d.ID)
	equal(s, len(attempts), 2, "attempts")
	equal(s, sum.State, delivery.Delivered, "state")
	equal(s, ids(s.heads("a")), ids(list[1:]), "what waits")
	equal(s, s.lanes()[0].Waiting, 1, "how much waits")
	s.is(s.store.Record(s.ctx(), delivery.Result{Attempt: delivery.Attempt{Delivery: 4711}, Delivery: delivery.Delivery{ID: 4711, State: delivery.Dead}}), store.ErrNotFound, "record for no delivery")
}

func (s *suite) replay() {
	list := s.fill("a", 4)
	list[1].Unknown = true
	for _, d := range list[:2] {
		s.record(d, delivery.Dead, delivery.VerdictRejected)
	}
	s.record(list[2], delivery.Delivered, delivery.VerdictDelivered)
	_, err := s.store.Dismiss(s.ctx(), []int64{list[0].ID})
	s.ok(err, "dismiss")
	more := s.fill("a", 1)
	changed, err := s.store.Replay(s.ctx(), []int64{list[1].ID, list[0].ID, list[2].ID, list[3].ID, 4711, list[1].ID})
	s.ok(err, "replay")
	equal(s, changed, ids(list[:2]), "what was replayed")
	got := s.heads("a")
	equal(s, ids(got), []int64{list[0].ID, list[1].ID, list[3].ID, more[0].ID}, "the lane")
	want := list[1]
	equal(s, got[1], want, "a replayed delivery")
	equal(s, s.lanes()[0].Waiting, 4, "how much waits")
	equal(s, s.lanes()[0].Oldest, list[0].AcceptedAt, "the oldest")
	sum, attempts := s.summary(list[1].ID)
	equal(s, len(attempts), 1, "attempts from before")
	if !sum.Finished.IsZero() {
		s.Errorf("it waits, but has finished at %v", sum.Finished)
	}
}

// manyReplays brings back more than anybody would in one commit, named in the order in
// which people see them: whenever the lane looks, the oldest are there first.
func (s *suite) manyReplays() {
	const n = 1000
	list := s.fill("a", n)
	for _, d := range list {
		s.record(d, delivery.Dead, delivery.VerdictRejected)
	}
	younger := s.fill("a", 1)
	var looks [][]int64
	s.store.Notify(func(store.Notice) { looks = append(looks, ids(s.heads("a"))) })
	named := ids(list)
	slices.Reverse(named)
	changed, err := s.store.Replay(s.ctx(), named)
	s.ok(err, "replay")
	equal(s, changed, ids(list), "what was replayed, oldest first")
	for _, look := range looks {
		equal(s, look[:len(look)-1], ids(list)[:len(look)-1], "what a lane sees while the rest comes back")
	}
	equal(s, ids(s.heads("a")), append(ids(list), younger[0].ID), "the lane")
}

func (s *suite) dismiss() {
	list := s.fill("a", 3)
	s.record(list[0], delivery.Dead, delivery.VerdictRejected)
	s.record(list[1], delivery.Accepted, delivery.VerdictAccepted)
	changed, err := s.store.Dismiss(s.ctx(), append(ids(list), 4711))
	s.ok(err, "dismiss")
	equal(s, changed, ids(list[:1]), "what was dismissed")
	sum, _ := s.summary(list[0].ID)
	equal(s, sum.State, delivery.Dismissed, "state")
	equal(s, sum.Reason, "too much", "reason")
	changed, err = s.store.Dismiss(s.ctx(), ids(list[:1]))
	s.ok(err, "dismiss again")
	equal(s, changed, nil, "what was dismissed again", cmpopts.EquateEmpty())
}

func (s *suite) sweep() {
	receipts := s.accept(
		entry("1", "delivered", "a"), entry("2", "accepted", "a"), entry("3", "dead", "a"), entry("4", "dismissed", "a"),
		entry("5", "waiting", "a"), entry("6", "half", "a", "b"), entry("7", "filtered"),
	)
	d := s.heads("a")
	s.record(d[0], delivery.Delivered, delivery.VerdictDelivered)
	s.record(d[1], delivery.Accepted, delivery.VerdictAccepted)
	s.record(d[2], delivery.Dead, delivery.VerdictRejected)
	s.record(d[3], delivery.Dead, delivery.VerdictRejected)
	_, err := s.store.Dismiss(s.ctx(), ids(d[3:4]))
	s.ok(err, "dismiss")
	s.record(d[5], delivery.Delivered, delivery.VerdictDelivered)
	removed, err := s.store.Sweep(s.ctx(), time.Now().Add(-time.Hour))
	s.ok(err, "sweep")
	equal(s, removed, 0, "removed of what is not old")
	removed, err = s.store.Sweep(s.ctx(), time.Now().Add(time.Hour))
	s.ok(err, "sweep")
	equal(s, removed, 4, "removed")
	for i, kept := range []bool{false, false, true, false, true, true, false} {
		_, err := s.store.Event(s.ctx(), receipts[i].Event)
		if gone := err != nil; gone == kept {
			s.Errorf("event %d: kept %t, want %t (error %v)", i+1, !gone, kept, err)
		}
	}
	list, err := s.store.Deliveries(s.ctx(), store.Filter{})
	s.ok(err, "deliveries")
	var left []string
	for _, sum := range list {
		left = append(left, sum.Title+" "+string(sum.State)+" "+sum.Channel)
	}
	equal(s, left, []string{"half waiting b", "waiting waiting a", "dead dead a"}, "deliveries left")
	_, _, err = s.store.Delivery(s.ctx(), d[0].ID)
	s.is(err, store.ErrNotFound, "a delivery that was removed")
}

func (s *suite) sweepKeys() {
	first := s.accept(entry("k", "1", "a"))
	d := s.heads("a")[0]
	s.record(d, delivery.Delivered, delivery.VerdictDelivered)
	_, err := s.store.Sweep(s.ctx(), time.Now().Add(time.Hour))
	s.ok(err, "sweep")
	equal(s, s.accept(entry("k", "1", "a")), []store.Receipt{{Seen: true}}, "receipt of a key whose event is gone")
	next := s.accept(entry("", "2", "a"))
	if next[0].Event <= first[0].Event || s.heads("a")[0].ID <= d.ID {
		s.Errorf("event %d and delivery %d have numbers that were used before", next[0].Event, s.heads("a")[0].ID)
	}
	var many []store.Entry
	for range 450 {
		e := entry("", "x", "many")
		e.Fate = event.Routed
		many = append(many, e)
	}
	s.accept(many...)
	var group sync.WaitGroup
	for _, d := range s.heads("many") {
		group.Go(func() { s.record(d, delivery.Delivered, delivery.VerdictDelivered) })
	}
	group.Wait()
	removed, err := s.store.Sweep(s.ctx(), time.Now().Add(time.Hour))
	s.ok(err, "sweep")
	equal(s, removed, len(many), "removed of many")
}
