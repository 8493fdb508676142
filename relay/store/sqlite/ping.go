package sqlite

import (
	"cmp"
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/connector-relay/relay/relay/store"
)

// pulseEvery is how long the outcome of a commit answers pings.
const pulseEvery = 5 * time.Second

// pulse is the outcome of the last commit, and when that was.
type pulse struct {
	last *atomic.Pointer[beat]
	// probing has room for one: callers who ask while nothing is committed share a commit.
	probing chan struct{}
}

type beat struct {
	at  time.Time
	err error
}

func newPulse() pulse {
	return pulse{last: &atomic.Pointer[beat]{}, probing: make(chan struct{}, 1)}
}

// beat records the outcome of a commit. Only an error that says that nothing can be
// written counts, because an operation may fail for reasons of its own.
func (p pulse) beat(err error) {
	if err != nil && !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrCorrupt) {
		err = nil
	}
	p.last.Store(&beat{at: time.Now(), err: err})
}

// fresh returns the last beat unless it is too old to say anything.
func (p pulse) fresh() *beat {
	if b := p.last.Load(); b != nil && time.Since(b.at) < pulseEvery {
		return b
	}
	return nil
}

// Ping implements [store.Store]. It answers with the outcome of the last commit; when
// that was long ago, it waits until a small write has reached the disk. However many
// callers ask, and however often, there is one such write in that time.
func (s *Store) Ping(ctx context.Context) error {
	if s.queue.isClosed() {
		return store.ErrClosed
	}
	if err := s.watch.check(); err != nil {
		return err
	}
	if b := s.pulse.fresh(); b != nil {
		return cmp.Or(b.err, s.room.check())
	}
	select {
	case s.pulse.probing <- struct{}{}:
		defer func() { <-s.pulse.probing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if b := s.pulse.fresh(); b != nil {
		return cmp.Or(b.err, s.room.check())
	}
	now := micros(time.Now())
	err := s.write(ctx, &operation{do: func(w *writer) error {
		_, err := w.exec("INSERT INTO health (id, written_at) VALUES (1, ?) ON CONFLICT DO UPDATE SET written_at = excluded.written_at", now)
		return err
	}})
	return cmp.Or(err, s.room.check())
}
