package dispatch

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/quiet"
	"github.com/connector-relay/relay/relay/store"
)

// machine drives a dispatcher through any sequence of events and checks what it promises.
type machine struct {
	*memory
	d      *Dispatcher
	random *rand.Rand
	// The lanes, by channel name.
	ends    map[string]*watched
	version int

	guard  sync.Mutex
	wrongs []string
}

// watched is an endpoint that checks what must hold there.
type watched struct {
	m           *machine
	channel     string
	concurrency int
	// paused is set while an operator's pause is in effect.
	paused bool
	// last is the last delivery that may start while the lane is being drained, else 0.
	last int64
	// well makes it accept everything.
	well   bool
	flying []int64
	// unrecorded is the delivery whose last attempt has no record yet, by the
	// dispatcher that made it.
	unrecorded map[int64]*Dispatcher
	replayed   map[int64]bool
	took       map[int64]bool
}

func (m *machine) wrong(format string, args ...any) {
	m.guard.Lock()
	defer m.guard.Unlock()
	m.wrongs = append(m.wrongs, fmt.Sprintf(format, args...))
}

// Send checks that this attempt may start now, and answers at random.
func (e *watched) Send(ctx context.Context, d delivery.Delivery) delivery.Outcome {
	return e.make(ctx, []delivery.Delivery{d})
}

// Gather is Send for a digest, which carries a random number of cards.
func (e *watched) Gather(ctx context.Context, list []delivery.Delivery) (delivery.Outcome, int) {
	e.m.guard.Lock()
	n := 1 + e.m.random.IntN(len(list))
	e.m.guard.Unlock()
	return e.make(ctx, list[:n]), n
}

func (e *watched) make(ctx context.Context, list []delivery.Delivery) delivery.Outcome {
	v, takes := e.begin(list)
	defer e.end(list[0].ID)
	t := time.NewTimer(takes)
	defer t.Stop()
	select {
	case <-t.C:
		if v == delivery.VerdictDelivered || v == delivery.VerdictAccepted || v == delivery.VerdictRejected {
			e.m.guard.Lock()
			for _, d := range list {
				e.took[d.ID] = e.took[d.ID] || v != delivery.VerdictRejected || len(list) == 1
			}
			e.m.guard.Unlock()
		}
		return delivery.Outcome{Verdict: v, Detail: string(v)}
	case <-ctx.Done():
		if v == delivery.VerdictUnknown {
			return delivery.Outcome{Verdict: v}
		}
		return delivery.Outcome{Verdict: delivery.VerdictInterrupted}
	}
}

func (e *watched) begin(list []delivery.Delivery) (delivery.Verdict, time.Duration) {
	m := e.m
	for i, d := range list {
		stored, older := m.get(d.ID), m.waitingBefore(e.channel, d.ID)
		m.guard.Lock()
		e.checkStart(d, stored, older, list[:i])
		m.guard.Unlock()
	}
	m.guard.Lock()
	defer m.guard.Unlock()
	e.flying = append(e.flying, list[0].ID)
	if len(e.flying) > e.concurrency {
		m.wrongs = append(m.wrongs, fmt.Sprintf("%d attempts at once on %s: %v", len(e.flying), e.channel, e.flying))
	}
	for _, d := range list {
		e.unrecorded[d.ID] = m.d
	}
	if e.well {
		return delivery.VerdictDelivered, time.Millisecond
	}
	verdicts := []delivery.Verdict{
		delivery.VerdictDelivered, delivery.VerdictDelivered, delivery.VerdictAccepted, delivery.VerdictThrottled, delivery.VerdictHindered,
		delivery.VerdictFailed, delivery.VerdictUnknown, delivery.VerdictRejected, delivery.VerdictRefused, delivery.VerdictInterrupted,
	}
	return verdicts[m.random.IntN(len(verdicts))], time.Duration(m.random.Int64N(int64(3 * time.Second)))
}

