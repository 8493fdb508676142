package dispatch

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/connector-relay/relay/relay/delivery"
)

// The table of verdicts, as the design has it: what each does to the delivery and
// to its lane.
func TestEachVerdictHasItsConsequence(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	p := Policy{First: time.Second, Longest: time.Minute, GiveUpAfter: time.Hour, Probe: 5 * time.Minute}.withDefaults()
	head := delivery.Delivery{ID: 7, State: delivery.Waiting, Attempts: 2, Next: now.Add(-time.Second)}
	plain, probe := circumstances{now: now}, circumstances{now: now, probe: true}
	cut := circumstances{now: now, cut: true}
	with := func(f func(*delivery.Delivery)) delivery.Delivery {
		d := head
		f(&d)
		return d
	}
	done := func(s delivery.State, reason string) delivery.Delivery {
		return with(func(d *delivery.Delivery) { d.State, d.Attempts, d.Next, d.Reason = s, 3, time.Time{}, reason })
	}
	backingOff := with(func(d *delivery.Delivery) { d.Attempts, d.Next = 3, now.Add(4*time.Second) })
	unknown := func(d delivery.Delivery) delivery.Delivery { d.Unknown = true; return d }
	for _, tt := range []struct {
		name string
		o    delivery.Outcome
		c    circumstances
		want decision
	}{
		{"delivered: done", is(delivery.VerdictDelivered), plain, decision{delivery: done(delivery.Delivered, "")}},
		{"accepted: done", is(delivery.VerdictAccepted), plain, decision{delivery: done(delivery.Accepted, "")}},
		{"delivered, and the last for now: done, the lane waits", delivery.Outcome{Verdict: delivery.VerdictDelivered, RetryAfter: 2 * time.Second}, plain, decision{
			delivery: done(delivery.Delivered, ""), effect: backOff, wait: 2 * time.Second,
		}},
		{"rejected: a dead letter, the lane goes on", is(delivery.VerdictRejected), plain, decision{delivery: done(delivery.Dead, "rejected: so it is")}},
		{"failed: the head waits", is(delivery.VerdictFailed), plain, decision{delivery: backingOff, wait: 4 * time.Second}},
		{"failed: Retry-After is honoured", delivery.Outcome{Verdict: delivery.VerdictFailed, RetryAfter: 30 * time.Second}, plain, decision{
			delivery: with(func(d *delivery.Delivery) { d.Attempts, d.Next = 3, now.Add(30*time.Second) }), wait: 30 * time.Second,
		}},
		{"unknown: as failed, and remembered", is(delivery.VerdictUnknown), plain, decision{delivery: unknown(backingOff), wait: 4 * time.Second}},
		{"throttled: the lane waits, no attempt counted", is(delivery.VerdictThrottled), plain, decision{delivery: head, effect: backOff, wait: time.Second}},
		{"throttled again: longer", is(delivery.VerdictThrottled), circumstances{now: now, throttles: 3}, decision{delivery: head, effect: backOff, wait: 8 * time.Second}},
		{"throttled: Retry-After is honoured", delivery.Outcome{Verdict: delivery.VerdictThrottled, RetryAfter: 40 * time.Second}, plain, decision{delivery: head, effect: backOff, wait: 40 * time.Second}},
		{"throttled: Retry-After up to the longest", delivery.Outcome{Verdict: delivery.VerdictThrottled, RetryAfter: time.Hour}, plain, decision{delivery: head, effect: backOff, wait: time.Minute}},
		{"refused: the lane pauses, no attempt counted", is(delivery.VerdictRefused), plain, decision{delivery: head, effect: pause, wait: 5 * time.Minute}},
		{"interrupted: nothing", is(delivery.VerdictInterrupted), cut, decision{delivery: head}},
		{"hindered: the lane waits, no attempt counted", is(delivery.VerdictHindered), plain, decision{delivery: head, effect: backOff, wait: time.Second}},
		{"hindered for long: no longer than a minute", is(delivery.VerdictHindered), circumstances{now: now, throttles: 1000}, decision{delivery: head, effect: backOff, wait: time.Minute}},
		{"probe hindered: still paused, and tried again soon", is(delivery.VerdictHindered), probe, decision{delivery: head, effect: stayPaused, wait: time.Second}},

		{"probe delivered: the lane opens", is(delivery.VerdictDelivered), probe, decision{delivery: done(delivery.Delivered, ""), effect: reopen}},
		{"probe rejected: the endpoint looks at cards again", is(delivery.VerdictRejected), probe, decision{delivery: done(delivery.Dead, "rejected: so it is"), effect: reopen}},
		{"probe refused: still paused", is(delivery.VerdictRefused), probe, decision{delivery: head, effect: pause, wait: 5 * time.Minute}},
		{"probe failed: still paused, not counted", is(delivery.VerdictFailed), probe, decision{delivery: head, effect: pause, wait: 5 * time.Minute}},
		{"probe throttled: still paused", is(delivery.VerdictThrottled), probe, decision{delivery: head, effect: pause, wait: 5 * time.Minute}},
		{"probe unknown: still paused, remembered", is(delivery.VerdictUnknown), probe, decision{delivery: unknown(head), effect: pause, wait: 5 * time.Minute}},

		{"stopping, failed: nothing", is(delivery.VerdictFailed), cut, decision{verdict: delivery.VerdictInterrupted, delivery: head}},
		{"stopping, unknown: not counted, remembered", is(delivery.VerdictUnknown), cut, decision{delivery: unknown(head)}},
		{"stopping, refused: the next start finds out", is(delivery.VerdictRefused), cut, decision{delivery: head}},
		{"stopping, delivered: done", is(delivery.VerdictDelivered), cut, decision{delivery: done(delivery.Delivered, "")}},

		{"interrupted for no reason: a failure", is(delivery.VerdictInterrupted), plain, decision{verdict: delivery.VerdictFailed, delivery: backingOff, wait: 4 * time.Second}},
		{"no verdict: a failure", delivery.Outcome{}, plain, decision{verdict: delivery.VerdictFailed, delivery: backingOff, wait: 4 * time.Second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want.verdict == "" {
				tt.want.verdict = tt.o.Verdict
			}
			got := settle(p, head, tt.o, tt.c)
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(decision{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestGivingUpSaysWhy(t *testing.T) {
	p := Policy{First: time.Second, Longest: time.Second, GiveUpAfter: 2 * time.Second}.withDefaults()
	d := settle(p, delivery.Delivery{State: delivery.Waiting, Attempts: 2}, is(delivery.VerdictUnknown), circumstances{now: time.Now()}).delivery
	const want = "gave up after 3 attempts in 2s; the last one got no answer: so it is"
	if d.State != delivery.Dead || d.Reason != want || !d.Next.IsZero() || !d.Unknown {
		t.Errorf("got %+v, want a dead letter with the reason %q", d, want)
	}
}
