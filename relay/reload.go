package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/relay/chat/systems"
	"github.com/connector-relay/relay/relay/listener"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/plan"
	"github.com/connector-relay/relay/relay/saved"
)

// next is the configuration that is about to come into force.
type next struct {
	// settings are the relay block, which is known before the plan, and sources the files
	// that it is in; nil to read them again.
	settings config.Relay
	sources  []config.Source
	plan     *plan.Plan
	changes  []operator.Change
	// These are called once nothing can fail any more.
	lanes, connectors, listen func()
}

// Reload reads the configuration again and returns what changed. When anything goes
// wrong, nothing has changed; when the configuration is to blame, the error is
// [operator.ErrInvalid] with the diagnostics as its text.
func (r *Relay) Reload(ctx context.Context) (_ []operator.Change, err error) {
	r.reloading.Lock()
	defer r.reloading.Unlock()
	tellManager(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec()) // the time lets it order what it hears
	defer tellManager(daemon.SdNotifyReady)
	defer func() { r.remember(err) }()
	n := &next{}
	err = r.steps().do(ctx, n, slices.Concat(r.comparison(), r.preparation()))
	if err != nil {
		if !errors.Is(err, operator.ErrInvalid) {
			err = fmt.Errorf("nothing has changed: %w", err)
		}
		return nil, err
	}
	r.commit(ctx, n)
	r.tell(n.changes)
	return n.changes, nil
}

// comparison returns the steps that find out what a new configuration changes.
func (r *Relay) comparison() []step {
	return []step{
		{"configuration", r.readAgain},
		{"store", r.keepStore},
		{"changes", r.compare},
	}
}

// preparation returns the steps towards a new configuration that can fail; [Relay.commit]
// does the rest.
func (r *Relay) preparation() []step {
	return []step{
		{"lanes", r.prepareLanes},
		{"addresses", r.bind},
		{"moved connectors", r.moveConnectors},
		{"connectors", r.prepareConnectors},
	}
}

// Plan implements [desk.Daemon]: it goes as far as the comparison, and back.
func (r *Relay) Plan(ctx context.Context) ([]operator.Change, error) {
	n, s := &next{}, r.steps()
	if err := s.do(ctx, n, r.comparison()); err != nil {
		return nil, err
	}
	return n.changes, s.undo(ctx)
}

// adopt puts the configuration of a starting relay into force.
func (r *Relay) adopt(ctx context.Context, n *next) (undo, error) {
	err := r.steps().do(ctx, n, r.preparation())
	if err == nil {
		r.commit(ctx, n)
	}
	return nil, err
}

// read makes a plan from the configuration as its files are now.
func (r *Relay) read(ctx context.Context, n *next) (_ undo, err error) {
	o, err := r.planning(ctx, n.sources, saved.Change{})
	if err != nil {
		return nil, err
	}
	if n.plan, err = plan.Prepare(ctx, o); err != nil {
		return nil, err
	}
	return ending(n.plan.Discard), nil
}

// readFiles reads the files for what must be known first: where the store is, in which the
// rest of the configuration may be, and the level at which plugins log when they start.
// Files with mistakes open no store, and all their mistakes are told.
func (r *Relay) readFiles(ctx context.Context, n *next) (undo, error) {
	file, diags := config.Parse(config.Options{Path: r.options.Config, Systems: systems.All()})
	if n.settings, n.sources = file.Relay(), file.Sources(); !diags.HasErrors() {
		r.log.SetLevel(n.settings.Log)
		return nil, nil
	}
	p, err := plan.Prepare(ctx, plan.Options{Path: r.options.Config, Sources: n.sources, Host: r.host, Masker: r.masker, Renderer: r.renderer, Version: r.options.Version})
	if err == nil { // somebody has mended them meanwhile
		p.Discard()
		err = file.Error(diags)
	}
	return nil, err
}

