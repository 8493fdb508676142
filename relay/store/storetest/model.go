package storetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

// checkModel runs random sequences of operations against a store and a model of
// it that keeps plain lists. All sequences share one store, each with names of
// its own, so that opening one does not take most of the time.
func checkModel(t *testing.T, open func(t *testing.T) store.Store) {
	s := open(t)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		m := &model{test: t, store: s, prefix: fmt.Sprint("run ", run, " "), seen: make(map[string]int64), connectors: make(map[string]*kept), lanes: make(map[string]delivery.Lane)}
		r.Repeat(map[string]func(*rapid.T){
			"accept": m.accept, "record": m.record, "replay": m.replay, "dismiss": m.dismiss, "pause": m.pause,
			"move": m.move, "open": m.open, "sweep": m.sweep, "": m.check,
		})
	})
}

// decision is Replay or Dismiss.
type decision func(ctx context.Context, ids []int64) ([]int64, error)

// model is what a store should hold.
type model struct {
	test       *testing.T
	store      store.Store
	prefix     string
	deliveries []delivery.Delivery
	attempts   int
	events     []int64
	seen       map[string]int64
	connectors map[string]*kept
	lanes      map[string]delivery.Lane
}

// kept is what a store should hold of a connector.
type kept struct {
	typ        string
	token      string
	checkpoint event.Checkpoint
}

// ignored are the times that the store takes from its own clock.
func ignored() cmp.Option {
	return cmp.Options{cmpopts.IgnoreFields(delivery.Delivery{}, "AcceptedAt"), cmpopts.EquateEmpty()}
}

// name draws one of three names of a kind, of this run.
func (m *model) name(r *rapid.T, kind string) string {
	return m.prefix + kind + rapid.SampledFrom([]string{"1", "2", "3"}).Draw(r, kind)
}

func (m *model) fatal(r *rapid.T, err error) {
	if err != nil {
		r.Fatal(err)
	}
}

// some draws a few of the deliveries, in any state.
func (m *model) some(r *rapid.T) []int {
	if len(m.deliveries) == 0 {
		r.Skip("no deliveries")
	}
	return rapid.SliceOfNDistinct(rapid.IntRange(0, len(m.deliveries)-1), 1, min(4, len(m.deliveries)), rapid.ID[int]).Draw(r, "deliveries")
}

func (m *model) accept(r *rapid.T) {
	b := store.Batch{Connector: m.name(r, "connector")}
	var receipts []store.Receipt
	for range rapid.IntRange(0, 4).Draw(r, "events") {
		e := entry("", fmt.Sprint("event ", len(m.events)))
		if rapid.Bool().Draw(r, "keyed") {
			e.Key = m.name(r, "key")
		}
		e.Thread = rapid.SampledFrom([]string{"", "pull/1"}).Draw(r, "thread")
		for range rapid.IntRange(0, 3).Draw(r, "deliveries") {
			d := store.Draft{Channel: m.name(r, "channel")}
			if rapid.IntRange(0, 4).Draw(r, "dead") == 0 {
				d.Dead = "cannot be evaluated"
			}
			d.Urgent = rapid.Bool().Draw(r, "urgent")
			if rapid.Bool().Draw(r, "changed") {
				d.Card = []byte(`{"title":"changed"}`)
			}
			e.Deliveries = append(e.Deliveries, d)
		}
		b.Events = append(b.Events, e)
	}
	if m.connectors[b.Connector] != nil && rapid.Bool().Draw(r, "moves") {
		b.Checkpoint = event.Checkpoint(rapid.StringN(1, 5, -1).Draw(r, "checkpoint"))
		m.connectors[b.Connector].checkpoint = b.Checkpoint
	}
	receipts, err := m.store.Accept(m.test.Context(), b)
	m.fatal(r, err)
	if len(receipts) != len(b.Events) {
		r.Fatalf("%d receipts for %d events", len(receipts), len(b.Events))
	}
	for i, e := range b.Events {
		m.accepted(r, b.Connector, e, receipts[i])
	}
}

