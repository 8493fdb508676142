package dispatch

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/connector-relay/relay/relay/delivery"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a store that keeps what the real one keeps, by the same rules. It
// takes time to commit, so that what must wait for it can be seen waiting.
type memory struct {
	mu         sync.Mutex
	deliveries map[int64]delivery.Delivery
	lanes      map[string]delivery.Lane
	attempts   []delivery.Attempt
	reads      []int // how many deliveries each Heads was asked for
	counts     int   // how often it was asked how much waits
	commit     time.Duration
	// broken makes an operation fail; it is called with the operation's name.
	broken func(op string) error
	wake   func([]string)
	back   func([]string)
}

func newMemory() *memory {
	return &memory{
		deliveries: make(map[int64]delivery.Delivery), lanes: make(map[string]delivery.Lane),
		commit: time.Millisecond, broken: func(string) error { return nil }, wake: func([]string) {}, back: func([]string) {},
	}
}

// accept stores deliveries for a channel, as intake would, and returns their IDs.
func (m *memory) accept(channel string, n int) []int64 { return m.take("feed", channel, n, false) }

// acceptUrgent is accept for urgent deliveries.
func (m *memory) acceptUrgent(channel string, n int) []int64 {
	return m.take("feed", channel, n, true)
}

func (m *memory) take(connector, channel string, n int, urgent bool) []int64 {
	m.mu.Lock()
	var ids []int64
	for range n {
		id := int64(len(m.deliveries) + 1)
		m.deliveries[id] = delivery.Delivery{
			ID: id, Channel: channel, Event: 100 + id, Connector: connector, State: delivery.Waiting,
			AcceptedAt: time.Now(), Card: []byte(`{}`), Key: fmt.Sprint("key-", id), Urgent: urgent,
		}
		ids = append(ids, id)
	}
	wake := m.wake
	m.mu.Unlock()
	wake([]string{channel})
	return ids
}

// replay makes dead letters wait again, as the store does.
func (m *memory) replay(ids ...int64) {
	m.mu.Lock()
	var channels []string
	for _, id := range ids {
		d := m.deliveries[id]
		d.State, d.Attempts, d.Next, d.Reason = delivery.Waiting, 0, time.Time{}, ""
		m.deliveries[id] = d
		channels = append(channels, d.Channel)
	}
	back := m.back
	m.mu.Unlock()
	back(channels)
}

func (m *memory) Lanes(context.Context) ([]delivery.Lane, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.broken("lanes"); err != nil {
		return nil, err
	}
	all := maps.Clone(m.lanes)
	for _, d := range m.deliveries {
		if d.State != delivery.Waiting {
			continue
		}
		l := all[d.Channel]
		l.Channel = d.Channel
		l.Waiting++
		if l.Oldest.IsZero() || d.AcceptedAt.Before(l.Oldest) {
			l.Oldest = d.AcceptedAt
		}
		all[d.Channel] = l
	}
	var list []delivery.Lane
	for _, l := range all {
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b delivery.Lane) int { return cmp.Compare(a.Channel, b.Channel) })
	return list, nil
}

func (m *memory) Heads(ctx context.Context, channel string, after int64, n int) ([]delivery.Delivery, error) {
	m.read(n)
	return m.waiting(ctx, channel, after, n, func(delivery.Delivery) bool { return true })
}

func (m *memory) read(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads = append(m.reads, n)
}

func (m *memory) UrgentHeads(ctx context.Context, channel string, after int64, n int) ([]delivery.Delivery, error) {
	return m.waiting(ctx, channel, after, n, func(d delivery.Delivery) bool { return d.Urgent })
}

func (m *memory) Turns(ctx context.Context, channel, from string, urgent bool, n int) ([]delivery.Delivery, error) {
	m.read(n)
	list, err := m.waiting(ctx, channel, 0, 1<<30, func(d delivery.Delivery) bool { return d.Urgent || !urgent })
	places, place := make(map[string]int), make(map[int64]int)
	for _, d := range list {
		place[d.ID] = places[d.Connector]
		places[d.Connector]++
	}
	slices.SortFunc(list, func(a, b delivery.Delivery) int {
		if order := cmp.Compare(place[a.ID], place[b.ID]); order != 0 {
			return order
		}
		if late := a.Connector < from; late != (b.Connector < from) {
			return map[bool]int{true: 1, false: -1}[late]
		}
		return cmp.Compare(a.Connector, b.Connector)
	})
	return list[:min(n, len(list))], err
}

