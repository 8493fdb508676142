package relay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/dashboard"
	"github.com/connector-relay/relay/relay/dispatch"
	"github.com/connector-relay/relay/relay/intake"
	"github.com/connector-relay/relay/relay/listener"
	"github.com/connector-relay/relay/relay/memory"
	"github.com/connector-relay/relay/relay/mute"
	"github.com/connector-relay/relay/relay/operator/api"
	"github.com/connector-relay/relay/relay/operator/desk"
	"github.com/connector-relay/relay/relay/operator/guard"
	"github.com/connector-relay/relay/relay/outbound"
	"github.com/connector-relay/relay/relay/picture"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/private"
	"github.com/connector-relay/relay/relay/secret"
	"github.com/connector-relay/relay/relay/signin"
	"github.com/connector-relay/relay/relay/state"
	"github.com/connector-relay/relay/relay/store"
)

// The parts that live as long as the process, in the order in which [Start] opens them.

func (r *Relay) openPlugins(context.Context, *next) (undo, error) {
	r.host = pluginhost.New(pluginhost.Options{
		Log: r.log.Part("pluginhost"), Metrics: r.registry, Mask: r.masker.Mask, Version: r.options.Version, Notify: r.notices.Plugin,
	})
	return ending(r.host.Close), nil
}

func (r *Relay) openStore(ctx context.Context, n *next) (_ undo, err error) {
	r.store, r.limit, err = state.Open(ctx, n.settings, r.log.Part("store"), r.registry)
	if err != nil {
		return nil, err
	}
	file := r.store
	if r.options.wrap != nil {
		r.store = r.options.wrap(file)
	}
	return func(context.Context) error { return file.Close() }, nil
}

// openMutes reads what people have muted, before the first event can come.
func (r *Relay) openMutes(ctx context.Context, _ *next) (_ undo, err error) {
	if r.mutes, err = mute.Open(ctx, r.store); err != nil {
		return nil, fmt.Errorf("read the mutes: %w", err)
	}
	return nil, nil
}

func (r *Relay) openDispatch(context.Context, *next) (undo, error) {
	r.dispatch = dispatch.New(dispatch.Options{Store: r.store, Log: r.log.Part("dispatch"), Metrics: r.registry, Notify: r.notices.Lane})
	return func(ctx context.Context) error { r.dispatch.Stop(ctx); return nil }, nil
}

// landingPath is the path on the public listener to which a browser returns from a sign-in.
const landingPath = "/sign-in"

// openSignIns makes the keeper of tokens. Only the relay's user may read its key.
func (r *Relay) openSignIns(_ context.Context, n *next) (undo, error) {
	key := n.settings.Key
	r.key = signin.Key{File: key}
	mended, err := private.Keep(key)
	if err != nil {
		return nil, fmt.Errorf("the key for tokens: %w", err)
	}
	if mended {
		r.log.Warn().Str("file", key).Msg("other users had access to the key for tokens; now only its owner has")
	}
	r.signIn = signin.New(signin.Options{
		Store: r.store, Plugins: r.host, Key: r.key,
		Landing:  func() string { return r.Running().Public + landingPath },
		SignedIn: func(name string) { r.intake.PollSoon(name) },
		Mask:     func(name string, tokens ...secret.Value) { r.masker.Keep("sign-in of "+name, tokens...) },
	})
	return ending(r.signIn.Close), nil
}

func (r *Relay) openIntake(context.Context, *next) (undo, error) {
	r.intake = intake.New(intake.Options{
		Store: r.store, Plugins: r.host, Tokens: r.signIn, Mutes: r.mutes, Log: r.log.Part("intake"), Metrics: r.registry, Mask: r.masker.Mask,
		Notify: func(n intake.Notice) { r.notices.Connector(n); r.dashboard.Changed() },
		Memory: memory.Limit(memory.Daemon),
	})
	return func(ctx context.Context) error { r.intake.Stop(ctx); return nil }, nil
}

func (r *Relay) openListeners(context.Context, *next) (undo, error) {
	r.listeners = listener.New(r.log.Part("http"))
	return r.listeners.Stop, nil
}

