package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/pluginhost"
)

// counting emits one event a poll, whose key counts on from the checkpoint.
func counting(ctx context.Context, _ pluginhost.Call, at event.Checkpoint, emit emitFunc) (time.Duration, error) {
	n, _ := strconv.Atoi(string(at))
	key := strconv.Itoa(n + 1)
	return 0, emit(ctx, event.Batch{Events: []event.Event{newEvent(key)}, Checkpoint: event.Checkpoint(key)})
}

func TestAnEmitReturnsOnceItsBatchIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.hold = make(chan struct{})
		emitted := false
		p := &plugins{poll: func(ctx context.Context, s pluginhost.Call, at event.Checkpoint, emit emitFunc) (time.Duration, error) {
			again, err := counting(ctx, s, at, emit)
			emitted = true
			return again, err
		}}
		start(t, options(m, p), polled(t, "feed", "@every 1h"))
		time.Sleep(time.Minute)
		if emitted {
			t.Error("it returned before")
		}
		m.hold <- struct{}{}
		synctest.Wait()
		if b := m.batches(); !emitted || len(b) != 1 || b[0].Connector != "feed" || string(b[0].Checkpoint) != "1" {
			t.Errorf("stored %+v", b)
		}
	})
}

func TestEachPollGoesOnFromTheLastCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := newMemory(), &plugins{poll: counting}
		i := start(t, options(m, p), polled(t, "feed", "@every 1h"))
		time.Sleep(90 * time.Minute)
		halt(t, i)
		i = start(t, options(m, p), polled(t, "feed", "@every 1h"))
		report, err := i.PollOnce(t.Context(), "feed")
		if err != nil || report.Events != 1 || report.Known != 0 || report.Next.Before(time.Now().Add(time.Hour)) {
			t.Errorf("the poll came to %+v, %v", report, err)
		}
		var keys []string
		for _, b := range m.batches() {
			keys = append(keys, b.Events[0].Key)
		}
		if !slices.Equal(keys, []string{"1", "2", "3"}) {
			t.Errorf("stored %v", keys)
		}
	})
}

func TestAManualPollWaitsForTheScheduledOneAndPutsTheNextOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := newMemory(), &plugins{poll: func(ctx context.Context, s pluginhost.Call, at event.Checkpoint, emit emitFunc) (time.Duration, error) {
			time.Sleep(20 * time.Second)
			return counting(ctx, s, at, emit)
		}}
		i := start(t, options(m, p), polled(t, "feed", "@every 1m"))
		time.Sleep(time.Second)
		report, err := i.PollOnce(t.Context(), "feed")
		if err != nil || report.Events != 1 {
			t.Errorf("the poll came to %+v, %v", report, err)
		}
		if p.together() != 1 || p.count("feed") != 2 {
			t.Errorf("%d polls, %d at a time", p.count("feed"), p.together())
		}
		time.Sleep(39 * time.Second)
		if n := p.count("feed"); n != 2 {
			t.Errorf("the scheduled poll came too soon after the manual one: %d polls", n)
		}
		time.Sleep(10 * time.Second)
		if n := p.count("feed"); n != 3 {
			t.Errorf("the schedule did not go on: %d polls", n)
		}
	})
}

func TestAnOperatorWhoDoesNotWaitSaysNothingAboutTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := newMemory(), &plugins{}
		i := start(t, options(m, p), polled(t, "feed", "@every 1h"))
		time.Sleep(time.Second)
		saved := m.saves()
		p.set(hang)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := i.PollOnce(ctx, "feed"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the poll returned %v", err)
		}
		if s := i.Status()[0]; s.Health != healthy || m.saves() != saved {
			t.Errorf("the status is %+v", s)
		}
	})
}

func TestADryRunKeepsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		m, p := newMemory(), &plugins{poll: counting}
		i := start(t, options(m, p), polled(t, "feed", "@every 1h"))
		time.Sleep(time.Second)
		stored, saved := len(m.batches()), m.saves()
		p.set(func(ctx context.Context, s pluginhost.Call, at event.Checkpoint, emit emitFunc) (time.Duration, error) {
			asked = append(asked, fmt.Sprintf("%s preview %d", at, s.Preview))
			if len(asked) == 1 {
				return 0, nil // nothing new
			}
			for n := range 10 {
				if err := emit(ctx, event.Batch{Events: []event.Event{newEvent(strconv.Itoa(n)), newEvent("x")}, Checkpoint: event.Checkpoint("9")}); err != nil {
					return 0, err
				}
			}
			return 0, errDown
		})
		events, _, err := i.DryRun(t.Context(), "feed", 3)
		if err != nil || len(events) != 3 || events[0].Key != "x" || events[1].Key != "1" {
			t.Errorf("found %v, %v", events, err)
		}
		if !slices.Equal(asked, []string{"1 preview 0", "1 preview 3"}) {
			t.Errorf("it asked from %q: first for what is new, and, as nothing is, for the newest", asked)
		}
		if _, _, err := i.DryRun(t.Context(), "feed", 3); err != nil || asked[2] != "1 preview 0" || len(asked) != 3 {
			t.Errorf("it asked from %q, %v", asked, err)
		}
		p.set(always(0, connector.Unauthorised("no")))
		if _, _, err := i.DryRun(t.Context(), "feed", 3); connector.KindOf(err) != connector.KindUnauthorised {
			t.Errorf("returned %v", err)
		}
		if len(m.batches()) != stored || m.saves() != saved || i.Status()[0].Health != healthy || m.checkpoint("feed") != "1" {
			t.Error("something was kept")
		}
	})
}

func TestOnlyPollingConnectorsArePolledByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook, off := polled(t, "hook", ""), polled(t, "off", "")
		hook.Polls, off.Enabled = false, false
		p := &plugins{}
		i := start(t, options(newMemory(), p), hook, off)
		time.Sleep(time.Hour)
		for name, want := range map[string]string{"hook": "is not polled", "off": "is disabled", "none": "there is no such connector"} {
			if _, err := i.PollOnce(t.Context(), name); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s returned %v", name, err)
			}
			if _, _, err := i.DryRun(t.Context(), name, 1); err == nil || errors.Is(err, ErrNoConnector) != (name == "none") {
				t.Errorf("%s returned %v", name, err)
			}
		}
		if p.names() != 0 {
			t.Error("something was polled")
		}
		if s := i.Status(); s[0].Health != healthy || s[1].Health != "disabled" || s[0].HookPath != "/hooks/token-of-hook" {
			t.Errorf("the status is %+v", s)
		}
	})
}

func TestAReloadDisturbsOnlyWhatChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		var mu sync.Mutex
		ended := make(map[string]error)
		p := &plugins{poll: func(ctx context.Context, s pluginhost.Call, _ event.Checkpoint, emit emitFunc) (time.Duration, error) {
			<-ctx.Done()
			// A plugin that is slow to hear of it sends one more batch.
			err := emit(context.WithoutCancel(ctx), event.Batch{Events: []event.Event{newEvent("late")}})
			mu.Lock()
			defer mu.Unlock()
			ended[s.Connector] = err
			return 0, errors.Join(err, ctx.Err())
		}}
		long := func(name, schedule string) Spec {
			c := polled(t, name, schedule)
			c.Timeout = 24 * time.Hour
			return c
		}
		i := start(t, options(m, p), long("same", "@every 1h"), long("changed", "@every 1h"), long("removed", "@every 1h"))
		time.Sleep(time.Second)
		if err := i.Apply(t.Context(), []Spec{long("same", "@every 1h"), long("changed", "@every 2h"), long("new", "@every 1h")}); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		if len(ended) != 2 || !errors.Is(ended["changed"], ErrStopped) || !errors.Is(ended["removed"], ErrStopped) {
			t.Errorf("the polls that ended: %v", ended)
		}
		mu.Unlock()
		time.Sleep(time.Second)
		for name, want := range map[string]int{"same": 1, "changed": 2, "removed": 1, "new": 1} {
			if n := p.count(name); n != want {
				t.Errorf("%s was polled %d times, not %d", name, n, want)
			}
		}
		if len(m.batches()) != 0 || m.poll("changed").Health != "" {
			t.Error("something of a cancelled poll was kept")
		}
		if _, err := i.PollOnce(t.Context(), "removed"); !errors.Is(err, ErrNoConnector) {
			t.Errorf("the removed one can be polled: %v", err)
		}
	})
}

func TestAChangedConnectorStillObeysItsSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &plugins{poll: always(0, connector.Throttled(time.Now().Add(time.Hour), "slow"))}
		i := start(t, options(newMemory(), p), polled(t, "feed", "@every 1m"))
		time.Sleep(time.Minute)
		if err := i.Apply(t.Context(), []Spec{polled(t, "feed", "@every 2m")}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(58 * time.Minute)
		if n := p.count("feed"); n != 1 {
			t.Errorf("polled %d times before the source allows it", n)
		}
	})
}

func TestAManualPollOfAChangedConnectorEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := newMemory(), &plugins{}
		i := start(t, options(m, p), polled(t, "feed", "@every 1h"))
		time.Sleep(time.Second)
		p.set(hang)
		failed := make(chan error)
		go func() { _, err := i.PollOnce(t.Context(), "feed"); failed <- err }()
		time.Sleep(time.Second)
		p.set(always(0, nil))
		if err := i.Apply(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if err := <-failed; !errors.Is(err, ErrStopped) {
			t.Errorf("it returned %v", err)
		}
	})
}

func TestABadScheduleChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &plugins{}
		i := start(t, options(newMemory(), p), polled(t, "feed", "@every 1h"))
		err := i.Apply(t.Context(), []Spec{polled(t, "other", "@every 1h"), polled(t, "feed", "sometimes")})
		if err == nil || !strings.Contains(err.Error(), `connector feed: schedule "sometimes"`) {
			t.Errorf("Apply returned %v", err)
		}
		time.Sleep(90 * time.Minute)
		if s := i.Status(); len(s) != 1 || p.count("feed") != 2 {
			t.Errorf("the status is %+v", s)
		}
	})
}

// TestAChangeThatCannotBeOpenedIsNotMade: a reload prepares the change, and when the
// store cannot open what is new, what runs does not notice.
func TestAChangeThatCannotBeOpenedIsNotMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := newMemory(), &plugins{receive: one}
		i := start(t, options(m, p), polled(t, "feed", "@every 1h"), polled(t, "gone", "@every 1h"))
		time.Sleep(time.Second)
		m.breaks(errDown)
		_, err := i.Prepare(t.Context(), []Spec{polled(t, "feed", "@every 2h"), polled(t, "new", "@every 1h")})
		if !errors.Is(err, errDown) || !strings.Contains(err.Error(), "connector new") {
			t.Errorf("Prepare returned %v", err)
		}
		m.breaks(nil)
		time.Sleep(90 * time.Minute)
		for name, want := range map[string]int{"feed": 2, "gone": 2, "new": 0} {
			if n := p.count(name); n != want {
				t.Errorf("%s was polled %d times, not %d", name, n, want)
			}
		}
	})
}

func TestAConnectorThatTheStoreCannotOpenComesWhenItCan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := newMemory(), &plugins{receive: one}
		i := start(t, options(m, p), polled(t, "feed", "@every 1h"), polled(t, "changed", "@every 1h"))
		time.Sleep(time.Second)
		all := []Spec{polled(t, "feed", "@every 1h"), polled(t, "changed", "@every 2h"), polled(t, "new", "@every 1h")}
		m.breaks(errDown)
		for range 2 {
			err := i.Apply(t.Context(), all)
			if !errors.Is(err, errDown) || !strings.Contains(err.Error(), "connector new") || strings.Contains(err.Error(), "connector changed") {
				t.Errorf("Apply returned %v", err)
			}
			if s := i.Status(); s[0].Health != "ok" || s[2].Health != "temporary" || s[2].Problem != errDown.Error() || s[2].HookPath != "" {
				t.Errorf("the status is %+v", s)
			}
			if w := request(i, "POST", "/hooks/token-of-new", "a"); w.Code != 503 {
				t.Errorf("the hook of what is down answered %d", w.Code)
			}
			time.Sleep(10 * time.Minute)
		}
		m.breaks(nil)
		time.Sleep(longestReopen + time.Second)
		if n := p.count("new"); n != 1 {
			t.Errorf("what is new was polled %d times", n)
		}
		for _, name := range []string{"feed", "changed", "new"} {
			if w := request(i, "POST", "/hooks/token-of-"+name, name); w.Code != 200 {
				t.Errorf("the hook of %s answered %d", name, w.Code)
			}
		}
	})
}

