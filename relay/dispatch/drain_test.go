package dispatch

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// TestADrainedLaneSendsWhatWaitedAndPauses drains the first three of a lane, 1 to 3, while
// more come, and resumes it when it has paused.
func TestADrainedLaneSendsWhatWaitedAndPauses(t *testing.T) {
	once := func(v delivery.Verdict, ids ...int64) func(delivery.Delivery, int) delivery.Outcome {
		return func(d delivery.Delivery, n int) delivery.Outcome {
			for _, id := range ids {
				if d.ID == id && n == 1 {
					return is(v)
				}
			}
			return is(delivery.VerdictDelivered)
		}
	}
	two := patient()
	two.Concurrency = 2
	gathers := slow()
	gathers.Digest.After = time.Minute
	pause := func(r *rig) {
		if err := r.Pause(r.t.Context(), "a", "maintenance"); err != nil {
			r.t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		policy  Policy
		answers func(delivery.Delivery, int) delivery.Outcome
		before  func(r *rig)
		during  func(r *rig) *rig
		want    string
	}{
		"all goes well":                     {want: "1,2,3"},
		"the head fails":                    {answers: once(delivery.VerdictFailed, 1, 3), want: "1,1,2,3,3"},
		"a card is rejected":                {answers: once(delivery.VerdictRejected, 3), want: "1,2,3"},
		"the endpoint throttles":            {answers: once(delivery.VerdictThrottled, 2), want: "1,2,2,3"},
		"the endpoint refuses for a while":  {answers: once(delivery.VerdictRefused, 2, 3), want: "1,2,2,3,3"},
		"two at a time, of which one fails": {policy: two, answers: once(delivery.VerdictFailed, 3), want: "1,2,3,3"},
		"an operator had paused it":         {before: pause, want: "1,2,3"},
		"digests would take more along":     {policy: gathers, before: pause, want: "1 2 3"},
		"the relay restarts": {answers: once(delivery.VerdictFailed, 1), during: func(r *rig) *rig {
			r.stop()
			return start(r.t, r.store, r.lanes["a"].channel)
		}, want: "1,1,2,3"},
		"something comes back": {answers: once(delivery.VerdictRejected, 1), during: func(r *rig) *rig {
			pass(15 * time.Millisecond)
			r.store.replay(1)
			return r
		}, want: "1,2,1,3"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, e := newMemory(), newEndpoint(always(delivery.VerdictDelivered))
				if tt.answers != nil {
					e.answers(tt.answers)
				}
				if tt.policy.First == 0 {
					tt.policy = patient()
				}
				r := start(t, s, Spec{Name: "a", Sender: e, Policy: tt.policy})
				if tt.before != nil {
					tt.before(r)
				}
				last := s.accept("a", 3)[2]
				if err := r.Drain(t.Context(), "a", last); err != nil {
					t.Fatal(err)
				}
				s.accept("a", 2)
				if tt.during != nil {
					r = tt.during(r)
				}
				defer func() { r.stop() }()
				pass(time.Hour)
				got := e.runs()
				if tt.policy.Concurrency == 2 {
					got = strings.Replace(got, "2,1", "1,2", 1)
				}
				if got != tt.want {
					t.Errorf("sent %s, want %s", got, tt.want)
				}
				if l := r.live("a"); l.State != delivery.Paused || l.Pause != delivery.PausedByOperator || l.Waiting != 2 || l.Drain != 0 {
					t.Errorf("the drained lane shows %+v", l)
				}
				s.accept("a", 1)
				pass(time.Hour)
				if err := r.Resume(t.Context(), "a"); err != nil {
					t.Fatal(err)
				}
				pass(time.Hour)
				for id := range int64(6) {
					if d := s.get(id + 1); d.State == delivery.Waiting {
						t.Errorf("delivery %d waits although the lane was resumed", d.ID)
					}
				}
			})
		})
	}
}

// TestACrowdedLaneIsDrainedInTheOrderOfAcceptance: connectors do not take turns, because
// one's turn may come only after what is to go out.
func TestACrowdedLaneIsDrainedInTheOrderOfAcceptance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, e := newMemory(), newEndpoint(always(delivery.VerdictDelivered))
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		defer r.stop()
		if err := r.Pause(t.Context(), "a", ""); err != nil {
			t.Fatal(err)
		}
		last := s.take("much", "a", 2*crowd, false)[2*crowd-1]
		for i := range 2 * prefetch {
			s.take(fmt.Sprint("other ", i), "a", 1, false)
		}
		if err := r.Resume(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		pass(15 * time.Millisecond) // the lane has read what comes by turns
		if err := r.Drain(t.Context(), "a", last); err != nil {
			t.Fatal(err)
		}
		pass(time.Hour)
		for id := range last {
			if d := s.get(id + 1); d.State != delivery.Delivered {
				t.Errorf("delivery %d is %s", d.ID, d.State)
			}
		}
		if l := r.live("a"); l.State != delivery.Paused || l.Waiting < prefetch {
			t.Errorf("the drained lane shows %+v", l)
		}
	})
}

// TestADrainWaitsForTheEndOfQuietHours.
func TestADrainWaitsForTheEndOfQuietHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, e := newMemory(), newEndpoint(always(delivery.VerdictDelivered))
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient(), Quiet: night()})
		defer r.stop()
		pass(4 * time.Minute)
		s.accept("a", 1)
		s.acceptUrgent("a", 1)
		last := s.accept("a", 1)[0]
		if err := r.Drain(t.Context(), "a", last); err != nil {
			t.Fatal(err)
		}
		s.acceptUrgent("a", 1)
		pass(time.Minute)
		if l := r.live("a"); e.runs() != "2" || l.State != delivery.Quiet || l.Drain != last {
			t.Errorf("in quiet hours %s were sent and the lane shows %+v", e.runs(), l)
		}
		pass(time.Hour)
		if l := r.live("a"); e.runs() != "2,1,3" || l.State != delivery.Paused {
			t.Errorf("in the end %s were sent and the lane shows %+v", e.runs(), l)
		}
	})
}

// TestADrainEndsWithAPauseOrAResume.
func TestADrainEndsWithAPauseOrAResume(t *testing.T) {
	for name, decide := range map[string]func(r *rig) error{
		"pause":  func(r *rig) error { return r.Pause(r.t.Context(), "a", "enough") },
		"resume": func(r *rig) error { return r.Resume(r.t.Context(), "a") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, e := newMemory(), newEndpoint(always(delivery.VerdictDelivered))
				r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
				defer r.stop()
				last := s.accept("a", 3)[2]
				if err := r.Drain(t.Context(), "a", last); err != nil {
					t.Fatal(err)
				}
				if err := decide(r); err != nil {
					t.Fatal(err)
				}
				if name == "pause" {
					pass(time.Hour)
					if l := r.live("a"); l.Drain != 0 || l.Reason != "enough" || l.Waiting < 2 {
						t.Errorf("the paused lane shows %+v", l)
					}
					if err := r.Resume(t.Context(), "a"); err != nil {
						t.Fatal(err)
					}
				}
				s.accept("a", 1)
				pass(time.Hour)
				if l := r.live("a"); l.State != delivery.Open || l.Waiting != 0 {
					t.Errorf("the lane that goes on shows %+v", l)
				}
				if err := r.Drain(t.Context(), "nowhere", 1); !errors.Is(err, ErrNoChannel) {
					t.Errorf("draining a channel that is not there came to %v", err)
				}
			})
		})
	}
}