// accepted takes one entry into the model, as its receipt should say.
func (m *model) accepted(r *rapid.T, connector string, e store.Entry, got store.Receipt) {
	key := connector + "\n" + e.Key
	if id, known := m.seen[key]; known && e.Key != "" {
		if got != (store.Receipt{Event: id, Seen: true}) {
			r.Fatalf("receipt %+v of a known key of event %d", got, id)
		}
		return
	}
	if got.Seen || len(m.events) > 0 && got.Event <= m.events[len(m.events)-1] {
		r.Fatalf("receipt %+v of a new event after %v", got, m.events)
	}
	m.events = append(m.events, got.Event)
	if e.Key != "" {
		m.seen[key] = got.Event
	}
	list, err := m.store.Deliveries(m.test.Context(), store.Filter{Event: got.Event})
	m.fatal(r, err)
	if len(list) != len(e.Deliveries) {
		r.Fatalf("event %d has %d deliveries, want %d", got.Event, len(list), len(e.Deliveries))
	}
	slices.Reverse(list)
	card, err := e.Card.MarshalJSON()
	m.fatal(r, err)
	for i, draft := range e.Deliveries {
		d := delivery.Delivery{
			ID: list[i].ID, Channel: draft.Channel, Event: got.Event, Connector: connector, State: delivery.Waiting,
			Card: card, Key: e.Key, Thread: e.Thread, Urgent: draft.Urgent, Reason: draft.Dead,
		}
		if e.Key == "" {
			d.Key = list[i].Key
		}
		if draft.Dead != "" {
			d.State = delivery.Dead
		}
		if draft.Card != nil {
			d.Card = draft.Card
		}
		m.deliveries = append(m.deliveries, d)
	}
}

// record records outcomes, one by one or as one digest.
func (m *model) record(r *rapid.T) {
	var results []delivery.Result
	together := rapid.Bool().Draw(r, "together")
	for _, i := range m.some(r) {
		d := &m.deliveries[i]
		if d.State != delivery.Waiting {
			continue
		}
		m.attempts++
		a := delivery.Attempt{Delivery: d.ID, Number: d.Attempts + 1, Started: time.UnixMicro(int64(1e15) + int64(m.attempts))}
		d.Digest = 0
		if together {
			d.Digest = m.deliveries[0].ID
		}
		d.State = rapid.SampledFrom([]delivery.State{delivery.Waiting, delivery.Delivered, delivery.Accepted, delivery.Dead}).Draw(r, "state")
		d.Attempts, d.Unknown, d.Next = a.Number, d.Unknown || rapid.Bool().Draw(r, "unknown"), a.Started.Add(time.Second)
		d.Reason = fmt.Sprint("attempt ", a.Number)
		if together {
			results = append(results, delivery.Result{Attempt: a, Delivery: *d})
		} else {
			m.fatal(r, m.store.Record(m.test.Context(), delivery.Result{Attempt: a, Delivery: *d}))
		}
	}
	m.fatal(r, m.store.Record(m.test.Context(), results...))
}

func (m *model) replay(r *rapid.T) {
	m.decide(r, m.store.Replay, func(d *delivery.Delivery) bool {
		if d.State != delivery.Dead && d.State != delivery.Dismissed {
			return false
		}
		d.State, d.Attempts, d.Next, d.Digest, d.Reason = delivery.Waiting, 0, time.Time{}, 0, ""
		return true
	})
}

func (m *model) dismiss(r *rapid.T) {
	m.decide(r, m.store.Dismiss, func(d *delivery.Delivery) bool {
		was := d.State
		if was == delivery.Dead {
			d.State = delivery.Dismissed
		}
		return was == delivery.Dead
	})
}

// decide replays or dismisses some deliveries, in the store and in the model.
func (m *model) decide(r *rapid.T, in decision, apply func(*delivery.Delivery) bool) {
	var ids, want []int64
	for _, i := range m.some(r) {
		ids = append(ids, m.deliveries[i].ID)
		if apply(&m.deliveries[i]) {
			want = append(want, m.deliveries[i].ID)
		}
	}
	slices.Sort(want)
	got, err := in(m.test.Context(), ids)
	m.fatal(r, err)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		r.Fatalf("changed (-want +got):\n%s", diff)
	}
}

func (m *model) pause(r *rapid.T) {
	l := delivery.Lane{Channel: m.name(r, "channel"), Pause: rapid.SampledFrom([]delivery.Pause{delivery.NotPaused, delivery.PausedByOperator}).Draw(r, "pause")}
	if l.Pause != delivery.NotPaused {
		l.Reason, l.Since = "maintenance", time.UnixMicro(1e15)
	}
	if rapid.Bool().Draw(r, "waits") {
		l.Next = time.UnixMicro(2e15)
	}
	l.Drain = rapid.Int64Range(0, 2).Draw(r, "drain")
	m.fatal(r, m.store.SaveLane(m.test.Context(), l))
	if l.Pause == delivery.NotPaused && l.Next.IsZero() && l.Drain == 0 {
		delete(m.lanes, l.Channel)
		return
	}
	m.lanes[l.Channel] = l
}

