package wire

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
)

func TestBatchesSurviveTheWire(t *testing.T) {
	for name, b := range map[string]event.Batch{
		"empty":            {},
		"empty checkpoint": {Checkpoint: event.Checkpoint{}},
		"events": {Checkpoint: event.Checkpoint("\x00\xff"), Events: []event.Event{
			{Key: "a", Kind: "push", Thread: "acme/relay pull/1", Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Card: card.Card{Title: "<T> & \u2028"}, Data: json.RawMessage(`{"x":[1]}`), Notes: []string{"Single quotes were read as double ones."}},
			{Kind: "x.y:z/1-2_A", Card: card.Card{Sections: []card.Section{{Facts: []card.Fact{{Name: "n", Value: "v"}}}}}},
		}},
	} {
		w, err := FromBatch(b)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := proto.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		read := &Batch{}
		if err := proto.Unmarshal(raw, read); err != nil {
			t.Fatal(err)
		}
		got, err := ToBatch(read)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(b, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestEventsThatTheHostWouldRefuseAreRefusedByBothSides(t *testing.T) {
	title := card.Card{Title: "x"}
	for want, e := range map[string]event.Event{
		"its key has 1025 bytes":        {Key: strings.Repeat("k", 1025), Kind: "a", Card: title},
		"its key is not valid UTF-8":    {Key: "\xff", Kind: "a", Card: title},
		"its kind is empty":             {Card: title},
		"its kind has 101 bytes":        {Kind: strings.Repeat("k", 101), Card: title},
		"may hold only letters":         {Kind: "a b", Card: title},
		"its thread has 201 bytes":      {Kind: "a", Thread: strings.Repeat("t", 201), Card: title},
		"its thread is not valid UTF-8": {Kind: "a", Thread: "\xff", Card: title},
		"not a JSON object":             {Kind: "a", Card: title, Data: json.RawMessage(`["x"]`)},
	} {
		if _, err := FromEvents([]event.Event{e}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "event 1 of 1") {
			t.Errorf("the plugin's side: %v, want %q", err, want)
		}
		if _, err := ToEvent(&Event{Key: e.Key, Kind: e.Kind, Thread: e.Thread, Card: []byte(`{"title":"x"}`), Data: e.Data}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the host's side: %v, want %q", err, want)
		}
	}
	if _, err := ToEvent(nil); err == nil {
		t.Error("a missing event is taken")
	}
}

func FuzzToEvent(f *testing.F) {
	f.Add("key", "kind", "thread", []byte(`{"title":"x"}`), []byte(`{}`), int64(0))
	f.Add("", "k", "", []byte(`{"sections":[{"facts":null}]}`), []byte(" {\"a\":1}\n"), int64(-1<<62))
	f.Fuzz(func(t *testing.T, key, kind, thread string, picture, data []byte, at int64) {
		e, err := ToEvent(&Event{Key: key, Kind: kind, Thread: thread, Card: picture, Data: data})
		if err != nil {
			return
		}
		if at > 0 {
			e.Time = time.Unix(at%253402300799, 0).UTC()
		}
		if _, err := FromEvent(e); err != nil {
			t.Errorf("an event was taken that cannot be sent: %v", err)
		}
	})
}

func TestAnEventKeepsItsFirstNotesInUTF8(t *testing.T) {
	e := event.Event{Kind: "a", Card: card.Card{Title: "x"}, Notes: make([]string, 30)}
	for i := range e.Notes {
		e.Notes[i] = strings.Repeat("\xff", 1000)
	}
	w, err := FromEvent(e)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ToEvent(w)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Notes) != MaxNotes || utf8.RuneCountInString(got.Notes[0]) > MaxNote || !utf8.ValidString(got.Notes[0]) {
		t.Errorf("%d notes, the first %q", len(got.Notes), got.Notes[0])
	}
}
