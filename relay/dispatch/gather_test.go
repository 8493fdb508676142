package dispatch

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/connector-relay/relay/relay/delivery"
)

// slow returns a policy of one attempt a minute, which is behind when more than five
// wait.
func slow() Policy {
	p := patient()
	p.Rate, p.Burst, p.Digest = 1./60, 1, Digest{Most: 4, After: 5 * time.Minute}
	return p
}

// quietly returns a channel whose quiet hours are from three to nine minutes past
// midnight, when bubbles begin.
func quietly(e *endpoint, p Policy) Spec {
	return Spec{Name: "a", Sender: e, Policy: p, Quiet: night(), Fingerprint: "quiet"}
}

// digests returns a policy without a rate, so only what quiet hours hold back is
// gathered.
func digests() Policy {
	p := patient()
	p.Digest = Digest{Most: 4, After: 5 * time.Minute}
	return p
}

func TestALaneThatItsRateCannotCarryGathers(t *testing.T) {
	for name, test := range map[string]struct {
		policy func(*Policy)
		n      int
		want   string
	}{
		"as many as the rate carries in time": {n: 5, want: "1,2,3,4,5"},
		"more":                                {n: 12, want: "1 2 3 4,5 6 7 8,9,10,11,12"},
		"digests off":                         {n: 6, policy: func(p *Policy) { p.Digest.Most = 0 }, want: "1,2,3,4,5,6"},
		"no limit to what may wait":           {n: 6, policy: func(p *Policy) { p.Digest.After = 0 }, want: "1,2,3,4,5,6"},
		"no rate":                             {n: 6, policy: func(p *Policy) { p.Rate = 0 }, want: "1,2,3,4,5,6"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := newMemory(), slow()
				if test.policy != nil {
					test.policy(&p)
				}
				e := newEndpoint(always(delivery.VerdictDelivered))
				s.accept("a", test.n)
				r := start(t, s, Spec{Name: "a", Sender: e, Policy: p})
				defer r.stop()
				pass(time.Hour)
				if got := e.runs(); got != test.want {
					t.Errorf("sent: %s, want %s", got, test.want)
				}
			})
		})
	}
}

func TestALaneThatKeepsUpDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: slow()})
		defer r.stop()
		for range 10 {
			s.accept("a", 1)
			pass(2 * time.Minute)
		}
		if len(e.order()) != 10 || s.counts != 0 {
			t.Errorf("%d cards went out, and what waits was counted %d times", len(e.order()), s.counts)
		}
	})
}

// What arrives while the head waits for the rate goes with it when its turn comes.
func TestALaneThatFallsBehindWhileItsHeadWaitsGathers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: slow()})
		defer r.stop()
		for range 2 {
			s.accept("a", 1)
			pass(time.Second)
		}
		s.accept("a", 7)
		pass(5 * time.Minute)
		if got := e.runs(); got != "1,2 3 4 5,6,7,8,9" {
			t.Errorf("sent: %s", got)
		}
	})
}

func TestADigestIsOneAttemptOfAllItCarried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		e.room = 3
		s.accept("a", 7)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: slow()})
		defer r.stop()
		pass(10 * time.Second)
		var lead []int64
		for _, a := range s.recorded() {
			lead = append(lead, a.Delivery)
			if a.Gathered != 3 || a.Number != 1 || a.Verdict != delivery.VerdictDelivered {
				t.Errorf("attempt: %+v", a)
			}
			if d := s.get(a.Delivery); d.State != delivery.Delivered || d.Digest != 1 || d.Attempts != 1 {
				t.Errorf("delivery: %+v", d)
			}
		}
		if diff := cmp.Diff([]int64{1, 2, 3}, lead); diff != "" {
			t.Errorf("recorded (-want +got)\n%s", diff)
		}
		pass(time.Hour)
		if got := e.runs(); got != "1 2 3,4,5,6,7" {
			t.Errorf("sent: %s; what a digest had no room for is the next head", got)
		}
		if d := s.get(4); d.Digest != 0 || s.recorded()[3].Gathered != 0 {
			t.Errorf("a card that was sent alone is recorded as part of a digest: %+v", d)
		}
		cards := testutil.ToFloat64(r.metrics.deliveries.WithLabelValues("a", "delivered"))
		attempts := testutil.ToFloat64(r.metrics.attempts.WithLabelValues("a", "delivered"))
		if cards != 7 || attempts != 5 {
			t.Errorf("%v cards in %v attempts are counted, want 7 in 5", cards, attempts)
		}
	})
}

func TestUrgentDeliveriesAreNotGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		s.accept("a", 2)
		s.acceptUrgent("a", 1)
		s.accept("a", 8)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: slow()})
		defer r.stop()
		pass(time.Hour)
		if got := e.runs(); got != "1 2,3,4 5 6 7,8,9,10,11" {
			t.Errorf("sent: %s", got)
		}
	})
}

func TestARejectedDigestIsHalvedUntilTheCardAtFaultIsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newMemory(), digests()
		p.Digest.Most = 8
		bad := func(d delivery.Delivery, _ int) delivery.Outcome {
			if d.ID == 3 {
				return is(delivery.VerdictRejected)
			}
			return is(delivery.VerdictDelivered)
		}
		e := newEndpoint(bad)
		e.answerAll = func(ids []int64) delivery.Outcome {
			if slices.Contains(ids, 3) {
				return is(delivery.VerdictRejected)
			}
			return is(delivery.VerdictDelivered)
		}
		r := start(t, s, quietly(e, p))
		defer r.stop()
		pass(4 * time.Minute)
		s.accept("a", 20)
		pass(time.Hour)
		const want = "1 2 3 4 5 6 7 8,1 2 3 4,1 2,3 4 5 6,3 4,3,4 5,6 7 8 9,10 11 12 13 14 15 16 17,18 19 20"
		if got := e.runs(); got != want {
			t.Errorf("sent:  %s\nwant:  %s", got, want)
		}
		for id := int64(1); id <= 20; id++ {
			d := s.get(id)
			if wrong := d.State != delivery.Delivered; wrong != (id == 3) || d.Attempts != 1 {
				t.Errorf("delivery %d is %s after %d attempts", id, d.State, d.Attempts)
			}
		}
		if d := s.get(3); d.State != delivery.Dead || d.Reason != "rejected: so it is" || d.Digest != 0 {
			t.Errorf("the card at fault: %+v", d)
		}
	})
}

func TestADigestThatMakesItsSenderPanicIsHalved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		e.answerAll = func([]int64) delivery.Outcome { panic("a fault") }
		r := start(t, s, quietly(e, digests()))
		defer r.stop()
		pass(4 * time.Minute)
		s.accept("a", 3)
		pass(time.Hour)
		if d := s.get(3); d.State != delivery.Delivered || e.runs() != "1 2 3,1,2 3,2,3" {
			t.Errorf("sent: %s; the last is %s", e.runs(), d.State)
		}
	})
}

// TestAnEndpointThatTakesNoDigest costs few attempts beyond one a card: a digest of two
// is tried again less and less often.
func TestAnEndpointThatTakesNoDigest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		e.answerAll = func([]int64) delivery.Outcome { return is(delivery.VerdictRejected) }
		r := start(t, s, quietly(e, digests()))
		defer r.stop()
		pass(4 * time.Minute)
		const n = 100
		s.accept("a", n)
		pass(24 * time.Hour)
		if runs := strings.Split(e.runs(), ","); len(runs) > n+10 {
			t.Errorf("%d attempts for %d cards: %s", len(runs), n, e.runs())
		}
		if d := s.get(n); d.State != delivery.Delivered {
			t.Errorf("the last: %+v", d)
		}
	})
}

