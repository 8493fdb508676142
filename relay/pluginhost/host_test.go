package pluginhost

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

func source(act string) Call {
	return Call{Type: "good", Connector: "c", Arguments: []byte(`{"act":"` + act + `"}`)}
}

func TestPollHandsOverBatchesAndTheHint(t *testing.T) {
	h, _ := newHost(t, Options{})
	adopt(t, h, spec(t, "good"))
	var got []event.Batch
	done, err := h.Poll(t.Context(), source(""), event.Checkpoint("start"), func(_ context.Context, b event.Batch) error {
		got = append(got, b)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []event.Batch{
		{Events: []event.Event{tick(0)}, Checkpoint: event.Checkpoint("start+0")},
		{Events: []event.Event{tick(1)}, Checkpoint: event.Checkpoint("start+1")},
		{Events: []event.Event{tick(2)}, Checkpoint: event.Checkpoint("start+2")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("batches (-want +got):\n%s", diff)
	}
	wantDone := Done{Again: 90 * time.Second, Note: "3 ticks", KnownCount: 7, Known: []connector.Known{{Key: "tick", Title: "A tick", Because: "it ticked before"}}}
	if diff := cmp.Diff(wantDone, done); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
}

func TestErrorsKeepTheirKindAcrossTheProcess(t *testing.T) {
	h, l := newHost(t, Options{})
	adopt(t, h, spec(t, "good"))
	for _, c := range []struct {
		act  string
		kind connector.ErrorKind
		text string
	}{
		{"throttled", connector.KindThrottled, "come back later"},
		{"unauthorised", connector.KindUnauthorised, "get: sign in again,"},
		{"gone", connector.KindGone, "it is no more"},
		{"misconfigured", connector.KindMisconfigured, "no such repository"},
		{"temporary", connector.KindTemporary, "a bad day"},
		{"panic", connector.KindTemporary, "the connector panicked in Poll; the log has the stack"},
	} {
		_, err := h.Poll(t.Context(), source(c.act), nil, func(context.Context, event.Batch) error { return nil })
		e, ok := errors.AsType[*connector.Error](err)
		if !ok || e.Kind != c.kind || e.Error() != c.text {
			t.Errorf("%s: got %#v, want kind %s and text %q", c.act, err, c.kind, c.text)
		}
		if c.act == "throttled" && !e.Until.Equal(time.Unix(2_000_000_000, 0)) {
			t.Errorf("throttled until %s", e.Until)
		}
	}
	eventually(t, "the panic's stack is logged", func() bool { return contains(l, "a bug in the plugin", "plugins_test.go") })
}
