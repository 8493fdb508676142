// Package dispatch sends deliveries to their channels: lanes, rates, retries.
//
// A lane is one channel's ordered queue. One delivery of a lane is in flight at a time,
// and its outcome is durable before the next one starts: order is kept, and a kill
// repeats at most the attempt in flight. The head waits through its retries without
// delaying other lanes. A channel whose policy allows a concurrency above 1 gives up
// order.
//
// What a lane does after an attempt is a pure function of the verdict (settle), and one
// place decides what it waits for (gate):
//
//	take the smallest waiting ─► gate: pause, throttle, backoff ─► rate ─► attempt ─► record
//	        ▲                            │ after a wait, look again             │
//	        └────────────────────────────┴──────────────────────────────────────┘
//
// Order after a replay: a replayed delivery returns to its old position, and the lane
// reads the store again (Return), so that only deliveries in flight go first.
//
// Order between connectors: a lane follows the order of acceptance as long as none of
// its connectors has more than 32 deliveries waiting there. A connector with more
// crowds the lane; then the connectors take turns, one delivery each, so that a
// delivery of another connector waits for at most one of each connector and the 8 that
// the lane has read. A connector's own deliveries always keep their order.
//
// In a channel's quiet hours its lane sends only urgent deliveries; the others keep
// their positions. Deliveries that were held back then, or that a lane's rate cannot
// keep up with, are sent as digests: several successive ones in one attempt (gather).
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

// Store is what dispatch needs of the store; package store says what each method
// promises.
type Store interface {
	Lanes(ctx context.Context) ([]delivery.Lane, error)
	Heads(ctx context.Context, channel string, urgent bool, n int) ([]delivery.Delivery, error)
	Turns(ctx context.Context, channel, from string, urgent bool, n int) ([]delivery.Delivery, error)
	Waiting(ctx context.Context, channel string) (all, most int, err error)
	Record(ctx context.Context, results ...delivery.Result) error
	SaveLane(ctx context.Context, l delivery.Lane) error
	MoveChannel(ctx context.Context, from, to string) (moved int, err error)
}

// Sender makes one attempt to bring a delivery, or several as one digest, to its
// channel. It returns soon after the context ends: with interrupted when nothing was
// sent, with unknown when the request may have arrived. It is called by several
// goroutines at once when the channel's concurrency is above 1.
type Sender interface {
	Send(ctx context.Context, d delivery.Delivery) delivery.Outcome
	// Gather sends as many from the front of the list as fit, at least one, and returns
	// how many; the outcome is theirs. A single one is sent as by Send.
	Gather(ctx context.Context, list []delivery.Delivery) (o delivery.Outcome, carried int)
}

// Spec is one configured channel and how to deliver to it.
type Spec struct {
	Name string
	// Was are the channel's former names: deliveries waiting under them become its own.
	Was    []string
	Sender Sender
	Policy Policy
	// Quiet are the channel's quiet hours; nil means none.
	Quiet *quiet.Hours
	// Fingerprint changes with the channel's configuration: a lane is left alone as long
	// as its channel keeps its fingerprint and policy.
	Fingerprint string
}

// Options are what a dispatcher needs.
type Options struct {
	Store Store
	Log   zerolog.Logger
	// Metrics may be nil.
	Metrics prometheus.Registerer
	// Notify, if not nil, is called when a lane pauses by itself and when it opens again.
	// It runs on the lane's goroutine and may block.
	Notify func(Notice)
}

// Notice says that a lane has paused, or opened again, by itself.
type Notice struct {
	Channel string
	Paused  bool
	// Reason is what the endpoint said, for people.
	Reason string
}

// Lane is a lane's stored and live state.
type Lane struct {
	delivery.Lane
	// State is empty when the lane does not run here.
	State delivery.LaneState
	// Trouble is the outcome of the last attempt in one line, or empty if it succeeded.
	Trouble string
}

// abandonAfter is how long interrupted attempts may take to end and be recorded after
// Stop's deadline.
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
	// movers are by the channels' former names.
	movers map[string]*mover
	// counted is the last count of each lane's waiting deliveries.
	counted map[string]delivery.Lane

	workers sync.WaitGroup
	// starting ends when stopping begins: from then on no attempt starts.
	starting     context.Context
	stopStarting context.CancelFunc
	// sending ends at the deadline of stopping: attempts in flight are interrupted.
	sending   context.Context
	interrupt context.CancelFunc
	// recording ends a little later: outcomes that are still not recorded are given up.
	recording context.Context
	abandon   context.CancelFunc
}

