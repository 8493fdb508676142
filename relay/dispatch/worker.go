package dispatch

import (
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// worker takes a lane's deliveries one after the other.
type worker struct {
	lane *lane
	// epoch is the lane's when the worker's last attempt began: when the lane's has
	// moved on since, its head does not wait out its backoff.
	epoch int
	// waited is the delivery whose backoff is over.
	waited int64
	// quiet says that the lane was quiet when the worker took its delivery.
	quiet bool
	// token says that the rate allows the worker an attempt that it has not made yet,
	// and paced that it had to wait for that.
	token, paced bool
	// until is until when the worker's head backs off; guarded by lane.mu.
	until time.Time
}

func (w *worker) run() {
	for w.step() {
	}
}

// step brings the lane's head one step further. It returns false when the worker
// has left the lane.
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

// take claims the lane's next delivery and waits while there is none.
func (w *worker) take() (delivery.Delivery, bool) {
	l := w.lane
	for failures := 0; ; {
		changed, stay := l.watch(w)
		if !stay {
			l.rouse() // what this worker may have been woken for is for another
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
		var retry, over <-chan time.Time
		wake := l.wake
		if w.quiet {
			over = time.After(min(time.Until(end), quietLook))
		}
		if err != nil && l.d.halt.Err() == nil {
			failures++
			l.log.WithLevel(persistence(failures)).Err(err).Int("failures", failures).Msg("the lane's deliveries cannot be read; the lane tries again")
			retry = time.After(step(storeFirst, storeLongest, failures))
			wake = nil // no faster for being woken
		}
		select {
		case <-l.d.halt.Done():
		case <-changed:
		case <-wake:
		case <-retry:
		case <-over:
		}
	}
}

// quietLook is how often a worker looks at the clock in quiet hours: it may be set,
// and a machine may sleep.
const quietLook = time.Minute

// quietUntil returns until when the lane is quiet; the zero time when it is not.
func (w *worker) quietUntil(now time.Time) time.Time {
	w.lane.mu.Lock()
	defer w.lane.mu.Unlock()
	return w.lane.channel.quietUntil(now)
}

// obstacle is what keeps a delivery from being tried now.
type obstacle struct {
	// until is when it passes by itself; zero means never.
	until   time.Time
	backoff bool
	leave   bool
	changed <-chan struct{}
}

// grant is the permission to make an attempt, with what the lane was then.
type grant struct {
	channel   Spec
	probe     bool
	throttles int
	// most bounds a digest; 0 means that it does not.
	most int
	// paced says that the worker had to wait for the rate.
	paced bool
}

// gate decides whether a delivery may be tried now. It is the only place that
// knows what a lane waits for, but for the rate; and because it decides under the
// lane's lock, nothing starts after a pause has taken effect.
func (w *worker) gate(d delivery.Delivery, now time.Time) (g grant, o obstacle, open bool) {
	l := w.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	o.changed = l.changed
	refused := l.state.Pause == delivery.PausedByEndpoint
	switch {
	case l.d.halt.Err() != nil || len(l.workers) > l.wanted:
		o.leave = true
		return g, o, false
	case w.quiet == l.channel.quietUntil(now).IsZero():
		o.leave = true // quiet hours have begun or ended since, and another is the head
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
		// A clock that was set back must not make a head wait for years.
		if longest := now.Add(l.channel.Policy.Longest); o.until.After(longest) {
			o.until = longest
		}
		w.until = o.until
		// When quiet hours begin, an urgent delivery need not wait behind this one.
		if begin := l.channel.quietNext(now); !d.Urgent && !begin.IsZero() && begin.Before(o.until) {
			o.until, o.backoff = begin, false
		}
		return g, o, false
	}
	if w.token {
		w.epoch = l.epoch
	}
	return grant{channel: l.channel, probe: refused, throttles: l.throttles, most: l.bound.most, paced: w.paced}, o, true
}

// cleared waits until a delivery may be tried. Ok is false when the lane should
// look at the store again first: after any wait but that for the rate another
// delivery may be the head, and a long wait should hold no cards.
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

// sleep waits for an obstacle to pass. It reports whether its time came, as
// opposed to a change.
func (w *worker) sleep(o obstacle) bool {
	var due <-chan time.Time
	if !o.until.IsZero() {
		t := time.NewTimer(time.Until(o.until))
		defer t.Stop()
		due = t.C
	}
	defer w.awake()
	select {
	case <-w.lane.d.halt.Done():
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

// pace waits for the rate. What was waited for stays the worker's until its next
// attempt; the gate may have closed meanwhile, so it has to be asked again.
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
	case <-w.lane.d.halt.Done():
		r.Cancel()
	}
}
