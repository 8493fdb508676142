package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/relay/operator"
)

// Reload reads the configuration again and returns what changed, a sentence
// each. When anything in it is wrong, nothing has changed and the error is
// [operator.ErrInvalid] with the diagnostics as its text.
func (r *Relay) Reload(ctx context.Context) ([]string, error) {
	r.reloading.Lock()
	defer r.reloading.Unlock()
	r.systemd.reloading()
	defer r.systemd.ready()
	p, err := prepare(ctx, r.host, r.options)
	if err != nil {
		return nil, invalid(err)
	}
	old := r.plan()
	if p.config.Relay.Store != old.config.Relay.Store {
		p.set.Discard()
		return nil, fmt.Errorf("%w configuration: relay.store cannot change while the relay runs; restart it", operator.ErrInvalid)
	}
	// Everything above may fail and has changed nothing.
	if err := r.adopt(ctx, p); err != nil {
		return nil, err
	}
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

// adopt makes a plan the running one. Addresses are bound first, because that is
// the last thing that can fail.
func (r *Relay) adopt(ctx context.Context, p *plan) error {
	public, err := r.listeners.prepare("hooks", p.config.Relay.Listen, r.publicHandler())
	if err != nil {
		p.set.Discard()
		return err
	}
	pages, err := r.listeners.prepare("dashboard", p.config.Dashboard.Listen, r.dashboardHandler())
	if err != nil {
		public.discard()
		p.set.Discard()
		return err
	}
	if err := r.moveConnectors(ctx, p.config.Moved); err != nil {
		public.discard()
		pages.discard()
		p.set.Discard()
		return err
	}
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
	r.intake.Retire(ctx, p.connectors)
	r.host.Adopt(p.set)
	if err := r.dispatch.Apply(ctx, p.channels); err != nil {
		return fmt.Errorf("start the lanes: %w", err)
	}
	if err := r.intake.Apply(ctx, p.connectors); err != nil {
		return fmt.Errorf("start the connectors: %w", err)
	}
	r.listeners.adopt(public)
	r.listeners.adopt(pages)
	return nil
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
