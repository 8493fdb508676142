package connector

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector/wire"
	"github.com/connector-relay/relay/relay/event"
)

// state is what a connector of these tests remembers.
type state struct {
	Last  int               `json:"last"`
	Named map[string]string `json:"named,omitempty"`
}

// recorded is a poll that begins at a checkpoint, and the batches it hands over.
func recorded(t testing.TB, at event.Checkpoint) (*Poll, *[]event.Batch) {
	var batches []event.Batch
	p := &Poll{Checkpoint: at, Log: newLog(io.Discard), emit: func(_ context.Context, w *wire.Batch) error {
		b, err := wire.ToBatch(w)
		if err != nil {
			t.Errorf("the relay would refuse the batch: %v", err)
		}
		batches = append(batches, b)
		return nil
	}}
	return p, &batches
}

// happened is an event with a key.
func happened(key string) event.Event {
	return event.Event{Key: key, Kind: "line", Card: card.Card{Title: key}}
}

func TestTheNextPollRecallsWhatThisOneLeft(t *testing.T) {
	p, batches := recorded(t, nil)
	if s, ok := Recall[state](p, 1); ok {
		t.Errorf("the first poll recalls %+v", s)
	}
	want := state{Last: 3, Named: map[string]string{"a": "b"}}
	if err := cmp.Or(p.EmitAt(t.Context(), 1, want, happened("k")), p.Flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	next, _ := recorded(t, (*batches)[0].Checkpoint)
	if got, ok := Recall[state](next, 1); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("recalled %+v, %t", got, ok)
	}
}

func TestACheckpointThatCannotBeReadCountsAsNone(t *testing.T) {
	for _, at := range []string{"", "{", "null", "[]", `{"version":2,"state":{"last":1}}`, `{"state":{"last":1}}`, `{"version":1,"state":{"last":"x","named":{"a":"b"}}}`} {
		var log bytes.Buffer
		p, _ := recorded(t, event.Checkpoint(at))
		p.Log = newLog(&log)
		if s, ok := Recall[state](p, 1); ok || !reflect.DeepEqual(s, state{}) {
			t.Errorf("%s: recalled %+v, %t", at, s, ok)
		}
		if !strings.Contains(log.String(), "checkpoint cannot be read") {
			t.Errorf("%s: the log says %q", at, log.String())
		}
	}
}

func TestAPollsEventsGoInBatchesWithTheStateThatHoldsAfterThem(t *testing.T) {
	p, batches := recorded(t, nil)
	for n := 1; n <= 2*batchEvents+1; n++ {
		if err := p.EmitAt(t.Context(), 1, state{Last: n}, happened(fmt.Sprint(n))); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.end(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if len(*batches) != 3 {
		t.Errorf("%d batches", len(*batches))
	}
	for _, b := range *batches {
		next, _ := recorded(t, b.Checkpoint)
		last := b.Events[len(b.Events)-1].Key
		if s, _ := Recall[state](next, 1); fmt.Sprint(s.Last) != last {
			t.Errorf("the batch that ends with %s has the state %+v", last, s)
		}
	}
}

func TestEventsOfOneCallWaitForItsStateUntilTheLastOfThem(t *testing.T) {
	events := make([]event.Event, 2*batchEvents+1)
	for i := range events {
		events[i] = happened(fmt.Sprint(i))
	}
	p, batches := recorded(t, nil)
	if err := cmp.Or(p.EmitAt(t.Context(), 1, state{Last: 1}, happened("first")), p.EmitAt(t.Context(), 1, state{Last: 9}, events...), p.Flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for i, b := range *batches {
		for _, e := range b.Events {
			keys = append(keys, e.Key)
		}
		if last := i == len(*batches)-1; (b.Checkpoint != nil) != last {
			t.Errorf("batch %d of %d has the checkpoint %q", i+1, len(*batches), b.Checkpoint)
		}
	}
	if len(keys) != len(events)+1 || keys[0] != "first" || keys[len(keys)-1] != events[len(events)-1].Key || len(*batches) != 3 {
		t.Errorf("%d events in %d batches", len(keys), len(*batches))
	}
}

func TestABatchIsBoundedInBytesAndInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, batches := recorded(t, nil)
		large := happened("large")
		large.Data = json.RawMessage(`"` + strings.Repeat("x", batchBytes/2) + `"`)
		large.Data = json.RawMessage(`{"text":` + string(large.Data) + `}`)
		for n, want := range []int{0, 1, 1, 2} {
			if err := p.EmitAt(t.Context(), 1, state{Last: n}, large); err != nil || len(*batches) != want {
				t.Errorf("after %d large events: %d batches, %v", n+1, len(*batches), err)
			}
		}
		for n, want := range []int{2, 2, 3} {
			if err := p.EmitAt(t.Context(), 1, state{Last: n}, happened("small")); err != nil || len(*batches) != want {
				t.Errorf("after %d halves of the time: %d batches, %v", n, len(*batches), err)
			}
			time.Sleep(batchWait / 2)
		}
	})
}

