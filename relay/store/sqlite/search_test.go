package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

// TestHotQuestionsAreAnsweredByAnIndex asks SQLite how it would answer what pages ask over
// and over: none reads a whole table.
func TestHotQuestionsAreAnsweredByAnIndex(t *testing.T) {
	s := openNew(t)
	dead, dismissed, waiting := []delivery.State{delivery.Dead}, []delivery.State{delivery.Dismissed}, []delivery.State{delivery.Waiting}
	questions := map[string]quarry{}
	for name, f := range map[string]store.Filter{
		"dead letters":                   {States: dead},
		"dead letters of a channel":      {States: dead, Channel: "a"},
		"dead letters that hold a text":  {States: dead, Text: "x"},
		"what was dismissed":             {States: dismissed},
		"what waits":                     {States: waiting},
		"what waits in a channel":        {States: waiting, Channel: "a"},
		"an event's deliveries":          {Event: 1},
		"deliveries of the last hours":   {Since: time.Now()},
		"a search for a verdict in them": {Since: time.Now(), Verdict: delivery.VerdictFailed, Kind: "x", Text: "x"},
	} {
		q, err := s.deliveryQuarry(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		questions[name] = q
	}
	for name, f := range map[string]store.EventFilter{
		"events of a connector":      {Connector: "c"},
		"events that went nowhere":   {Fates: []event.Fate{event.Filtered}},
		"events of a key":            {Key: "k"},
		"a search in the last hours": {Since: time.Now(), Text: "x"},
		"a search in a connector's":  {Connector: "c", Kind: "x", Text: "x"},
		"a search before a time":     {Connector: "c", Until: time.Now(), Text: "x"},
	} {
		q, err := s.eventQuarry(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		questions[name] = q
	}
	for name, q := range questions {
		query := fmt.Sprintf("SELECT iif(%s, %s, NULL) FROM %s %s %s WHERE %s AND %s >= 1 AND %[7]s < 2 ORDER BY %[7]s DESC LIMIT 10", q.costly, q.card, q.table, q.index, q.join, q.cheap, q.id)
		args := slices.Concat(q.costly.args, q.cheap.args)
		s.checkPlan(t, name, query, args...)
	}
	for name, query := range map[string]string{
		"a saved block":               blocksQuery + "WHERE name = ?",
		"a count of dead letters":     "SELECT channel, count(*) FROM deliveries INDEXED BY deliveries_dead_channel WHERE state = 'dead' GROUP BY channel LIMIT ?",
		"an owner's pictures":         fmt.Sprintf(pictureQuery, "NULL", "WHERE owner = ?"),
		"a person's sessions":         "DELETE FROM sessions WHERE person = ?",
		"a session":                   "SELECT person FROM sessions WHERE hash = ?",
		"a token":                     apiTokensQuery + "WHERE hash = ?",
		"what somebody did":           "SELECT id FROM audit INDEXED BY audit_who WHERE who = ? ORDER BY id DESC",
		"what was done to something":  "SELECT id FROM audit INDEXED BY audit_subject WHERE subject = ? ORDER BY id DESC",
		"the last attempt":            lastQuery,
		"events and what they became": eventsQuery,
	} {
		s.checkPlan(t, name, query, "1")
	}
}

// checkPlan complains when a query reads a table from one end to the other.
func (s *Store) checkPlan(t *testing.T, name, query string, args ...any) {
	t.Helper()
	rows, err := s.reader.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	err = each(rows, err, func() error {
		var id, parent, unused int
		var detail string
		err := rows.Scan(&id, &parent, &unused, &detail)
		if strings.HasPrefix(detail, "SCAN") && !strings.Contains(detail, "INDEX") && !strings.Contains(detail, "json_each") {
			t.Errorf("%s: %s\n%s", name, detail, query)
		}
		return err
	})
	if err != nil {
		t.Errorf("%s: %v\n%s", name, err, query)
	}
}

// TestASearchIsBounded searches what is behind more deliveries than a search looks at.
func TestASearchIsBounded(t *testing.T) {
	s := openNew(t)
	accept := func(title string, n int) {
		b := store.Batch{Connector: "c"}
		for range n {
			b.Events = append(b.Events, store.Entry{Event: event.Event{Kind: title, Card: card.Card{Title: title}}, Fate: event.Routed, Deliveries: []store.Draft{{Channel: "a"}}})
		}
		if _, err := s.Accept(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	accept("needle", 1)
	for range store.MaxSearched / 5000 {
		accept("hay", 5000)
	}
	for name, f := range map[string]store.Filter{"text": {Text: "needle"}, "kind": {Kind: "needle"}} {
		found, err := s.SelectDeliveries(t.Context(), f)
		if err != nil || len(found.IDs) > 0 || !found.More {
			t.Errorf("%s: found %+v, error %v; want nothing, and that there is more", name, found, err)
		}
		f.Before = 5000
		found, err = s.SelectDeliveries(t.Context(), f)
		if err != nil || len(found.IDs) != 1 || found.More {
			t.Errorf("%s: found %+v in the page before, error %v; want one", name, found, err)
		}
	}
}

// TestSearchersTakeTurns has more search at once than may, and one give up.
func TestSearchersTakeTurns(t *testing.T) {
	s := openNew(t)
	for range searchers {
		s.searching <- struct{}{}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := s.Deliveries(ctx, store.Filter{Text: "x"}); err == nil || ctx.Err() == nil {
		t.Errorf("one search too many came to %v", err)
	}
	if _, err := s.Deliveries(t.Context(), store.Filter{}); err != nil {
		t.Errorf("a list while others search came to %v", err)
	}
	if _, err := s.Heads(t.Context(), "a", false, 8); err != nil {
		t.Errorf("a lane while others search came to %v", err)
	}
	<-s.searching
	if _, err := s.Deliveries(t.Context(), store.Filter{Text: "x"}); err != nil {
		t.Errorf("a search when there is a turn came to %v", err)
	}
}

// TestRatesOutliveARestart closes the store, and lets hours pass.
func TestRatesOutliveARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.db")
	s := openAt(t, path)
	if _, err := s.Accept(t.Context(), benchBatch("a", "")); err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path)
	defer s.Close()
	rates := s.lanes.rates
	for hours, want := range map[int]int{0: 1, 5: 1, 23: 1, 24: 0, 1000: 0} {
		s.lanes.rates = newRates()
		if err := s.lanes.rates.load(t.Context(), s.reader, before); err != nil {
			t.Fatal(err)
		}
		list := s.lanes.rates.last(before.Add(time.Duration(hours) * time.Hour)).Events["bench"]
		if got := at(list, store.RateHours-1-hours); got != want {
			t.Errorf("after %d hours the rates are %v, want %d in the hour of the event", hours, list, want)
		}
	}
	s.lanes.rates = rates
}

// at returns an element, or 0 when there is none.
func at(list []int, i int) int {
	if i < 0 || i >= len(list) {
		return 0
	}
	return list[i]
}

// TestARingTurns counts over a day and a half.
func TestARingTurns(t *testing.T) {
	r := newRates()
	n := r.ring(counted{eventsOf, "c"})
	for hour := int64(100); hour < 136; hour++ {
		n.add(hour, int(hour))
	}
	n.add(120, 1) // a clock that was set back
	list := r.last(time.Unix(140*3600+1, 0)).Events["c"]
	for i, count := range list {
		want := 117 + i
		if want > 135 {
			want = 0
		}
		if count != want {
			t.Fatalf("the hours are %v, want 117 to 135 and then none", list)
		}
	}
	if r.last(time.Unix(164*3600, 0)).Events["c"] != nil || len(r.all) != 0 {
		t.Error("who has had nothing for a day is still counted")
	}
}

// BenchmarkQuestions measures what pages ask of a store in which 10,000 cards wait, 10,000
// are dead letters and 100,000 have arrived, in 1,000 channels and of 1,000 connectors.
// The oldest channel has had nothing since.
func BenchmarkQuestions(b *testing.B) {
	s := openBench(b, filepath.Join(b.TempDir(), "relay.db"))
	defer s.Close()
	fillForQuestions(b, s)
	dead, waiting := []delivery.State{delivery.Dead}, []delivery.State{delivery.Waiting}
	within := &store.Within{Channels: []string{"channel-7", "channel-8"}, Connectors: []string{"connector-7"}}
	for _, q := range []struct {
		name   string
		filter store.Filter
	}{
		{"newest", store.Filter{}},
		{"channel", store.Filter{Channel: "channel-7"}},
		{"quiet channel", store.Filter{Channel: "quiet"}},
		{"connector", store.Filter{Connector: "connector-7"}},
		{"within", store.Filter{Within: within}},
		{"waiting", store.Filter{States: waiting}},
		{"waiting in a channel", store.Filter{States: waiting, Channel: "stuck"}},
		{"dead", store.Filter{States: dead}},
		{"dead in a channel", store.Filter{States: dead, Channel: "channel-7"}},
		{"dismissed", store.Filter{States: []delivery.State{delivery.Dismissed}}},
		{"last hour", store.Filter{Since: time.Now().Add(-time.Hour)}},
		{"deep page", store.Filter{Before: 20_000}},
		{"text often", store.Filter{Text: "abcdef"}},
		{"text never", store.Filter{Text: "needle"}},
		{"text never in dead", store.Filter{Text: "needle", States: dead}},
		{"kind never", store.Filter{Kind: "needle"}},
		{"verdict never", store.Filter{Verdict: delivery.VerdictThrottled}},
	} {
		b.Run(q.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Deliveries(b.Context(), q.filter); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for name, ask := range map[string]func(ctx context.Context) error{
		"count of dead": func(ctx context.Context) error {
			_, err := s.SelectDeliveries(ctx, store.Filter{States: dead, Limit: 10_000})
			return err
		},
		"count of all": func(ctx context.Context) error {
			_, err := s.SelectDeliveries(ctx, store.Filter{Limit: 10_000})
			return err
		},
		"dead letters": func(ctx context.Context) error { _, err := s.DeadLetters(ctx); return err },
		"lanes":        func(ctx context.Context) error { _, err := s.Lanes(ctx); return err },
		"connectors":   func(ctx context.Context) error { _, err := s.Connectors(ctx); return err },
		"rates":        func(ctx context.Context) error { _, err := s.Rates(ctx); return err },
		"events":       func(ctx context.Context) error { _, err := s.Events(ctx, store.EventFilter{}); return err },
		"events text never": func(ctx context.Context) error {
			_, err := s.Events(ctx, store.EventFilter{Text: "needle"})
			return err
		},
		"events of connector": func(ctx context.Context) error {
			_, err := s.Events(ctx, store.EventFilter{Connector: "connector-7"})
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := ask(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func fillForQuestions(b *testing.B, s *Store) {
	b.Helper()
	const connectors, waiting, dead, arrived = 1000, 10_000, 10_000, 100_000
	spread(connectors, func(i int) {
		if _, err := s.OpenConnector(b.Context(), fmt.Sprint("connector-", i), "rss"); err != nil {
			b.Error(err)
		}
	})
	accept := func(n int, channel func(i int) string, dead string) {
		spread(n/10, func(i int) {
			batch := store.Batch{Connector: fmt.Sprint("connector-", i%connectors)}
			for k := range 10 {
				e := benchBatch(channel(i+k*connectors/10), "").Events[0]
				e.Deliveries[0].Dead = dead
				batch.Events = append(batch.Events, e)
			}
			if _, err := s.Accept(b.Context(), batch); err != nil {
				b.Error(err)
			}
		})
	}
	in := func(name string) func(int) string { return func(int) string { return name } }
	some := func(i int) string { return fmt.Sprint("channel-", i%benchLanes) }
	accept(100, in("quiet"), "")
	accept(waiting, in("stuck"), "")
	accept(dead, some, "rejected")
	accept(arrived, some, "")
	spread(benchLanes, func(i int) {
		list, err := s.Heads(b.Context(), some(i), false, 1000)
		if err != nil {
			b.Error(err)
		}
		results := make([]delivery.Result, len(list))
		for i, d := range list {
			d.State, d.Attempts = delivery.Delivered, 1
			results[i] = delivery.Result{Delivery: d, Attempt: delivery.Attempt{Delivery: d.ID, Number: 1, Started: time.Now(), Outcome: delivery.Outcome{Verdict: delivery.VerdictDelivered}}}
		}
		if err := s.Record(b.Context(), results...); err != nil {
			b.Error(err)
		}
	})
}
