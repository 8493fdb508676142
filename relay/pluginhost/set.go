package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/connector-relay/relay/relay/connector"
)

// Set is the plugins of one configuration.
type Set struct {
	host *Host
	// needed are the connector types that the configuration uses.
	needed []string
	types  map[string]connector.Type
	owners map[string]*supervised
	// unusable are found plugins that cannot even be launched.
	unusable []Status

	mu      sync.Mutex
	plugins []*supervised
}

// start awaits the plugins that must run and, while a needed type is missing, the found
// ones.
func (s *Set) start(ctx context.Context) (problems []error) {
	for _, p := range s.list() {
		if p.spec.Found {
			continue
		}
		types, err := p.firstStart(ctx)
		if err != nil {
			problems = append(problems, fmt.Errorf("plugin %q: %w", p.spec.Name, err))
			continue
		}
		problems = append(problems, s.claim(p, types)...)
	}
	if len(problems) > 0 {
		return problems
	}
	problems, failures := s.takeUp(ctx, s.complete)
	if !s.complete() {
		// One of these plugins may implement the missing type.
		problems = append(problems, failures...)
	}
	return problems
}

// complete reports whether every needed type has its plugin.
func (s *Set) complete() bool {
	return !slices.ContainsFunc(s.needed, func(typ string) bool { return s.owners[typ] == nil })
}

// takeUp claims the types of found plugins: of those that run and, until that is
// enough, of those that are still starting. It returns why others cannot be claimed.
func (s *Set) takeUp(ctx context.Context, enough func() bool) (problems, failures []error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type start struct {
		p     *supervised
		types []connector.Type
		err   error
	}
	for _, u := range s.unusable {
		failures = append(failures, fmt.Errorf("plugin %q: %s", u.Name, u.Problem))
	}
	take := func(r start) {
		if r.err != nil {
			failures = append(failures, fmt.Errorf("plugin %q: %w", r.p.spec.Name, r.err))
			return
		}
		problems = append(problems, s.claim(r.p, r.types)...)
	}
	plugins := s.list()
	starts, pending := make(chan start, len(plugins)), 0
	for _, p := range plugins {
		switch {
		case !p.spec.Found:
		case p.settled():
			types, err := p.firstStart(ctx)
			take(start{p, types, err})
		default:
			pending++
			go func() {
				types, err := p.firstStart(ctx)
				starts <- start{p, types, err}
			}()
		}
	}
	for ; pending > 0 && !enough(); pending-- {
		take(<-starts)
	}
	return problems, failures
}

// Await takes up all found plugins, needed or not, and returns their problems. It is
// for callers that inspect a set without adopting it.
func (s *Set) Await(ctx context.Context) []error {
	problems, failures := s.takeUp(ctx, func() bool { return false })
	problems = append(problems, failures...)
	for _, p := range s.list() {
		if text := s.contested(p, p.status().Types); text != "" {
			problems = append(problems, fmt.Errorf("plugin %q: %s", p.spec.Name, text))
		}
	}
	return problems
}

// Want takes up found plugins until these types have theirs, as far as they can. What is
// wrong with the others concerns nobody who needs none of them.
func (s *Set) Want(ctx context.Context, types ...string) {
	_, _ = s.takeUp(ctx, func() bool {
		return !slices.ContainsFunc(types, func(typ string) bool { return s.owners[typ] == nil })
	})
}

// claim enters a plugin's types. A found plugin gives way to a configured one; if two
// found plugins implement a type, it gets neither.
func (s *Set) claim(p *supervised, types []connector.Type) []error {
	var problems []error
	for _, t := range types {
		other := s.owners[t.Type]
		switch {
		case other == nil:
			s.types[t.Type], s.owners[t.Type] = t, p
		case other == p:
		case !p.spec.Found || other.spec.Found && slices.Contains(s.needed, t.Type):
			problems = append(problems, errors.New(s.contested(p, []string{t.Type})))
		}
	}
	return problems
}

// contested says which of a plugin's types another plugin implements, if any.
func (s *Set) contested(p *supervised, types []string) string {
	for _, typ := range types {
		if other := s.owners[typ]; other != nil && other != p {
			return fmt.Sprintf("connector type %q is implemented by two plugins, %q and %q; remove one", typ, other.spec.Name, p.spec.Name)
		}
	}
	return ""
}

// Types returns the connector types of the set's plugins, by name. The map must not be
// changed.
func (s *Set) Types() map[string]connector.Type { return s.types }

// Plugin returns the name of the plugin that has a connector type.
func (s *Set) Plugin(typ string) string { return s.owners[typ].spec.Name }

// Discard ends the plugins that [Host.Prepare] launched for this set and returns when
// they have ended. After [Host.Adopt], or the second time, it does nothing.
func (s *Set) Discard() {
	if s.host.current.Load() == s {
		return
	}
	var wait sync.WaitGroup
	for _, p := range s.take() {
		if s.host.release(p) {
			p.cancel()
			wait.Go(func() {
				defer s.host.retiring.Done()
				<-p.done
			})
		}
	}
	wait.Wait()
}

func (s *Set) list() []*supervised {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.plugins)
}

// take empties the set.
func (s *Set) take() []*supervised {
	s.mu.Lock()
	defer s.mu.Unlock()
	plugins := s.plugins
	s.plugins = nil
	return plugins
}

// owner returns the plugin that implements a connector type.
func (s *Set) owner(typ string) (*supervised, error) {
	if s != nil && s.owners[typ] != nil {
		return s.owners[typ], nil
	}
	return nil, &connector.Error{Kind: connector.KindMisconfigured, Err: fmt.Errorf("no plugin implements connector type %q", typ)}
}
