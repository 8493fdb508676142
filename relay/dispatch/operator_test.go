package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

func TestAnOperatorPausesAndResumesALane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		s.accept("a", 5)
		c := Spec{Name: "a", Sender: e, Policy: patient()}
		r := start(t, s, c)
		pass(5 * time.Millisecond) // in the middle of the first attempt
		if err := r.Pause(t.Context(), "a", "moving house"); err != nil {
			t.Fatal(err)
		}
		pass(time.Hour)
		r.apply(Spec{Name: "a", Sender: e, Policy: patient(), Fingerprint: "changed"})
		pass(time.Hour)
		r.stop()
		r = start(t, s, c)
		defer r.stop()
		pass(time.Hour)
		if l := r.live("a"); l.State != delivery.Paused || l.Pause != delivery.PausedByOperator || l.Reason != "moving house" || l.Waiting != 4 {
			t.Errorf("the paused lane shows %+v", l)
		}
		if d := s.get(1); d.State != delivery.Delivered || len(e.order()) != 1 {
			t.Errorf("the attempt in flight ended %s; attempts %v", d.State, e.order())
		}
		if err := r.Resume(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if diff := cmp.Diff([]int64{1, 2, 3, 4, 5}, e.order()); diff != "" {
			t.Errorf("order of attempts (-want +got)\n%s", diff)
		}
		if l := r.live("a"); l.State != delivery.Open || len(r.noticed()) != 0 {
			t.Errorf("the resumed lane shows %+v; notices %v", l, r.noticed())
		}
	})
}

func TestResumingTriesTheHeadAtOnce(t *testing.T) {
	for _, trouble := range []delivery.Verdict{delivery.VerdictFailed, delivery.VerdictThrottled, delivery.VerdictRefused} {
		t.Run(string(trouble), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newMemory()
				e := newEndpoint(first(trouble))
				s.accept("a", 1)
				r := start(t, s, Spec{Name: "a", Sender: e, Policy: Policy{First: time.Hour, Longest: time.Hour}})
				defer r.stop()
				pass(time.Minute)
				if err := r.Resume(t.Context(), "a"); err != nil {
					t.Fatal(err)
				}
				pass(time.Second)
				if d := s.get(1); d.State != delivery.Delivered {
					t.Errorf("the delivery is %s", d.State)
				}
			})
		})
	}
}

func TestAPauseThatCannotBeSavedDoesNotTakeEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		defer r.stop()
		s.breaks(errDisk, "SaveLane")
		if err := r.Pause(t.Context(), "a", ""); !errors.Is(err, errDisk) {
			t.Errorf("got %v, want %v", err, errDisk)
		}
		s.accept("a", 1)
		pass(time.Second)
		if len(e.order()) != 1 {
			t.Error("the lane is paused although its pause was refused")
		}
		if err := r.Pause(t.Context(), "b", ""); !errors.Is(err, ErrNoChannel) {
			t.Errorf("got %v, want %v", err, ErrNoChannel)
		}
	})
}

func TestAChangedChannelIsTriedSoonWithItsNewSender(t *testing.T) {
	for _, trouble := range []delivery.Verdict{delivery.VerdictFailed, delivery.VerdictThrottled, delivery.VerdictRefused} {
		for _, when := range []time.Duration{5 * time.Millisecond, time.Minute} {
			t.Run(string(trouble)+" changed after "+when.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newMemory()
					broken, repaired := newEndpoint(always(trouble)), newEndpoint(always(delivery.VerdictDelivered))
					p := Policy{First: time.Hour, Longest: time.Hour, Probe: time.Hour}
					s.accept("a", 2)
					r := start(t, s, Spec{Name: "a", Sender: broken, Policy: p, Fingerprint: "1"})
					defer r.stop()
					pass(when)
					r.apply(Spec{Name: "a", Sender: repaired, Policy: p, Fingerprint: "2"})
					pass(time.Second)
					if len(broken.order()) != 1 || len(repaired.order()) != 2 {
						t.Errorf("%d attempts with the old sender and %d with the new one, want 1 and 2", len(broken.order()), len(repaired.order()))
					}
					if l := r.live("a"); l.State != delivery.Open {
						t.Errorf("the lane shows %+v", l)
					}
				})
			})
		}
	}
}

func TestAnUnchangedChannelIsNotDisturbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		old, fresh := newEndpoint(always(delivery.VerdictFailed)), newEndpoint(always(delivery.VerdictDelivered))
		s.accept("a", 1)
		p := Policy{First: time.Hour, Longest: time.Hour}
		r := start(t, s, Spec{Name: "a", Sender: old, Policy: p, Fingerprint: "1"})
		defer r.stop()
		pass(time.Minute)
		r.apply(Spec{Name: "a", Sender: fresh, Policy: p, Fingerprint: "1"})
		pass(time.Minute)
		if len(old.order()) != 1 || len(fresh.order()) != 0 {
			t.Errorf("attempts: old %v, new %v", old.order(), fresh.order())
		}
	})
}

func TestAChangedRateAndConcurrencyCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		p := patient()
		p.Rate, p.Burst = 0.001, 1
		s.accept("a", 100)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: p})
		defer r.stop()
		pass(time.Minute)
		p.Rate, p.Concurrency = 0, 10
		r.apply(Spec{Name: "a", Sender: e, Policy: p})
		pass(time.Second)
		if n := len(e.order()); n != 100 || e.most != 10 {
			t.Errorf("%d attempts, at most %d at once; want 100 and 10", n, e.most)
		}
		p.Concurrency, e.most = 1, 0
		r.apply(Spec{Name: "a", Sender: e, Policy: p})
		ids := s.accept("a", 20)
		pass(time.Second)
		if diff := cmp.Diff(ids, e.order()[100:]); diff != "" || e.most != 1 {
			t.Errorf("%d at once; order (-want +got)\n%s", e.most, diff)
		}
	})
}

func TestALaneWhoseChannelIsGoneStaysInTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		e.takes = 10 * time.Second
		s.accept("a", 3)
		c := Spec{Name: "a", Sender: e, Policy: patient()}
		r := start(t, s, c)
		defer r.stop()
		pass(time.Second)
		r.apply()
		pass(time.Second)
		r.apply(c) // back before the attempt in flight has ended
		pass(time.Second)
		if e.most != 1 {
			t.Errorf("%d attempts at once", e.most)
		}
		r.apply()
		pass(time.Minute)
		if s.get(1).State != delivery.Delivered || len(e.order()) != 1 {
			t.Errorf("attempts %v; the one in flight ended %s", e.order(), s.get(1).State)
		}
		l := r.live("a")
		if l.State != "" || l.Waiting != 2 {
			t.Errorf("the lane of a channel that is gone shows %+v", l)
		}
		if err := r.Resume(t.Context(), "a"); !errors.Is(err, ErrNoChannel) {
			t.Errorf("got %v, want %v", err, ErrNoChannel)
		}
		r.apply()
		if n := len(r.lanes); n != 0 {
			t.Errorf("%d lanes stay in memory", n)
		}
		r.apply(c)
		pass(time.Minute)
		if diff := cmp.Diff([]int64{1, 2, 3}, e.order()); diff != "" {
			t.Errorf("order of attempts (-want +got)\n%s", diff)
		}
	})
}

func TestAReloadThatCannotReadTheStoreChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		defer r.stop()
		s.breaks(errDisk)
		if err := r.Apply(t.Context(), nil); !errors.Is(err, errDisk) {
			t.Errorf("got %v, want %v", err, errDisk)
		}
		s.breaks(nil)
		s.accept("a", 1)
		pass(time.Second)
		if len(e.order()) != 1 {
			t.Error("the lane no longer runs")
		}
	})
}

func TestStoppingLetsAttemptsInFlightEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		e.takes = 10 * time.Second
		s.accept("a", 3)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		pass(time.Second)
		began := time.Now()
		r.stop()
		if took := time.Since(began); took != 9*time.Second+s.commit {
			t.Errorf("stopping took %s", took)
		}
		if s.get(1).State != delivery.Delivered || len(e.order()) != 1 {
			t.Errorf("attempts %v; the one in flight ended %s", e.order(), s.get(1).State)
		}
		if err := r.Apply(t.Context(), nil); !errors.Is(err, ErrStopped) {
			t.Errorf("got %v, want %v", err, ErrStopped)
		}
		r.stop() // a second time is harmless
	})
}

func TestAnInterruptedAttemptSpendsNothing(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		t.Run(map[bool]string{false: "nothing sent", true: "request written"}[deaf], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newMemory()
				e := newEndpoint(always(delivery.VerdictDelivered))
				e.takes, e.deaf = time.Hour, deaf
				s.accept("a", 2)
				before := s.get(1)
				r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
				pass(time.Second)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				began := time.Now()
				r.Stop(ctx)
				if took := time.Since(began); took != 5*time.Second+s.commit {
					t.Errorf("stopping took %s", took)
				}
				before.Unknown = deaf
				if diff := cmp.Diff(before, s.get(1)); diff != "" {
					t.Errorf("the delivery changed (-want +got)\n%s", diff)
				}
				want := delivery.VerdictInterrupted
				if deaf {
					want = delivery.VerdictUnknown
				}
				if a := s.recorded(); len(a) != 1 || a[0].Verdict != want || a[0].Number != 1 {
					t.Errorf("recorded %+v", a)
				}
			})
		})
	}
}

func TestStoppingEndsAlthoughTheStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		s.accept("a", 2)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		s.breaks(errDisk, "Lanes", "Record", "SaveLane")
		pass(time.Minute)
		began := time.Now()
		r.stop()
		if took := time.Since(began); took > time.Minute+abandonAfter+time.Second {
			t.Errorf("stopping took %s", took)
		}
		if !strings.Contains(r.log.String(), "may be repeated") {
			t.Error("the log does not say that an outcome is lost")
		}
	})
}

func TestWakingNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(always(delivery.VerdictDelivered))
		e.takes = time.Hour
		s.accept("a", 1)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		pass(time.Minute)
		began := time.Now()
		for range 10_000 {
			r.Wake([]string{"a", "b"})
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("waking a busy lane took %s", took)
		}
		pass(time.Hour)
		if n := len(s.reads); n > 3 {
			t.Errorf("being woken 10,000 times made the lane read %d times", n)
		}
		r.stop()
		r.Wake([]string{"a"})
	})
}

func TestMetricsTellWhatTheLanesDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(first(delivery.VerdictFailed))
		s.accept("a", 1)
		registry := prometheus.NewPedanticRegistry()
		d := New(Options{Store: s, Log: zerolog.Nop(), Metrics: registry})
		defer d.Stop(t.Context())
		p := Policy{First: time.Hour, Longest: time.Hour}
		if err := d.Apply(t.Context(), []Spec{{Name: "a", Sender: e, Policy: p}}); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		want := `
# HELP relay_lane_oldest_seconds Time since the oldest waiting delivery was accepted; 0 when none waits.
# TYPE relay_lane_oldest_seconds gauge
relay_lane_oldest_seconds{channel="a"} 60
# HELP relay_lane_state 1 for the state a channel's lane is in, 0 for the others.
# TYPE relay_lane_state gauge
relay_lane_state{channel="a",state="backing off"} 1
relay_lane_state{channel="a",state="open"} 0
relay_lane_state{channel="a",state="paused"} 0
relay_lane_state{channel="a",state="quiet"} 0
relay_lane_state{channel="a",state="removed"} 0
# HELP relay_lane_waiting Deliveries waiting in a channel's lane.
# TYPE relay_lane_waiting gauge
relay_lane_waiting{channel="a"} 1
`
		if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "relay_lane_waiting", "relay_lane_oldest_seconds", "relay_lane_state"); err != nil {
			t.Error(err)
		}
		pass(2 * time.Hour)
		if n := testutil.ToFloat64(d.metrics.attempts.WithLabelValues("a", "failed")); n != 1 {
			t.Errorf("%v failed attempts are counted", n)
		}
		if n := testutil.ToFloat64(d.metrics.attempts.WithLabelValues("a", "delivered")); n != 1 {
			t.Errorf("%v delivered attempts are counted", n)
		}
	})
}

func TestAnAttemptIsOneLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		e := newEndpoint(func(_ delivery.Delivery, n int) delivery.Outcome {
			if n <= 3 {
				return delivery.Outcome{Verdict: delivery.VerdictUnknown, Detail: "no answer within 30s", Bytes: 12}
			}
			return delivery.Outcome{Verdict: delivery.VerdictDelivered, Status: 200, Bytes: 12, Omitted: []string{"3 facts"}}
		})
		must(s.Accept(t.Context(), store.Batch{Events: []store.Entry{{}}})) // so that event and delivery differ
		s.accept("a", 1)
		r := start(t, s, Spec{Name: "a", Sender: e, Policy: patient()})
		pass(time.Minute)
		r.stop()
		var got []map[string]any
		for line := range strings.Lines(r.log.String()) {
			var fields map[string]any
			if err := json.Unmarshal([]byte(line), &fields); err != nil {
				t.Fatal(err)
			}
			if wait, ok := fields["next_in"].(float64); ok && (wait < 750 || wait > 4000) {
				t.Errorf("next_in is %v", wait)
			}
			delete(fields, "next_in")
			got = append(got, fields)
		}
		line := func(level string, n int, verdict string, more map[string]any) map[string]any {
			fields := map[string]any{
				"level": level, "message": "attempt", "channel": "a", "delivery": 1.0, "event": 2.0, "connector": "feed",
				"attempt": float64(n), "verdict": verdict, "status": 0.0, "took_ms": 10.0, "bytes": 12.0,
			}
			maps.Copy(fields, more)
			return fields
		}
		want := []map[string]any{
			line("warn", 1, "unknown", map[string]any{"detail": "no answer within 30s"}),
			line("debug", 2, "unknown", map[string]any{"detail": "no answer within 30s", "possible_duplicate": true}),
			line("debug", 3, "unknown", map[string]any{"detail": "no answer within 30s", "possible_duplicate": true}),
			line("info", 4, "delivered", map[string]any{"status": 200.0, "omitted": []any{"3 facts"}, "possible_duplicate": true}),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the log (-want +got)\n%s", diff)
		}
	})
}
