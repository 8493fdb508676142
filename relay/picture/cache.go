package picture

import (
	"container/list"
	"sync"
	"time"
)

// entryCost is what an entry takes besides its bytes.
const entryCost = 512

// cache keeps what was used last, within a number of bytes.
type cache[V any] struct {
	room int
	size func(V) int

	mu      sync.Mutex
	used    int
	order   *list.List // of *entry[V], the last used first
	entries map[string]*list.Element
}

type entry[V any] struct {
	key   string
	value V
	until time.Time
	cost  int
}

func newCache[V any](room int, size func(V) int) *cache[V] {
	return &cache[V]{room: room, size: size, order: list.New(), entries: make(map[string]*list.Element)}
}

// get returns what is kept under a key, unless its time is over.
func (c *cache[V]) get(key string, now time.Time) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	if !ok {
		return value, false
	}
	kept := e.Value.(*entry[V])
	if now.After(kept.until) {
		c.remove(e)
		return value, false
	}
	c.order.MoveToFront(e)
	return kept.value, true
}

// put keeps a value until a time, and drops what was not used for longest to make room.
func (c *cache[V]) put(key string, value V, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[key]; ok {
		c.remove(e)
	}
	cost := entryCost + len(key) + c.size(value)
	if cost > c.room {
		return
	}
	for c.used+cost > c.room {
		c.remove(c.order.Back())
	}
	c.entries[key] = c.order.PushFront(&entry[V]{key, value, until, cost})
	c.used += cost
}

// drop forgets a value.
func (c *cache[V]) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[key]; ok {
		c.remove(e)
	}
}

// remove takes an entry out; the caller holds the lock.
func (c *cache[V]) remove(e *list.Element) {
	kept := c.order.Remove(e).(*entry[V])
	delete(c.entries, kept.key)
	c.used -= kept.cost
}
