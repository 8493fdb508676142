package desk

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/dispatch"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
	"github.com/connector-relay/relay/relay/store/memory"
)

// onLane is a desk before a store and one lane, "ops".
type onLane struct {
	*parts
	*memory.Store
	drained int64
	paused  string
	size    int
}

func (o *onLane) Connectors(context.Context) ([]store.Kept, error) { return nil, nil }

func (o *onLane) Deliveries(ctx context.Context, f store.Filter) ([]store.Summary, error) {
	return o.Store.Deliveries(ctx, f)
}

func (o *onLane) DeadLetters(ctx context.Context) (map[string]int, error) {
	return o.Store.DeadLetters(ctx)
}

func (o *onLane) Lanes() []dispatch.Lane { return o.lanes }

func (o *onLane) Drain(_ context.Context, _ string, last int64) error {
	o.drained = last
	return nil
}

func (o *onLane) Pause(_ context.Context, _, reason string) error {
	o.paused = reason
	return nil
}

func (o *onLane) Write(_ context.Context, d delivery.Delivery) (chat.Payload, int, error) {
	return chat.Payload{Body: d.Card}, o.size, nil
}

func newLane(t *testing.T, l dispatch.Lane, n int) (*onLane, *Desk) {
	t.Helper()
	o := &onLane{parts: &parts{running: Running{Channels: map[string]string{"ops": "slack"}}}, Store: memory.New()}
	l.Channel = "ops"
	o.lanes = []dispatch.Lane{l}
	for i := range n {
		e := store.Entry{Deliveries: []store.Draft{{Channel: "ops", Urgent: i == 2}}}
		if _, err := o.Accept(t.Context(), store.Batch{Connector: "ci", Events: []store.Entry{e}}); err != nil {
			t.Fatal(err)
		}
	}
	return o, New(Options{Store: o.Store, Dispatch: o, Daemon: o})
}

func TestWhatWaitsSaysWhy(t *testing.T) {
	next := time.Now().Add(time.Hour)
	paused := delivery.Lane{Pause: delivery.PausedByOperator, Reason: "maintenance"}
	refused := delivery.Lane{Pause: delivery.PausedByEndpoint, Reason: "404 Not Found", Next: next}
	for name, tt := range map[string]struct {
		lane  dispatch.Lane
		quiet time.Time
		want  []string
	}{
		"open":        {lane: dispatch.Lane{State: delivery.Open}, want: []string{"it goes out next", "behind delivery 1", "behind delivery 1"}},
		"backing off": {lane: dispatch.Lane{State: delivery.BackingOff, Lane: delivery.Lane{Reason: "throttled: 429"}}, want: []string{"throttled: 429", "behind delivery 1", "behind delivery 1"}},
		"paused":      {lane: dispatch.Lane{State: delivery.Paused, Lane: paused}, want: []string{"the channel is paused: maintenance", "behind delivery 1", "behind delivery 1"}},
		"refused":     {lane: dispatch.Lane{State: delivery.Paused, Lane: refused}, want: []string{"the endpoint refuses cards, and is tried with this one now and then: 404 Not Found", "behind delivery 1", "behind delivery 1"}},
		"quiet":       {lane: dispatch.Lane{State: delivery.Quiet}, quiet: next, want: []string{"until the quiet hours end", "until the quiet hours end", "behind delivery 1"}},
		"draining":    {lane: dispatch.Lane{State: delivery.Open, Lane: delivery.Lane{Drain: 2}}, want: []string{"it goes out next", "behind delivery 1", "the channel is being drained of what came before, and pauses then"}},
	} {
		o, d := newLane(t, tt.lane, 3)
		o.quiet = tt.quiet
		list, err := d.Waiting(t.Context(), "ops")
		if err != nil {
			t.Fatal(err)
		}
		var ids []int64
		var got []string
		for _, w := range list {
			ids, got = append(ids, w.ID), append(got, w.Reason)
		}
		if diff := cmp.Diff([]int64{1, 2, 3}, ids); diff != "" {
			t.Errorf("%s: the order (-want +got)\n%s", name, diff)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: the reasons (-want +got)\n%s", name, diff)
		}
	}
	_, d := newLane(t, dispatch.Lane{State: delivery.Open}, operator.MostListed+1)
	if list, err := d.Waiting(t.Context(), "ops"); err != nil || len(list) != operator.MostListed || list[0].ID != 1 {
		t.Errorf("of a deep lane %d are listed, error %v", len(list), err)
	}
	if _, err := d.Waiting(t.Context(), "nowhere"); !errors.Is(err, operator.ErrNotFound) {
		t.Errorf("what waits nowhere came to %v", err)
	}
}

func TestADrainIsOfWhatWaitsNow(t *testing.T) {
	o, d := newLane(t, dispatch.Lane{State: delivery.Open}, 3)
	if err := d.Drain(t.Context(), "ops"); err != nil || o.drained != 3 || o.paused != "" {
		t.Errorf("drained up to %d, paused for %q, error %v", o.drained, o.paused, err)
	}
	o, d = newLane(t, dispatch.Lane{State: delivery.Open}, 0)
	if err := d.Drain(t.Context(), "ops"); err != nil || o.drained != 0 || o.paused == "" {
		t.Errorf("an empty lane: drained up to %d, paused for %q, error %v", o.drained, o.paused, err)
	}
}

func TestAPayloadSaysHowItDiffers(t *testing.T) {
	for size, attempts := range map[int][]delivery.Attempt{
		100: nil, 101: {{Outcome: delivery.Outcome{Bytes: 101}}}, 102: {{Outcome: delivery.Outcome{Bytes: 50}}}, 103: {{Gathered: 4, Outcome: delivery.Outcome{Bytes: 900}}},
	} {
		o, d := newLane(t, dispatch.Lane{State: delivery.Open}, 1)
		o.size = size
		for _, a := range attempts {
			if err := o.Record(t.Context(), delivery.Result{Attempt: a, Delivery: delivery.Delivery{ID: 1, State: delivery.Delivered}}); err != nil {
				t.Fatal(err)
			}
		}
		p, err := d.Payload(t.Context(), 1)
		want := map[int]string{
			100: "as it would be sent now",
			101: "as it would be sent now, which is as large as what the last attempt sent",
			102: "as it would be sent now, with 102 bytes; the last attempt sent 50, because the channel or the relay wrote it differently then, or made it smaller",
			103: "as it would be sent now, alone; the last attempt carried it in a digest of 4 cards",
		}[size]
		if err != nil || p.Note != want || p.Bytes != size || p.Body == "" {
			t.Errorf("got %+v, error %v; want the note %q", p, err, want)
		}
		o.running.Channels = nil
		if _, err := d.Payload(t.Context(), 1); !errors.Is(err, operator.ErrInvalid) {
			t.Errorf("the payload for a channel that is gone came to %v", err)
		}
		if _, err := d.Payload(t.Context(), 99); !errors.Is(err, operator.ErrNotFound) {
			t.Error(fmt.Sprint("the payload of nothing came to ", err))
		}
	}
}
