// Package dispatch moves what waits: a lane for each channel, in order, at the
// channel's rate, through retries.
//
// A lane is one goroutine. Its head is attempted, the outcome is recorded
// durably, and only then comes the next; so after a kill at most the one attempt
// that was in flight in a lane happens again. Lanes know nothing of each other.
package dispatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/delivery"
)

// ErrNoChannel: there is no channel of that name.
var ErrNoChannel = errors.New("there is no such channel")

// Store is what dispatch needs of the store; package store says what each method
// promises.
type Store interface {
	Lanes(ctx context.Context) ([]delivery.Lane, error)
	Heads(ctx context.Context, channel string, after int64, n int) ([]delivery.Delivery, error)
	Record(ctx context.Context, a delivery.Attempt, d delivery.Delivery) error
	SaveLane(ctx context.Context, l delivery.Lane) error
}

// Sender makes one attempt. It returns when the context ends.
type Sender interface {
	Send(ctx context.Context, d delivery.Delivery) delivery.Outcome
}

// Channel is one channel to deliver to. Its lane is left alone by Apply as long
// as the fingerprint stays the same.
type Channel struct {
	Name        string
	Sender      Sender
	Policy      Policy
	Fingerprint string
}

// Policy is how a lane moves. Zero fields mean the defaults.
type Policy struct {
	// Rate is in deliveries a second; 0 means no limit. Burst is how many may go
	// at once; 0 means 1.
	Rate  float64
	Burst int
	// Concurrency above 1 gives up order.
	Concurrency int
	// First and Longest are the first and the longest wait between attempts.
	First, Longest time.Duration
	// GiveUpAfter is how long after its first attempt a delivery becomes a dead
	// letter.
	GiveUpAfter time.Duration
	// Probe is how often a lane that was refused tries its head again.
	Probe time.Duration
}

// The defaults of a policy.
const (
	DefaultFirst       = time.Second
	DefaultLongest     = 15 * time.Minute
	DefaultGiveUpAfter = 24 * time.Hour
	DefaultProbe       = 5 * time.Minute
)

func (p Policy) withDefaults() Policy {
	or := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	or(&p.First, DefaultFirst)
	or(&p.Longest, DefaultLongest)
	or(&p.GiveUpAfter, DefaultGiveUpAfter)
	or(&p.Probe, DefaultProbe)
	p.Burst = max(p.Burst, 1)
	p.Concurrency = max(p.Concurrency, 1)
	return p
}

// Notice tells that a lane paused by itself, or is open again.
type Notice struct {
	Channel string
	Paused  bool
	Reason  string
}

// Lane is a lane as it stands now.
type Lane struct {
	delivery.Lane
	State delivery.LaneState
}

// Options are what a dispatcher works with.
type Options struct {
	Store   Store
	Log     zerolog.Logger
	Metrics prometheus.Registerer
	// Notify, when not nil, is called on its own goroutine.
	Notify func(Notice)
}

// Dispatcher runs the lanes. Its methods may be called concurrently.
type Dispatcher struct {
	options Options
	metrics *metrics

	// stopping ends when no attempt may begin any more; interrupt ends the
	// attempts in flight.
	stopping  context.Context
	stop      context.CancelFunc
	interrupt context.Context
	cut       context.CancelFunc
	running   sync.WaitGroup
	notices   sync.WaitGroup

	mu    sync.Mutex
	lanes map[string]*lane
}

// New returns a dispatcher without channels.
func New(o Options) *Dispatcher {
	d := &Dispatcher{options: o, lanes: make(map[string]*lane)}
	d.stopping, d.stop = context.WithCancel(context.Background())
	d.interrupt, d.cut = context.WithCancel(context.Background())
	d.metrics = newMetrics(o.Metrics, d)
	return d
}

// Apply makes the channels the configured ones: new lanes start, changed ones use
// their new sender and policy from the next attempt, and those that are gone stop
// and keep what waits in the store.
func (d *Dispatcher) Apply(ctx context.Context, channels []Channel) error {
	stored, err := d.options.Store.Lanes(ctx)
	if err != nil {
		return fmt.Errorf("read lanes: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopping.Err() != nil {
		return errors.New("the dispatcher has stopped")
	}
	wanted := make(map[string]bool)
	for _, c := range channels {
		wanted[c.Name] = true
		if l := d.lanes[c.Name]; l != nil {
			l.change(c)
			continue
		}
		l := newLane(d, c, find(stored, c.Name))
		d.lanes[c.Name] = l
		d.running.Go(l.run)
	}
	for name, l := range d.lanes {
		if !wanted[name] {
			l.leave()
			delete(d.lanes, name)
		}
	}
	return nil
}

func find(stored []delivery.Lane, channel string) delivery.Lane {
	i := slices.IndexFunc(stored, func(l delivery.Lane) bool { return l.Channel == channel })
	if i < 0 {
		return delivery.Lane{Channel: channel}
	}
	return stored[i]
}

// Wake tells lanes that there is something new. It never blocks.
func (d *Dispatcher) Wake(channels []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range channels {
		if l := d.lanes[c]; l != nil {
			l.poke()
		}
	}
}

// Pause holds a channel's lane until Resume.
func (d *Dispatcher) Pause(ctx context.Context, channel, reason string) error {
	l, err := d.lane(channel)
	if err != nil {
		return err
	}
	return l.pause(ctx, delivery.PausedByOperator, reason)
}

// Resume opens a paused lane, and lets one that backs off try at once.
func (d *Dispatcher) Resume(ctx context.Context, channel string) error {
	l, err := d.lane(channel)
	if err != nil {
		return err
	}
	return l.resume(ctx)
}

func (d *Dispatcher) lane(channel string) (*lane, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if l := d.lanes[channel]; l != nil {
		return l, nil
	}
	return nil, fmt.Errorf("channel %s: %w", channel, ErrNoChannel)
}

// Lanes returns all lanes as they stand, by channel: those of channels, and those
// whose channel has left the configuration while something waits.
func (d *Dispatcher) Lanes() []Lane {
	stored, err := d.options.Store.Lanes(context.Background())
	if err != nil {
		d.options.Log.Error().Err(err).Msg("the lanes could not be read")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []Lane
	for name, l := range d.lanes {
		list = append(list, l.status(find(stored, name)))
	}
	for _, s := range stored {
		if d.lanes[s.Channel] == nil {
			list = append(list, Lane{Lane: s, State: delivery.Paused})
		}
	}
	slices.SortFunc(list, func(a, b Lane) int { return strings.Compare(a.Channel, b.Channel) })
	return list
}

// Stop ends the lanes: no new attempt begins, and those in flight may end until
// the context does; then they are interrupted, which counts nothing.
func (d *Dispatcher) Stop(ctx context.Context) {
	d.stop()
	ended := make(chan struct{})
	go func() { d.running.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
		d.cut()
		<-ended
	}
	d.notices.Wait()
}

func (d *Dispatcher) notify(n Notice) {
	if d.options.Notify != nil {
		d.notices.Go(func() { d.options.Notify(n) })
	}
}
