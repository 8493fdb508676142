package dispatch

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"github.com/connector-relay/relay/relay/delivery"
)

// prefetch bounds the deliveries that a lane reads from the store at a time and holds
// besides those in flight.
const prefetch = 8

// crowd is how many of a connector's deliveries may wait in a lane before the
// connectors take turns.
const crowd = 32

// heldBytes bounds the cards that a lane holds besides those in flight, and those that
// it gathers, because many lanes may hold as much at a time.
const heldBytes = 1 << 20

// within returns the front of a list whose cards together fit: at least one.
func within(list []delivery.Delivery, bytes int) []delivery.Delivery {
	for i, d := range list {
		if bytes -= len(d.Card); bytes < 0 && i > 0 {
			return list[:i]
		}
	}
	return list
}

// lane is one channel's queue and the workers that empty it: one, unless the
// channel allows a higher concurrency.
type lane struct {
	d       *Dispatcher
	name    string
	log     zerolog.Logger
	metrics *laneMetrics
	limiter *rate.Limiter
	// wake holds one token when there may be new deliveries.
	wake chan struct{}

	// feed guards buffer and claimed. It is held while the store is read, so that a
	// delivery cannot end between the read and the filtering.
	feed   sync.Mutex
	buffer []delivery.Delivery
	// stale says that something older than the buffer has returned.
	stale   atomic.Bool
	claimed map[int64]struct{}
	// urgent says that the buffer was read in quiet hours, more that the store may have
	// more.
	urgent, more bool
	// last is the last delivery to read while the lane is being drained, else 0.
	last int64
	// turn is the name from which the next connector of a crowded lane is searched: that
	// of the last delivery's, as long as it waits.
	turn string

	// changing is held while the state is changed and saved, so that the store and the
	// memory agree on the last change.
	changing chan struct{}

	mu      sync.Mutex
	channel Spec
	state   delivery.Lane
	// epoch counts the events that make the lane try again at once: a changed channel, a
	// resume.
	epoch int
	// changed is closed and replaced whenever waiting workers should check again what they
	// wait for.
	changed chan struct{}
	// wanted is how many workers there should be; 0 once the channel is removed.
	wanted  int
	workers map[*worker]struct{}
	// prober is the worker that is probing a refusing endpoint.
	prober *worker
	// awaited are the former names whose deliveries must arrive before the first attempt,
	// because they are older.
	awaited map[string]bool
	// throttles counts throttled attempts in a row.
	throttles int
	// digestLimit limits the next digest.
	digestLimit digestLimit
	// trouble is the last attempt's outcome in one line, or empty if it succeeded.
	trouble string
}

// newLane returns the lane of a new channel, in its stored state.
func newLane(d *Dispatcher, c Spec, stored delivery.Lane) *lane {
	now := time.Now()
	stored.Channel = c.Name
	// If the clock was set back, the lane must not wait for years.
	if longest := now.Add(max(c.Policy.Longest, c.Policy.Probe)); stored.Next.After(longest) {
		stored.Next = longest
	}
	return &lane{
		d: d, name: c.Name, channel: c, state: stored, wanted: c.Policy.Concurrency,
		changing: make(chan struct{}, 1),
		log:      d.log.With().Str("channel", c.Name).Logger(),
		metrics:  d.metrics.lane(c.Name),
		limiter:  rate.NewLimiter(c.Policy.limit(), c.Policy.Burst),
		wake:     make(chan struct{}, 1),
		claimed:  make(map[int64]struct{}),
		changed:  make(chan struct{}),
		workers:  make(map[*worker]struct{}),
	}
}

// revise gives the lane the channel's new configuration.
func (l *lane) revise(c Spec) {
	l.mu.Lock()
	defer l.mu.Unlock()
	back := l.wanted == 0
	l.wanted = c.Policy.Concurrency
	if same := l.channel.Fingerprint == c.Fingerprint && l.channel.Policy == c.Policy; same && !back {
		return
	}
	l.channel = c
	l.limiter.SetLimit(c.Policy.limit())
	l.limiter.SetBurst(c.Policy.Burst)
	// What the lane waited for may have been repaired. The store keeps the old time, which
	// is harmless after a restart.
	l.state.Next = time.Time{}
	l.throttles = 0
	l.again()
}

// retryNow ends the backoff of the lane's heads.
func (l *lane) retryNow() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.throttles = 0
	l.again()
}

func (l *lane) again() {
	l.epoch++
	l.broadcast()
}

// startWorkers starts missing workers; surplus ones leave by themselves.
func (l *lane) startWorkers() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.workers) < l.wanted {
		w := &worker{lane: l, epoch: l.epoch}
		l.workers[w] = struct{}{}
		l.d.workers.Go(w.run)
	}
}

// retire has the workers leave after their attempts. It reports whether all have left.
func (l *lane) retire() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wanted = 0
	l.broadcast()
	return len(l.workers) == 0
}

func (l *lane) retired() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wanted == 0
}

