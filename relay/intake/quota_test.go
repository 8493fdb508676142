package intake

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/store"
)

// items are n events whose keys count from 1.
func items(n int) []event.Event {
	list := make([]event.Event, n)
	for i := range list {
		list[i] = newEvent(fmt.Sprint("item-", i+1))
	}
	return list
}

// feed polls to all its items at once.
func feed(list []event.Event) *plugins {
	return &plugins{poll: func(ctx context.Context, _ pluginhost.Call, _ event.Checkpoint, emit emitFunc) (time.Duration, error) {
		return 0, emit(ctx, event.Batch{Events: list, Checkpoint: event.Checkpoint("end")})
	}}
}

// stored is how many events were stored, those that were known not counted again.
func stored(m *memory) int {
	keys := make(map[string]bool)
	for _, b := range m.batches() {
		for _, e := range b.Events {
			keys[e.Key] = true
		}
	}
	return len(keys)
}

func TestHostileBatchIsStoredInSmallCommits(t *testing.T) {
	large := items(9)
	for i := range large {
		large[i].Card.Text = strings.Repeat("x", 300<<10)
	}
	for name, list := range map[string][]event.Event{"many events": items(100_000), "large events": large, "none": nil} {
		m := newMemory()
		i := start(t, options(m, feed(list)), polled(t, "a", "@every 1h"))
		report, err := i.PollOnce(t.Context(), "a")
		if err != nil || report.Events != len(list) {
			t.Fatalf("%s: the poll came to %+v, error %v", name, report, err)
		}
		batches := m.batches()
		n := 0
		for at, b := range batches {
			bytes := 0
			for _, e := range b.Events {
				if n++; e.Key != list[n-1].Key {
					t.Fatalf("%s: event %d is %s", name, n, e.Key)
				}
				bytes += len(e.Encoded) + len(e.Data)
			}
			if len(b.Events) > commitEvents || bytes > commitBytes {
				t.Errorf("%s: a commit has %d events of %d bytes", name, len(b.Events), bytes)
			}
			if last := at == len(batches)-1; (b.Checkpoint != nil) != last {
				t.Errorf("%s: commit %d of %d moves the checkpoint to %q", name, at+1, len(batches), b.Checkpoint)
			}
		}
		if n != len(list) {
			t.Errorf("%s: %d of %d events were stored", name, n, len(list))
		}
	}
}

func TestABatchThatFailsInTheMiddleIsReportedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		i := start(t, options(m, feed(items(3*commitEvents))), polled(t, "a", "@every 1h"))
		m.hold = make(chan struct{})
		failed := make(chan error)
		go func() {
			_, err := i.PollOnce(t.Context(), "a")
			failed <- err
		}()
		m.hold <- struct{}{}
		synctest.Wait()
		m.breaks(store.ErrUnavailable)
		m.hold <- struct{}{}
		if err := <-failed; err == nil || m.checkpoint("a") != "" {
			t.Fatalf("the poll failed with %v, and the checkpoint is %q", err, m.checkpoint("a"))
		}
		m.breaks(nil)
		close(m.hold)
		report, err := i.PollOnce(t.Context(), "a")
		if err != nil || report.Known != commitEvents || report.Events != 2*commitEvents || m.checkpoint("a") != "end" {
			t.Errorf("the next poll came to %+v, error %v, checkpoint %q", report, err, m.checkpoint("a"))
		}
	})
}

func TestWhatHasNoKeysIsStoredWholeOrRefused(t *testing.T) {
	for n, commits := range map[int]int{commitEvents + 1: 1, wholeEvents + 1: 0} {
		synctest.Test(t, func(t *testing.T) { // so that the first scheduled poll does not come in between
			list := items(n)
			list[n/2].Key = ""
			m := newMemory()
			i := start(t, options(m, feed(list)), polled(t, "a", "@every 1h"))
			_, err := i.PollOnce(t.Context(), "a")
			if got := len(m.batches()); got != commits || (err == nil) != (commits == 1) {
				t.Errorf("%d events: %d commits, error %v", n, got, err)
			}
		})
	}
}