func (m *memory) Waiting(ctx context.Context, channel string) (all, most int, err error) {
	list, err := m.waiting(ctx, channel, 0, 1<<30, func(delivery.Delivery) bool { return true })
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts++
	by := make(map[string]int)
	for _, d := range list {
		by[d.Connector]++
		most = max(most, by[d.Connector])
	}
	return len(list), most, err
}

func (m *memory) waiting(ctx context.Context, channel string, after int64, n int, wanted func(delivery.Delivery) bool) ([]delivery.Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := cmp.Or(m.broken("heads"), ctx.Err()); err != nil {
		return nil, err
	}
	var list []delivery.Delivery
	for _, d := range m.deliveries {
		if d.Channel == channel && d.State == delivery.Waiting && d.ID > after && wanted(d) {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b delivery.Delivery) int { return cmp.Compare(a.ID, b.ID) })
	return list[:min(n, len(list))], nil
}

func (m *memory) Record(ctx context.Context, a delivery.Attempt, d delivery.Delivery) error {
	return m.RecordDigest(ctx, []delivery.Result{{Attempt: a, Delivery: d}})
}

func (m *memory) RecordDigest(ctx context.Context, results []delivery.Result) error {
	time.Sleep(m.commit)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := cmp.Or(m.broken("record"), ctx.Err()); err != nil {
		return err
	}
	for _, r := range results {
		if id := r.Delivery.ID; m.deliveries[id].State != delivery.Waiting {
			panic(fmt.Sprintf("delivery %d was attempted although it is %s", id, m.deliveries[id].State))
		}
		m.attempts = append(m.attempts, r.Attempt)
		m.deliveries[r.Delivery.ID] = r.Delivery
	}
	return nil
}

func (m *memory) SaveLane(ctx context.Context, l delivery.Lane) error {
	time.Sleep(m.commit)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := cmp.Or(m.broken("lane"), ctx.Err()); err != nil {
		return err
	}
	l.Waiting, l.Oldest = 0, time.Time{}
	if l.Pause == delivery.NotPaused && l.Next.IsZero() {
		delete(m.lanes, l.Channel)
	} else {
		m.lanes[l.Channel] = l
	}
	return nil
}

// MoveChannel moves one delivery in each step, and tells of it.
func (m *memory) MoveChannel(ctx context.Context, from, to string) (moved int, err error) {
	for {
		time.Sleep(m.commit)
		m.mu.Lock()
		err := cmp.Or(m.broken("move"), ctx.Err())
		var first int64
		for id, d := range m.deliveries {
			if d.Channel == from && d.State == delivery.Waiting && (first == 0 || id < first) {
				first = id
			}
		}
		if d := m.deliveries[first]; err == nil && first != 0 {
			d.Channel = to
			m.deliveries[first] = d
		} else if err == nil {
			delete(m.lanes, from)
		}
		back := m.back
		m.mu.Unlock()
		if err != nil || first == 0 {
			return moved, err
		}
		moved++
		back([]string{to})
	}
}

func (m *memory) get(id int64) delivery.Delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.deliveries[id]
}

func (m *memory) recorded() []delivery.Attempt {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.attempts)
}