// readAgain reads the configuration for a reload. Its errors keep their meaning across the
// operator socket.
func (r *Relay) readAgain(ctx context.Context, n *next) (undo, error) {
	undo, err := r.read(ctx, n)
	if _, ok := errors.AsType[*config.Error](err); ok {
		return nil, fmt.Errorf("%w configuration, nothing has changed:\n%w", operator.ErrInvalid, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w configuration, nothing has changed: %w", operator.ErrInvalid, err)
	}
	return undo, nil
}

func (r *Relay) keepStore(_ context.Context, n *next) (undo, error) {
	if n.plan.Config.Relay.Store != r.current().Config.Relay.Store {
		return nil, fmt.Errorf("%w configuration: relay.store cannot change while the relay runs; restart it", operator.ErrInvalid)
	}
	return nil, nil
}

func (r *Relay) compare(ctx context.Context, n *next) (_ undo, err error) {
	n.changes, err = n.plan.Changes(ctx, r.current(), r.store)
	return nil, err
}

func (r *Relay) prepareLanes(ctx context.Context, n *next) (_ undo, err error) {
	if n.lanes, err = r.dispatch.Prepare(ctx, n.plan.Channels); err != nil {
		return nil, fmt.Errorf("start the lanes: %w", err)
	}
	return nil, nil
}

func (r *Relay) bind(_ context.Context, n *next) (undo, error) {
	c := n.plan.Config
	listen, release, err := r.listeners.Prepare([]listener.Opening{
		{Purpose: "hooks", Address: c.Relay.Listen, Handler: r.publicHandler()},
		r.dashboardOpening(c.Dashboard),
		{Purpose: "metrics", Address: c.Metrics.Listen, Handler: r.metricsHandler()},
	})
	if err != nil {
		return nil, err
	}
	n.listen = listen
	return ending(release), nil
}

// prepareConnectors opens the connectors in the store. They do no harm there if a later
// step fails.
func (r *Relay) prepareConnectors(ctx context.Context, n *next) (_ undo, err error) {
	n.connectors, err = r.intake.Prepare(ctx, n.plan.Connectors)
	if err != nil && (n.connectors == nil || r.current() != nil) {
		return nil, fmt.Errorf("start the connectors: %w", err)
	}
	if err != nil {
		// A starting relay delivers what is waiting even if it cannot accept anything
		// yet.
		r.log.Error().Err(err).Msg("the store cannot open all connectors; they are down until it can")
	}
	return nil, nil
}

// commit puts the next configuration into force. Nothing in it can fail.
func (r *Relay) commit(ctx context.Context, n *next) {
	p := n.plan
	r.log.SetLevel(p.Config.Relay.Log)
	p.MaskAfter(r.current())
	for _, w := range p.Warnings {
		r.log.Warn().Msg(w)
	}
	r.mu.Lock()
	r.adopted, r.configured, r.estate = p, time.Now(), estate(p)
	r.mu.Unlock()
	r.notices.Use(r.store, r.mutes, p.Config.Relay.Ops)
	r.moveMutes(context.WithoutCancel(ctx), p.Config.Moved)
	r.intake.TrustProxies(p.Config.Relay.TrustedProxies)
	r.limit(p.Config.Relay.Disk)
	r.intake.Retire(context.WithoutCancel(ctx), p.Connectors)
	r.host.Adopt(p.Plugins)
	n.lanes()
	n.connectors()
	r.admit(p.Config)
	n.listen() // last, so that a new address never answers for the old configuration
}

// tell logs what a reload has changed, and notifies the operators of what it leaves behind.
func (r *Relay) tell(changes []operator.Change) {
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

// remember keeps one line about why the last reload failed, if it did. Validation shows
// the rest of the diagnostics.
func (r *Relay) remember(err error) {
	failed := ""
	if err != nil {
		failed = strings.ReplaceAll(err.Error(), "\n", "; ")
		if _, ok := errors.AsType[*config.Error](err); ok {
			first, _, _ := strings.Cut(err.Error(), "\n")
			failed = strings.TrimSuffix(first, ":") + "; see `relay validate`"
		}
		failed = "the reload at " + time.Now().Format(time.TimeOnly) + " failed, and the previous configuration stays in force: " + failed
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reloadFailed = failed
}
