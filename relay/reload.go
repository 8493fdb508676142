package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/relay/listener"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/plan"
)

// Reload reads the configuration again and returns what changed. When anything goes
// wrong, nothing has changed; when the configuration is to blame, the error is
// [operator.ErrInvalid] with the diagnostics as its text.
func (r *Relay) Reload(ctx context.Context) ([]operator.Change, error) {
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

// Plan says what a reload would change, and what it would leave behind.
func (r *Relay) Plan(ctx context.Context) ([]operator.Change, error) {
	p, err := r.prepareReload(ctx)
	if err != nil {
		return nil, err
	}
	defer p.Discard()
	return p.Changes(ctx, r.current(), r.store)
}

// failure is a reload that failed.
type failure struct {
	at  time.Time
	err error
}

// reason is the failure in one line. Diagnostics have many, and validation shows them.
func (f *failure) reason() string {
	text := f.err.Error()
	if _, ok := errors.AsType[*config.Error](f.err); ok {
		first, _, _ := strings.Cut(text, "\n")
		return strings.TrimSuffix(first, ":") + "; see `relay validate`"
	}
	return strings.ReplaceAll(text, "\n", "; ")
}

func (r *Relay) reload(ctx context.Context) ([]operator.Change, error) {
	p, err := r.prepareReload(ctx)
	if err != nil {
		return nil, err
	}
	changes, err := p.Changes(ctx, r.current(), r.store)
	if err != nil {
		p.Discard()
		return nil, fmt.Errorf("nothing has changed: %w", err)
	}
	commit, err := r.adopt(ctx, p)
	if err != nil {
		p.Discard()
		return nil, fmt.Errorf("nothing has changed: %w", err)
	}
	commit()
	r.changed(changes)
	return changes, nil
}

// prepare makes the plan of the configuration as it is now.
func (r *Relay) prepare(ctx context.Context) (*plan.Plan, error) {
	return plan.Prepare(ctx, plan.Options{
		Path: r.options.Config, Host: r.host, Masker: r.masker, Renderer: r.renderer, Version: r.options.Version,
	})
}

// prepareReload reads the configuration as it is now and checks that the running
// relay can have it.
func (r *Relay) prepareReload(ctx context.Context) (*plan.Plan, error) {
	p, err := r.prepare(ctx)
	if err != nil {
		return nil, invalid(err)
	}
	if p.Config.Relay.Store != r.current().Config.Relay.Store {
		p.Discard()
		return nil, fmt.Errorf("%w configuration: relay.store cannot change while the relay runs; restart it", operator.ErrInvalid)
	}
	return p, nil
}

// changed tells the log, and the operators of what a reload has left behind.
func (r *Relay) changed(changes []operator.Change) {
	lines := make([]string, len(changes))
	var warnings []string
	for i, c := range changes {
		lines[i] = c.String()
		if c.Warning != "" {
			warnings = append(warnings, lines[i]+". "+c.Warning)
		}
	}
	r.log.Info().Strs("changes", lines).Msg("configuration reloaded")
	if len(warnings) > 0 {
		r.log.Warn().Strs("warnings", warnings).Msg("the new configuration leaves something behind")
		r.notices.LeftBehind(warnings)
	}
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
func (r *Relay) adopt(ctx context.Context, p *plan.Plan) (commit func(), err error) {
	var undone []func()
	defer func() {
		if err != nil {
			for _, undo := range slices.Backward(undone) {
				undo()
			}
		}
	}()
	lanes, err := r.dispatch.Prepare(ctx, p.Channels)
	if err != nil {
		return nil, fmt.Errorf("start the lanes: %w", err)
	}
	listen, undo, err := r.listeners.Prepare([]listener.Opening{
		{Purpose: "hooks", Address: p.Config.Relay.Listen, Handler: r.publicHandler()},
		{Purpose: "dashboard", Address: p.Config.Dashboard.Listen, Handler: r.dashboardHandler()},
		{Purpose: "metrics", Address: p.Config.Metrics.Listen, Handler: r.metricsHandler()},
	})
	if err != nil {
		return nil, err
	}
	undone = append(undone, undo)
	if undo, err = r.moveConnectors(ctx, p.Config.Moved); err != nil {
		return nil, err
	}
	undone = append(undone, undo)
	sources, err := r.intake.Prepare(ctx, p.Connectors)
	if err != nil && (sources == nil || r.current() != nil) {
		return nil, fmt.Errorf("start the connectors: %w", err) // what was opened in the store does no harm there
	}
	if err != nil {
		// A relay that starts is to deliver what waits, whatever else it can do.
		r.log.Error().Err(err).Msg("the store cannot open all connectors; they are down until it can")
	}
	return func() {
		r.log.SetLevel(p.Config.Relay.Log)
		p.MaskAfter(r.current())
		for _, w := range p.Warnings {
			r.log.Warn().Msg(w)
		}
		r.mu.Lock()
		r.adopted, r.configured = p, time.Now()
		r.mu.Unlock()
		r.notices.Use(r.store, p.Config.Relay.Ops)
		r.intake.TrustProxies(p.Config.Relay.TrustedProxies)
		r.limit(p.Config.Relay.Disk)
		r.intake.Retire(context.WithoutCancel(ctx), p.Connectors)
		r.host.Adopt(p.Plugins)
		lanes()
		sources()
		listen()
	}, nil
}
