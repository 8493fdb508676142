// Package dispatch brings deliveries to their channels: lanes, rates, retries.
//
// A lane is one channel's ordered queue. Within a lane one delivery is in
// flight, and the outcome of an attempt is durable before the next delivery
// starts; so order is kept, and a kill repeats at most the attempt that was in
// flight. The head waits through its retries, and other lanes do not notice. A
// channel whose policy allows a concurrency above 1 gives up order.
//
// What a lane does after an attempt is a pure function of the verdict (settle),
// what it waits for is decided in one place (gate):
//
//	take the smallest waiting ─► gate: pause, throttle, backoff ─► rate ─► attempt ─► record
//	        ▲                            │ after a wait, look again             │
//	        └────────────────────────────┴──────────────────────────────────────┘
//
// Order after a replay: a replayed delivery waits at its old position, and the lane
// reads anew from the store (Return), so that only what is in flight goes before it.
//
// Order between connectors: a lane is in the order of acceptance as long as none of
// its connectors has more than 32 deliveries waiting there. One that has more crowds
// the lane, and then the connectors take turns, one delivery each: what another has to
// say waits for at most as many as there are connectors waiting, and the 8 that the
// lane has read. A connector's own deliveries keep their order always.
//
// In a channel's quiet hours its lane takes urgent deliveries only; the others keep
// their places. Those that were held back, and those of a lane that its rate cannot
// carry, go out as digests: several that follow each other, in one attempt (gather).
package dispatch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/quiet"
)

// Errors that a caller can act on.
var (
	// ErrNoChannel: no configured channel has this name.
	ErrNoChannel = errors.New("no such channel")
	// ErrStopped: the dispatcher has been stopped.
	ErrStopped = errors.New("the dispatcher has stopped")
)

// Store is what dispatch needs of the store; see package store for the meaning.
type Store interface {
	Lanes(ctx context.Context) ([]delivery.Lane, error)
	Heads(ctx context.Context, channel string, after int64, n int) ([]delivery.Delivery, error)
	UrgentHeads(ctx context.Context, channel string, after int64, n int) ([]delivery.Delivery, error)
	Turns(ctx context.Context, channel, from string, urgent bool, n int) ([]delivery.Delivery, error)
	Waiting(ctx context.Context, channel string) (all, most int, err error)
	Record(ctx context.Context, a delivery.Attempt, d delivery.Delivery) error
	RecordDigest(ctx context.Context, results []delivery.Result) error
	SaveLane(ctx context.Context, l delivery.Lane) error
	MoveChannel(ctx context.Context, from, to string) (moved int, err error)
}

// Sender makes one attempt to bring a delivery, or several as one digest, to its
// channel. It returns soon after the context ends: with interrupted when nothing was
// sent, with unknown when the request may have arrived. It is called by several
// goroutines at once when the channel's concurrency is above 1.
type Sender interface {
	Send(ctx context.Context, d delivery.Delivery) delivery.Outcome
	// Gather carries as many of the first of the list as fit, at least one, and says
	// how many; the outcome is theirs. One alone goes out as by Send.
	Gather(ctx context.Context, list []delivery.Delivery) (o delivery.Outcome, carried int)
}

// Spec is one configured channel and how to deliver to it.
type Spec struct {
	Name string
	// Was are the names that the channel had before: what waits under them is its own.
	Was    []string
	Sender Sender
	Policy Policy
	// Quiet are the channel's quiet hours; nil means none.
	Quiet *quiet.Hours
	// Fingerprint tells whether the channel's configuration has changed: a lane
	// whose channel keeps its fingerprint and policy is not disturbed.
	Fingerprint string
}

// Options are what a Dispatcher is made of.
type Options struct {
	Store Store
	Log   zerolog.Logger
	// Metrics may be nil: then nothing is registered.
	Metrics prometheus.Registerer
	// Notify hears when a lane pauses by itself and when it is open again. It is
	// called on the lane's goroutine, so it may take its time; nil means nobody.
	Notify func(Notice)
}

