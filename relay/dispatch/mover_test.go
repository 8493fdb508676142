package dispatch

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// renamed returns a channel that was called "old".
func renamed(e *endpoint) Spec {
	return Spec{Name: "new", Was: []string{"old"}, Sender: e, Policy: patient()}
}

// A channel is renamed while a delivery is in flight and more arrive under both names:
// each goes out once, in the order in which they were accepted.
func TestARenamedChannelGoesOnWhereItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, e := newMemory(), newEndpoint(always(delivery.VerdictDelivered))
		e.takes = 10 * time.Second
		want := s.accept("old", 4)
		r := start(t, s, Spec{Name: "old", Sender: e, Policy: patient()})
		defer r.stop()
		pass(time.Second)
		r.apply(renamed(e))
		want = append(want, s.accept("new", 1)...)
		pass(time.Hour)
		want = append(want, s.accept("old", 1)...) // was routed before the reload
		pass(time.Hour)
		if got := e.order(); !slices.Equal(got, want) || e.most != 1 {
			t.Errorf("sent %v, at most %d at a time; want %v", got, e.most, want)
		}
		if l := r.live("new"); l.State != delivery.Open {
			t.Errorf("the lane is %+v", l)
		}
	})
}

func TestARenamedChannelWaitsForItsOldCards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, e := newMemory(), newEndpoint(always(delivery.VerdictDelivered))
		want := s.accept("old", 2)
		s.breaks(errDisk, "MoveChannel")
		r := start(t, s, renamed(e))
		defer r.stop()
		want = append(want, s.accept("new", 2)...)
		pass(time.Hour)
		if got := e.order(); len(got) != 0 {
			t.Errorf("sent %v before the older ones", got)
		}
		r.apply(renamed(e)) // another reload changes nothing about that
		s.breaks(nil)
		pass(time.Hour)
		if got := e.order(); !slices.Equal(got, want) {
			t.Errorf("sent %v, want %v", got, want)
		}
	})
}

func TestARenamedChannelStaysPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, e := newMemory(), newEndpoint(always(delivery.VerdictDelivered))
		r := start(t, s, Spec{Name: "old", Sender: e, Policy: patient()})
		if err := r.Pause(t.Context(), "old", "maintenance"); err != nil {
			t.Fatal(err)
		}
		s.accept("old", 2)
		r.apply(renamed(e))
		pass(time.Minute)
		if l := r.live("new"); l.State != delivery.Paused || l.Reason != "maintenance" || l.Waiting != 2 || len(e.order()) != 0 {
			t.Errorf("the lane is %+v; sent %v", l, e.order())
		}
		r.stop()
		r = start(t, s, renamed(e))
		defer r.stop()
		pass(time.Minute)
		if l := r.live("new"); l.State != delivery.Paused {
			t.Errorf("after a restart the lane is %+v", l)
		}
	})
}

// A channel takes over another that is still at work, both with cards of their own.
func TestAChannelTakesAnotherOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, e, old := newMemory(), newEndpoint(always(delivery.VerdictDelivered)), newEndpoint(always(delivery.VerdictFailed))
		e.takes, old.takes = time.Second, 10*time.Second
		mine, theirs := s.accept("new", 3), s.accept("old", 3)
		r := start(t, s, Spec{Name: "old", Sender: old, Policy: patient()}, Spec{Name: "new", Sender: e, Policy: patient()})
		defer r.stop()
		pass(1500 * time.Millisecond)
		r.apply(renamed(e))
		pass(time.Hour)
		got := e.order()
		slices.Sort(got)
		if want := append(mine, theirs...); !slices.Equal(got, want) {
			t.Errorf("sent %v, want %v once each", got, want)
		}
	})
}

// When the old name is given to another channel, the renamed one takes nothing from it.
func TestAnOldNameCanBeGivenAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, e, other := newMemory(), newEndpoint(always(delivery.VerdictDelivered)), newEndpoint(always(delivery.VerdictDelivered))
		want := s.accept("old", 2)
		r := start(t, s, renamed(e))
		defer r.stop()
		pass(time.Minute)
		r.apply(Spec{Name: "new", Sender: e, Policy: patient()}, Spec{Name: "old", Sender: other, Policy: patient()})
		others := s.accept("old", 2)
		pass(time.Minute)
		if !slices.Equal(e.order(), want) || !slices.Equal(other.order(), others) {
			t.Errorf("sent %v and %v, want %v and %v", e.order(), other.order(), want, others)
		}
	})
}
