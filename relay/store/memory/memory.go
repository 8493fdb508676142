// Package memory implements the store's whole contract in memory, for clarity rather than
// speed, for all tests that need a store. It loses everything with the process, so the
// relay itself must not use it. storetest.Faults makes it fail.
package memory

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// Store implements [store.Store]. A method holds the lock from its beginning to its end,
// so that each is a transaction.
type Store struct {
	// NewToken makes the hook tokens of a connector, when it is not nil, so that tests can
	// know them. It is set before the store is used.
	NewToken func(connector string) string

	mu     sync.Mutex
	closed bool
	notify func(store.Notice)
	// notice is what the method that holds the lock will report.
	notice store.Notice

	// events and deliveries are in the order of their IDs; the last ones given out are
	// beside them, because a sweep must not bring one back.
	events                  []*store.Event
	deliveries              []*stored
	lastEvent, lastDelivery int64

	lanes      map[string]delivery.Lane
	connectors map[string]*store.Kept
	// keys are what each connector has reported. Two names share them when a connector
	// has got another name.
	keys     map[string]*keys
	tokens   map[string][]byte
	refusals map[refusal]*store.Refusal

	page   page
	access access
}

// stored is a delivery with everything stored about it.
type stored struct {
	delivery.Delivery
	finished time.Time
	attempts []delivery.Attempt
}

var _ store.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	return &Store{
		notify: func(store.Notice) {}, lanes: make(map[string]delivery.Lane), connectors: make(map[string]*store.Kept),
		keys: make(map[string]*keys), tokens: make(map[string][]byte), refusals: make(map[refusal]*store.Refusal),
		page: newPage(), access: newAccess(),
	}
}

// use runs a method with the lock held, and afterwards reports what it has changed.
func (s *Store) use(ctx context.Context, method func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return store.ErrClosed
	}
	err := method()
	notify, n := s.notify, s.notice
	s.notice = store.Notice{}
	s.mu.Unlock()
	if len(n.Accepted)+len(n.Returned) > 0 {
		notify(n)
	}
	return err
}

// Notify implements [store.Store].
func (s *Store) Notify(call func(store.Notice)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notify = call
}

// Sweep implements [store.Store].
func (s *Store) Sweep(ctx context.Context, before time.Time) (removed int, err error) {
	err = s.use(ctx, func() error {
		left := make(map[int64]bool) // events with deliveries
		all := len(s.deliveries)
		s.deliveries = slices.DeleteFunc(s.deliveries, func(d *stored) bool {
			ended := d.State.Done() && d.State != delivery.Dead && d.finished.Before(before)
			left[d.Event] = left[d.Event] || !ended
			return ended
		})
		removed = all - len(s.deliveries)
		s.events = slices.DeleteFunc(s.events, func(e *store.Event) bool { return !left[e.ID] && e.AcceptedAt.Before(before) })
		maps.DeleteFunc(s.refusals, func(_ refusal, r *store.Refusal) bool { return r.Last.Before(before) })
		for _, k := range s.keys {
			maps.DeleteFunc(k.known, func(_ string, n known) bool { return n.expires.Before(time.Now()) })
		}
		s.access.sweep(time.Now(), before)
		return nil
	})
	return removed, err
}

// Ping implements [store.Store].
func (s *Store) Ping(ctx context.Context) error { return s.use(ctx, func() error { return nil }) }

// Close implements [store.Store].
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// find returns a delivery, nil when there is none.
func (s *Store) find(id int64) *stored {
	i, found := slices.BinarySearchFunc(s.deliveries, id, func(d *stored, id int64) int { return int(d.ID - id) })
	if !found {
		return nil
	}
	return s.deliveries[i]
}

// token makes a hook token.
func (s *Store) token(connector string) string {
	if s.NewToken != nil {
		return s.NewToken(connector)
	}
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails; see crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}