// checkStart checks that a delivery may be part of an attempt that starts now, after
// these others.
func (e *watched) checkStart(d, stored delivery.Delivery, older []delivery.Delivery, before []delivery.Delivery) {
	m := e.m
	bad := func(format string, args ...any) { m.wrongs = append(m.wrongs, fmt.Sprintf(format, args...)) }
	if e.paused {
		bad("delivery %d started while %s was paused", d.ID, e.channel)
	}
	if e.last != 0 && d.ID > e.last {
		bad("delivery %d started although %s is drained up to %d", d.ID, e.channel, e.last)
	}
	if stored.State != delivery.Waiting {
		bad("delivery %d started although it is %s", d.ID, stored.State)
	}
	quiet := night().Contains(time.Now())
	if quiet && !d.Urgent {
		bad("delivery %d started in quiet hours", d.ID)
	}
	if d.Urgent && len(before) > 0 {
		bad("delivery %d is urgent and in a digest", d.ID)
	}
	if e.concurrency > 1 {
		return
	}
	for id, by := range e.unrecorded {
		if by == m.d {
			bad("delivery %d started before the outcome of %d was recorded", d.ID, id)
		}
	}
	for _, o := range older {
		if o.Connector != d.Connector && m.crowded(e.channel) {
			continue // the connectors take turns
		}
		with := slices.ContainsFunc(before, func(b delivery.Delivery) bool { return b.ID == o.ID })
		if !e.replayed[o.ID] && !with && (!quiet || o.Urgent) {
			bad("delivery %d started before the older %d", d.ID, o.ID)
		}
	}
}

// night returns quiet hours soon after a bubble begins, at midnight.
func night() *quiet.Hours {
	return &quiet.Hours{From: 3, To: 9, Days: [7]bool{true, true, true, true, true, true, true}, Location: time.UTC}
}

func (e *watched) end(id int64) {
	e.m.guard.Lock()
	defer e.m.guard.Unlock()
	e.flying = slices.DeleteFunc(e.flying, func(f int64) bool { return f == id })
}

// crowded reports whether one connector had so much waiting when the lane was last read
// that the connectors take turns.
func (m *memory) crowded(channel string) bool {
	_, most, err := m.Store.Waiting(context.Background(), channel)
	return must(most, err)+prefetch > crowd
}

func (m *memory) waitingBefore(channel string, id int64) []delivery.Delivery {
	list := must(m.Store.Heads(context.Background(), channel, false, 1<<30))
	return slices.DeleteFunc(list, func(d delivery.Delivery) bool { return d.ID >= id })
}

// Record checks that the attempt is counted correctly before storing it.
func (m *machine) Record(ctx context.Context, results ...delivery.Result) error {
	var before []delivery.Delivery
	for _, r := range results {
		before = append(before, m.get(r.Delivery.ID))
	}
	lane := m.lane(before[0].Channel)
	if err := m.memory.Record(ctx, results...); err != nil {
		return err
	}
	dead := 0
	for i, r := range results {
		m.checkRecord(r.Attempt, r.Delivery, before[i], lane, len(results), i)
		if r.Delivery.State == delivery.Dead {
			dead++
		}
		if of := r.Delivery.Digest; (of != 0) != (len(results) > 1) || of != 0 && of != before[0].ID {
			m.wrong("delivery %d of %d says that it is in digest %d", r.Delivery.ID, len(results), of)
		}
	}
	if dead > 1 {
		m.wrong("one attempt made %d dead letters", dead)
	}
	return nil
}

