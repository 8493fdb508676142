package storetest

import (
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// urgentHeads asks for the urgent ones of a lane, first when it is short and then
// when it is deeper than what an implementation may keep in memory.
func (s *suite) urgentHeads() {
	add := func(n int, urgent bool) {
		s.Helper()
		entries := make([]store.Entry, n)
		for i := range entries {
			entries[i] = entry("", fmt.Sprintf("%d urgent %t", i, urgent), "a", "b")
			entries[i].Deliveries[0].Urgent = urgent
		}
		s.accept(entries...)
	}
	page := func(channel string, n int) []delivery.Delivery {
		s.Helper()
		list, err := s.store.Heads(s.ctx(), channel, true, n)
		s.ok(err, "urgent heads")
		return list
	}
	equal(s, len(page("a", 9)), 0, "urgent ones of a lane that does not exist")
	add(2, false)
	add(2, true)
	add(1, false)
	equal(s, page("a", 9), s.heads("a")[2:4], "the urgent ones")
	equal(s, page("a", 1), s.heads("a")[2:3], "the first urgent one")
	add(600, false)
	add(2, true)
	all := s.heads("a")
	want := append(ids(all[2:4]), ids(all[605:])...)
	equal(s, ids(page("a", 9)), want, "the urgent ones of a deep lane")
	equal(s, ids(page("a", 3)), want[:3], "the first three of a deep lane")
	equal(s, len(page("b", 9)), 0, "urgent ones of a lane without any")
	s.record(all[2], delivery.Delivered, delivery.VerdictDelivered)
	equal(s, ids(page("a", 9)), want[1:], "without one that was delivered")
	waiting, _, err := s.store.Waiting(s.ctx(), "a")
	s.ok(err, "waiting")
	equal(s, waiting, len(all)-1, "how much waits")
	sum, _ := s.summary(want[1])
	equal(s, sum.Urgent, true, "urgent, in a list")
}

func (s *suite) recordDigest() {
	list := s.fill("a", 4)
	start := time.Now().Truncate(time.Microsecond)
	results := func(started time.Time, state delivery.State, verdict delivery.Verdict, members ...delivery.Delivery) []delivery.Result {
		var all []delivery.Result
		for _, d := range members {
			d.State, d.Attempts, d.Digest = state, d.Attempts+1, members[0].ID
			all = append(all, delivery.Result{Delivery: d, Attempt: delivery.Attempt{
				Delivery: d.ID, Number: d.Attempts, Started: started, Took: time.Millisecond, Gathered: len(members),
				Outcome: delivery.Outcome{Verdict: verdict, Status: 200},
			}})
		}
		return all
	}
	failed := results(start, delivery.Waiting, delivery.VerdictFailed, list[:3]...)
	failed[1].Delivery.Unknown, failed[1].Delivery.Next = true, start.Add(time.Hour)
	s.ok(s.store.Record(s.ctx(), failed...), "record a digest that failed")
	heads := s.heads("a")
	equal(s, heads, []delivery.Delivery{failed[0].Delivery, failed[1].Delivery, failed[2].Delivery, list[3]}, "the lane after a digest that failed")

	lost := results(start.Add(time.Second), delivery.Delivered, delivery.VerdictDelivered, heads[0], heads[1])
	lost = append(lost, delivery.Result{Attempt: delivery.Attempt{Delivery: 4711}, Delivery: delivery.Delivery{ID: 4711, State: delivery.Delivered}})
	s.is(s.store.Record(s.ctx(), lost...), store.ErrNotFound, "record a digest with a delivery that is not there")
	equal(s, s.heads("a"), heads, "the lane after a digest that could not be recorded")

	sent := results(start.Add(time.Minute), delivery.Delivered, delivery.VerdictDelivered, heads[0], heads[1])
	s.ok(s.store.Record(s.ctx(), sent...), "record a digest")
	s.ok(s.store.Record(s.ctx(), sent...), "record the same again")
	equal(s, ids(s.heads("a")), ids(list[2:]), "what waits")
	equal(s, s.lanes()[0].Waiting, 2, "how much waits")
	for i := range sent {
		sum, attempts := s.summary(list[i].ID)
		equal(s, attempts, []delivery.Attempt{failed[i].Attempt, sent[i].Attempt}, "attempts of one that was carried")
		equal(s, sum.Delivery, sent[i].Delivery, "one that was carried")
	}
	last := heads[2]
	last.State, last.Digest, last.Attempts = delivery.Delivered, 0, 2
	s.ok(s.store.Record(s.ctx(), delivery.Result{Attempt: delivery.Attempt{Delivery: last.ID, Number: 2, Started: start.Add(time.Hour)}, Delivery: last}), "record")
	sum, attempts := s.summary(last.ID)
	equal(s, sum.Digest, int64(0), "the digest of one that was sent alone at last")
	equal(s, attempts[0].Gathered, 3, "how many went with its first attempt")
	s.ok(s.store.Record(s.ctx()), "record nothing")
}
