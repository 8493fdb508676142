package dispatch

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

func TestIdleWorkersWakeEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		p := patient()
		p.Concurrency = 5
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: p})
		defer r.stop()
		pass(time.Minute)
		s.accept("a", 5)
		pass(e.takes / 2)
		if e.most != 5 {
			t.Errorf("%d of 5 idle workers took a delivery", e.most)
		}
		pass(time.Second)
	})
}

func TestAnOperatorsPauseOutlastsWhatTheEndpointSays(t *testing.T) {
	for _, v := range []delivery.Verdict{delivery.VerdictRefused, delivery.VerdictThrottled} {
		synctest.Test(t, func(t *testing.T) {
			s := newMemory()
			e := newEndpoint(always(v))
			s.accept("a", 1)
			r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
			defer r.stop()
			pass(e.takes / 2)
			if err := r.Pause(t.Context(), "a", "mine"); err != nil {
				t.Fatal(err)
			}
			pass(time.Hour)
			if l := r.live("a"); l.Pause != delivery.PausedByOperator || l.Reason != "mine" || len(e.order()) != 1 || len(r.noticed()) != 0 {
				t.Errorf("after %s the lane shows %+v; %d attempts, notices %v", v, l, len(e.order()), r.noticed())
			}
		})
	}
}

// An operator who pauses or resumes while a probe is under way has the last word.
func TestAProbeDoesNotUndoWhatAnOperatorDecided(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(first(delivery.VerdictRefused))
		s.accept("a", 2)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		defer r.stop()
		pass(time.Second)
		pass(5*time.Minute - time.Second + e.takes + e.takes/2) // in the middle of the probe
		if err := r.Pause(t.Context(), "a", "mine"); err != nil {
			t.Fatal(err)
		}
		pass(time.Hour)
		if l := r.live("a"); l.Pause != delivery.PausedByOperator || len(e.order()) != 2 || len(r.noticed()) != 1 {
			t.Errorf("the lane shows %+v; %d attempts, notices %v", l, len(e.order()), r.noticed())
		}
	})
}

func TestAClockSetBackDoesNotStallALane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		year := time.Now().AddDate(1, 0, 0)
		for _, channel := range []string{"head", "lane"} {
			s.accept(channel, 1)
		}
		d := s.get(1)
		d.Next = year
		if err := errors.Join(s.Record(t.Context(), delivery.Result{Delivery: d}), s.SaveLane(t.Context(), delivery.Lane{Channel: "lane", Next: year})); err != nil {
			t.Fatal(err)
		}
		r := start(t, s, Spec{Name: "head", Sender: e, Policy: patient()}, Spec{Name: "lane", Sender: e, Policy: patient()})
		defer r.stop()
		pass(6 * time.Minute)
		if s.get(1).State != delivery.Delivered || s.get(2).State != delivery.Delivered {
			t.Errorf("the head is %s and the delivery in the throttled lane %s", s.get(1).State, s.get(2).State)
		}
	})
}

func TestAChangeThatRepairsNothingIsTriedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictFailed))
		s.accept("a", 1)
		p := Policy{First: time.Hour, Longest: time.Hour}
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: p})
		defer r.stop()
		pass(time.Minute)
		r.apply(Spec{Name: "a", Sender: e, Policy: p, Fingerprint: "changed"})
		pass(time.Minute)
		if n := len(e.order()); n != 2 {
			t.Errorf("%d attempts, want one more after the change", n)
		}
	})
}

func TestAChangeCountsWhileTheLanesStateIsSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		s.commit = 10 * time.Second
		e := newEndpoint(first(delivery.VerdictThrottled))
		s.accept("a", 1)
		p := Policy{First: time.Hour, Longest: time.Hour}
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: p})
		defer r.stop()
		pass(5 * time.Second)
		r.apply(Spec{Name: "a", Sender: e, Policy: p, Fingerprint: "changed"})
		pass(time.Minute)
		if n := len(e.order()); n != 2 {
			t.Errorf("%d attempts, want a second soon after the change", n)
		}
	})
}

func TestALaneThatWaitsHoldsOneDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictFailed))
		s.accept("a", 100)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		defer r.stop()
		pass(time.Minute)
		l := r.lanes["a"]
		l.feed.Lock()
		defer l.feed.Unlock()
		if n := len(l.buffer) + len(l.claimed); n != 1 {
			t.Errorf("the lane holds %d deliveries", n)
		}
	})
}
