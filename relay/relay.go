// Package relay is the daemon: it makes the parts, joins them, and starts, reloads and stops them.
//
//	source → plugin → pluginhost → intake → store → dispatch → channel → chat system
//	person → access → dashboard or operator/api → operator/guard → operator/desk → the parts
//
// The parts do not know each other. [Start] is the list of steps that make them, and
// [Relay.Stop] undoes the same steps. What the configuration asks of them is a
// [plan.Plan]; [Relay.Reload] is the list of steps from one plan to the next. Each step
// that can fail comes before anything that runs has changed.
//
// A new part is a step in Start, with its undo. What a reload changes in it is a step in
// [Relay.Reload] if it can fail, and a line in [Relay.commit] if not.
package relay

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/relay/access/door"
	"github.com/connector-relay/relay/relay/access/gate"
	"github.com/connector-relay/relay/relay/certificate"
	"github.com/connector-relay/relay/relay/channel"
	"github.com/connector-relay/relay/relay/dashboard"
	"github.com/connector-relay/relay/relay/dispatch"
	"github.com/connector-relay/relay/relay/intake"
	"github.com/connector-relay/relay/relay/listener"
	"github.com/connector-relay/relay/relay/logs"
	"github.com/connector-relay/relay/relay/mute"
	"github.com/connector-relay/relay/relay/notice"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/operator/desk"
	"github.com/connector-relay/relay/relay/operator/guard"
	"github.com/connector-relay/relay/relay/outbound"
	"github.com/connector-relay/relay/relay/picture"
	"github.com/connector-relay/relay/relay/plan"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/saved"
	"github.com/connector-relay/relay/relay/secret"
	"github.com/connector-relay/relay/relay/signin"
	"github.com/connector-relay/relay/relay/store"
)

// Options are what a relay is started with.
type Options struct {
	// Config is the path of the configuration, a file or a folder.
	Config string
	// Log receives the log; secrets are masked before it sees them.
	Log io.Writer
	// Version is shown in status, User-Agent headers and logs.
	Version string
	// Ready, when not nil, is called once the relay runs.
	Ready func(operator.Status)

	// For tests: wrap puts faults around the store, and after can fail each step once it
	// is done.
	wrap  func(store.Store) store.Store
	after func(step string) error
}

// Relay is one running relay.
type Relay struct {
	options  Options
	log      *logs.Log
	masker   *secret.Masker
	registry *prometheus.Registry
	started  time.Time
	renderer *channel.Renderer

	// These live as long as the process.
	store     store.Store
	limit     func(config.Disk)
	mutes     *mute.Board
	host      *pluginhost.Host
	dispatch  *dispatch.Dispatcher
	intake    *intake.Intake
	key       signin.Key
	signIn    *signin.Keeper
	saved     *saved.Keeper
	desk      *desk.Desk
	guard     *guard.Guard
	gate      *gate.Gate
	door      *door.Door
	certified *certificate.Holder
	// connections are those to the issuer and to the certificates' authority.
	connections outbound.Pool
	album       *picture.Album
	pictures    *picture.Proxy
	dashboard   *dashboard.Dashboard
	listeners   *listener.Set
	notices     *notice.Board

	// parts are the steps that made the parts, for Stop to undo.
	parts *steps

	// background is what a sign-in has set off.
	background sync.WaitGroup

	// reloading is held during a reload or a save, so that two do not mix.
	reloading sync.Mutex

	// gallery remembers what the plugins have said about themselves.
	gallery struct {
		sync.Mutex
		sources []config.Source
		types   []plan.Type
	}

	mu sync.RWMutex
	// adopted is what the running configuration has set up, and estate says to whom each
	// part of it belongs.
	adopted    *plan.Plan
	estate     *guard.Estate
	configured time.Time
	// reloadFailed says how the last reload failed; empty when it did not.
	reloadFailed string
}

// Start starts a relay. When a step fails, those before it are undone.
func Start(ctx context.Context, o Options) (*Relay, error) {
	r := &Relay{
		options: o, masker: &secret.Masker{}, registry: prometheus.NewRegistry(), started: time.Now(),
	}
	r.log = logs.New(o.Log, r.masker.Mask)
	r.notices = notice.New(r.log.Part("notice"))
	// The store is open before the first card is written.
	r.renderer = channel.NewRenderer(func(deliveries ...int64) func() { return r.store.Rendering(deliveries...) })
	r.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), r.log.Lost())
	n := &next{}
	r.parts = r.steps()
	if err := r.parts.do(ctx, n, []step{
		{"plugins", r.openPlugins},
		{"files", r.readFiles},
		{"store", r.openStore},
		{"mutes", r.openMutes},
		{"dispatch", r.openDispatch},
		{"sign-ins", r.openSignIns},
		{"saved connectors", r.openSaved},
		{"configuration", r.read},
		{"intake", r.openIntake},
		{"listeners", r.openListeners},
		{"door", r.openDoor},
		{"pictures", r.openPictures},
		{"operators' desk", r.openDesk},
		{"adoption", r.adopt},
		{"housekeeping", r.keepHouse},
		{"operator socket", r.openSocket}, // last: whoever can connect gets an answer
	}); err != nil {
		r.log.Close()
		return nil, err
	}
	r.log.Info().Str("version", o.Version).Str("config", o.Config).
		Int("connectors", len(n.plan.Connectors)).Int("channels", len(n.plan.Channels)).Msg("relay runs")
	return r, nil
}

// Stop stops the relay: what is in flight may end within relay.drain_timeout.
func (r *Relay) Stop() error {
	tellManager(daemon.SdNotifyStopping)
	r.log.Info().Msg("relay stops")
	ctx, cancel := context.WithTimeout(context.Background(), r.current().Config.Relay.DrainTimeout)
	defer cancel()
	err := r.parts.undo(ctx)
	r.log.Info().Err(err).Msg("relay has stopped")
	r.log.Close()
	return err
}

// current returns what the running configuration has set up.
func (r *Relay) current() *plan.Plan {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.adopted
}
