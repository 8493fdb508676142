package storetest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

func (s *suite) list(f store.Filter) []string {
	s.Helper()
	list, err := s.store.Deliveries(s.ctx(), f)
	s.ok(err, "deliveries")
	var all []string
	for _, sum := range list {
		all = append(all, sum.Title)
	}
	return all
}

func (s *suite) lists() {
	equal(s, s.list(store.Filter{}), nil, "an empty store's", cmpopts.EquateEmpty())
	all := s.fill("a", 120)
	list, err := s.store.Deliveries(s.ctx(), store.Filter{})
	s.ok(err, "deliveries")
	equal(s, len(list), store.DefaultLimit, "how many without a limit")
	want := store.Summary{Delivery: all[119], Kind: "test", Title: "119"}
	want.Card = nil
	equal(s, list[0], want, "the newest")
	list, err = s.store.Deliveries(s.ctx(), store.Filter{Limit: 1, Cards: true})
	s.ok(err, "deliveries with cards")
	want.Card = all[119].Card
	equal(s, list[0], want, "the newest with its card")
	var pages []string
	for before := int64(0); ; {
		list, err := s.store.Deliveries(s.ctx(), store.Filter{Before: before, Limit: 50})
		s.ok(err, "deliveries")
		if len(list) == 0 {
			break
		}
		for _, sum := range list {
			pages = append(pages, sum.Title)
		}
		before = list[len(list)-1].ID
	}
	var titles []string
	for i := range 120 {
		titles = append(titles, fmt.Sprint(119-i))
	}
	equal(s, pages, titles, "all pages")
}

func (s *suite) filters() {
	began := now()
	receipts := s.accept(entry("", "1", "a", "b"), entry("", "2", "a"), entry("", "3", "b"), entry("", "4", "a"))
	_, err := s.store.Accept(s.ctx(), store.Batch{Connector: "other", Events: []store.Entry{entry("", "5", "a")}})
	s.ok(err, "accept")
	a := s.heads("a")
	s.record(a[0], delivery.Delivered, delivery.VerdictDelivered)
	s.record(a[1], delivery.Dead, delivery.VerdictRejected)
	s.record(s.heads("b")[0], delivery.Dead, delivery.VerdictRejected)
	tests := []struct {
		name   string
		filter store.Filter
		want   []string
	}{
		{"all", store.Filter{}, []string{"5", "4", "3", "2", "1", "1"}},
		{"channel", store.Filter{Channel: "a"}, []string{"5", "4", "2", "1"}},
		{"connector", store.Filter{Connector: "c"}, []string{"4", "3", "2", "1", "1"}},
		{"within nothing", store.Filter{Within: &store.Within{}}, nil},
		{"within a channel", store.Filter{Within: &store.Within{Channels: []string{"b", "\"]"}}}, []string{"3", "1"}},
		{"within a channel and a connector", store.Filter{Within: &store.Within{Channels: []string{"b"}, Connectors: []string{"other"}}}, []string{"5", "3", "1"}},
		{"a channel within another", store.Filter{Channel: "a", Within: &store.Within{Channels: []string{"b"}}}, nil},
		{"event", store.Filter{Event: receipts[0].Event}, []string{"1", "1"}},
		{"event and channel", store.Filter{Event: receipts[0].Event, Channel: "b"}, []string{"1"}},
		{"unknown event", store.Filter{Event: 4711}, nil},
		{"dead letters", store.Filter{States: []delivery.State{delivery.Dead}}, []string{"2", "1"}},
		{"a channel's dead letters", store.Filter{Channel: "b", States: []delivery.State{delivery.Dead}}, []string{"1"}},
		{"waiting", store.Filter{States: []delivery.State{delivery.Waiting}}, []string{"5", "4", "3"}},
		{"what waits in a channel", store.Filter{Channel: "a", States: []delivery.State{delivery.Waiting}}, []string{"5", "4"}},
		{"two states", store.Filter{States: []delivery.State{delivery.Delivered, delivery.Dead}}, []string{"2", "1", "1"}},
		{"two states of a channel", store.Filter{Channel: "a", States: []delivery.State{delivery.Delivered, delivery.Dead}}, []string{"2", "1"}},
		{"unknown state", store.Filter{States: []delivery.State{"' OR true OR '"}}, nil},
		{"before", store.Filter{Before: a[1].ID, Channel: "a"}, []string{"1"}},
		{"kind", store.Filter{Kind: "test", Channel: "b"}, []string{"3", "1"}},
		{"another kind", store.Filter{Kind: "TEST"}, nil},
		{"verdict", store.Filter{Verdict: delivery.VerdictRejected}, []string{"2", "1"}},
		{"verdict and kind of a connector's dead letters", store.Filter{Connector: "c", States: []delivery.State{delivery.Dead}, Kind: "test", Verdict: delivery.VerdictRejected}, []string{"2", "1"}},
		{"verdict of no last attempt", store.Filter{Verdict: delivery.VerdictFailed}, nil},
		{"since the beginning", store.Filter{Since: began}, []string{"5", "4", "3", "2", "1", "1"}},
		{"since now", store.Filter{Since: time.Now().Add(time.Second)}, nil},
		{"until the beginning", store.Filter{Until: began}, nil},
		{"until now", store.Filter{Until: time.Now().Add(time.Second), Channel: "b"}, []string{"3", "1"}},
		{"limit", store.Filter{Limit: 2, States: []delivery.State{delivery.Waiting}}, []string{"5", "4"}},
		{"everything at once", store.Filter{
			Channel: "a", Connector: "c", Event: receipts[1].Event, States: []delivery.State{delivery.Dead}, Before: a[2].ID, Limit: 5,
		}, []string{"2"}},
	}
	for _, test := range tests {
		equal(s, s.list(test.filter), test.want, test.name, cmpopts.EquateEmpty())
		test.filter.Limit = len(test.want)
		found, err := s.store.SelectDeliveries(s.ctx(), test.filter)
		s.ok(err, "select deliveries")
		more := test.name == "limit"
		equal(s, []any{len(found.IDs), found.More}, []any{len(test.want), more}, "how many are selected: "+test.name)
	}
}

