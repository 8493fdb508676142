package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
)

// FromBatch puts a batch into its wire form.
func FromBatch(b event.Batch) (*Batch, error) {
	events, err := FromEvents(b.Events)
	if err != nil {
		return nil, err
	}
	return &Batch{Events: events, Checkpoint: b.Checkpoint, HasCheckpoint: b.Checkpoint != nil}, nil
}

// ToBatch reads a batch that a plugin sent, and trusts nothing in it.
func ToBatch(w *Batch) (event.Batch, error) {
	events, err := ToEvents(w.GetEvents())
	if err != nil {
		return event.Batch{}, err
	}
	if n := len(w.GetCheckpoint()); n > MaxCheckpoint {
		return event.Batch{}, fmt.Errorf("its checkpoint has %d bytes; at most %d are allowed", n, MaxCheckpoint)
	}
	b := event.Batch{Events: events}
	if w.GetHasCheckpoint() {
		b.Checkpoint = event.Checkpoint(w.GetCheckpoint())
		if b.Checkpoint == nil {
			b.Checkpoint = event.Checkpoint{}
		}
	}
	return b, nil
}

// FromEvents puts events into their wire form. Its errors count events from 1.
func FromEvents(events []event.Event) ([]*Event, error) {
	return convert(events, FromEvent)
}

// ToEvents reads events that a plugin sent. Its errors count events from 1.
func ToEvents(events []*Event) ([]event.Event, error) {
	return convert(events, ToEvent)
}

func convert[A, B any](list []A, one func(A) (B, error)) ([]B, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out := make([]B, len(list))
	for i, v := range list {
		b, err := one(v)
		if err != nil {
			return nil, fmt.Errorf("event %d of %d: %w", i+1, len(list), err)
		}
		out[i] = b
	}
	return out, nil
}

// FromEvent puts an event into its wire form, and checks what the host would refuse, so
// that the plugin's author learns of it where it happens.
func FromEvent(e event.Event) (*Event, error) {
	if err := check(e.Key, e.Kind, e.Thread, e.Data); err != nil {
		return nil, err
	}
	picture, err := e.Card.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("card: %w", err)
	}
	w := &Event{Key: e.Key, Kind: e.Kind, Thread: e.Thread, Card: picture, Data: e.Data, Notes: notes(e.Notes)}
	if !e.Time.IsZero() {
		w.Time = timestamppb.New(e.Time)
		if err := w.Time.CheckValid(); err != nil {
			return nil, fmt.Errorf("time: %w", err)
		}
	}
	return w, nil
}

// ToEvent reads an event that a plugin sent.
func ToEvent(w *Event) (event.Event, error) {
	if w == nil {
		return event.Event{}, errors.New("it is missing")
	}
	if err := check(w.GetKey(), w.GetKind(), w.GetThread(), w.GetData()); err != nil {
		return event.Event{}, err
	}
	c, err := card.Parse(w.GetCard())
	if err != nil {
		return event.Event{}, fmt.Errorf("card: %w", err)
	}
	e := event.Event{Key: w.GetKey(), Kind: w.GetKind(), Thread: w.GetThread(), Card: c, Data: json.RawMessage(w.GetData()), Notes: notes(w.GetNotes())}
	if w.GetTime() != nil {
		if err := w.GetTime().CheckValid(); err != nil {
			return event.Event{}, fmt.Errorf("time: %w", err)
		}
		e.Time = w.GetTime().AsTime()
	}
	return e, nil
}

// notes returns the first of an event's notes, in case a plugin wrote too many.
func notes(list []string) []string {
	var kept []string
	for _, n := range list[:min(len(list), MaxNotes)] {
		kept = append(kept, card.Cut(strings.ToValidUTF8(n, "\ufffd"), MaxNote))
	}
	return kept
}

// check holds the rules that both sides apply.
func check(key, kind, thread string, data []byte) error {
	if len(key) > MaxKey {
		return fmt.Errorf("its key has %d bytes; at most %d are allowed, so hash a long one", len(key), MaxKey)
	}
	if !utf8.ValidString(key) {
		return errors.New("its key is not valid UTF-8")
	}
	if err := CheckKind(kind); err != nil {
		return err
	}
	if len(thread) > MaxThread {
		return fmt.Errorf("its thread has %d bytes; at most %d are allowed, so hash a long one", len(thread), MaxThread)
	}
	if !utf8.ValidString(thread) {
		return errors.New("its thread is not valid UTF-8")
	}
	if len(data) > 0 && !isObject(data) {
		return errors.New("its data is not a JSON object")
	}
	return nil
}

// CheckKind says what is wrong with an event kind's name.
func CheckKind(kind string) error {
	if kind == "" {
		return errors.New("its kind is empty")
	}
	if len(kind) > MaxKind {
		return fmt.Errorf("its kind has %d bytes; at most %d are allowed", len(kind), MaxKind)
	}
	for _, c := range []byte(kind) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-', c == '.', c == ':', c == '/':
		default:
			return fmt.Errorf("its kind %q may hold only letters, digits and _ - . : /", kind)
		}
	}
	return nil
}

// isObject reports whether data is a JSON object and nothing else.
func isObject(data []byte) bool {
	for _, c := range data {
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		case '{':
			return json.Valid(data)
		}
		return false
	}
	return false
}
