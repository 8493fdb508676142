package connector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/event"
)

// state is what a connector of these tests remembers.
type state struct {
	Last  int               `json:"last"`
	Named map[string]string `json:"named,omitempty"`
}

// recorded is a poll that begins at a checkpoint, and the batches it hands over.
func recorded(at event.Checkpoint) (*Poll, *[]event.Batch) {
	var batches []event.Batch
	p := &Poll{Checkpoint: at, Log: newLog(io.Discard), emit: func(_ context.Context, b event.Batch) error {
		batches = append(batches, b)
		return nil
	}}
	return p, &batches
}

func TestTheNextPollRecallsWhatThisOneLeft(t *testing.T) {
	p, batches := recorded(nil)
	if s, ok := Recall[state](p, 1); ok {
		t.Errorf("the first poll recalls %+v", s)
	}
	want := state{Last: 3, Named: map[string]string{"a": "b"}}
	if err := p.EmitAt(t.Context(), 1, want, event.Event{Key: "k"}); err != nil {
		t.Fatal(err)
	}
	next, _ := recorded((*batches)[0].Checkpoint)
	if got, ok := Recall[state](next, 1); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("recalled %+v, %t", got, ok)
	}
}

func TestACheckpointThatCannotBeReadCountsAsNone(t *testing.T) {
	for _, at := range []string{"", "{", "null", "[]", `{"version":2,"state":{"last":1}}`, `{"state":{"last":1}}`, `{"version":1,"state":{"last":"x","named":{"a":"b"}}}`} {
		var log bytes.Buffer
		p, _ := recorded(event.Checkpoint(at))
		p.Log = newLog(&log)
		if s, ok := Recall[state](p, 1); ok || !reflect.DeepEqual(s, state{}) {
			t.Errorf("%s: recalled %+v, %t", at, s, ok)
		}
		if !strings.Contains(log.String(), "checkpoint cannot be read") {
			t.Errorf("%s: the log says %q", at, log.String())
		}
	}
}

func TestTheStateMovesWithTheLastBatchOfEvents(t *testing.T) {
	events := make([]event.Event, 2*batchSize+1)
	for i := range events {
		events[i].Key = fmt.Sprint(i)
	}
	p, batches := recorded(nil)
	if err := p.EmitAt(t.Context(), 1, state{Last: 9}, events...); err != nil {
		t.Fatal(err)
	}
	n := 0
	for i, b := range *batches {
		for _, e := range b.Events {
			if e.Key != fmt.Sprint(n) {
				t.Errorf("event %d is %s", n, e.Key)
			}
			n++
		}
		if last := i == len(*batches)-1; (b.Checkpoint != nil) != last {
			t.Errorf("batch %d of %d has the checkpoint %q", i+1, len(*batches), b.Checkpoint)
		}
	}
	if n != len(events) || len(*batches) != 3 {
		t.Errorf("%d events in %d batches", n, len(*batches))
	}
}

func TestWhatIsNotNewIsNotHandedOver(t *testing.T) {
	p, batches := recorded(nil)
	for range 3 {
		if err := p.EmitAt(t.Context(), 1, state{Last: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.EmitAt(t.Context(), 1, state{Last: 2}); err != nil {
		t.Fatal(err)
	}
	if len(*batches) != 2 {
		t.Errorf("%d batches, want one for each state", len(*batches))
	}
}

func TestAStateThatWasRefusedIsNew(t *testing.T) {
	p, _ := recorded(event.Checkpoint("old"))
	refused := errors.New("refused")
	p.emit = func(context.Context, event.Batch) error { return refused }
	if err := p.EmitAt(t.Context(), 1, state{Last: 1}); !errors.Is(err, refused) {
		t.Errorf("a batch that was refused: %v", err)
	}
	var batches int
	p.emit = func(context.Context, event.Batch) error { batches++; return nil }
	if err := p.EmitAt(t.Context(), 1, state{Last: 1}); err != nil || batches != 1 || string(p.Checkpoint) != "old" {
		t.Errorf("tried again: %v, %d batches, the poll began at %s", err, batches, p.Checkpoint)
	}
	if err := p.EmitAt(t.Context(), 1, math.NaN()); err == nil || errors.Is(err, refused) {
		t.Errorf("a state that JSON lacks: %v", err)
	}
}

func FuzzRecall(f *testing.F) {
	f.Add([]byte(`{"version":1,"state":{"last":1,"named":{"a":"b"}}}`))
	f.Add([]byte(`{"version":2}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, batches := recorded(b)
		s, ok := Recall[state](p, 1)
		if !ok {
			return
		}
		if err := p.EmitAt(t.Context(), 1, s, event.Event{}); err != nil {
			t.Fatal(err)
		}
		next, _ := recorded((*batches)[0].Checkpoint)
		if again, ok := Recall[state](next, 1); !ok || again.Last != s.Last || len(again.Named) != len(s.Named) {
			t.Fatalf("%+v came back as %+v", s, again)
		}
	})
}