func (m *memory) breaks(f func(op string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = f
}

var errDisk = errors.New("the disk is full")

// endpoint is a sender that answers as it is told and remembers what it saw.
type endpoint struct {
	mu sync.Mutex
	// answer decides; n counts the attempts of the delivery from 1.
	answer func(d delivery.Delivery, n int) delivery.Outcome
	takes  time.Duration
	// deaf makes it end only with its context, as unknown.
	deaf bool
	// answerAll decides for digests; nil means that they arrive.
	answerAll func(ids []int64) delivery.Outcome
	// room is how many cards a digest has room for; 0 means any number.
	room int
	seen []int64
	// sent are the cards of each attempt.
	sent   [][]int64
	at     []time.Time
	counts map[int64]int
	// now and most are how many attempts are, and were at most, in flight.
	now, most int
}

func newEndpoint(answer func(d delivery.Delivery, n int) delivery.Outcome) *endpoint {
	return &endpoint{answer: answer, counts: make(map[int64]int), takes: 10 * time.Millisecond}
}

func is(v delivery.Verdict) delivery.Outcome {
	return delivery.Outcome{Verdict: v, Detail: "so it is"}
}

// always answers every attempt with one verdict.
func always(v delivery.Verdict) func(delivery.Delivery, int) delivery.Outcome {
	return func(delivery.Delivery, int) delivery.Outcome { return is(v) }
}

func (e *endpoint) Send(ctx context.Context, d delivery.Delivery) delivery.Outcome {
	return e.make(ctx, []int64{d.ID}, func() delivery.Outcome {
		e.mu.Lock()
		n, answer := e.counts[d.ID], e.answer
		e.mu.Unlock()
		return answer(d, n)
	})
}

func (e *endpoint) Gather(ctx context.Context, list []delivery.Delivery) (delivery.Outcome, int) {
	e.mu.Lock()
	answer := e.answerAll
	if e.room > 0 {
		list = list[:min(len(list), e.room)]
	}
	e.mu.Unlock()
	var ids []int64
	for _, d := range list {
		ids = append(ids, d.ID)
	}
	o := e.make(ctx, ids, func() delivery.Outcome {
		if answer == nil {
			return is(delivery.VerdictDelivered)
		}
		return answer(ids)
	})
	return o, len(list)
}

// make is one attempt.
func (e *endpoint) make(ctx context.Context, ids []int64, answer func() delivery.Outcome) delivery.Outcome {
	e.mu.Lock()
	for _, id := range ids {
		e.counts[id]++
	}
	e.seen, e.sent, e.at = append(e.seen, ids...), append(e.sent, ids), append(e.at, time.Now())
	e.now++
	e.most = max(e.most, e.now)
	deaf := e.deaf
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		e.now--
		e.mu.Unlock()
	}()
	if deaf {
		<-ctx.Done()
		return delivery.Outcome{Verdict: delivery.VerdictUnknown, Detail: "no answer"}
	}
	t := time.NewTimer(e.takes)
	defer t.Stop()
	select {
	case <-t.C:
		return answer()
	case <-ctx.Done():
		return delivery.Outcome{Verdict: delivery.VerdictInterrupted}
	}
}

func (e *endpoint) order() []int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.seen)
}

// runs returns the cards of each attempt, such as "1 2,3 4,5".
func (e *endpoint) runs() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []string
	for _, ids := range e.sent {
		var run []string
		for _, id := range ids {
			run = append(run, fmt.Sprint(id))
		}
		list = append(list, strings.Join(run, " "))
	}
	return strings.Join(list, ",")
}

func (e *endpoint) times() []time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.at)
}

func (e *endpoint) answers(f func(delivery.Delivery, int) delivery.Outcome) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answer = f
}

// rig is a dispatcher on a memory store, inside a bubble.
type rig struct {
	*Dispatcher
	t       *testing.T
	store   *memory
	log     *lines
	mu      sync.Mutex
	notices []Notice
}

// lines is a log to read.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// patient is a policy with round figures.
func patient() Policy {
	return Policy{First: time.Second, Longest: time.Minute, GiveUpAfter: time.Hour, Probe: 5 * time.Minute}
}

func start(t *testing.T, s *memory, channels ...Spec) *rig {
	t.Helper()
	r := &rig{t: t, store: s, log: &lines{}}
	r.Dispatcher = New(Options{Store: s, Log: zerolog.New(r.log), Notify: func(n Notice) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.notices = append(r.notices, n)
	}})
	s.mu.Lock()
	s.wake, s.back = r.Wake, r.Return
	s.mu.Unlock()
	r.apply(channels...)
	return r
}

func (r *rig) apply(channels ...Spec) {
	r.t.Helper()
	if err := r.Apply(r.t.Context(), channels); err != nil {
		r.t.Fatalf("apply: %v", err)
	}
}

// stop ends the dispatcher as a restart does: what is in flight may end.
func (r *rig) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r.Stop(ctx)
}

func (r *rig) told() []Notice {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.notices)
}

// live returns a channel's lane as Lanes shows it.
func (r *rig) live(channel string) Lane {
	r.t.Helper()
	for _, l := range r.Lanes() {
		if l.Channel == channel {
			return l
		}
	}
	r.t.Fatalf("no lane %s", channel)
	return Lane{}
}

// pass lets time pass and everything that is due happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