// New returns a dispatcher without lanes; Apply starts them.
func New(o Options) *Dispatcher {
	d := &Dispatcher{
		store: o.Store, log: o.Log, notify: o.Notify,
		lanes: make(map[string]*lane), movers: make(map[string]*mover), counted: make(map[string]delivery.Lane),
	}
	if d.notify == nil {
		d.notify = func(Notice) {}
	}
	d.starting, d.stopStarting = context.WithCancel(context.Background())
	d.sending, d.interrupt = context.WithCancel(context.Background())
	d.recording, d.abandon = context.WithCancel(context.Background())
	d.metrics = newMetrics(o.Metrics, d)
	return d
}

// Apply makes these the running channels. New lanes start. Lanes of changed channels
// use the new configuration from their next attempt on and make it soon, because a
// person may have repaired something. Lanes of removed channels finish the attempt in
// flight and stop; their deliveries stay in the store, unless the channel was renamed:
// then they move to the renamed channel, in their order. If Apply fails, nothing has
// changed.
func (d *Dispatcher) Apply(ctx context.Context, channels []Spec) error {
	commit, err := d.Prepare(ctx, channels)
	if err != nil {
		return err
	}
	commit()
	return nil
}

// Prepare is the part of Apply that can fail; it changes nothing. It returns the rest
// of Apply, which does nothing once the dispatcher has been stopped.
func (d *Dispatcher) Prepare(ctx context.Context, channels []Spec) (commit func(), err error) {
	d.mu.RLock()
	stopped := d.stopped
	d.mu.RUnlock()
	if stopped {
		return nil, ErrStopped
	}
	// The store calls Wake, so d.mu is not held while the store is read.
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

// commit makes these the running channels; new lanes start in their stored state.
func (d *Dispatcher) commit(channels []Spec, states map[string]delivery.Lane) {
	d.applying.Lock()
	defer d.applying.Unlock()
	d.stopMovers()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped {
		return
	}
	clear(d.movers)
	wanted := make(map[string]bool, len(channels))
	for _, c := range channels {
		wanted[c.Name] = true
		c.Policy = c.Policy.withDefaults()
		l := d.lanes[c.Name]
		fresh := l == nil
		if fresh {
			l = newLane(d, c, initialState(c, states))
			d.lanes[c.Name] = l
		} else {
			l.revise(c)
		}
		l.await(c.Was, fresh)
		d.startMovers(l, c.Was)
		l.startWorkers()
	}
	for name, l := range d.lanes {
		if !wanted[name] && l.retire() {
			delete(d.lanes, name)
			d.metrics.forget(name)
		}
	}
}

// Wake tells these channels' lanes to look for new deliveries. It never blocks, and
// waking a lane many times is the same as waking it once.
func (d *Dispatcher) Wake(channels []string) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, name := range channels {
		if l := d.lanes[name]; l != nil {
			l.signal()
		}
		if h := d.movers[name]; h != nil {
			h.signal()
		}
	}
}

// Return says that deliveries have returned to these channels, ahead of what their
// lanes have read. It never blocks.
func (d *Dispatcher) Return(channels []string) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, name := range channels {
		if l := d.lanes[name]; l != nil {
			l.stale.Store(true)
			l.signal()
		}
		if h := d.movers[name]; h != nil {
			h.signal()
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

// Quiet returns until when a channel is quiet, or the zero time.
func (d *Dispatcher) Quiet(channel string) time.Time {
	l, err := d.lane(channel)
	if err != nil {
		return time.Time{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.channel.quietUntil(time.Now())
}

// Pause stops a lane until it is resumed, even across restarts. An attempt in flight
// ends as usual. The reason is for people.
func (d *Dispatcher) Pause(ctx context.Context, channel, reason string) error {
	l, err := d.lane(channel)
	if err != nil {
		return err
	}
	err = l.change(ctx, func(s *delivery.Lane) bool {
		*s = paused(s.Channel, reason)
		return true
	})
	if err != nil {
		return fmt.Errorf("pause channel %s: %w", channel, err)
	}
	l.log.Info().Str("reason", reason).Msg("lane paused by an operator")
	return nil
}

// Resume opens a lane, whoever paused it, and tries its head at once, even during its
// backoff.
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
	l.retryNow()
	l.log.Info().Msg("lane resumed by an operator")
	return nil
}

// Stop ends all lanes. No further attempt starts; those in flight have until the
// context ends and are then interrupted. Their outcomes are recorded. It returns when
// all lanes have ended, at the latest a few seconds after the context.
func (d *Dispatcher) Stop(ctx context.Context) {
	d.mu.Lock()
	d.stopped = true
	d.mu.Unlock()
	d.stopStarting()
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
		d.log.Error().Msg("a channel did not end its attempt in time; the attempt may be repeated after the next start")
	}
}
