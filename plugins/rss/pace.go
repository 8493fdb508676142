package rss

import (
	"context"
	"math/rand/v2"
	"net/url"
	"sync"
	"time"
)

// spacing is the least time between two requests to one host.
const spacing = time.Second

// pace spaces the requests of all feeds of a process to one host.
type pace struct {
	mu   sync.Mutex
	next map[string]time.Time
}

func newPace() *pace { return &pace{next: make(map[string]time.Time)} }

// wait waits for a request's turn. A nil pace does not wait.
func (p *pace) wait(ctx context.Context, address string) error {
	if p == nil {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil // fetching it reports what is wrong
	}
	timer := time.NewTimer(p.reserve(u.Host))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// reserve takes the next turn and returns how long to wait for it.
func (p *pace) reserve(host string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for h, at := range p.next {
		if at.Before(now) {
			delete(p.next, h)
		}
	}
	at := p.next[host]
	if at.Before(now) {
		at = now
	}
	p.next[host] = at.Add(spacing + rand.N(spacing/4))
	return at.Sub(now)
}
