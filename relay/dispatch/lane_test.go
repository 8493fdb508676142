package dispatch

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/delivery"
)

// first answers a delivery's attempts with these verdicts and then with delivered.
func first(verdicts ...delivery.Verdict) func(delivery.Delivery, int) delivery.Outcome {
	return func(_ delivery.Delivery, n int) delivery.Outcome {
		if n <= len(verdicts) {
			return is(verdicts[n-1])
		}
		return is(delivery.VerdictDelivered)
	}
}

func TestALaneKeepsItsOrderThroughRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(first(delivery.VerdictFailed, delivery.VerdictUnknown, delivery.VerdictThrottled))
		ids := s.accept("a", 20)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		defer r.stop()
		pass(time.Hour)
		more := s.accept("a", 3)
		pass(time.Hour)
		var want []int64
		for _, id := range append(ids, more...) {
			want = append(want, id, id, id, id)
		}
		if diff := cmp.Diff(want, e.order()); diff != "" {
			t.Errorf("order of attempts (-want +got)\n%s", diff)
		}
		if e.most != 1 {
			t.Errorf("%d attempts were in flight at once", e.most)
		}
		for _, id := range ids {
			if d := s.get(id); d.State != delivery.Delivered || d.Attempts != 3 {
				t.Errorf("delivery %d is %s after %d counted attempts, want delivered after 3", id, d.State, d.Attempts)
			}
		}
	})
}

func TestTheNextDeliveryStartsWhenTheOutcomeIsDurable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		s.commit = time.Second
		e := newEndpoint(always(delivery.VerdictDelivered))
		s.accept("a", 2)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		defer r.stop()
		pass(e.takes + time.Second - time.Millisecond)
		if n := len(e.order()); n != 1 {
			t.Fatalf("%d attempts started before the first was recorded", n)
		}
		pass(2 * time.Millisecond)
		if n := len(e.order()); n != 2 {
			t.Fatalf("%d attempts started, want the second right after the record", n)
		}
		pass(time.Minute)
	})
}

func TestAnOutcomeIsNotLostWhenTheStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		ids := s.accept("a", 3)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		defer r.stop()
		s.breaks(errDisk, "Lanes", "Record", "SaveLane")
		pass(time.Hour)
		if n := len(e.order()); n != 1 {
			t.Fatalf("%d attempts while nothing could be recorded, want 1", n)
		}
		if len(r.Lanes()) != 1 {
			t.Error("the lanes cannot be seen while the store fails")
		}
		s.breaks(nil)
		pass(time.Minute)
		if diff := cmp.Diff(ids, e.order()); diff != "" {
			t.Errorf("attempts (-want +got)\n%s", diff)
		}
	})
}

func TestALaneThatCannotBeReadTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		defer r.stop()
		pass(time.Second)
		s.breaks(errDisk, "Heads", "Turns", "Waiting")
		s.accept("a", 1)
		pass(time.Minute)
		s.breaks(nil)
		pass(storeLongest)
		if len(e.order()) != 1 {
			t.Error("the delivery was not attempted after the store recovered")
		}
	})
}

func TestAThrottledLaneWaitsAndCountsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(func(_ delivery.Delivery, n int) delivery.Outcome {
			if n == 1 {
				return delivery.Outcome{Verdict: delivery.VerdictThrottled, RetryAfter: 40 * time.Second}
			}
			return is(delivery.VerdictDelivered)
		})
		ids := s.accept("a", 1)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		pass(10 * time.Second)
		s.accept("a", 1)
		pass(time.Second)
		if l := r.live("a"); l.State != delivery.BackingOff || l.Next.IsZero() || l.Waiting != 2 || l.Reason == "" {
			t.Errorf("the throttled lane shows %+v", l)
		}
		// A restart half-way does not make it try more often.
		r.stop()
		r = start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		defer r.stop()
		pass(time.Minute)
		at := e.times()
		if wait := at[1].Sub(at[0]); wait < 40*time.Second || wait > 41*time.Second {
			t.Errorf("the second attempt came after %s, want 40s", wait)
		}
		if d := s.get(ids[0]); d.Attempts != 1 || d.State != delivery.Delivered {
			t.Errorf("the delivery is %s after %d counted attempts, want delivered after 1", d.State, d.Attempts)
		}
		if a := s.recorded(); a[0].Number != 1 || a[1].Number != 1 {
			t.Errorf("the attempts have the numbers %d and %d, want 1 for both", a[0].Number, a[1].Number)
		}
	})
}

func TestABackoffSurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictFailed))
		s.accept("a", 1)
		c := Spec{Name: "a", Sender: e, Policy: Policy{First: time.Minute}}
		r := start(t, s, c)
		for range 30 {
			pass(time.Second)
			r.stop()
			r = start(t, s, c)
		}
		defer r.stop()
		synctest.Wait()
		if n := len(e.order()); n != 1 {
			t.Errorf("%d attempts in half a minute of restarts, want 1", n)
		}
		if l := r.live("a"); l.State != delivery.BackingOff {
			t.Errorf("the lane is %s, want backing off", l.State)
		}
	})
}