// openPictures makes what shows pictures that strangers chose. Those that cards name come
// from public addresses only: unlike a connector, a card is no reason to reach into a
// private network.
func (r *Relay) openPictures(context.Context, *next) (undo, error) {
	decoder := picture.NewDecoder()
	r.album = picture.NewAlbum(picture.AlbumOptions{
		Store: r.store, Decoder: decoder, Public: func() string { return r.Running().Public }, Log: r.log.Part("pictures"),
	})
	var connections outbound.Pool
	r.pictures = picture.NewProxy(picture.ProxyOptions{
		Decoder: decoder, Own: r.album.Own, Log: r.log.Part("pictures"),
		Client: func() (*http.Client, error) {
			settings := r.current().Config.Relay.HTTP
			settings.Allow = nil
			return connections.Client(settings)
		},
	})
	return ending(r.pictures.Close), nil
}

// openDesk makes what answers operators: the desk, its metrics and the pages. From then on
// lanes and pages hear of what the store accepts.
func (r *Relay) openDesk(context.Context, *next) (_ undo, err error) {
	r.desk = desk.New(desk.Options{
		Store: r.store, Intake: r.intake, Dispatch: r.dispatch, Plugins: r.host, SignIns: r.signIn, Saved: r.saved, Mutes: r.mutes, Pictures: r.album, Daemon: r,
		Log: r.log.Logger, Version: r.options.Version, Config: r.options.Config,
	})
	r.registry.MustRegister(r.desk.Metrics())
	r.guard = guard.New(guard.Options{Relay: r.desk, Estate: r.currentEstate, Audit: r.audit, Mask: r.masker.Mask})
	r.dashboard, err = dashboard.New(dashboard.Options{Relay: r.guard, Pictures: r.pictures, Door: r.door, Log: r.log.Part("dashboard"), Version: r.options.Version})
	if err != nil {
		return nil, err
	}
	r.store.Notify(func(n store.Notice) {
		r.dispatch.Return(n.Returned)
		r.dispatch.Wake(n.Accepted)
		r.dashboard.Notify(slices.Concat(n.Returned, n.Accepted))
	})
	return ending(r.dashboard.Close), nil // pages that wait for events would keep the listeners from stopping
}

func (r *Relay) openSocket(_ context.Context, n *next) (undo, error) {
	socket, err := api.Listen(n.plan.Config.Relay.Socket)
	if err != nil {
		return nil, err
	}
	r.listeners.Serve("operator socket", socket, as(access.Local("socket"), api.Handler(r.guard)))
	return nil, nil // it ends with the listeners
}

const (
	// sweepEvery is how often deliveries older than the retention are removed.
	sweepEvery = 10 * time.Minute
	// lookEvery is how often it is looked who may still be inside the dashboard.
	lookEvery = 15 * time.Second
	// watchEvery is how often new problems go into the log.
	watchEvery = 10 * time.Second
)

// keepHouse starts the periodic work.
func (r *Relay) keepHouse(context.Context, *next) (undo, error) {
	ctx, stop := context.WithCancel(context.Background())
	var loops sync.WaitGroup
	every := func(interval time.Duration, do func(context.Context)) {
		loops.Go(func() {
			for tick := time.Tick(interval); ; {
				select {
				case <-ctx.Done():
					return
				case <-tick:
					do(ctx)
				}
			}
		})
	}
	every(sweepEvery, r.sweep)
	every(watchEvery, r.desk.Watch())
	every(lookEvery, r.door.Look)
	return ending(func() { stop(); loops.Wait() }), nil
}

func (r *Relay) sweep(ctx context.Context) {
	removed, err := r.store.Sweep(ctx, time.Now().Add(-r.current().Config.Relay.Retention))
	if err != nil && ctx.Err() == nil {
		r.log.Error().Err(err).Msg("old deliveries could not be removed")
	}
	if err := r.mutes.Refresh(ctx); err != nil && ctx.Err() == nil {
		r.log.Error().Err(err).Msg("the mutes that have ended could not be removed")
	}
	if removed > 0 {
		r.log.Info().Int("removed", removed).Msg("old deliveries removed")
	}
	r.sweepPictures(ctx)
}

// sweepPictures removes the uploads that neither a saved block nor a file names.
func (r *Relay) sweepPictures(ctx context.Context) {
	blocks, err := r.store.Blocks(ctx)
	var texts []string
	for _, b := range blocks {
		texts = append(texts, b.HCL)
	}
	for _, c := range r.current().Connectors {
		arguments, failed := c.Arguments()
		texts, err = append(texts, string(arguments)), errors.Join(err, failed)
	}
	if err == nil {
		_, err = r.album.Sweep(ctx, texts...)
	}
	if err != nil && ctx.Err() == nil {
		r.log.Error().Err(err).Msg("pictures that no connector shows could not be removed")
	}
}
