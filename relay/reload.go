package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/relay/operator"
)

// Reload reads the configuration again and returns what changed, a sentence
// each. When anything goes wrong, nothing has changed; when the configuration is to
// blame, the error is [operator.ErrInvalid] with the diagnostics as its text.
func (r *Relay) Reload(ctx context.Context) ([]string, error) {
	r.reloading.Lock()
	defer r.reloading.Unlock()
	r.systemd.reloading()
	defer r.systemd.ready()
	changes, err := r.reload(ctx)
	r.mu.Lock()
	r.reloadFailed = nil
	if err != nil {
		r.reloadFailed = &failure{at: time.Now(), err: err}
	}
	r.mu.Unlock()
	return changes, err
}

// failure is a reload that failed.
type failure struct {
	at  time.Time
	err error
}

func (r *Relay) reload(ctx context.Context) ([]string, error) {
	p, err := prepare(ctx, r.host, r.options)
	if err != nil {
		return nil, invalid(err)
	}
	old := r.plan()
	if p.config.Relay.Store != old.config.Relay.Store {
		p.set.Discard()
		return nil, fmt.Errorf("%w configuration: relay.store cannot change while the relay runs; restart it", operator.ErrInvalid)
	}
	commit, err := r.adopt(ctx, p)
	if err != nil {
		p.set.Discard()
		return nil, fmt.Errorf("nothing has changed: %w", err)
	}
	commit()
	changes := difference(old.config, p.config)
	r.log.Info().Strs("changes", changes).Msg("configuration reloaded")
	return changes, nil
}

// invalid makes an invalid configuration an error that keeps its meaning across
// the operator socket.
func invalid(err error) error {
	if _, ok := errors.AsType[*config.Error](err); ok {
		return fmt.Errorf("%w configuration, nothing has changed:\n%w", operator.ErrInvalid, err)
	}
	return fmt.Errorf("%w configuration, nothing has changed: %w", operator.ErrInvalid, err)
}

// reloadOnSignal reloads with nobody to answer to but the log.
func (r *Relay) reloadOnSignal(ctx context.Context) {
	if _, err := r.Reload(ctx); err != nil {
		r.log.Error().Err(err).Msg("reload failed; the configuration that ran goes on")
	}
}

// adopt does all that can fail of making a plan the running one, and undoes it when
// one step fails: then nothing has changed, and the caller discards the plan. Commit
// does the rest, which cannot fail.
func (r *Relay) adopt(ctx context.Context, p *plan) (commit func(), err error) {
	var undone []func()
	defer func() {
		if err != nil {
			for _, undo := range slices.Backward(undone) {
				undo()
			}
		}
	}()
	lanes, err := r.dispatch.Prepare(ctx, p.channels)
	if err != nil {
		return nil, fmt.Errorf("start the lanes: %w", err)
	}
	listen, undo, err := r.listeners.prepare([]opening{
		{"hooks", p.config.Relay.Listen, r.publicHandler()},
		{"dashboard", p.config.Dashboard.Listen, r.dashboardHandler()},
	})
	if err != nil {
		return nil, err
	}
	undone = append(undone, undo)
	if undo, err = r.moveConnectors(ctx, p.config.Moved); err != nil {
		return nil, err
	}
	undone = append(undone, undo)
	sources, err := r.intake.Prepare(ctx, p.connectors)
	if err != nil && (sources == nil || r.plan() != nil) {
		return nil, fmt.Errorf("start the connectors: %w", err) // what was opened in the store does no harm there
	}
	if err != nil {
		// A relay that starts is to deliver what waits, whatever else it can do.
		r.log.Error().Err(err).Msg("the store cannot open all connectors; they are down until it can")
	}
	return func() {
		zerolog.SetGlobalLevel(p.config.Relay.Log)
		r.masker.Reset(p.secrets...)
		for _, w := range p.warnings {
			r.log.Warn().Msg(w)
		}
		r.mu.Lock()
		r.current, r.configured = p, time.Now()
		r.mu.Unlock()
		r.ops.configure(p.config.Relay.Ops)
		r.intake.TrustProxies(p.config.Relay.TrustedProxies)
		r.intake.Retire(context.WithoutCancel(ctx), p.connectors)
		r.host.Adopt(p.set)
		lanes()
		sources()
		listen()
	}, nil
}

// difference says what is new, changed and gone between two configurations.
func difference(old, now *config.Config) []string {
	var changes []string
	channels := func(c *config.Config) map[string]string {
		m := make(map[string]string)
		for _, ch := range c.Channels {
			m[ch.Name] = ch.Fingerprint
		}
		return m
	}
	connectors := func(c *config.Config) map[string]string {
		m := make(map[string]string)
		for _, cn := range c.Connectors {
			m[cn.Name] = cn.Fingerprint
		}
		return m
	}
	changes = append(changes, compare("channel", channels(old), channels(now))...)
	changes = append(changes, compare("connector", connectors(old), connectors(now))...)
	if old.Relay.Listen != now.Relay.Listen {
		changes = append(changes, "hooks now listen on "+now.Relay.Listen)
	}
	if old.Dashboard.Listen != now.Dashboard.Listen {
		changes = append(changes, "the dashboard now listens on "+now.Dashboard.Listen)
	}
	return changes
}
