package dispatch

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

func TestQuietHoursHoldWhatIsNotUrgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		r := start(t, s, quietly(e, digests()))
		defer r.stop()
		s.accept("a", 2)
		pass(4 * time.Minute)
		s.accept("a", 3)
		s.acceptUrgent("a", 1)
		pass(time.Second)
		if got := e.runs(); got != "1,2,6" {
			t.Errorf("before the end: %s", got)
		}
		if l := r.live("a"); l.State != delivery.Quiet || l.Reason != "quiet until 00:09" || l.Waiting != 3 || !l.Next.Equal(r.Quiet("a")) {
			t.Errorf("the lane: %+v", l)
		}
		s.accept("a", 3)
		s.acceptUrgent("a", 2)
		pass(5 * time.Minute)
		if got := e.runs(); got != "1,2,6,10,11,3 4 5 7,8 9" {
			t.Errorf("after the end: %s", got)
		}
		if l := r.live("a"); l.State != delivery.Open || l.Reason != "" || !r.Quiet("a").IsZero() {
			t.Errorf("the lane: %+v", l)
		}
		s.accept("a", 2)
		pass(time.Second)
		if got := e.runs(); got != "1,2,6,10,11,3 4 5 7,8 9,12,13" {
			t.Errorf("later: %s", got)
		}
	})
}

func TestWhatQuietHoursHeldGoesOneByOneWithoutDigests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		r := start(t, s, quietly(e, patient()))
		defer r.stop()
		pass(4 * time.Minute)
		s.accept("a", 3)
		pass(10 * time.Minute)
		if got := e.runs(); got != "1,2,3" {
			t.Errorf("sent: %s", got)
		}
	})
}

// Only what was accepted in quiet hours belongs into their digest, also when it was
// the relay that was down.
func TestOnlyWhatWasHeldIsGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		s.accept("a", 2)
		pass(4 * time.Minute)
		s.accept("a", 2)
		pass(time.Hour)
		s.accept("a", 2)
		r := start(t, s, quietly(e, digests()))
		defer r.stop()
		pass(time.Minute)
		if got := e.runs(); got != "1,2,3 4,5,6" {
			t.Errorf("sent: %s", got)
		}
	})
}

func TestARestartInQuietHoursSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		r := start(t, s, quietly(e, digests()))
		pass(4 * time.Minute)
		s.accept("a", 3)
		r.stop()
		r = start(t, s, quietly(e, digests()))
		defer r.stop()
		pass(time.Minute)
		if got := e.runs(); got != "" || r.live("a").State != delivery.Quiet {
			t.Errorf("sent %q, and the lane is %s", got, r.live("a").State)
		}
		pass(5 * time.Minute)
		if got := e.runs(); got != "1 2 3" {
			t.Errorf("sent: %s", got)
		}
	})
}

func TestAHeadThatBacksOffIntoQuietHoursLetsUrgentOnesPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newMemory(), digests()
		p.First, p.Longest = 4*time.Minute, 4*time.Minute
		e := newEndpoint(func(d delivery.Delivery, n int) delivery.Outcome {
			if d.ID == 1 && n == 1 {
				return is(delivery.VerdictFailed)
			}
			return is(delivery.VerdictDelivered)
		})
		s.accept("a", 1)
		r := start(t, s, quietly(e, p))
		defer r.stop()
		pass(3*time.Minute + time.Second)
		s.acceptUrgent("a", 1)
		pass(time.Second)
		if got := e.runs(); got != "1,2" {
			t.Errorf("in quiet hours: %s", got)
		}
		pass(10 * time.Minute)
		if got := e.runs(); got != "1,2,1" {
			t.Errorf("after them: %s", got)
		}
	})
}

func TestPausesAndQuietHoursBothHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		r := start(t, s, quietly(e, digests()))
		defer r.stop()
		pass(4 * time.Minute)
		if err := r.Pause(t.Context(), "a", "maintenance"); err != nil {
			t.Fatal(err)
		}
		s.accept("a", 2)
		s.acceptUrgent("a", 1)
		pass(time.Minute)
		if got := e.runs(); got != "" || r.live("a").State != delivery.Paused {
			t.Errorf("sent %q, and the lane is %s", got, r.live("a").State)
		}
		if err := r.Resume(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if got := e.runs(); got != "3" || r.live("a").State != delivery.Quiet {
			t.Errorf("sent %q, and the lane is %s", got, r.live("a").State)
		}
		pass(10 * time.Minute)
		if got := e.runs(); got != "3,1 2" {
			t.Errorf("sent: %s", got)
		}
	})
}

func TestAChangedConfigurationEndsQuietHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		r := start(t, s, quietly(e, digests()))
		defer r.stop()
		pass(4 * time.Minute)
		s.accept("a", 2)
		pass(time.Second)
		r.apply(Spec{Name: "a", Sender: e, Policy: digests(), Fingerprint: "loud"})
		pass(time.Second)
		if got := e.runs(); got != "1,2" {
			t.Errorf("sent: %s", got)
		}
		r.apply(quietly(e, digests()))
		s.accept("a", 2)
		pass(time.Second)
		if got := e.runs(); got != "1,2" {
			t.Errorf("quiet again: %s", got)
		}
		pass(10 * time.Minute)
		if got := e.runs(); got != "1,2,3 4" {
			t.Errorf("at the end: %s", got)
		}
	})
}

// What a lane has read before quiet hours begin or end is not what goes next.
func TestQuietHoursBeginAndEndInTheMiddleOfALane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		e.takes = 10 * time.Second
		r := start(t, s, quietly(e, patient()))
		defer r.stop()
		pass(3*time.Minute - time.Second)
		s.accept("a", 2)
		s.acceptUrgent("a", 1)
		pass(6*time.Minute - time.Second)
		if got := e.runs(); got != "1,3" {
			t.Errorf("when they have begun: %s", got)
		}
		s.accept("a", 1)
		s.acceptUrgent("a", 2)
		pass(time.Hour)
		if got := e.runs(); got != "1,3,5,2,4,6" {
			t.Errorf("when they have ended: %s", got)
		}
	})
}