// move gives what a channel's lane has to another, or to nobody.
func (m *model) move(r *rapid.T) {
	from, to := m.name(r, "channel"), m.name(r, "channel")
	if from == to {
		r.Skip("the same channel")
	}
	forget := rapid.Bool().Draw(r, "forget")
	want := 0
	for i := range m.deliveries {
		d := &m.deliveries[i]
		if d.Channel != from || d.State != delivery.Waiting && d.State != delivery.Dead {
			continue
		}
		if want++; !forget {
			d.Channel = to
			continue
		}
		if d.State = delivery.Dismissed; d.Reason == "" {
			d.Reason = "the channel was forgotten"
		}
	}
	delete(m.lanes, from)
	do := func(ctx context.Context) (int, error) { return m.store.MoveChannel(ctx, from, to) }
	if forget {
		do = func(ctx context.Context) (int, error) { return m.store.ForgetChannel(ctx, from) }
	}
	n, err := do(m.test.Context())
	m.fatal(r, err)
	if n != want {
		r.Fatalf("%d deliveries of %s, want %d", n, from, want)
	}
}

func (m *model) open(r *rapid.T) {
	name, typ := m.name(r, "connector"), rapid.SampledFrom([]string{"rss", "github"}).Draw(r, "type")
	c, err := m.store.OpenConnector(m.test.Context(), name, typ)
	m.fatal(r, err)
	k := m.connectors[name]
	if k == nil {
		k = &kept{typ: typ, token: c.HookToken}
		m.connectors[name] = k
	}
	if k.typ != typ {
		k.typ, k.checkpoint = typ, nil
		for key := range m.seen {
			if strings.HasPrefix(key, name+"\n") {
				delete(m.seen, key)
			}
		}
	}
	want := store.Kept{Name: name, Type: typ, HookToken: k.token, Checkpoint: k.checkpoint}
	if diff := cmp.Diff(want, c, cmpopts.IgnoreFields(store.Kept{}, "LastEvent")); diff != "" {
		r.Fatalf("connector (-want +got):\n%s", diff)
	}
}

// sweep removes all that has ended, now and then.
func (m *model) sweep(r *rapid.T) {
	if rapid.IntRange(0, 3).Draw(r, "now") != 0 {
		r.Skip("not now")
	}
	_, err := m.store.Sweep(m.test.Context(), time.Now().Add(time.Hour))
	m.fatal(r, err)
	left := make(map[int64]bool)
	m.deliveries = slices.DeleteFunc(m.deliveries, func(d delivery.Delivery) bool {
		gone := d.State != delivery.Waiting && d.State != delivery.Dead
		left[d.Event] = left[d.Event] || !gone
		return gone
	})
	for key, event := range m.seen {
		if !left[event] {
			m.seen[key] = 0
		}
	}
}

// check compares a part of what the store shows with the model, after each
// operation.
func (m *model) check(r *rapid.T) {
	channel := m.name(r, "channel")
	var waiting []delivery.Delivery
	for _, d := range m.deliveries {
		if d.Channel == channel && d.State == delivery.Waiting {
			waiting = append(waiting, d)
		}
	}
	switch rapid.SampledFrom([]string{"heads", "heads", "turns", "lane", "list"}).Draw(r, "what") {
	case "heads":
		m.checkHeads(r, channel, waiting)
	case "turns":
		m.checkTurns(r, channel, waiting)
	case "lane":
		m.checkLane(r, channel, waiting)
	case "list":
		m.checkList(r, channel)
	}
}