func TestARefusingEndpointPausesItsLaneUntilAProbeSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictRefused))
		ids := s.accept("a", 30)
		c := Spec{Name: "a", Sender: e, Policy: patient()}
		r := start(t, s, c)
		pass(time.Second)
		if l := r.live("a"); l.State != delivery.Paused || l.Pause != delivery.PausedByEndpoint || l.Reason != "so it is" || l.Since.IsZero() {
			t.Errorf("the refused lane shows %+v", l)
		}
		pass(24 * time.Hour)
		if n := len(e.order()); n < 250 || n > 290 {
			t.Errorf("%d probes in a day, want one in five minutes", n)
		}
		// Failing in another way does not count against the head either.
		e.answers(always(delivery.VerdictFailed))
		pass(24 * time.Hour)
		r.stop()
		if diff := cmp.Diff([]Notice{{Channel: "a", Paused: true, Reason: "so it is"}}, r.noticed()); diff != "" {
			t.Errorf("notices (-want +got)\n%s", diff)
		}
		e.answers(always(delivery.VerdictDelivered))
		r = start(t, s, c)
		defer r.stop()
		pass(5*time.Minute + time.Second)
		if diff := cmp.Diff([]Notice{{Channel: "a"}}, r.noticed()); diff != "" {
			t.Errorf("notices (-want +got)\n%s", diff)
		}
		for _, id := range ids {
			if d := s.get(id); d.State != delivery.Delivered || d.Attempts != 1 {
				t.Fatalf("delivery %d is %s after %d counted attempts", id, d.State, d.Attempts)
			}
		}
		if l := r.live("a"); l.State != delivery.Open || l.Reason != "" {
			t.Errorf("the open lane shows %+v", l)
		}
	})
}

func TestOnlyADeliverysOwnRetriesUseItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		p := Policy{First: time.Second, Longest: time.Second, GiveUpAfter: 10 * time.Second, Probe: time.Minute}
		e := newEndpoint(func(d delivery.Delivery, n int) delivery.Outcome {
			switch {
			case d.ID == 1:
				return is(delivery.VerdictFailed) // a card nobody wants
			case n <= 5:
				return is(delivery.VerdictFailed)
			}
			return is(delivery.VerdictDelivered)
		})
		s.accept("a", 4)
		c := Spec{Name: "a", Sender: e, Policy: p}
		r := start(t, s, c)
		pass(5 * time.Second)
		r.stop() // its time goes on where it was, and does not run meanwhile
		time.Sleep(24 * time.Hour)
		r = start(t, s, c)
		defer r.stop()
		pass(5 * time.Minute)
		if d := s.get(1); d.State != delivery.Dead || d.Attempts < 11 {
			t.Errorf("the first is %s after %d attempts, want dead after 11", d.State, d.Attempts)
		}
		for id := int64(2); id <= 4; id++ {
			if d := s.get(id); d.State != delivery.Delivered || d.Attempts != 6 {
				t.Errorf("delivery %d, which waited behind it, is %s after %d attempts", id, d.State, d.Attempts)
			}
		}
		if n := e.order(); !slices.IsSorted(n) {
			t.Errorf("order of attempts: %v", n)
		}
	})
}

func TestARejectedCardIsADeadLetterAndTheLaneGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(func(d delivery.Delivery, _ int) delivery.Outcome {
			if d.ID == 2 {
				return is(delivery.VerdictRejected)
			}
			return is(delivery.VerdictAccepted)
		})
		s.accept("a", 3)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		defer r.stop()
		pass(time.Second)
		for id, want := range map[int64]delivery.State{1: delivery.Accepted, 2: delivery.Dead, 3: delivery.Accepted} {
			if got := s.get(id).State; got != want {
				t.Errorf("delivery %d is %s, want %s", id, got, want)
			}
		}
	})
}

func TestARepeatAfterAnUnknownOutcomeIsAPossibleDuplicate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(first(delivery.VerdictFailed, delivery.VerdictUnknown))
		s.accept("a", 1)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		defer r.stop()
		pass(time.Minute)
		var got []bool
		for _, a := range s.recorded() {
			got = append(got, a.PossibleDuplicate)
		}
		if diff := cmp.Diff([]bool{false, false, true}, got); diff != "" {
			t.Errorf("possible duplicates (-want +got)\n%s", diff)
		}
	})
}