// A failure that is not the cards' fault has the same effect as for one card: the head
// waits, and what went with it waits behind it.
func TestADigestIsTriedAgain(t *testing.T) {
	for verdict, test := range map[delivery.Verdict]struct {
		attempts int
		unknown  bool
		state    delivery.LaneState
	}{
		delivery.VerdictFailed:    {attempts: 2, state: delivery.BackingOff},
		delivery.VerdictUnknown:   {attempts: 2, unknown: true, state: delivery.BackingOff},
		delivery.VerdictThrottled: {attempts: 1, state: delivery.BackingOff},
		delivery.VerdictRefused:   {attempts: 1, state: delivery.Paused},
	} {
		t.Run(string(verdict), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p, tries := newMemory(), digests(), 0
				p.First = 10 * time.Second
				e := newEndpoint(always(delivery.VerdictDelivered))
				e.answerAll = func([]int64) delivery.Outcome {
					if tries++; tries == 1 {
						return is(verdict)
					}
					return is(delivery.VerdictDelivered)
				}
				r := start(t, s, quietly(e, p))
				defer r.stop()
				pass(4 * time.Minute)
				s.accept("a", 3)
				pass(5*time.Minute + time.Second)
				if l := r.live("a"); l.State != test.state {
					t.Errorf("the lane is %s", l.State)
				}
				pass(time.Hour)
				want := "1 2 3,1 2 3"
				if verdict == delivery.VerdictRefused {
					want = "1 2 3,1,2 3" // one card probes
				}
				if got := e.runs(); got != want {
					t.Errorf("sent: %s, want %s", got, want)
				}
				for id := int64(1); id <= 3; id++ {
					attempts := test.attempts
					if id > 1 {
						attempts = 1 // it has only waited behind the first
					}
					if d := s.get(id); d.State != delivery.Delivered || d.Attempts != attempts || d.Unknown != test.unknown {
						t.Errorf("delivery: %+v", d)
					}
				}
				for _, a := range s.recorded()[3:] {
					if a.PossibleDuplicate != test.unknown {
						t.Errorf("attempt: %+v", a)
					}
				}
			})
		})
	}
}

func TestADigestThatIsGivenUpIsOneDeadLetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newMemory(), digests()
		p.First, p.Longest, p.GiveUpAfter = time.Second, time.Second, 2*time.Second
		e := newEndpoint(always(delivery.VerdictDelivered))
		e.answerAll = func(ids []int64) delivery.Outcome {
			if ids[0] == 1 {
				return is(delivery.VerdictFailed)
			}
			return is(delivery.VerdictDelivered)
		}
		r := start(t, s, quietly(e, p))
		defer r.stop()
		pass(4 * time.Minute)
		s.accept("a", 4)
		pass(time.Hour)
		if got := e.runs(); got != "1 2 3 4,1 2 3 4,1 2 3 4,2 3 4" {
			t.Errorf("sent: %s", got)
		}
		if d := s.get(1); d.State != delivery.Dead || d.Attempts != 3 {
			t.Errorf("the first: %+v", d)
		}
		for id := int64(2); id <= 4; id++ {
			if d := s.get(id); d.State != delivery.Delivered || d.Attempts != 1 || d.Digest != 2 {
				t.Errorf("one behind it: %+v", d)
			}
		}
	})
}

func TestConcurrentWorkersGatherDifferentDeliveries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newMemory(), digests()
		p.Concurrency = 3
		e := newEndpoint(always(delivery.VerdictDelivered))
		e.takes = time.Minute
		r := start(t, s, quietly(e, p))
		defer r.stop()
		pass(4 * time.Minute)
		s.accept("a", 30)
		pass(time.Hour)
		order := e.order()
		slices.Sort(order)
		if len(order) != 30 || len(slices.Compact(order)) != 30 || e.most != 3 {
			t.Errorf("%d cards at most %d at a time: %s", len(order), e.most, e.runs())
		}
	})
}

func TestAReplayedCardLeadsTheNextDigest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(first(delivery.VerdictRejected))
		r := start(t, s, quietly(e, digests()))
		defer r.stop()
		pass(4 * time.Minute)
		s.accept("a", 1)
		pass(10 * time.Minute)
		pass(24*time.Hour - 10*time.Minute)
		s.accept("a", 2)
		s.replay(1)
		pass(10 * time.Minute)
		if got := e.runs(); got != "1,1 2 3" {
			t.Errorf("sent: %s", got)
		}
	})
}
