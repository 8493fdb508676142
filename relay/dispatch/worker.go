package dispatch

import (
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// worker sends a lane's deliveries one after the other.
type worker struct {
	lane *lane
	// epoch is the lane's at the start of the worker's last attempt: once the lane's has
	// advanced, the head's backoff ends.
	epoch int
	// waited is the delivery whose backoff has ended.
	waited int64
	// quiet says that the worker took its delivery in quiet hours.
	quiet bool
	// token says that the worker holds an unused token of the rate limiter, paced that it
	// had to wait for it.
	token, paced bool
	// until is the end of the head's backoff; guarded by lane.mu.
	until time.Time
}

func (w *worker) run() {
	for w.step() {
	}
}

// step takes the lane's head one step further. It returns false when the worker has
// left the lane.
func (w *worker) step() bool {
	d, ok := w.take()
	if !ok {
		return false
	}
	run, look := []delivery.Delivery{d}, true
	if g, ok := w.cleared(d); ok {
		run = w.lane.gather(d, g)
		look = w.attempt(run, g)
	}
	w.lane.release(run, look)
	w.endProbe()
	return true
}

// take claims the lane's next delivery, waiting while there is none.
func (w *worker) take() (delivery.Delivery, bool) {
	l := w.lane
	for failures := 0; ; {
		changed, stay := l.watch(w)
		if !stay {
			l.signal() // pass a wake-up on to another worker
			return delivery.Delivery{}, false
		}
		end := w.quietUntil(time.Now())
		w.quiet = !end.IsZero()
		var d delivery.Delivery
		var found bool
		var err error
		if !l.awaiting() {
			d, found, err = l.next(w.quiet)
		}
		if found {
			return d, true
		}
		if err == nil && !w.quiet && l.drained() {
			continue
		}
		var retry, over <-chan time.Time
		wake := l.wake
		if w.quiet {
			over = time.After(min(time.Until(end), quietLook))
		}
		if err != nil && l.d.starting.Err() == nil {
			failures++
			l.log.WithLevel(storeLevel(failures)).Err(err).Int("failures", failures).Msg("could not read the lane's deliveries; the lane tries again")
			retry = time.After(step(storeFirst, storeLongest, failures))
			wake = nil // even if woken
		}
		select {
		case <-l.d.starting.Done():
		case <-changed:
		case <-wake:
		case <-retry:
		case <-over:
		}
	}
}

// quietLook is how often a worker checks the clock in quiet hours: the clock may be
// set, and the machine may be suspended.
const quietLook = time.Minute

// quietUntil returns until when the lane is quiet, or the zero time.
func (w *worker) quietUntil(now time.Time) time.Time {
	w.lane.mu.Lock()
	defer w.lane.mu.Unlock()
	return w.lane.channel.quietUntil(now)
}

// obstacle is what keeps a delivery from being tried now.
type obstacle struct {
	// until is when the obstacle passes by itself; zero means never.
	until   time.Time
	backoff bool
	leave   bool
	changed <-chan struct{}
}

// grant is the permission for an attempt, with the lane's state at that time.
type grant struct {
	channel   Spec
	probe     bool
	throttles int
	// most bounds the cards of a digest; 0 means no digestLimit.
	most int
	// paced says that the worker had to wait for the rate.
	paced bool
}

// gate decides whether a delivery may be tried now. It alone knows everything but the
// rate that a lane waits for. Because it decides under the lane's lock, nothing starts
// after a pause has taken effect.
func (w *worker) gate(d delivery.Delivery, now time.Time) (g grant, o obstacle, open bool) {
	l := w.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	o.changed = l.changed
	refused := l.state.Pause == delivery.PausedByEndpoint
	switch {
	case l.d.starting.Err() != nil || len(l.workers) > l.wanted:
		o.leave = true
		return g, o, false
	case w.quiet == l.channel.quietUntil(now).IsZero():
		o.leave = true // quiet hours have begun or ended, so the head may be another
		return g, o, false
	case l.state.Drain != 0 && d.ID > l.state.Drain:
		o.leave = true // the drain began after the worker had taken the delivery
		return g, o, false
	case l.state.Pause == delivery.PausedByOperator:
		return g, o, false
	case refused && l.prober != nil && l.prober != w:
		return g, o, false
	case l.state.Next.After(now):
		o.until = l.state.Next
		return g, o, false
	case refused:
		l.prober = w
	case d.Next.After(now) && w.epoch == l.epoch && w.waited != d.ID:
		o.until, o.backoff = d.Next, true
		// If the clock was set back, the head must not wait for years.
		if longest := now.Add(l.channel.Policy.Longest); o.until.After(longest) {
			o.until = longest
		}
		w.until = o.until
		// When quiet hours begin, urgent deliveries pass this one.
		if begin := l.channel.quietNext(now); !d.Urgent && !begin.IsZero() && begin.Before(o.until) {
			o.until, o.backoff = begin, false
		}
		return g, o, false
	}
	if w.token {
		w.epoch = l.epoch
	}
	return grant{channel: l.channel, probe: refused, throttles: l.throttles, most: l.digestLimit.most, paced: w.paced}, o, true
}

// cleared waits until a delivery may be tried. Ok is false when the lane should read
// the store again first: after any wait but that for the rate another delivery may be
// the head, and no card is held during a long wait.
func (w *worker) cleared(d delivery.Delivery) (g grant, ok bool) {
	for held := false; ; {
		g, o, open := w.gate(d, time.Now())
		switch {
		case o.leave || open && held:
			return grant{}, false
		case open && w.token:
			w.token, w.paced, w.waited = false, false, 0
			return g, true
		case open:
			w.pace(o.changed)
			continue
		case !held:
			w.lane.forget()
			held = true
		}
		if w.sleep(o) && o.backoff {
			w.waited = d.ID
		}
	}
}

// endProbe lets another worker probe.
func (w *worker) endProbe() {
	l := w.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.prober == w {
		l.prober = nil
		l.broadcast()
	}
}

// sleep waits for an obstacle to pass. It reports whether its time came, rather than a
// change.
func (w *worker) sleep(o obstacle) bool {
	var due <-chan time.Time
	if !o.until.IsZero() {
		t := time.NewTimer(time.Until(o.until))
		defer t.Stop()
		due = t.C
	}
	defer w.awake()
	select {
	case <-w.lane.d.starting.Done():
	case <-o.changed:
	case <-due:
		return true
	}
	return false
}

func (w *worker) awake() {
	w.lane.mu.Lock()
	defer w.lane.mu.Unlock()
	w.until = time.Time{}
}

// pace waits for the rate limiter. The worker keeps the token until its next attempt,
// because the gate may have closed meanwhile.
func (w *worker) pace(changed <-chan struct{}) {
	r := w.lane.limiter.Reserve()
	delay := r.Delay()
	if delay == 0 {
		w.token = true
		return
	}
	t := time.NewTimer(delay)
	defer t.Stop()
	select {
	case <-t.C:
		w.token, w.paced = true, true
	case <-changed:
		r.Cancel()
	case <-w.lane.d.starting.Done():
		r.Cancel()
	}
}