func TestACardThatMakesItsSenderPanicIsADeadLetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(func(d delivery.Delivery, _ int) delivery.Outcome {
			if d.ID == 1 {
				panic("index out of range")
			}
			return is(delivery.VerdictDelivered)
		})
		s.accept("a", 2)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		defer r.stop()
		pass(time.Second)
		if s.get(1).State != delivery.Dead || s.get(2).State != delivery.Delivered {
			t.Errorf("the deliveries are %s and %s", s.get(1).State, s.get(2).State)
		}
	})
}

func TestOneChannelsTroubleDoesNotDelayAnother(t *testing.T) {
	for _, trouble := range []delivery.Verdict{delivery.VerdictFailed, delivery.VerdictUnknown, delivery.VerdictThrottled, delivery.VerdictRefused, "deaf"} {
		t.Run(string(trouble), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newMemory()
				bad, good := newEndpoint(always(trouble)), newEndpoint(always(delivery.VerdictDelivered))
				bad.deaf = trouble == "deaf"
				s.accept("bad", 1000)
				r := start(t, s, Spec{Name: "bad", Sender: bad, Policy: patient()}, Spec{Name: "good", Sender: good, Policy: patient()})
				defer func() {
					ctx, cancel := context.WithCancel(context.Background())
					cancel()
					r.Stop(ctx)
				}()
				pass(time.Minute)
				began := time.Now()
				s.accept("good", 100)
				pass(100 * (good.takes + s.commit))
				at := good.times()
				if len(at) != 100 || at[0] != began || at[99].Sub(began) != 99*(good.takes+s.commit) {
					t.Errorf("the good channel got %d cards, the last after %s", len(at), at[len(at)-1].Sub(began))
				}
			})
		})
	}
}

func TestALaneHoldsNoMoreThanItsPrefetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		s.accept("a", 1000)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		defer r.stop()
		for range 500 {
			pass(7 * time.Millisecond)
			l := r.lanes["a"]
			l.feed.Lock()
			if n := len(l.buffer) + len(l.claimed); n > prefetch {
				t.Fatalf("the lane holds %d deliveries", n)
			}
			l.feed.Unlock()
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if most := slices.Max(s.reads); most > prefetch {
			t.Errorf("the lane read %d deliveries at once", most)
		}
		if n := len(s.reads); n > 1000/prefetch+1 {
			t.Errorf("the lane read %d times", n)
		}
	})
}

func TestARateIsKeptAndWaitingForItCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		e.takes = time.Millisecond
		p := patient()
		p.Rate, p.Burst = 4, 2
		s.accept("a", 42)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: p})
		defer r.stop()
		began := time.Now()
		pass(time.Minute)
		at := e.times()
		if len(at) != 42 {
			t.Fatalf("%d attempts", len(at))
		}
		for i, when := range at {
			want := max(0, time.Duration(i-1)*250*time.Millisecond)
			if got := when.Sub(began); got < want-time.Millisecond || i > 1 && got > want+10*time.Millisecond {
				t.Errorf("attempt %d came after %s, want %s", i, got, want)
			}
		}
		for id := int64(1); id <= 42; id++ {
			if n := s.get(id).Attempts; n != 1 {
				t.Errorf("delivery %d has %d attempts", id, n)
			}
		}
	})
}

func TestConcurrencyGivesUpOrderAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(func(d delivery.Delivery, n int) delivery.Outcome {
			if d.ID%10 == 0 && n < 3 {
				return is(delivery.VerdictFailed)
			}
			return is(delivery.VerdictDelivered)
		})
		p := patient()
		p.Concurrency = 5
		s.accept("a", 200)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: p})
		defer r.stop()
		pass(time.Second)
		if e.most != 5 {
			t.Errorf("%d attempts were in flight at once, want 5", e.most)
		}
		s.accept("a", 3)
		pass(10 * time.Minute)
		for id := int64(1); id <= 203; id++ {
			want := 1
			if id%10 == 0 {
				want = 3
			}
			if d := s.get(id); d.State != delivery.Delivered || e.counts[id] != want {
				t.Errorf("delivery %d is %s after %d attempts, want %d", id, d.State, e.counts[id], want)
			}
		}
	})
}

func TestOnlyOneWorkerProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictRefused))
		p := patient()
		p.Concurrency = 5
		s.accept("a", 50)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: p})
		defer r.stop()
		pass(time.Second)
		first := len(e.order())
		pass(50 * time.Minute)
		if probes := len(e.order()) - first; first > 5 || probes < 9 || probes > 10 {
			t.Errorf("%d attempts before the pause and %d probes in 50 minutes", first, probes)
		}
		if n := len(r.noticed()); n != 1 {
			t.Errorf("%d notices of one pause", n)
		}
		e.answers(always(delivery.VerdictDelivered))
		pass(6 * time.Minute)
		if l := r.live("a"); l.Waiting != 0 || l.State != delivery.Open || len(r.noticed()) != 2 {
			t.Errorf("after a good probe the lane shows %+v; notices %v", l, r.noticed())
		}
	})
}