func TestAPollThatFailsDoesNotVouchForWhatItHasNotFlushed(t *testing.T) {
	p, batches := recorded(t, nil)
	at := state{Named: map[string]string{}}
	emit := func(key string) error {
		at.Named[key] = key
		return p.EmitAt(t.Context(), 1, at, happened(key))
	}
	if err := cmp.Or(emit("a"), p.Flush(t.Context()), emit("b")); err != nil {
		t.Fatal(err)
	}
	at.Named["c"] = "its event is never made"
	if err := p.end(t.Context(), errors.New("the source is gone")); err != nil {
		t.Fatal(err)
	}
	if got := *batches; len(got) != 2 || got[0].Checkpoint == nil || got[1].Checkpoint != nil || got[1].Events[0].Key != "b" {
		t.Errorf("it handed over %+v", got)
	}
}

func TestABatchOfItsOwnComesAfterWhatWaits(t *testing.T) {
	p, batches := recorded(t, nil)
	err := cmp.Or(p.EmitAt(t.Context(), 1, state{}, happened("a")), p.Emit(t.Context(), event.Batch{Events: []event.Event{happened("b")}}))
	if got := *batches; err != nil || len(got) != 2 || got[0].Events[0].Key != "a" {
		t.Errorf("it handed over %+v, %v", got, err)
	}
}

func TestAnEventThatTheRelayWouldRefuseIsNamed(t *testing.T) {
	p, batches := recorded(t, nil)
	err := p.EmitAt(t.Context(), 1, state{Last: 2}, happened("good"), event.Event{Key: "bad"})
	if err == nil || !strings.Contains(err.Error(), "event bad: its kind is empty") {
		t.Errorf("got %v", err)
	}
	if err := p.end(t.Context(), err); err != nil || len(*batches) != 1 || (*batches)[0].Checkpoint != nil {
		t.Errorf("it handed over %+v, %v", *batches, err)
	}
}

func TestWhatIsNotNewIsNotHandedOver(t *testing.T) {
	p, batches := recorded(t, nil)
	for _, last := range []int{1, 1, 1, 2} {
		if err := cmp.Or(p.EmitAt(t.Context(), 1, state{Last: last}), p.Flush(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(t.Context()); err != nil || len(*batches) != 2 {
		t.Errorf("%d batches, want one for each state; %v", len(*batches), err)
	}
}

func TestAStateThatWasRefusedIsNew(t *testing.T) {
	p, _ := recorded(t, event.Checkpoint("old"))
	refused := errors.New("refused")
	p.emit = func(context.Context, *wire.Batch) error { return refused }
	emit := func(s any) error { return cmp.Or(p.EmitAt(t.Context(), 1, s), p.Flush(t.Context())) }
	if err := emit(state{Last: 1}); !errors.Is(err, refused) {
		t.Errorf("a batch that was refused: %v", err)
	}
	var batches int
	p.emit = func(context.Context, *wire.Batch) error { batches++; return nil }
	if err := emit(state{Last: 1}); err != nil || batches != 1 || string(p.Checkpoint) != "old" {
		t.Errorf("tried again: %v, %d batches, the poll began at %s", err, batches, p.Checkpoint)
	}
	if err := emit(math.NaN()); err == nil || errors.Is(err, refused) {
		t.Errorf("a state that JSON lacks: %v", err)
	}
}

func TestAFirstPollAndAPreviewEmitTheNewest(t *testing.T) {
	found := []int{1, 2, 3, 4, 5}
	for _, test := range []struct {
		preview, initial int
		known            bool
		want             []int
	}{
		{known: true, initial: 2, want: found},
		{initial: 2, want: []int{4, 5}},
		{initial: 0, want: []int{}},
		{initial: 9, want: found},
		{preview: 3, initial: 2, want: []int{3, 4, 5}},
		{preview: 3, known: true, want: []int{3, 4, 5}},
	} {
		if got := Newest(&Poll{Preview: test.preview}, test.known, test.initial, found); !slices.Equal(got, test.want) {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

func FuzzRecall(f *testing.F) {
	f.Add([]byte(`{"version":1,"state":{"last":1,"named":{"a":"b"}}}`))
	f.Add([]byte(`{"version":2}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, batches := recorded(t, b)
		s, ok := Recall[state](p, 1)
		if !ok {
			return
		}
		if err := cmp.Or(p.EmitAt(t.Context(), 1, s, happened("k")), p.Flush(t.Context())); err != nil {
			t.Fatal(err)
		}
		next, _ := recorded(t, (*batches)[0].Checkpoint)
		if again, ok := Recall[state](next, 1); !ok || again.Last != s.Last || len(again.Named) != len(s.Named) {
			t.Fatalf("%+v came back as %+v", s, again)
		}
	})
}