// Notice says that a lane has paused by itself, or opened again by itself.
type Notice struct {
	Channel string
	Paused  bool
	// Reason is what the endpoint said, for people.
	Reason string
}

// Lane is a lane with its live state.
type Lane struct {
	delivery.Lane
	// State is empty when the lane does not run here.
	State delivery.LaneState
	// Trouble is what the last attempt came to when it did not succeed, in one line.
	Trouble string
}

// abandonAfter is how long after Stop's deadline interrupted attempts may take
// to end and to be recorded.
const abandonAfter = 5 * time.Second

// Dispatcher runs the lanes. All methods may be called concurrently.
type Dispatcher struct {
	store   Store
	log     zerolog.Logger
	notify  func(Notice)
	metrics *metrics

	// applying is held while the running channels change.
	applying sync.Mutex

	mu      sync.RWMutex
	lanes   map[string]*lane
	stopped bool
	// heirs are by the names that channels had before.
	heirs map[string]*heir
	// counted is what the store last said about each lane's depth.
	counted map[string]delivery.Lane

	workers sync.WaitGroup
	// halt ends when stopping begins: nothing new starts.
	halt   context.Context
	halted context.CancelFunc
	// cut ends at the deadline of stopping: attempts in flight are interrupted.
	cut       context.Context
	interrupt context.CancelFunc
	// keep ends a little later: outcomes that cannot be recorded are given up.
	keep    context.Context
	abandon context.CancelFunc
}

// New returns a dispatcher without lanes; Apply starts them.
func New(o Options) *Dispatcher {
	d := &Dispatcher{
		store: o.Store, log: o.Log, notify: o.Notify,
		lanes: make(map[string]*lane), heirs: make(map[string]*heir), counted: make(map[string]delivery.Lane),
	}
	if d.notify == nil {
		d.notify = func(Notice) {}
	}
	d.halt, d.halted = context.WithCancel(context.Background())
	d.cut, d.interrupt = context.WithCancel(context.Background())
	d.keep, d.abandon = context.WithCancel(context.Background())
	d.metrics = newMetrics(o.Metrics, d)
	return d
}

// Apply makes these the running channels: new lanes start, lanes whose channel
// has changed use the new one from their next attempt on and make it soon (a
// person may have repaired something), lanes whose channel is gone finish the
// attempt in flight and stop; their deliveries stay in the store, untouched, unless
// a channel was called so before: then they become that channel's, in their order.
// When it fails, nothing has changed.
func (d *Dispatcher) Apply(ctx context.Context, channels []Spec) error {
	commit, err := d.Prepare(ctx, channels)
	if err != nil {
		return err
	}
	commit()
	return nil
}

// Prepare is the part of Apply that can fail; it changes nothing. The rest is what it
// returns, which does nothing once the dispatcher has been stopped.
func (d *Dispatcher) Prepare(ctx context.Context, channels []Spec) (commit func(), err error) {
	d.mu.RLock()
	stopped := d.stopped
	d.mu.RUnlock()
	if stopped {
		return nil, ErrStopped
	}
	// Wake is called by the store, so d.mu is not held while the store is asked.
	stored, err := d.store.Lanes(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the lanes: %w", err)
	}
	states := make(map[string]delivery.Lane, len(stored))
	for _, s := range stored {
		states[s.Channel] = s
	}
	return func() { d.commit(channels, states) }, nil
}

// commit makes these the running channels; new lanes begin as the store knows them.
func (d *Dispatcher) commit(channels []Spec, states map[string]delivery.Lane) {
	d.applying.Lock()
	defer d.applying.Unlock()
	d.disinherit()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped {
		return
	}
	clear(d.heirs)
	wanted := make(map[string]bool, len(channels))
	for _, c := range channels {
		wanted[c.Name] = true
		c.Policy = c.Policy.withDefaults()
		l := d.lanes[c.Name]
		fresh := l == nil
		if fresh {
			l = newLane(d, c, inherited(c, states))
			d.lanes[c.Name] = l
		} else {
			l.revise(c)
		}
		l.await(c.Was, fresh)
		d.inherit(l, c.Was)
		l.staff()
	}
	for name, l := range d.lanes {
		if !wanted[name] && l.retire() {
			delete(d.lanes, name)
			d.metrics.forget(name)
		}
	}
}

