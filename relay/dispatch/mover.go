package dispatch

import (
	"context"
	"maps"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// mover moves to a lane what waits under a former name of its channel. It runs as long
// as the configuration knows that name, because an event routed before a reload may be
// committed after it.
type mover struct {
	from string
	lane *lane
	// before is the lane under the former name, if it was running.
	before *lane
	cancel context.CancelFunc
	// done is closed when the mover has ended.
	done chan struct{}
	// wake holds one token when there may be deliveries under the former name.
	wake chan struct{}
}

// initialState is a new lane's state: the stored one, or else that of a former name.
func initialState(c Spec, states map[string]delivery.Lane) delivery.Lane {
	own := states[c.Name]
	for _, from := range c.Was {
		if !own.Ordinary() {
			break
		}
		own = states[from]
	}
	return own
}

// startMovers starts a lane's movers. d.mu is held.
func (d *Dispatcher) startMovers(l *lane, was []string) {
	for _, from := range was {
		ctx, cancel := context.WithCancel(d.starting)
		h := &mover{from: from, lane: l, before: d.lanes[from], cancel: cancel, done: make(chan struct{}), wake: make(chan struct{}, 1)}
		d.movers[from] = h
		d.workers.Go(func() {
			defer close(h.done)
			h.run(ctx)
		})
	}
}

// stopMovers stops all movers and waits for them, because their names may be given to
// other channels. d.applying is held and d.mu is not, because the store may be
// reporting what they moved.
func (d *Dispatcher) stopMovers() {
	for _, h := range d.movers {
		h.cancel()
		<-h.done
	}
}

// await makes a new lane wait for the deliveries under these names. A running lane does
// not wait, and stops waiting for other names.
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

// arrived says that the deliveries under a former name are in the lane.
func (l *lane) arrived(from string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.awaited, from)
	l.broadcast()
}

// withMoves returns the stored lanes' counts with the deliveries under former names
// added to the lanes that they are about to move to. d.mu is held.
func (d *Dispatcher) withMoves(counted map[string]delivery.Lane) map[string]delivery.Lane {
	all := maps.Clone(counted)
	for from, h := range d.movers {
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

func (m *mover) signal() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *mover) run(ctx context.Context) {
	if !m.before.empty(ctx) {
		return
	}
	for failures := 0; ; {
		moved, err := m.move(ctx)
		var retry <-chan time.Time
		wake := m.wake
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			failures++
			m.lane.log.WithLevel(storeLevel(failures)).Err(err).Str("from", m.from).Int("failures", failures).Msg("could not move the deliveries from the channel's former name; the lane tries again")
			retry, wake = time.After(step(storeFirst, storeLongest, failures)), nil
		default:
			failures = 0
			m.lane.arrived(m.from)
			if moved > 0 {
				m.lane.log.Info().Str("from", m.from).Int("deliveries", moved).Msg("moved the deliveries from the channel's former name to this lane")
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

// move moves what there is. It first saves the state of a lane that waits for it, which
// the move would delete with the former name.
func (m *mover) move(ctx context.Context) (int, error) {
	l := m.lane
	l.mu.Lock()
	state, keep := l.state, len(l.awaited) > 0
	l.mu.Unlock()
	if keep {
		if err := l.d.store.SaveLane(ctx, state); err != nil {
			return 0, err
		}
	}
	return l.d.store.MoveChannel(ctx, m.from, l.name)
}

// empty waits until no worker is in the lane, if there is one. It reports false if the
// context ends first.
func (l *lane) empty(ctx context.Context) bool {
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
