package dispatch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
	memorystore "github.com/connector-relay/relay/relay/store/memory"
	"github.com/connector-relay/relay/relay/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a store in memory whose writes take time, so that what must wait for a commit
// can be seen waiting. It counts what it is asked.
type memory struct {
	*storetest.Faults
	commit time.Duration

	mu       sync.Mutex
	attempts []delivery.Attempt
	reads    []int // how many deliveries each reading was asked for
	counts   int   // how often it was asked how much waits
}

func newMemory() *memory {
	m := &memory{Faults: storetest.NewFaults(memorystore.New()), commit: time.Millisecond}
	m.breaks(nil)
	return m
}

// breaks makes some methods fail until it is called with nil.
func (m *memory) breaks(err error, methods ...string) {
	broken := storetest.Fail(err, methods...)
	m.Inject(func(ctx context.Context, method string, call func() error) error {
		if slices.Contains([]string{"Record", "SaveLane", "MoveChannel"}, method) {
			time.Sleep(m.commit)
		}
		if err == nil {
			return call()
		}
		return broken(ctx, method, call)
	})
}

// serve notifies the dispatcher of what the store is given.
func (m *memory) serve(d *Dispatcher) {
	m.Notify(func(n store.Notice) {
		d.Return(n.Returned)
		d.Wake(n.Accepted)
	})
}

// accept stores deliveries for a channel, as intake would, and returns their IDs.
func (m *memory) accept(channel string, n int) []int64 { return m.take("feed", channel, n, false) }

// acceptUrgent is accept for urgent deliveries.
func (m *memory) acceptUrgent(channel string, n int) []int64 {
	return m.take("feed", channel, n, true)
}

func (m *memory) take(connector, channel string, n int, urgent bool) []int64 {
	b := store.Batch{Connector: connector}
	for range n {
		b.Events = append(b.Events, store.Entry{Encoded: []byte(`{}`), Deliveries: []store.Draft{{Channel: channel, Urgent: urgent}}})
	}
	receipts, err := m.Store.Accept(context.Background(), b)
	var ids []int64
	for _, r := range receipts {
		ids = append(ids, r.Event) // each event has one delivery, so the numbers are the same
	}
	return must(ids, err)
}

// must is for what cannot fail in a memory store.
func must[T any](answer T, err error) T {
	if err != nil {
		panic(err)
	}
	return answer
}

// replay makes dead letters wait again.
func (m *memory) replay(ids ...int64) { must(m.Store.Replay(context.Background(), ids)) }

func (m *memory) get(id int64) delivery.Delivery {
	sum, _, err := m.Store.Delivery(context.Background(), id)
	return must(sum.Delivery, err)
}

// all returns all deliveries in a state, or in any.
func (m *memory) all(states ...delivery.State) []store.Summary {
	return must(m.Store.Deliveries(context.Background(), store.Filter{States: states, Limit: 1 << 30}))
}

func (m *memory) Heads(ctx context.Context, channel string, urgent bool, n int) ([]delivery.Delivery, error) {
	m.note(func() { m.reads = append(m.reads, n) })
	return m.Faults.Heads(ctx, channel, urgent, n)
}

func (m *memory) Turns(ctx context.Context, channel, from string, urgent bool, n int) ([]delivery.Delivery, error) {
	m.note(func() { m.reads = append(m.reads, n) })
	return m.Faults.Turns(ctx, channel, from, urgent, n)
}

func (m *memory) Waiting(ctx context.Context, channel string) (all, most int, err error) {
	m.note(func() { m.counts++ })
	return m.Faults.Waiting(ctx, channel)
}

// Record panics when the delivery that was attempted was not waiting.
func (m *memory) Record(ctx context.Context, results ...delivery.Result) error {
	for _, r := range results {
		if d := m.get(r.Delivery.ID); d.State != delivery.Waiting {
			panic(fmt.Sprintf("delivery %d was attempted although it is %s", d.ID, d.State))
		}
	}
	err := m.Faults.Record(ctx, results...)
	if err == nil {
		m.note(func() {
			for _, r := range results {
				m.attempts = append(m.attempts, r.Attempt)
			}
		})
	}
	return err
}

func (m *memory) note(what func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	what()
}

func (m *memory) recorded() []delivery.Attempt {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.attempts)
}

var errDisk = errors.New("the disk is full")

// endpoint is a sender that gives the answers set for it and remembers what it saw.
type endpoint struct {
	mu sync.Mutex
	// answer decides; n counts the attempts of the delivery from 1.
	answer func(d delivery.Delivery, n int) delivery.Outcome
	takes  time.Duration
	// deaf makes an attempt last until its context ends, with an unknown outcome.
	deaf bool
	// answerAll decides for digests; nil delivers them.
	answerAll func(ids []int64) delivery.Outcome
	// room is how many cards a digest has room for; 0 means any number.
	room int
	seen []int64
	// sent are the cards of each attempt.
	sent   [][]int64
	at     []time.Time
	counts map[int64]int
	// now is how many attempts are in flight, and most how many ever were at once.
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

// make makes one attempt.
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

// lines is a log that tests can read.
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

// patient returns a policy with round numbers.
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
	s.serve(r.Dispatcher)
	r.apply(channels...)
	return r
}

func (r *rig) apply(channels ...Spec) {
	r.t.Helper()
	if err := r.Apply(r.t.Context(), channels); err != nil {
		r.t.Fatalf("apply: %v", err)
	}
}

// stop ends the dispatcher as a restart does: attempts in flight may finish.
func (r *rig) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r.Stop(ctx)
}

func (r *rig) noticed() []Notice {
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

// pass lets time pass until everything due has happened.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
