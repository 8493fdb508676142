package api

import (
	"context"
	"fmt"
	"sync"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
)

// mostAtOnce is how many questions of one person may be under way, so that nobody fills
// the relay's memory, or its store's time, with hers alone.
const mostAtOnce = 32

// crowd counts the questions under way, by person.
type crowd struct {
	mu sync.Mutex
	of map[string]int
}

func newCrowd() *crowd { return &crowd{of: make(map[string]int)} }

// join counts one more question until it is left.
func (c *crowd) join(ctx context.Context) (leave func(), err error) {
	p, _ := access.From(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[p.Name] >= mostAtOnce {
		return nil, fmt.Errorf("%w: %d of your questions are under way; wait for an answer", operator.ErrBusy, mostAtOnce)
	}
	c.of[p.Name]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.of[p.Name]--; c.of[p.Name] == 0 {
			delete(c.of, p.Name)
		}
	}, nil
}
