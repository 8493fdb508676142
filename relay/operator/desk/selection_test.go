package desk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
	"github.com/connector-relay/relay/relay/store/memory"
)

// withDeadLetters returns a desk with a store of dead letters, by title.
func withDeadLetters(t *testing.T, titles ...string) *Desk {
	t.Helper()
	s := memory.New()
	b := store.Batch{Connector: "ci"}
	for _, title := range titles {
		b.Events = append(b.Events, store.Entry{
			Event: event.Event{Card: card.Card{Title: title}}, Fate: event.Routed,
			Deliveries: []store.Draft{{Channel: "ops", Dead: "rejected"}},
		})
	}
	if _, err := s.Accept(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return New(Options{Store: s})
}

// TestNothingIsDismissedThatAPersonDoesNotExpect.
func TestNothingIsDismissedThatAPersonDoesNotExpect(t *testing.T) {
	few := []string{"red", "red", "green"}
	var many []string
	for range operator.MostUnsaid + 1 {
		many = append(many, "red")
	}
	for _, tt := range []struct {
		name      string
		there     []string
		selection operator.Selection
		dismissed int
		err       error
	}{
		{"nothing chosen", few, operator.Selection{}, 0, operator.ErrInvalid},
		{"only a number", few, operator.Selection{Expected: 3}, 0, operator.ErrInvalid},
		{"all", few, operator.Selection{All: true}, 3, nil},
		{"named", few, operator.Selection{Deliveries: []int64{1, 3, 99}}, 2, nil},
		{"a text", few, operator.Selection{Text: "RED"}, 2, nil},
		{"as many as expected", few, operator.Selection{Text: "red", Expected: 2}, 2, nil},
		{"fewer than expected", few, operator.Selection{Text: "red", Expected: 3}, 0, operator.ErrConflict},
		{"more than expected", few, operator.Selection{All: true, Expected: 2}, 0, operator.ErrConflict},
		{"none, when one was expected", few, operator.Selection{Channel: "dev", Expected: 1}, 0, operator.ErrConflict},
		{"a text too long", few, operator.Selection{Text: strings.Repeat("x", 201)}, 0, operator.ErrInvalid},
		{"many without their number", many, operator.Selection{All: true}, 0, operator.ErrInvalid},
		{"many with another number", many, operator.Selection{All: true, Expected: len(many) - 1}, 0, operator.ErrConflict},
		{"many with their number", many, operator.Selection{All: true, Expected: len(many)}, len(many), nil},
	} {
		d := withDeadLetters(t, tt.there...)
		changed, err := d.Dismiss(t.Context(), tt.selection)
		if len(changed) != tt.dismissed || !errors.Is(err, tt.err) {
			t.Errorf("%s: %d were dismissed, error %v; want %d and %v", tt.name, len(changed), err, tt.dismissed, tt.err)
		}
		left, err := d.Count(t.Context(), store.Filter{States: []delivery.State{delivery.Dead}})
		if want := (operator.Count{Count: len(tt.there) - tt.dismissed}); left != want || err != nil {
			t.Errorf("%s: %+v are left, error %v; want %+v", tt.name, left, err, want)
		}
		undone, err := d.Replay(t.Context(), operator.Selection{All: true, Dismissed: true, Expected: tt.dismissed})
		if len(undone) != tt.dismissed || err != nil {
			t.Errorf("%s: %d were replayed, error %v; want all that were dismissed", tt.name, len(undone), err)
		}
	}
}

// full is a store with more than anybody may change at once.
type full struct{ store.Store }

func (full) SelectDeliveries(_ context.Context, f store.Filter) (store.Selected, error) {
	return store.Selected{IDs: make([]int64, f.Limit), More: true}, nil
}

func TestMoreThanAreCountedAreNotChanged(t *testing.T) {
	d := New(Options{Store: full{memory.New()}})
	count, err := d.Count(t.Context(), store.Filter{})
	if err != nil || count != (operator.Count{Count: operator.MostCounted, More: true}) {
		t.Errorf("counted %+v, error %v", count, err)
	}
	_, err = d.Dismiss(t.Context(), operator.Selection{All: true, Expected: operator.MostCounted})
	if !errors.Is(err, operator.ErrInvalid) || !strings.Contains(err.Error(), fmt.Sprint("more than ", operator.MostCounted)) {
		t.Errorf("dismissing them came to %v", err)
	}
}