// texts searches the cards of deliveries, of which one has a card of its own.
func (s *suite) texts() {
	e := entry("", `100%_ "sure" <b>Ärger</b> \ é`, "a", "b")
	e.Deliveries[1].Card = []byte(`{"title":"The route's own"}`)
	s.accept(entry("", "first", "a"), e, entry("", "last", "a", "b"))
	for text, want := range map[string][]string{
		"ärger": {e.Card.Title}, `"SURE" <B>`: {e.Card.Title}, "100%_": {e.Card.Title}, "100_": nil, `\ É`: {e.Card.Title}, "%": {e.Card.Title},
		"route's OWN": {"The route's own"}, "text of": {"last", "last", e.Card.Title, "first"}, "'; DROP TABLE events": nil, `title":`: nil,
		strings.Repeat("%a_", 100_000): nil,
	} {
		equal(s, s.list(store.Filter{Text: text}), want, "what holds "+text[:min(len(text), 30)], cmpopts.EquateEmpty())
	}
	equal(s, s.list(store.Filter{Text: "text of", Limit: 2}), []string{"last", "last"}, "the first page")
	equal(s, s.list(store.Filter{Text: "text of", Before: s.heads("b")[1].ID, Channel: "a"}), []string{"last", e.Card.Title, "first"}, "a page of a channel")
}

// deepSearch finds what many others are in front of.
func (s *suite) deepSearch() {
	s.accept(entry("", "needle", "a"))
	for range 5 {
		s.fill("a", 1000)
	}
	found, err := s.store.SelectDeliveries(s.ctx(), store.Filter{Text: "needle"})
	s.ok(err, "select deliveries")
	equal(s, found, store.Selected{IDs: ids(s.heads("a")[:1])}, "what is found")
	found, err = s.store.SelectDeliveries(s.ctx(), store.Filter{Text: "text of 99", Limit: 20})
	s.ok(err, "select deliveries")
	equal(s, []any{len(found.IDs), found.More, slices.IsSortedFunc(found.IDs, func(a, b int64) int { return int(b - a) })}, []any{20, true, true}, "one page of what is found in all steps")
	list, err := s.store.Events(s.ctx(), store.EventFilter{Text: "needle"})
	s.ok(err, "events")
	equal(s, len(list), 1, "events that are found")
}