// checkList lists a channel's deliveries.
func (m *model) checkList(r *rapid.T, channel string) {
	var listed []delivery.Delivery
	filter := store.Filter{Channel: channel, Limit: 1000, Cards: rapid.Bool().Draw(r, "cards")}
	if rapid.Bool().Draw(r, "by state") {
		filter.States = []delivery.State{rapid.SampledFrom(delivery.States()).Draw(r, "state")}
	}
	for _, d := range m.deliveries {
		if d.Channel == channel && (filter.States == nil || d.State == filter.States[0]) {
			if !filter.Cards {
				d.Card = nil
			}
			listed = append(listed, d)
		}
	}
	list, err := m.store.Deliveries(m.test.Context(), filter)
	m.fatal(r, err)
	var got []delivery.Delivery
	for _, sum := range list {
		if sum.Finished.IsZero() == sum.State.Done() {
			r.Errorf("delivery %d is %s and finished at %v", sum.ID, sum.State, sum.Finished)
		}
		got = append(got, sum.Delivery)
	}
	slices.Reverse(got)
	if diff := cmp.Diff(listed, got, ignored()); diff != "" {
		r.Fatalf("deliveries of %s (-want +got):\n%s", channel, diff)
	}
}

// checkHeads reads a part of a lane.
func (m *model) checkHeads(r *rapid.T, channel string, waiting []delivery.Delivery) {
	n, urgent := rapid.IntRange(1, 9).Draw(r, "n"), rapid.Bool().Draw(r, "urgent")
	if urgent {
		waiting = slices.DeleteFunc(waiting, func(d delivery.Delivery) bool { return !d.Urgent })
	}
	got, err := m.store.Heads(m.test.Context(), channel, urgent, n)
	m.fatal(r, err)
	if diff := cmp.Diff(waiting[:min(n, len(waiting))], got, ignored()); diff != "" {
		r.Fatalf("%d heads of %s (-want +got):\n%s", n, channel, diff)
	}
}

// byConnector divides deliveries by their connectors.
func byConnector(list []delivery.Delivery) map[string][]delivery.Delivery {
	lines := make(map[string][]delivery.Delivery)
	for _, d := range list {
		lines[d.Connector] = append(lines[d.Connector], d)
	}
	return lines
}

// checkTurns reads a part of a lane in which the connectors take turns.
func (m *model) checkTurns(r *rapid.T, channel string, waiting []delivery.Delivery) {
	urgent := rapid.Bool().Draw(r, "urgent")
	if urgent {
		waiting = slices.DeleteFunc(waiting, func(d delivery.Delivery) bool { return !d.Urgent })
	}
	lines := byConnector(waiting)
	names := slices.Sorted(maps.Keys(lines))
	from := rapid.SampledFrom(append([]string{"", m.prefix + "connector2", "~"}, names...)).Draw(r, "from")
	at := slices.IndexFunc(names, func(name string) bool { return name >= from })
	if at > 0 {
		names = slices.Concat(names[at:], names[:at])
	}
	n := rapid.IntRange(0, 9).Draw(r, "n")
	var want []delivery.Delivery
	for place := range waiting {
		for _, name := range names {
			if place < len(lines[name]) && len(want) < n {
				want = append(want, lines[name][place])
			}
		}
	}
	got, err := m.store.Turns(m.test.Context(), channel, from, urgent, n)
	m.fatal(r, err)
	if diff := cmp.Diff(want, got, ignored()); diff != "" {
		r.Fatalf("%d of %s in turns from %q (-want +got):\n%s", n, channel, from, diff)
	}
}

// checkLane looks for a lane among all.
func (m *model) checkLane(r *rapid.T, channel string, waiting []delivery.Delivery) {
	all, err := m.store.Lanes(m.test.Context())
	m.fatal(r, err)
	want, known := m.lanes[channel]
	want.Channel, want.Waiting = channel, len(waiting)
	at := slices.IndexFunc(all, func(l delivery.Lane) bool { return l.Channel == channel })
	switch {
	case at < 0 && (known || len(waiting) > 0):
		r.Fatalf("lane %s is missing", channel)
	case at >= 0 && all[at].Oldest.IsZero() == (len(waiting) > 0):
		r.Fatalf("lane %s has %d waiting, the oldest accepted at %v", channel, len(waiting), all[at].Oldest)
	case at >= 0:
		most := 0
		for _, line := range byConnector(waiting) {
			most = max(most, len(line))
		}
		if n, m, err := m.store.Waiting(m.test.Context(), channel); err != nil || n != len(waiting) || m != most {
			r.Fatalf("lane %s: %d wait, %d of one connector (error %v); want %d and %d", channel, n, m, err, len(waiting), most)
		}
		if diff := cmp.Diff(want, all[at], cmpopts.IgnoreFields(delivery.Lane{}, "Oldest")); diff != "" {
			r.Fatalf("lane (-want +got):\n%s", diff)
		}
	}
}
