package dispatch

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/delivery"
)

// A replayed delivery goes before everything newer except what is in flight, and the
// oldest goes first.
func TestAReplayedDeliveryGoesBeforeWhatIsYounger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(func(d delivery.Delivery, n int) delivery.Outcome {
			if d.ID <= 3 && n == 1 {
				return is(delivery.VerdictRejected)
			}
			return is(delivery.VerdictDelivered)
		})
		s.accept("a", 40)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		defer r.stop()
		pass(10 * (e.takes + s.commit))
		s.replay(3, 2)
		pass(time.Minute)
		got := e.order()
		second := slices.Index(got[3:], 2) + 3
		if second > 11 || got[second+1] != 3 {
			t.Errorf("order of attempts: %v", got)
		}
		rest := slices.Delete(slices.Clone(got), second, second+2)
		if !slices.IsSorted(rest) {
			t.Errorf("a replay disturbed the order of the rest: %v", rest)
		}
		// An idle lane attempts it at once.
		s.replay(1)
		pass(0)
		if got := e.order(); got[len(got)-1] != 1 {
			t.Errorf("the idle lane did not take up the replay: %v", got)
		}
	})
}

// While a lane backs off, a replayed older delivery becomes its head.
func TestALaneLooksAgainAfterAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(func(d delivery.Delivery, n int) delivery.Outcome {
			switch {
			case d.ID == 1 && n == 1:
				return is(delivery.VerdictRejected)
			case d.ID == 2 && n <= 2:
				return is(delivery.VerdictFailed)
			}
			return is(delivery.VerdictDelivered)
		})
		s.accept("a", 3)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: Policy{First: time.Minute}})
		defer r.stop()
		pass(10 * time.Second)
		s.replay(1)
		pass(10 * time.Minute)
		if diff := cmp.Diff([]int64{1, 2, 1, 2, 2, 3}, e.order()); diff != "" {
			t.Errorf("order of attempts (-want +got)\n%s", diff)
		}
	})
}
