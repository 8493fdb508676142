// Package relay is the daemon: it builds the parts from a configuration, joins
// them, and starts, reloads and stops them.
//
//	source → plugin → pluginhost → intake → store → dispatch → channel → chat system
//
// The parts do not know each other. What lives as long as the process (the store,
// the plugin host, intake, dispatch) is kept apart from what a configuration
// makes (package plan), so that a reload can build all that may fail before it changes
// anything.
package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/relay/channel"
	"github.com/connector-relay/relay/relay/chat/systems"
	"github.com/connector-relay/relay/relay/dashboard"
	"github.com/connector-relay/relay/relay/dispatch"
	"github.com/connector-relay/relay/relay/intake"
	"github.com/connector-relay/relay/relay/listener"
	"github.com/connector-relay/relay/relay/logs"
	"github.com/connector-relay/relay/relay/memory"
	"github.com/connector-relay/relay/relay/notice"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/plan"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/secret"
	"github.com/connector-relay/relay/relay/signin"
	"github.com/connector-relay/relay/relay/store"
)

// Options are what a relay is started with.
type Options struct {
	// Config is the configuration file's path.
	Config string
	// Log receives the log; secrets are masked before it sees them.
	Log io.Writer
	// Version is shown in status, User-Agent headers and logs.
	Version string
	// Ready, when not nil, is told once that the relay runs.
	Ready func(operator.Status)
	// wrap, when not nil, puts something between the relay and its store: tests make it
	// fail.
	wrap func(store.Store) store.Store
}

// Relay is one running relay.
type Relay struct {
	options  Options
	log      *logs.Log
	masker   *secret.Masker
	registry *prometheus.Registry
	started  time.Time
	systemd  systemd
	renderer *channel.Renderer

	// These live as long as the process.
	store     store.Store
	limit     func(config.Disk)
	host      *pluginhost.Host
	dispatch  *dispatch.Dispatcher
	intake    *intake.Intake
	signIn    *signin.Keeper
	desk      *operator.Desk
	dashboard *dashboard.Dashboard
	listeners *listener.Set
	notices   *notice.Board
	cleanups  []cleanup

	// reloading is held for the whole of a reload, so that two do not mix.
	reloading sync.Mutex

	mu sync.RWMutex
	// adopted is what the running configuration made.
	adopted    *plan.Plan
	configured time.Time
	// reloadFailed is how the last reload failed; nil when it did not.
	reloadFailed *failure
}

// cleanup is one step of stopping, with a name for the log.
type cleanup struct {
	name string
	do   func(context.Context) error
}

// Run runs a relay until the context ends, then stops it gracefully: what is in
// flight may end within relay.drain_timeout. SIGHUP makes it reload. The log goes on
// without the lines that nobody reads.
func Run(ctx context.Context, o Options) error {
	// Heard from the very beginning on: a reload that is asked for during the start
	// comes after it.
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	// That whoever read the log or a connection is gone is an error of the write, and
	// not the end of the relay.
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	defer signal.Stop(pipe)
	r, err := start(ctx, o)
	if err != nil {
		return err
	}
	r.systemd.ready()
	if o.Ready != nil {
		if s, err := r.desk.Status(ctx); err == nil {
			o.Ready(s)
		}
	}
	for {
		select {
		case <-ctx.Done():
			return r.stop()
		case <-hup:
			r.reloadOnSignal(ctx)
		case err := <-r.listeners.Failed():
			return errors.Join(err, r.stop())
		}
	}
}

// start builds everything; when a step fails, what was built before is undone.
func start(ctx context.Context, o Options) (_ *Relay, err error) {
	r := &Relay{masker: &secret.Masker{}, started: time.Now(), registry: prometheus.NewRegistry()}
	// The store is open before there is a card to write.
	r.renderer = channel.NewRenderer(func(deliveries ...int64) func() { return r.store.Rendering(deliveries...) })
	r.options = o
	r.log = logs.New(o.Log, r.masker.Mask)
	r.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), r.log.Lost())
	r.notices = notice.New(r.log.Part("ops"))
	defer func() {
		if err != nil {
			err = errors.Join(err, r.cleanUp(context.WithoutCancel(ctx)))
			r.log.Close()
		}
	}()
	r.host = pluginhost.New(pluginhost.Options{
		Log: r.log.Part("pluginhost"), Metrics: r.registry, Mask: r.masker.Mask, Version: o.Version, Notify: r.notices.Plugin,
	})
	r.onStop("plugins", func(context.Context) error { r.host.Close(); return nil })
	if file, diags := config.Parse(o.Config, systems.All()); !diags.HasErrors() {
		// The plugins start before the rest of the file is known, and log.
		r.log.SetLevel(file.Log())
	}
	p, err := r.prepare(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.open(ctx, p); err != nil {
		p.Discard()
		return nil, err
	}
	commit, err := r.adopt(ctx, p)
	if err != nil {
		p.Discard()
		return nil, err
	}
	commit()
	r.registry.MustRegister(r.desk.Metrics())
	r.every("watch", watchEvery, r.desk.Watch())
	// Operators are answered last, when there is something to say.
	socket, err := operator.Listen(p.Config.Relay.Socket)
	if err != nil {
		return nil, err
	}
	r.listeners.Serve("operator socket", socket, operator.Handler(r.desk, false))
	r.log.Info().Str("version", o.Version).Str("config", o.Config).
		Int("connectors", len(p.Connectors)).Int("channels", len(p.Channels)).Msg("relay runs")
	return r, nil
}