func (s *suite) rates() {
	began := time.Now().Truncate(time.Hour)
	s.accept(entry("1", "1", "a", "b"), entry("2", "2", "a"), entry("3", "nobody's"))
	s.accept(entry("1", "1", "a"), entry("4", "4", "a"))
	_, err := s.store.Accept(s.ctx(), store.Batch{Connector: "other", Events: []store.Entry{entry("", "5", "a")}})
	s.ok(err, "accept")
	a := s.heads("a")
	s.record(a[0], delivery.Delivered, delivery.VerdictDelivered)
	s.record(a[1], delivery.Accepted, delivery.VerdictAccepted)
	s.record(a[2], delivery.Dead, delivery.VerdictRejected)
	s.record(a[3], delivery.Waiting, delivery.VerdictFailed)
	r, err := s.store.Rates(s.ctx())
	s.ok(err, "rates")
	if r.Hour.Before(began) || r.Hour.After(time.Now()) {
		s.Errorf("the last hour began at %v", r.Hour)
	}
	sums := make(map[string]int) // an hour may have begun in the meantime
	for name, counts := range map[string][]int{"events of c": r.Events["c"], "events of other": r.Events["other"], "arrivals in a": r.Deliveries["a"]} {
		equal(s, len(counts), store.RateHours, "hours of "+name)
		sums[name] = counts[store.RateHours-1] + counts[store.RateHours-2]
	}
	equal(s, sums, map[string]int{"events of c": 4, "events of other": 1, "arrivals in a": 2}, "what is counted")
	equal(s, []int{len(r.Events), len(r.Deliveries)}, []int{2, 1}, "of how many")
}

func (s *suite) findEvents() {
	find := func(key string) []int64 {
		s.Helper()
		list, err := s.store.FindEvents(s.ctx(), key)
		s.ok(err, "find events")
		return list
	}
	var want []int64
	for i := range 25 {
		receipts, err := s.store.Accept(s.ctx(), store.Batch{Connector: fmt.Sprint(i), Events: []store.Entry{entry("k", "x"), entry("other", "x")}})
		s.ok(err, "accept")
		want = append(want, receipts[0].Event)
	}
	slices.Reverse(want)
	equal(s, find("k"), want[:store.MaxFound], "events of a key")
	equal(s, find("K"), nil, "events of a key in another case", cmpopts.EquateEmpty())
}

func (s *suite) notFound() {
	_, err := s.store.Event(s.ctx(), 4711)
	s.is(err, store.ErrNotFound, "event")
	_, _, err = s.store.Delivery(s.ctx(), 4711)
	s.is(err, store.ErrNotFound, "delivery")
	s.is(s.store.SavePoll(s.ctx(), "nobody", store.Poll{}), store.ErrNotFound, "save poll")
	changed, err := s.store.Replay(s.ctx(), nil)
	s.ok(err, "replay of nothing")
	equal(s, changed, nil, "replayed", cmpopts.EquateEmpty())
}

func (s *suite) openConnector(name, typ string) store.Kept {
	s.Helper()
	c, err := s.store.OpenConnector(s.ctx(), name, typ)
	s.ok(err, "open connector")
	return c
}

func (s *suite) connectorToken() {
	a, b := s.openConnector("a", "rss"), s.openConnector("b", "rss")
	raw, err := base64.RawURLEncoding.DecodeString(a.HookToken)
	if err != nil || len(raw) < 20 {
		s.Errorf("a hook token of %d bytes (error %v), want at least 160 bits in URL-safe text", len(raw), err)
	}
	if a.HookToken == b.HookToken {
		s.Error("two connectors have the same hook token")
	}
	equal(s, s.openConnector("a", "rss"), a, "opened again")
	list, err := s.store.Connectors(s.ctx())
	s.ok(err, "connectors")
	equal(s, list, []store.Kept{a, b}, "connectors")
}

