package sqlite

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

// TestHostileListsOfLargeCards: lists, counts and searches do not load large cards,
// whether they are the event's or the route's.
func TestHostileListsOfLargeCards(t *testing.T) {
	const cards, large = 40, 1 << 20
	s := openNew(t)
	for i := range cards {
		e := store.Entry{Event: event.Event{Kind: "k", Card: card.Card{Title: fmt.Sprint(i), Text: strings.Repeat("x", large)}}, Fate: event.Routed}
		e.Deliveries = []store.Draft{{Channel: "a", Dead: "no"}, {Channel: "b", Dead: "no", Card: fmt.Appendf(nil, `{"title":"route's %d","text":%q}`, i, e.Card.Text)}}
		if _, err := s.Accept(t.Context(), store.Batch{Connector: "c", Events: []store.Entry{e}}); err != nil {
			t.Fatal(err)
		}
	}
	before := allocated()
	list, err := s.Deliveries(t.Context(), store.Filter{States: []delivery.State{delivery.Dead}, Limit: 1000})
	if err != nil || len(list) != 2*cards || list[0].Title != "route's 39" || list[1].Title != "39" {
		t.Errorf("%d deliveries, %v", len(list), err)
	}
	events, err := s.Events(t.Context(), store.EventFilter{Limit: 1000})
	if err != nil || len(events) != cards || events[0].Title != "39" {
		t.Errorf("%d events, %v", len(events), err)
	}
	if dead, err := s.DeadLetters(t.Context()); err != nil || dead["a"] != cards {
		t.Errorf("dead letters: %v, %v", dead, err)
	}
	if bytes := allocated() - before; bytes > cards*large/10 {
		t.Errorf("allocated %d KB for the lists of %d MB", bytes>>10, 2*cards*large>>20)
	}
}

// allocated returns how many bytes the process has allocated so far.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