// broadcast makes all waiting workers check again. l.mu is held.
func (l *lane) broadcast() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// signal says that there may be new deliveries.
func (l *lane) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// watch returns the channel to wait on for changes, and whether the worker may stay.
// One that may not is removed from the lane and must end.
func (l *lane) watch(w *worker) (changed <-chan struct{}, stay bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.d.starting.Err() != nil || len(l.workers) > l.wanted {
		delete(l.workers, w)
		if len(l.workers) == 0 {
			l.broadcast() // a mover may wait for that
		}
		return nil, false
	}
	return l.changed, true
}

// next claims the smallest waiting delivery that no worker has, or the smallest
// urgent one. Found is false when there is none.
func (l *lane) next(urgent bool) (d delivery.Delivery, found bool, err error) {
	l.feed.Lock()
	defer l.feed.Unlock()
	last := l.draining()
	if stale := l.stale.Swap(false); stale || l.urgent != urgent || l.last != last {
		l.urgent, l.last, l.buffer = urgent, last, nil
	}
	if len(l.buffer) == 0 {
		list, more, err := l.read(urgent, prefetch)
		if err != nil {
			return delivery.Delivery{}, false, err
		}
		few := within(list, heldBytes)
		l.buffer, l.more = slices.Clone(few), more || len(few) < len(list)
	}
	if len(l.buffer) == 0 || last != 0 && l.buffer[0].ID > last {
		return delivery.Delivery{}, false, nil
	}
	d = l.buffer[0]
	l.buffer[0] = delivery.Delivery{}
	l.buffer = l.buffer[1:]
	if len(l.buffer) == 0 {
		l.buffer = nil
	} else {
		l.signal() // another worker may have work
	}
	l.claimed[d.ID] = struct{}{}
	l.turn = d.Connector
	return d, true, nil
}

// read returns the lane's next n unclaimed deliveries and whether there may be more. It
// always reads from the start, because replayed deliveries wait at their old positions,
// and reads beyond the claimed ones, which are still stored as waiting. l.feed is held.
func (l *lane) read(urgent bool, n int) (list []delivery.Delivery, more bool, err error) {
	crowded, err := l.crowded()
	if err != nil {
		return nil, false, err
	}
	ctx, all := l.d.starting, n+len(l.claimed)
	if crowded {
		list, err = l.d.store.Turns(ctx, l.name, l.turn, urgent, all)
	} else {
		list, err = l.d.store.Heads(ctx, l.name, urgent, all)
	}
	more = len(list) == all
	list = slices.DeleteFunc(list, func(d delivery.Delivery) bool { _, taken := l.claimed[d.ID]; return taken })
	return list[:min(n, len(list))], more, err
}

// crowded reports whether one connector has so much waiting that the others would wait
// too long. It asks the store only if the last read left something. l.feed is held.
func (l *lane) crowded() (bool, error) {
	if !l.more || l.last != 0 { // what is drained goes in the order of acceptance
		return false, nil
	}
	waiting, most, err := l.d.store.Waiting(l.d.starting, l.name)
	return most > crowd && most < waiting, err
}

// ended passes the turn on after a connector's delivery has ended.
func (l *lane) ended(connector string) {
	l.feed.Lock()
	defer l.feed.Unlock()
	l.turn = connector + "\x00" // the least greater name
}

// release unclaims deliveries. With look, the lane also forgets what it has read.
func (l *lane) release(run []delivery.Delivery, look bool) {
	l.feed.Lock()
	defer l.feed.Unlock()
	for _, d := range run {
		delete(l.claimed, d.ID)
	}
	if look {
		l.buffer = nil
	}
}

// forget drops the buffer, so that the next delivery is read from the store.
func (l *lane) forget() {
	l.feed.Lock()
	defer l.feed.Unlock()
	l.buffer = nil
}

// change saves the lane's state as f changes it and then puts it into effect. If f
// returns false, nothing changes.
func (l *lane) change(ctx context.Context, f func(*delivery.Lane) bool) error {
	select {
	case l.changing <- struct{}{}:
		defer func() { <-l.changing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	l.mu.Lock()
	state, epoch := l.state, l.epoch
	l.mu.Unlock()
	if !f(&state) {
		return nil
	}
	if err := l.d.store.SaveLane(ctx, state); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.epoch != epoch {
		state.Next = time.Time{} // try again at once
	}
	l.state = state
	l.broadcast()
	return nil
}

// status is the lane's state without what the store counts.
func (l *lane) status(now time.Time) Lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Lane{Lane: l.state, State: delivery.Open, Trouble: l.trouble}
	if l.state.Pause != delivery.NotPaused {
		s.State = delivery.Paused
		return s
	}
	if end := l.channel.quietUntil(now); !end.IsZero() {
		s.State, s.Next, s.Reason = delivery.Quiet, end, "quiet until "+l.channel.clock(end, now)
		return s
	}
	until := l.state.Next
	for w := range l.workers {
		if w.until.After(now) && (!until.After(now) || w.until.Before(until)) {
			until = w.until
		}
	}
	s.Next = time.Time{}
	if until.After(now) {
		s.State, s.Next, s.Reason = delivery.BackingOff, until, l.trouble
	}
	return s
}
