package dispatch

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/connector-relay/relay/relay/delivery"
)

// prefetch is how many heads a lane reads at a time; it is all a lane keeps in
// memory, however much waits.
const prefetch = 8

// lane is one channel's ordered queue in motion.
type lane struct {
	name string
	d    *Dispatcher

	// ctx ends when the lane stops beginning attempts.
	ctx  context.Context
	quit context.CancelFunc
	// wake holds a token when there may be something new to read.
	wake chan struct{}

	mu      sync.Mutex
	channel Channel
	policy  Policy
	limiter *rate.Limiter
	// changed is closed, and replaced, when something that a waiting head waits on
	// has changed.
	changed chan struct{}
	// stored is what the store keeps of the lane: whether and why it is paused,
	// and until when it waits.
	stored delivery.Lane
	// throttles counts throttled attempts in a row.
	throttles int
	// generation counts changes of the channel, after which a head is tried anew.
	generation int
	queue      []delivery.Delivery
	inFlight   map[int64]bool
	// backing is until when the head waits.
	backing time.Time
	// said is the last failure that was logged, so that a repetition is quieter.
	said string
}

func newLane(d *Dispatcher, c Channel, stored delivery.Lane) *lane {
	l := &lane{
		name: c.Name, d: d, wake: make(chan struct{}, 1), changed: make(chan struct{}),
		stored: stored, inFlight: make(map[int64]bool),
	}
	l.ctx, l.quit = context.WithCancel(d.stopping)
	l.configure(c)
	l.poke()
	return l
}

// configure takes over a channel's sender and policy. The caller holds mu or is
// the only one to know the lane.
func (l *lane) configure(c Channel) {
	l.channel, l.policy = c, c.Policy.withDefaults()
	limit := rate.Inf
	if c.Policy.Rate > 0 {
		limit = rate.Limit(c.Policy.Rate)
	}
	l.limiter = rate.NewLimiter(limit, l.policy.Burst)
}

// change takes over a changed channel: an operator has repaired something, so
// what waits for a retry or a probe is tried at once.
func (l *lane) change(c Channel) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.channel.Fingerprint == c.Fingerprint {
		return
	}
	l.configure(c)
	l.hurry()
}

// hurry ends all waiting but an operator's pause. The caller holds mu.
func (l *lane) hurry() {
	l.generation++
	l.throttles = 0
	l.stored.Next = time.Time{}
	l.broadcast()
}

func (l *lane) broadcast() {
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *lane) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// leave stops the lane because its channel is gone.
func (l *lane) leave() { l.quit() }

// run works until the lane stops: one worker, or several when order is given up.
func (l *lane) run() {
	var workers sync.WaitGroup
	for range l.policy.Concurrency {
		workers.Go(func() {
			for {
				d, ok := l.take()
				if !ok {
					return
				}
				l.deliver(d)
			}
		})
	}
	workers.Wait()
}

// take returns the next delivery and marks it in flight, waiting for one if need
// be. It returns false when the lane stops.
func (l *lane) take() (delivery.Delivery, bool) {
	for l.ctx.Err() == nil {
		l.mu.Lock()
		if len(l.queue) > 0 {
			d := l.queue[0]
			l.queue = l.queue[1:]
			l.inFlight[d.ID] = true
			l.mu.Unlock()
			return d, true
		}
		l.mu.Unlock()
		if l.fetch() {
			continue
		}
		select {
		case <-l.ctx.Done():
		case <-l.wake:
		}
	}
	return delivery.Delivery{}, false
}

// fetch reads the first waiting deliveries and reports whether there are any. It
// always reads from the front, so that a replayed one finds its old place.
func (l *lane) fetch() bool {
	heads, err := l.d.options.Store.Heads(l.ctx, l.name, 0, prefetch+l.policy.Concurrency)
	if err != nil {
		if l.ctx.Err() == nil {
			l.d.options.Log.Error().Err(err).Str("channel", l.name).Msg("the lane could not be read; trying again")
			l.sleep(time.Second)
		}
		return l.ctx.Err() == nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) > 0 {
		return true
	}
	for _, h := range heads {
		if !l.inFlight[h.ID] && len(l.queue) < prefetch {
			l.queue = append(l.queue, h)
		}
	}
	return len(l.queue) > 0
}