func TestHostileSourceOverItsQuotaIsAskedLaterAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const perHour = 1000
		m, told := newMemory(), &notices{}
		o := options(m, feed(items(5*perHour)))
		o.Notify = told.add
		c := polled(t, "a", "@every 1m")
		c.Quota.EventsPerHour = perHour
		i := start(t, o, c)
		time.Sleep(30 * time.Minute)
		if n := stored(m); n < perHour || n > perHour*3/2+commitEvents || m.checkpoint("a") != "" {
			t.Errorf("%d events after half an hour, checkpoint %q", n, m.checkpoint("a"))
		}
		st := i.Status()[0]
		if st.Health != overQuota || !strings.Contains(st.Problem, "1000 events an hour") {
			t.Errorf("it is %s: %s", st.Health, st.Problem)
		}
		time.Sleep(5 * time.Hour)
		if n := stored(m); n != 5*perHour || m.checkpoint("a") != "end" {
			t.Errorf("%d of %d events in the end, checkpoint %q", n, 5*perHour, m.checkpoint("a"))
		}
		if len(told.list) != 1 || told.list[0].Health != overQuota || !told.list[0].Broken {
			t.Errorf("people were told %+v, want once", told.list)
		}
		time.Sleep(2 * time.Hour)
		if st := i.Status()[0]; st.Health != "ok" {
			t.Errorf("later it is %s: %s", st.Health, st.Problem)
		}
	})
}

func TestHostileSenderOverItsQuotaIsAskedToComeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		c := receiving(t, "ci")
		c.Quota.EventsPerHour = 60
		i := start(t, options(m, &plugins{receive: one}), c)
		refused := 0
		for n := range 100 {
			if w := request(i, http.MethodPost, "/hooks/token-of-ci", fmt.Sprint(n)); w.Code == http.StatusTooManyRequests {
				refused++
				if w.Header().Get("Retry-After") != "61" || !strings.Contains(w.Body.String(), "60 events an hour") {
					t.Fatalf("it was told %v %q", w.Header(), w.Body)
				}
			}
		}
		if refused != 40 || stored(m) != 60 {
			t.Errorf("%d were refused and %d stored", refused, stored(m))
		}
		// A reload does not forget what was spent.
		c.Fingerprint += " again"
		if err := i.Apply(t.Context(), []Spec{c}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		for n := range 9 {
			request(i, http.MethodPost, "/hooks/token-of-ci", fmt.Sprint("later ", n))
		}
		if stored(m) != 62 {
			t.Errorf("%d were stored two minutes later", stored(m))
		}
	})
}

func TestHostileEventThatIsTooLargeHasAFate(t *testing.T) {
	big := newEvent("big")
	big.Card = card.Card{Title: strings.Repeat("Large ", 1000), Text: strings.Repeat("x", 5000)}
	p := feed([]event.Event{newEvent("small"), big, newEvent("other")})
	p.receive = func(context.Context, pluginhost.Call, pluginhost.Request) (pluginhost.Reply, error) {
		return pluginhost.Reply{Events: []event.Event{big}}, nil
	}
	c := polled(t, "a", "@every 1h")
	c.Quota.EventBytes = 4000
	m := newMemory()
	i := start(t, options(m, p), c)
	if _, err := i.PollOnce(t.Context(), "a"); err != nil || stored(m) != 3 {
		t.Fatalf("%d events were stored, error %v", stored(m), err)
	}
	got := m.batches()[0].Events[1]
	if len(got.Card.Title) > 1000 || !strings.Contains(got.Card.Text, "the connector's quota allows 4000") || got.Key != "big" || len(got.Data) > 0 {
		t.Errorf("what was polled became %+v", got.Card)
	}
	w := request(i, http.MethodPost, "/hooks/token-of-a", "x")
	if w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "allows 4000") || stored(m) != 3 {
		t.Errorf("what was posted was answered with %d %q", w.Code, w.Body)
	}
}
