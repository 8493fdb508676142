// Package throttle slows down whoever guesses a secret, or asks for something too often.
// How much may go on at the same time is bounded where it goes on.
package throttle

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

// mostKeys bounds a throttle's memory.
const mostKeys = 10_000

// Throttle lets each key do something a few times at once, and then once an interval.
// It forgets the least busy keys when there are too many.
type Throttle struct {
	burst    int
	interval time.Duration

	mu sync.Mutex
	// free is when each key could do it a whole burst of times again.
	free map[string]time.Time
}

// New returns a throttle.
func New(burst int, interval time.Duration) *Throttle {
	return &Throttle{burst: burst, interval: interval, free: make(map[string]time.Time)}
}

// Take takes one turn of a key. When it has none left, Take returns how long until the
// next one, and takes nothing.
func (t *Throttle) Take(key string) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	free := t.free[key]
	if free.Before(now) {
		free = now
	}
	free = free.Add(t.interval)
	if wait := free.Sub(now) - time.Duration(t.burst)*t.interval; wait > 0 {
		return wait
	}
	if len(t.free) >= mostKeys {
		t.forget(now)
	}
	t.free[key] = free
	return 0
}

// Return gives a turn back: the key did not use it.
func (t *Throttle) Return(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if free, ok := t.free[key]; ok {
		t.free[key] = free.Add(-t.interval)
	}
}

// forget makes room: it forgets whoever has a whole burst again, or else a quarter of the
// others, those that are the least busy.
func (t *Throttle) forget(now time.Time) {
	maps.DeleteFunc(t.free, func(_ string, free time.Time) bool { return !free.After(now) })
	if len(t.free) < mostKeys {
		return
	}
	keys := slices.SortedFunc(maps.Keys(t.free), func(a, b string) int { return cmp.Compare(t.free[a].UnixNano(), t.free[b].UnixNano()) })
	for _, key := range keys[:mostKeys/4] {
		delete(t.free, key)
	}
}