// Wake says that these channels may have deliveries that their lanes do not
// know. It never blocks; waking a lane many times is waking it once.
func (d *Dispatcher) Wake(channels []string) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, name := range channels {
		if l := d.lanes[name]; l != nil {
			l.rouse()
		}
		if h := d.heirs[name]; h != nil {
			h.rouse()
		}
	}
}

// Return says that deliveries have come back to these channels, which go before
// what their lanes have read already. It never blocks.
func (d *Dispatcher) Return(channels []string) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, name := range channels {
		if l := d.lanes[name]; l != nil {
			l.stale.Store(true)
			l.rouse()
		}
		if h := d.heirs[name]; h != nil {
			h.rouse()
		}
	}
}

// lane returns a configured channel's lane.
func (d *Dispatcher) lane(channel string) (*lane, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if l := d.lanes[channel]; l != nil && !l.retired() {
		return l, nil
	}
	return nil, fmt.Errorf("channel %s: %w", channel, ErrNoChannel)
}

// Quiet returns until when a channel is quiet; the zero time when it is not.
func (d *Dispatcher) Quiet(channel string) time.Time {
	l, err := d.lane(channel)
	if err != nil {
		return time.Time{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.channel.quietUntil(time.Now())
}

// Pause stops a lane until it is resumed, also over a restart. An attempt in
// flight ends as if nothing had happened. The reason is for people.
func (d *Dispatcher) Pause(ctx context.Context, channel, reason string) error {
	l, err := d.lane(channel)
	if err != nil {
		return err
	}
	err = l.change(ctx, func(s *delivery.Lane) bool {
		s.Pause, s.Reason, s.Since, s.Next = delivery.PausedByOperator, reason, time.Now(), time.Time{}
		return true
	})
	if err != nil {
		return fmt.Errorf("pause channel %s: %w", channel, err)
	}
	l.log.Info().Str("reason", reason).Msg("lane paused by an operator")
	return nil
}

// Resume opens a lane, whoever paused it, and tries its head at once, even when
// it was backing off.
func (d *Dispatcher) Resume(ctx context.Context, channel string) error {
	l, err := d.lane(channel)
	if err != nil {
		return err
	}
	err = l.change(ctx, func(s *delivery.Lane) bool {
		*s = delivery.Lane{Channel: s.Channel}
		return true
	})
	if err != nil {
		return fmt.Errorf("resume channel %s: %w", channel, err)
	}
	l.hurry()
	l.log.Info().Msg("lane resumed by an operator")
	return nil
}

// Stop ends all lanes: no attempt starts any more, those in flight may end until
// the context does and are interrupted then; their outcomes are recorded. It
// returns when all lanes have ended, at the latest a few seconds after the
// context.
func (d *Dispatcher) Stop(ctx context.Context) {
	d.mu.Lock()
	d.stopped = true
	d.mu.Unlock()
	d.halted()
	defer d.abandon()
	defer d.interrupt()
	done := make(chan struct{})
	go func() {
		d.workers.Wait()
		close(done)
	}()
	select {
	case <-done:
		return
	case <-ctx.Done():
		d.interrupt()
	}
	late := time.NewTimer(abandonAfter)
	defer late.Stop()
	select {
	case <-done:
		return
	case <-late.C:
		d.abandon()
	}
	last := time.NewTimer(abandonAfter / 5)
	defer last.Stop()
	select {
	case <-done:
	case <-last.C:
		d.log.Error().Msg("a channel did not give up its attempt in time; it may be repeated after the next start")
	}
}