// checkRecord checks one delivery of an attempt that carried this many.
func (m *machine) checkRecord(a delivery.Attempt, d, before delivery.Delivery, lane laneView, carried, place int) {
	counted := d.Attempts - before.Attempts
	if a.Number != before.Attempts+1 || counted != 0 && counted != 1 {
		m.wrong("attempt %d of delivery %d, which had %d and now has %d", a.Number, d.ID, before.Attempts, d.Attempts)
	}
	switch {
	case a.Verdict == delivery.VerdictRejected && carried > 1:
		if counted != 0 || d.State != delivery.Waiting {
			m.wrong("a rejected digest leaves delivery %d %s, counted %d", d.ID, d.State, counted)
		}
	case a.Verdict == delivery.VerdictDelivered, a.Verdict == delivery.VerdictAccepted, a.Verdict == delivery.VerdictRejected:
		if counted != 1 || !d.State.Done() {
			m.wrong("%s leaves delivery %d %s, counted %d", a.Verdict, d.ID, d.State, counted)
		}
	case a.Verdict == delivery.VerdictThrottled, a.Verdict == delivery.VerdictHindered, a.Verdict == delivery.VerdictRefused, a.Verdict == delivery.VerdictInterrupted:
		if counted != 0 || d.State != delivery.Waiting {
			m.wrong("%s leaves delivery %d %s, counted %d", a.Verdict, d.ID, d.State, counted)
		}
	default:
		if counted == 0 && place == 0 && lane.Pause != delivery.PausedByEndpoint && m.d.starting.Err() == nil && lane.wanted == 1 {
			m.wrong("%s of delivery %d is not counted", a.Verdict, d.ID)
		}
	}
	if before.Unknown && (!d.Unknown || !a.PossibleDuplicate) || a.Verdict == delivery.VerdictUnknown && !d.Unknown {
		m.wrong("delivery %d may be a duplicate and does not say so", d.ID)
	}
	m.guard.Lock()
	delete(m.ends[d.Channel].unrecorded, d.ID)
	m.guard.Unlock()
}

// laneView is what the checks need to know of a lane.
type laneView struct {
	delivery.Lane
	wanted int
}

func (m *machine) lane(channel string) laneView {
	m.d.mu.RLock()
	l := m.d.lanes[channel]
	m.d.mu.RUnlock()
	if l == nil {
		return laneView{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return laneView{Lane: l.state, wanted: l.wanted}
}

func (m *machine) start() {
	m.guard.Lock()
	m.d = New(Options{Store: m, Log: zerolog.Nop()})
	m.guard.Unlock()
	m.serve(m.d)
	m.apply()
}

func (m *machine) apply() {
	var list []Spec
	for name, e := range m.ends {
		p := Policy{First: time.Second, Longest: time.Minute, GiveUpAfter: 2 * time.Minute, Probe: 5 * time.Minute, Concurrency: e.concurrency}
		p.Rate, p.Burst, p.Digest = 1, 3, Digest{Most: 5, After: 8 * time.Second}
		list = append(list, Spec{Name: name, Sender: e, Policy: p, Quiet: night(), Fingerprint: fmt.Sprint(m.version)})
	}
	if err := m.d.Apply(context.Background(), list); err != nil {
		m.wrong("apply: %v", err)
	}
}

func (m *machine) stop(within time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	m.d.Stop(ctx)
}

// check fails when a promise was broken.
func (m *machine) check(t *rapid.T) {
	synctest.Wait()
	m.guard.Lock()
	defer m.guard.Unlock()
	if len(m.wrongs) > 0 {
		t.Fatalf("%s", m.wrongs[0])
	}
}

// actions lists what can happen.
func (m *machine) actions() map[string]func(*rapid.T) {
	channel := rapid.SampledFrom([]string{"strict", "loose"})
	connector := rapid.SampledFrom([]string{"alarm", "build", "feed"})
	return map[string]func(*rapid.T){
		"": m.check,
		"accept": func(t *rapid.T) {
			m.take(connector.Draw(t, "connector"), channel.Draw(t, "channel"), rapid.IntRange(1, 20).Draw(t, "n"), false)
		},
		"accept many": func(t *rapid.T) {
			m.take(connector.Draw(t, "connector"), channel.Draw(t, "channel"), rapid.IntRange(20, 60).Draw(t, "n"), false)
		},
		"accept urgent": func(t *rapid.T) {
			m.take(connector.Draw(t, "connector"), channel.Draw(t, "channel"), rapid.IntRange(1, 3).Draw(t, "n"), true)
		},
		"wake": func(*rapid.T) { m.d.Wake([]string{"strict", "loose", "gone"}) },
		"pass": func(t *rapid.T) {
			time.Sleep(time.Duration(rapid.Int64Range(0, int64(2*time.Minute)).Draw(t, "time")))
		},
		"pause": func(t *rapid.T) {
			name := channel.Draw(t, "channel")
			m.draining(name, 0)
			if m.d.Pause(context.Background(), name, "") == nil {
				m.pausing(name, true)
			}
		},
		"drain": func(t *rapid.T) {
			name := channel.Draw(t, "channel")
			waiting := must(m.Deliveries(context.Background(), store.Filter{Channel: name, States: []delivery.State{delivery.Waiting}, Limit: 1}))
			if len(waiting) == 0 {
				return
			}
			m.pausing(name, false)
			m.draining(name, 0)
			if m.d.Drain(context.Background(), name, waiting[0].ID) == nil {
				m.draining(name, waiting[0].ID)
			} else {
				m.pausing(name, m.lane(name).Pause == delivery.PausedByOperator)
			}
		},
		"resume": func(t *rapid.T) {
			name := channel.Draw(t, "channel")
			m.pausing(name, false)
			m.draining(name, 0)
			if m.d.Resume(context.Background(), name) != nil && m.lane(name).Pause == delivery.PausedByOperator {
				m.pausing(name, true)
			}
		},
		"reload": func(t *rapid.T) {
			if rapid.Bool().Draw(t, "changed") {
				m.version++
			}
			m.apply()
		},
		"restart": func(t *rapid.T) {
			m.stop(time.Duration(rapid.Int64Range(0, int64(4*time.Second)).Draw(t, "within")))
			m.start()
		},
		"trouble with the store": func(t *rapid.T) {
			// Lanes does not fail: a failed start is for whoever starts to handle.
			m.breaks(errDisk, "Heads", "Turns", "Waiting", "Record", "SaveLane", "MoveChannel")
			time.Sleep(time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "time")))
			m.breaks(nil)
		},
		"replay": func(*rapid.T) { m.replayDead() },
	}
}

