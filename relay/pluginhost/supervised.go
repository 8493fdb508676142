package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"github.com/connector-relay/relay/relay/connector"
)

// supervised is a plugin and the goroutine that keeps it running, one generation after
// another, the first started like any other.
type supervised struct {
	host   *Host
	spec   Spec
	id     string
	log    zerolog.Logger
	tail   tail
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}

	// uses counts the sets that hold the plugin; the host's mutex guards it.
	uses int

	mu      sync.Mutex
	current *generation // nil while none runs
	number  int
	problem error
	restart time.Time
	types   []connector.Type // as first described
	tried   bool             // whether a first start has succeeded or failed
	changed chan struct{}    // closed and replaced at each change of the above
	calls   int
	idle    chan struct{} // closed when the last call ends, if somebody waits
}

func newSupervised(h *Host, spec Spec, id string) *supervised {
	p := &supervised{
		host: h, spec: spec, id: id, log: h.o.Log.With().Str("plugin", spec.Name).Logger(),
		done: make(chan struct{}), changed: make(chan struct{}),
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	go p.run()
	return p
}

// run keeps the plugin running until it is retired.
func (p *supervised) run() {
	defer close(p.done)
	failures, told := 0, false
	restarts := rate.NewLimiter(rate.Every(p.host.limits.Restart), p.host.limits.Restarts)
	for p.ctx.Err() == nil {
		err := p.live(func() {
			failures = 0
			if told {
				told = false
				p.log.Info().Msg("the plugin has recovered")
				p.tail.add(zerolog.LevelInfoValue, "the plugin has recovered")
				p.notify()
			}
		})
		if p.ctx.Err() != nil {
			return
		}
		failures++
		delay := restarts.Reserve().Delay()
		p.down(err, time.Now().Add(delay))
		p.warn().Err(err).Int("failures", failures).Dur("restart_in", delay).Msg("the plugin does not run")
		p.tail.add(zerolog.LevelWarnValue, fmt.Sprintf("the plugin does not run: %v; it is started again in %s", err, delay.Round(time.Second)))
		if failures >= p.host.limits.Failures && !told {
			told = true
			p.notify()
		}
		select {
		case <-time.After(delay):
		case <-p.ctx.Done():
		}
	}
}

// warn returns a log event for a plugin that has run before or was only found.
// Prepare's caller hears of the others.
func (p *supervised) warn() *zerolog.Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.types == nil && !p.spec.Found {
		return nil
	}
	return p.log.Warn()
}

// live runs one generation from start to end and returns why it ended.
func (p *supervised) live(healthy func()) error {
	g, err := p.launch(p.ctx)
	if err == nil {
		err = p.sameAsBefore(g)
		if err == nil {
			p.up(g)
			p.log.Info().Int("pid", g.process.pid()).Msg("the plugin runs")
			p.tail.add(zerolog.LevelInfoValue, fmt.Sprintf("the plugin runs as process %d", g.process.pid()))
			err = p.watch(g, healthy)
			p.withdraw()
		}
		g.stop()
	}
	return p.host.masked(err)
}

// sameAsBefore fails if the plugin's schema is not the one that the configuration was
// checked against, because its executable was replaced.
func (p *supervised) sameAsBefore(g *generation) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.types == nil || reflect.DeepEqual(schemas(p.types), schemas(g.types)) {
		return nil
	}
	return errors.New("its connector types have changed since the configuration was read; reload it")
}

// schemas returns what the configuration depends on.
func schemas(types []connector.Type) []connector.Type {
	out := make([]connector.Type, len(types))
	for i, t := range types {
		out[i] = connector.Type{Description: connector.Description{Type: t.Type}, Polls: t.Polls, Receives: t.Receives, SignsIn: t.SignsIn, Arguments: t.Arguments}
	}
	return out
}

// watch returns when the generation has ended, and why; nil if it was asked to.
func (p *supervised) watch(g *generation, healthy func()) error {
	well := time.NewTimer(p.host.limits.Healthy)
	defer well.Stop()
	ping := time.NewTicker(p.host.limits.Ping)
	defer ping.Stop()
	pinged := make(chan error, 1)
	pinging := false
	for {
		select {
		case <-p.ctx.Done():
			return nil
		case <-g.process.exited:
			<-g.process.ended
			return g.process.ending()
		case <-well.C:
			healthy()
		case <-ping.C:
			if !pinging {
				pinging = true
				go func() { pinged <- g.ping(p.ctx) }()
			}
		case err := <-pinged:
			pinging = false
			if err != nil && p.ctx.Err() == nil {
				g.process.kill()
				return err
			}
		}
	}
}