func (s *suite) connectorType() {
	before := s.openConnector("c", "rss")
	other := s.openConnector("other", "rss")
	for _, name := range []string{"c", "other"} {
		_, err := s.store.Accept(s.ctx(), store.Batch{Connector: name, Events: []store.Entry{entry("k", "1", "a")}, Checkpoint: event.Checkpoint("x")})
		s.ok(err, "accept")
		s.ok(s.store.SavePoll(s.ctx(), name, store.Poll{Health: "ok"}), "save poll")
	}
	if at := s.openConnector("c", "rss").LastEvent; time.Since(at) > time.Minute {
		s.Errorf("the last event was at %v, which is not now", at)
	}
	before.Type = "github"
	equal(s, s.openConnector("c", "github"), before, "a connector of another type")
	if s.accept(entry("k", "1", "a"))[0].Seen {
		s.Error("a key from before the change is known")
	}
	equal(s, s.openConnector("other", "rss").Checkpoint, event.Checkpoint("x"), "the other's checkpoint")
	receipts, err := s.store.Accept(s.ctx(), store.Batch{Connector: "other", Events: []store.Entry{entry("k", "1", "a")}})
	s.ok(err, "accept")
	equal(s, receipts[0].Seen, true, "the other's key is known")
	equal(s, s.openConnector("other", "rss").HookToken, other.HookToken, "the other's token")
}

func (s *suite) polls() {
	c := s.openConnector("c", "rss")
	equal(s, c.Poll, store.Poll{}, "how a new connector polls")
	if !c.LastEvent.IsZero() {
		s.Errorf("a new connector's last event was at %v", c.LastEvent)
	}
	now := time.Now().Truncate(time.Microsecond)
	want := store.Poll{Next: now.Add(time.Hour), Last: now, Health: "throttled", Problem: "429: slow down", Failures: 3, Since: now.Add(-time.Hour)}
	s.ok(s.store.SavePoll(s.ctx(), "c", want), "save poll")
	equal(s, s.openConnector("c", "rss").Poll, want, "how it polls")
	s.ok(s.store.SavePoll(s.ctx(), "c", store.Poll{}), "save poll")
	equal(s, s.openConnector("c", "rss").Poll, store.Poll{}, "how it polls at the end")
	s.accept(entry("k", "x"))
	at := s.openConnector("c", "rss").LastEvent
	s.accept(entry("k", "x"))
	equal(s, s.openConnector("c", "rss").LastEvent, at, "the last event after a known key")
}

func (s *suite) tokens() {
	token := func(connector string) []byte {
		b, err := s.store.Token(s.ctx(), connector)
		if !errors.Is(err, store.ErrNotFound) {
			s.ok(err, "token")
		}
		return b
	}
	equal(s, token("c"), nil, "the token before a sign-in")
	for _, sealed := range [][]byte{{0, 255, 0}, []byte("another")} {
		s.ok(s.store.SaveToken(s.ctx(), "c", sealed), "save token")
		equal(s, token("c"), sealed, "the token")
	}
	equal(s, token("other"), nil, "another connector's token")
	s.ok(s.store.SaveToken(s.ctx(), "c", nil), "forget token")
	equal(s, token("c"), nil, "the token that was forgotten")
	s.ok(s.store.SaveToken(s.ctx(), "c", nil), "forget it again")
}

func (s *suite) closed() {
	s.ok(s.store.Close(), "close")
	s.ok(s.store.Close(), "close again")
	for method, err := range eachMethod(s.ctx(), s.store) {
		s.is(err, store.ErrClosed, method)
	}
}

// eachMethod calls every method of the contract that takes a context, with arguments that
// ask for next to nothing, and yields the error that it returns.
func eachMethod(ctx context.Context, s store.Store) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for method := range reflect.TypeFor[store.Store]().Methods() {
			if method.Type.NumIn() == 0 || method.Type.In(0) != reflect.TypeFor[context.Context]() {
				continue // Notify, Rendering and Close
			}
			args := []reflect.Value{reflect.ValueOf(ctx)}
			for n := 1; n < method.Type.NumIn() && !method.Type.IsVariadic(); n++ {
				arg := reflect.Zero(method.Type.In(n))
				if arg.Type() == reflect.TypeFor[[]int64]() {
					arg = reflect.ValueOf([]int64{1}) // of no deliveries there would be nothing to do
				}
				args = append(args, arg)
			}
			answers := reflect.ValueOf(s).MethodByName(method.Name).Call(args)
			err, _ := reflect.TypeAssert[error](answers[len(answers)-1])
			if !yield(method.Name, err) {
				return
			}
		}
	}
}

func (s *suite) ping() {
	s.ok(s.store.Ping(s.ctx()), "ping")
	s.fill("a", 1)
	s.ok(s.store.Ping(s.ctx()), "ping again")
}
