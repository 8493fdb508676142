package dispatch

import (
	"context"
	"maps"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// heir brings to a lane what waits under a name that its channel had before. It stays
// as long as the configuration knows the old name: an event that was routed before a
// reload may be committed after it.
type heir struct {
	from string
	lane *lane
	// before is the lane under the old name, if it ran until now.
	before *lane
	cancel context.CancelFunc
	// done is closed when it has ended.
	done chan struct{}
	// wake holds one token when there may be something under the old name.
	wake chan struct{}
}

// inherited is how a new lane begins: as the store knows it, or else as it stood
// under a name that the channel had before.
func inherited(c Spec, states map[string]delivery.Lane) delivery.Lane {
	own := states[c.Name]
	for _, from := range c.Was {
		if own.Pause != delivery.NotPaused || !own.Next.IsZero() {
			break
		}
		own = states[from]
	}
	return own
}

// inherit starts the heirs of a lane. d.mu is held.
func (d *Dispatcher) inherit(l *lane, was []string) {
	for _, from := range was {
		ctx, cancel := context.WithCancel(d.halt)
		h := &heir{from: from, lane: l, before: d.lanes[from], cancel: cancel, done: make(chan struct{}), wake: make(chan struct{}, 1)}
		d.heirs[from] = h
		d.workers.Go(func() {
			defer close(h.done)
			h.run(ctx)
		})
	}
}

// disinherit ends all heirs and waits for them: the old names may be given anew. What
// they have left is for those that are started next. d.applying is held and d.mu is
// not, because the store may be telling of what they moved.
func (d *Dispatcher) disinherit() {
	for _, h := range d.heirs {
		h.cancel()
		<-h.done
	}
}

// await makes a new lane wait for what comes from these names; one that runs does not
// wait, and stops waiting for the others.
func (l *lane) await(was []string, fresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	awaited := make(map[string]bool)
	for _, from := range was {
		if fresh || l.awaited[from] {
			awaited[from] = true
		}
	}
	l.awaited = awaited
	l.broadcast()
}

func (l *lane) awaiting() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.awaited) > 0
}

// arrived says that what waited under a name is in the lane.
func (l *lane) arrived(from string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.awaited, from)
	l.broadcast()
}

// bequeathed are the stored lanes with what still waits under old names counted where it
// will be in a moment. d.mu is held.
func (d *Dispatcher) bequeathed(counted map[string]delivery.Lane) map[string]delivery.Lane {
	all := maps.Clone(counted)
	for from, h := range d.heirs {
		old, own := all[from], all[h.lane.name]
		if own.Waiting += old.Waiting; own.Oldest.IsZero() || !old.Oldest.IsZero() && old.Oldest.Before(own.Oldest) {
			own.Oldest = old.Oldest
		}
		own.Channel = h.lane.name
		all[h.lane.name] = own
		delete(all, from)
	}
	return all
}

func (h *heir) rouse() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

func (h *heir) run(ctx context.Context) {
	if !h.before.left(ctx) {
		return
	}
	for failures := 0; ; {
		moved, err := h.bring(ctx)
		var retry <-chan time.Time
		wake := h.wake
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			failures++
			h.lane.log.WithLevel(persistence(failures)).Err(err).Str("from", h.from).Int("failures", failures).Msg("the deliveries of the channel's old name could not be moved; the lane tries again")
			retry, wake = time.After(step(storeFirst, storeLongest, failures)), nil
		default:
			failures = 0
			h.lane.arrived(h.from)
			if moved > 0 {
				h.lane.log.Info().Str("from", h.from).Int("deliveries", moved).Msg("the deliveries of the channel's old name are in this lane now")
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-retry:
		}
	}
}

// bring moves what there is. The state of a lane that had to wait for it is kept
// first: under the old name it is forgotten with the move.
func (h *heir) bring(ctx context.Context) (int, error) {
	l := h.lane
	l.mu.Lock()
	state, keep := l.state, len(l.awaited) > 0
	l.mu.Unlock()
	if keep {
		if err := l.d.store.SaveLane(ctx, state); err != nil {
			return 0, err
		}
	}
	return l.d.store.MoveChannel(ctx, h.from, l.name)
}

// left waits until no worker is in a lane any more. It is true at once where there is
// no lane, and false when the context ends.
func (l *lane) left(ctx context.Context) bool {
	for l != nil {
		l.mu.Lock()
		working, changed := len(l.workers), l.changed
		l.mu.Unlock()
		if working == 0 {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
	return true
}