// deliver tries a delivery until it has ended or the lane stops.
func (l *lane) deliver(d delivery.Delivery) {
	defer func() {
		l.mu.Lock()
		delete(l.inFlight, d.ID)
		l.mu.Unlock()
	}()
	for d.State == delivery.Waiting {
		channel, ok := l.await(&d)
		if !ok {
			return
		}
		started := time.Now()
		outcome := channel.Sender.Send(l.d.interrupt, d)
		a := delivery.Attempt{Delivery: d.ID, Number: d.Attempts + 1, Started: started, Took: time.Since(started), Outcome: outcome, PossibleDuplicate: d.Unknown}
		if outcome.Verdict == delivery.VerdictInterrupted {
			return
		}
		l.settle(&d, a)
	}
}

// await waits until the delivery may be attempted: until the lane is open (or
// its probe is due), the wait for a retry is over and the rate allows it.
func (l *lane) await(d *delivery.Delivery) (Channel, bool) {
	generation := l.current()
	for l.ctx.Err() == nil {
		l.mu.Lock()
		if l.generation != generation {
			generation, d.Next = l.generation, time.Time{}
		}
		changed, until, held := l.changed, latest(d.Next, l.stored.Next), l.stored.Pause == delivery.PausedByOperator
		l.backing = until
		limiter, channel := l.limiter, l.channel
		l.mu.Unlock()
		if held {
			l.wait(changed, 0)
			continue
		}
		if wait := time.Until(until); wait > 0 {
			l.wait(changed, wait)
			continue
		}
		r := limiter.Reserve()
		if wait := r.Delay(); wait > 0 {
			if l.wait(changed, wait) {
				r.Cancel()
				continue
			}
		}
		return channel, l.ctx.Err() == nil
	}
	return Channel{}, false
}

func (l *lane) current() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.generation
}

// wait waits for a time (0: for ever), a change, or the lane's end, and reports
// whether it was a change or the end.
func (l *lane) wait(changed <-chan struct{}, d time.Duration) bool {
	var timer <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-l.ctx.Done():
		return true
	case <-changed:
		return true
	case <-timer:
		return false
	}
}

func (l *lane) sleep(d time.Duration) { l.wait(nil, d) }

func latest(a, b time.Time) time.Time {
	return slices.MaxFunc([]time.Time{a, b}, time.Time.Compare)
}

// pause holds the lane.
func (l *lane) pause(ctx context.Context, why delivery.Pause, reason string) error {
	l.mu.Lock()
	l.stored.Pause, l.stored.Reason, l.stored.Since = why, reason, time.Now()
	l.stored.Next = time.Time{}
	stored := l.stored
	l.broadcast()
	l.mu.Unlock()
	return l.d.options.Store.SaveLane(ctx, stored)
}

// resume opens the lane.
func (l *lane) resume(ctx context.Context) error {
	l.mu.Lock()
	l.stored = delivery.Lane{Channel: l.name}
	l.hurry()
	l.mu.Unlock()
	l.poke()
	return l.d.options.Store.SaveLane(ctx, delivery.Lane{Channel: l.name})
}

// status is the lane as it stands; counted is what the store counted.
func (l *lane) status(counted delivery.Lane) Lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Lane{Lane: l.stored, State: delivery.Open}
	s.Channel, s.Waiting, s.Oldest = l.name, counted.Waiting, counted.Oldest
	switch {
	case l.stored.Pause != delivery.NotPaused:
		s.State = delivery.Paused
	case counted.Waiting > 0 && time.Now().Before(l.backing):
		s.State, s.Next = delivery.BackingOff, l.backing
	}
	return s
}
