package rss

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// spacing is the least time between two requests to one host.
const spacing = time.Second

// pace spaces the requests of all feeds of a process to one host.
type pace struct {
	mu    sync.Mutex
	hosts map[string]*rate.Limiter
}

func newPace() *pace { return &pace{hosts: make(map[string]*rate.Limiter)} }

// wait waits for a request's turn. A nil pace does not wait.
func (p *pace) wait(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if p == nil || err != nil {
		return nil // fetching it reports what is wrong
	}
	if err := p.host(u.Host).Wait(ctx); err != nil {
		return fmt.Errorf("wait until %s may be asked again: %w", u.Host, err)
	}
	return nil
}

func (p *pace) host(name string) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hosts[name] == nil {
		// Redirects name hosts without end; those that have rested are as good as new.
		maps.DeleteFunc(p.hosts, func(_ string, l *rate.Limiter) bool { return l.Tokens() >= 1 })
		p.hosts[name] = rate.NewLimiter(rate.Every(spacing), 1)
	}
	return p.hosts[name]
}