func (m *machine) pausing(channel string, paused bool) {
	m.guard.Lock()
	defer m.guard.Unlock()
	m.ends[channel].paused = paused
}

func (m *machine) draining(channel string, last int64) {
	m.guard.Lock()
	defer m.guard.Unlock()
	m.ends[channel].last = last
}

func (m *machine) replayDead() {
	var dead []int64
	for _, d := range m.all(delivery.Dead) {
		dead = append(dead, d.ID)
		m.guard.Lock()
		m.ends[d.Channel].replayed[d.ID] = true
		m.guard.Unlock()
	}
	m.replay(dead...)
}

// settleDown ends all failures and checks that nothing was lost.
func (m *machine) settleDown(t *rapid.T) {
	m.breaks(nil)
	for name, e := range m.ends {
		m.guard.Lock()
		e.well, e.paused, e.last = true, false, 0
		m.guard.Unlock()
		if err := m.d.Resume(context.Background(), name); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(time.Hour)
	m.check(t)
	for _, d := range m.all() {
		switch {
		case d.State == delivery.Waiting:
			t.Fatalf("delivery %d still waits: %+v", d.ID, d)
		case d.State == delivery.Dead && d.Reason == "":
			t.Fatalf("delivery %d is dead for no reason", d.ID)
		case d.State != delivery.Dead && !m.ends[d.Channel].took[d.ID]:
			t.Fatalf("delivery %d is %s, but its endpoint never took it", d.ID, d.State)
		}
	}
}

// Whatever happens, deliveries stay in order, one attempt is in flight, its outcome is
// recorded before the next one, attempts are counted correctly, a paused lane rests, and
// nothing is lost.
func TestAnySequenceOfEventsKeepsThePromises(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Rapid asks a *testing.T for its deadline, which a bubble does not have.
		rapid.Check(struct{ rapid.TB }{t}, func(t *rapid.T) {
			m := &machine{memory: newMemory(), random: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)), ends: make(map[string]*watched)}
			for name, concurrency := range map[string]int{"strict": 1, "loose": 3} {
				m.ends[name] = &watched{
					m: m, channel: name, concurrency: concurrency,
					unrecorded: make(map[int64]*Dispatcher), replayed: make(map[int64]bool), took: make(map[int64]bool),
				}
			}
			m.start()
			defer func() { m.stop(time.Minute) }()
			t.Repeat(m.actions())
			m.settleDown(t)
		})
	})
}