func (p *supervised) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *supervised) up(g *generation) {
	p.change(func() {
		p.current, p.problem, p.restart, p.tried = g, nil, time.Time{}, true
		p.number++
		if p.types == nil {
			p.types = g.types
		}
	})
	p.host.metrics.generations.WithLabelValues(p.spec.Name).Inc()
}

func (p *supervised) withdraw() { p.change(func() { p.current = nil }) }

func (p *supervised) down(err error, restart time.Time) {
	p.change(func() { p.current, p.problem, p.restart, p.tried = nil, err, restart, true })
}

func (p *supervised) notify() {
	if p.host.o.Notify != nil {
		p.host.o.Notify(p.status())
	}
}

func (p *supervised) status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Status{Spec: p.spec, Generation: p.number, Restart: p.restart}
	s.Env = nil // it may hold secrets and is not needed here
	for _, t := range p.types {
		s.Types = append(s.Types, t.Type)
		s.Version = t.Version
	}
	if p.problem != nil {
		s.Problem = p.problem.Error()
	}
	if p.current != nil && !p.current.gone() {
		s.Running, s.PID = true, p.current.process.pid()
		s.Memory = residentMemory(s.PID)
		s.Version = p.current.types[0].Version
	}
	return s
}

// settled reports whether the first start has succeeded or failed.
func (p *supervised) settled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tried
}

// firstStart waits for the outcome of the first start. If it takes long, the log says
// so.
func (p *supervised) firstStart(ctx context.Context) ([]connector.Type, error) {
	long := time.NewTimer(p.host.limits.Tell)
	defer long.Stop()
	for {
		p.mu.Lock()
		types, tried, problem, changed := p.types, p.tried, p.problem, p.changed
		p.mu.Unlock()
		switch {
		case types != nil:
			return types, nil
		case tried:
			return nil, problem
		}
		select {
		case <-changed:
		case <-long.C:
			p.log.Warn().Msgf("waiting for plugin %s to start", p.spec.Name)
		case <-p.done:
			return nil, errClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// begin counts a call and returns the generation to make it on, waiting a little during
// a restart; without an error, end must follow.
func (p *supervised) begin(ctx context.Context) (*generation, error) {
	var late <-chan time.Time
	for {
		p.mu.Lock()
		if g := p.current; g != nil && !g.gone() {
			p.calls++
			p.mu.Unlock()
			return g, nil
		}
		changed, problem, restart := p.changed, p.problem, p.restart
		p.mu.Unlock()
		if late == nil {
			timer := time.NewTimer(p.host.limits.Await)
			defer timer.Stop()
			late = timer.C
		}
		select {
		case <-changed:
		case <-late:
			return nil, p.notRunning(problem, restart)
		case <-ctx.Done():
			return nil, temporary(fmt.Errorf("%w: %w", p.notRunning(problem, restart), ctx.Err()))
		case <-p.done:
			return nil, temporary(fmt.Errorf("plugin %s was stopped", p.spec.Name))
		}
	}
}

func (p *supervised) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls--
	if p.calls == 0 && p.idle != nil {
		close(p.idle)
		p.idle = nil
	}
}

func (p *supervised) notRunning(problem error, restart time.Time) error {
	if problem == nil {
		return temporary(fmt.Errorf("plugin %s is starting", p.spec.Name))
	}
	return temporary(fmt.Errorf("plugin %s does not run: %w; the next start is at %s", p.spec.Name, problem, restart.Format(time.TimeOnly)))
}

// retire ends the plugin once its calls have ended, or their time is up.
func (p *supervised) retire() {
	p.mu.Lock()
	idle := make(chan struct{})
	if p.calls == 0 {
		close(idle)
	} else {
		p.idle = idle
	}
	p.mu.Unlock()
	drain := time.NewTimer(p.host.limits.Drain)
	defer drain.Stop()
	select {
	case <-idle:
	case <-drain.C:
	case <-p.host.closing:
	}
	p.cancel()
	<-p.done
}