func TestAStopLetsAPollEndButNotForEver(t *testing.T) {
	for _, test := range []struct {
		name         string
		needs, allow time.Duration
		took         time.Duration
		stored       int
	}{
		{"soon done", 5 * time.Second, 10 * time.Second, 5 * time.Second, 1},
		{"too slow", time.Minute, 10 * time.Second, 10 * time.Second, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, p := newMemory(), &plugins{poll: func(ctx context.Context, s pluginhost.Call, at event.Checkpoint, emit emitFunc) (time.Duration, error) {
					select {
					case <-time.After(test.needs):
						return counting(ctx, s, at, emit)
					case <-ctx.Done():
						return 0, ctx.Err()
					}
				}}
				i := start(t, options(m, p), polled(t, "feed", "@every 1h"), polled(t, "other", "@every 1h"))
				time.Sleep(time.Second)
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), test.allow)
				defer cancel()
				i.Stop(ctx)
				if took := time.Since(began); took > test.took || took < test.took-2*time.Second {
					t.Errorf("the stop took %s", took)
				}
				if n := len(m.batches()); n != 2*test.stored {
					t.Errorf("%d batches were stored", n)
				}
				if _, err := i.PollOnce(t.Context(), "feed"); !errors.Is(err, ErrStopped) {
					t.Errorf("a poll after the stop returned %v", err)
				}
				if err := i.Apply(t.Context(), []Spec{polled(t, "late", "@every 1h")}); !errors.Is(err, ErrStopped) {
					t.Errorf("an Apply after the stop returned %v", err)
				}
				time.Sleep(24 * time.Hour)
				if p.count("feed") != 1 || p.count("late") != 0 {
					t.Error("it was polled after the stop")
				}
			})
		})
	}
}

func TestMetricsCountPollsAndForgetRemovedConnectors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := newMemory(), &plugins{poll: counting}
		o := options(m, p)
		registry := prometheus.NewRegistry()
		o.Metrics = registry
		i := start(t, o, polled(t, "feed", "@every 1h", `to = [channel.a]
			when = event.key != "2"`), polled(t, "other", "@every 1h"))
		time.Sleep(90 * time.Minute)
		p.set(always(0, connector.Gone("no")))
		_, _ = i.PollOnce(t.Context(), "feed")
		if err := i.Apply(t.Context(), i.configured("feed")); err != nil {
			t.Fatal(err)
		}
		want := `
# HELP relay_events_total Events, by fate; those of fate seen were known before.
# TYPE relay_events_total counter
relay_events_total{connector="feed",fate="filtered"} 1
relay_events_total{connector="feed",fate="routed"} 1
# HELP relay_polls_total Polls, by result: ok or the kind of the error.
# TYPE relay_polls_total counter
relay_polls_total{connector="feed",result="gone"} 1
relay_polls_total{connector="feed",result="ok"} 2
`
		if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "relay_events_total", "relay_polls_total"); err != nil {
			t.Error(err)
		}
	})
}

// configured are the current configurations of connectors.
func (i *Intake) configured(names ...string) []Spec {
	var list []Spec
	for _, name := range names {
		list = append(list, i.all()[name].connector)
	}
	return list
}

func TestARemovedConnectorUndoesWhatItHasSetUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := newMemory(), &plugins{poll: counting}
		stays, goes := polled(t, "stays", "@every 1h"), polled(t, "goes", "@every 1h")
		i := start(t, options(m, p), stays, goes)
		time.Sleep(time.Second)
		changed := polled(t, "stays", "@every 2h")
		i.Retire(t.Context(), []Spec{changed})
		if err := i.Apply(t.Context(), []Spec{changed}); err != nil {
			t.Fatal(err)
		}
		i.Retire(t.Context(), []Spec{changed})
		if !slices.Equal(p.removed, []string{"goes at 1"}) {
			t.Errorf("removed %q", p.removed)
		}
	})
}
