package dispatch

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// places returns the place of each delivery among all attempts, from 0.
func places(e *endpoint, ids []int64) []int {
	var list []int
	for _, id := range ids {
		list = append(list, slices.Index(e.order(), id))
	}
	return list
}

func TestHostileFloodOfOneConnectorDoesNotHoldUpTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, e := newMemory(), newEndpoint(always(delivery.VerdictDelivered))
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		defer r.stop()
		flood := s.accept("a", 600)
		pass(time.Second)
		before := len(e.order())
		first := s.take("alarm", "a", 1, false)
		second := s.take("build", "a", 3, false)
		pass(time.Minute)
		if at := places(e, first)[0] - before; at > prefetch+2 {
			t.Errorf("the alarm waited for %d of the flood", at)
		}
		if at := places(e, second)[2] - before; at > prefetch+3*3 {
			t.Errorf("the last of three builds waited for %d", at)
		}
		pass(time.Hour)
		if got := len(e.order()); got != len(flood)+4 {
			t.Fatalf("%d of %d cards went out", got, len(flood)+4)
		}
		if !slices.IsSorted(places(e, flood)) || !slices.IsSorted(places(e, second)) {
			t.Error("a connector's own cards came out of order")
		}
	})
}

func TestALaneWithoutACrowdKeepsTheOrderOfAcceptance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, e := newMemory(), newEndpoint(always(delivery.VerdictDelivered))
		r := start(t, s)
		defer r.stop()
		var ids []int64
		for range crowd / 4 {
			for _, connector := range []string{"c", "a", "b"} {
				ids = append(ids, s.take(connector, "a", 4, false)...)
			}
		}
		r.apply(Spec{Name: "a", Sender: e, Policy: patient()})
		pass(time.Minute)
		if !slices.Equal(e.order(), ids) {
			t.Errorf("cards came in the order %v", e.order())
		}
	})
}

func TestAHeadThatFailsKeepsItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		// Each card succeeds at its third attempt.
		e := newEndpoint(func(_ delivery.Delivery, n int) delivery.Outcome {
			if n < 3 {
				return is(delivery.VerdictFailed)
			}
			return is(delivery.VerdictDelivered)
		})
		r := start(t, s)
		defer r.stop()
		s.accept("a", 3*crowd)
		s.take("alarm", "a", crowd, false)
		r.apply(Spec{Name: "a", Sender: e, Policy: patient()})
		pass(time.Hour)
		order := e.order()
		if len(order) != 3*4*crowd {
			t.Fatalf("%d attempts", len(order))
		}
		for i := 0; i < len(order); i += 3 {
			if order[i] != order[i+1] || order[i] != order[i+2] {
				t.Fatalf("attempts %v: another card went while the head waited for its next attempt", order[i:i+3])
			}
		}
	})
}

func TestConnectorsTakeTurnsInDigestsAndQuietHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, e := newMemory(), newEndpoint(always(delivery.VerdictDelivered))
		p := patient()
		p.Rate, p.Burst, p.Digest = 1, 1, Digest{Most: 10, After: time.Second}
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: p})
		defer r.stop()
		s.accept("a", 400)
		pass(10 * time.Second)
		before := len(e.order())
		alarm := s.take("alarm", "a", 1, false)
		pass(3 * time.Second)
		if at := places(e, alarm)[0]; at < 0 || at-before > 2*p.Digest.Most {
			t.Errorf("the alarm is at place %d of all after %d", at, before)
		}

		time.Sleep(time.Until(night().Next(time.Now()))) // urgent ones only
		s.take("feed", "b", 100, true)
		urgent := s.take("alarm", "b", 1, true)
		b := newEndpoint(always(delivery.VerdictDelivered))
		r.apply(Spec{Name: "a", Sender: e, Policy: p}, Spec{Name: "b", Sender: b, Policy: patient(), Quiet: night()})
		pass(time.Minute)
		if at := places(b, urgent)[0]; at < 0 || at > prefetch+2 {
			t.Errorf("the urgent alarm is at place %d", at)
		}
	})
}