// open builds what lives as long as the process.
func (r *Relay) open(ctx context.Context, p *plan.Plan) error {
	s, limit, err := openStore(ctx, p.Config.Relay, r.log.Part("store"), r.registry)
	if err != nil {
		return err
	}
	r.limit = limit
	r.onStop("store", func(context.Context) error { return s.Close() })
	if r.options.wrap != nil {
		s = r.options.wrap(s)
	}
	r.store = s
	r.dispatch = dispatch.New(dispatch.Options{Store: s, Log: r.log.Part("dispatch"), Metrics: r.registry, Notify: r.notices.Lane})
	r.onStop("dispatch", func(ctx context.Context) error { r.dispatch.Stop(ctx); return nil })
	if err := r.openSignIn(s, p.Config.Relay.Key); err != nil {
		return err
	}
	r.intake = intake.New(intake.Options{
		Store: s, Plugins: r.host, Tokens: r.signIn, Log: r.log.Part("intake"), Metrics: r.registry, Mask: r.masker.Mask, Notify: r.notices.Connector,
		Memory: memory.Limit(memory.Daemon),
	})
	r.onStop("intake", func(ctx context.Context) error { r.intake.Stop(ctx); return nil })
	r.desk = operator.New(operator.Options{
		Store: s, Intake: r.intake, Dispatch: r.dispatch, Plugins: r.host, SignIns: r.signIn, Daemon: r,
		Log: r.log.Logger, Version: r.options.Version, Config: r.options.Config,
	})
	r.dashboard, err = dashboard.New(dashboard.Options{Relay: r.desk, Log: r.log.Part("dashboard"), Version: r.options.Version})
	if err != nil {
		return err
	}
	s.Notify(func(n store.Notice) {
		r.dispatch.Return(n.Returned)
		r.dispatch.Wake(n.Accepted)
		r.dashboard.Notify(slices.Concat(n.Returned, n.Accepted))
	})
	r.listeners = listener.New(r.log.Part("http"))
	r.onStop("listeners", func(ctx context.Context) error {
		r.dashboard.Close()
		return r.listeners.Stop(ctx)
	})
	r.every("sweep", sweepEvery, r.sweep)
	return nil
}

// onStop adds a step of stopping; steps run in the reverse order.
func (r *Relay) onStop(name string, do func(context.Context) error) {
	r.cleanups = append(r.cleanups, cleanup{name: name, do: do})
}

// stop drains within the configured time.
func (r *Relay) stop() error {
	r.systemd.stopping()
	r.log.Info().Msg("relay stops")
	ctx, cancel := context.WithTimeout(context.Background(), r.current().Config.Relay.DrainTimeout)
	defer cancel()
	err := r.cleanUp(ctx)
	r.log.Info().Err(err).Msg("relay has stopped")
	r.log.Close()
	return err
}

// cleanUp runs the steps of stopping, last first, and all of them.
func (r *Relay) cleanUp(ctx context.Context) error {
	var errs []error
	for len(r.cleanups) > 0 {
		last := r.cleanups[len(r.cleanups)-1]
		r.cleanups = r.cleanups[:len(r.cleanups)-1]
		if err := last.do(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", last.name, err))
		}
	}
	return errors.Join(errs...)
}

// current returns what the running configuration made.
func (r *Relay) current() *plan.Plan {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.adopted
}

const (
	// sweepEvery is how often what is older than the retention is removed.
	sweepEvery = 10 * time.Minute
	// watchEvery is how often the log hears of what is wrong.
	watchEvery = 10 * time.Second
)

// every does something now and then until the relay stops.
func (r *Relay) every(name string, interval time.Duration, do func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				do(ctx)
			}
		}
	}()
	r.onStop(name, func(context.Context) error { cancel(); <-done; return nil })
}

func (r *Relay) sweep(ctx context.Context) {
	removed, err := r.store.Sweep(ctx, time.Now().Add(-r.current().Config.Relay.Retention))
	if err != nil && ctx.Err() == nil {
		r.log.Error().Err(err).Msg("old deliveries could not be removed")
	}
	if removed > 0 {
		r.log.Info().Int("removed", removed).Msg("old deliveries removed")
	}
}
