// Package desk answers operators from the parts of the relay that runs in this process, and
// says what is wrong with them: to people, to Prometheus and in the log.
package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/dispatch"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/intake"
	"github.com/connector-relay/relay/relay/mute"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/signin"
	"github.com/connector-relay/relay/relay/store"
)

// Store is what a [Desk] needs from the store; package store says what each method promises.
type Store interface {
	store.Operator
	Accept(ctx context.Context, b store.Batch) ([]store.Receipt, error)
	Heads(ctx context.Context, channel string, urgent bool, n int) ([]delivery.Delivery, error)
	Connectors(ctx context.Context) ([]store.Kept, error)
	Ping(ctx context.Context) error
	AuditLog(ctx context.Context, f store.AuditFilter) ([]store.AuditEntry, error)
	APITokens(ctx context.Context, person string) ([]store.APIToken, error)
	AddAPIToken(ctx context.Context, t store.APIToken) error
	RevokeAPIToken(ctx context.Context, person, name string) error
}

// Intake says how the connectors stand, and controls them.
type Intake interface {
	Status() []intake.Status
	HookURLs() []intake.HookURL
	KeepRefusals(ctx context.Context)
	Call(name string) (pluginhost.Call, error)
	PollOnce(ctx context.Context, name string) (intake.PollReport, error)
	DryRun(ctx context.Context, name string, n int) ([]event.Event, []connector.Known, error)
	Post(ctx context.Context, name string, body []byte) (intake.Answer, error)
	Rotate(ctx context.Context, name string, until time.Time) error
	Forget(ctx context.Context, name string) error
}

// Dispatch says how the lanes stand, and controls them.
type Dispatch interface {
	Lanes() []dispatch.Lane
	Quiet(channel string) time.Time
	Pause(ctx context.Context, channel, reason string) error
	Drain(ctx context.Context, channel string, last int64) error
	Resume(ctx context.Context, channel string) error
}

// Plugins are the plugin processes.
type Plugins interface {
	Status() []pluginhost.Status
	Log(plugin string) (lines []pluginhost.LogLine, known bool)
	// Types are the connector types that run, by name.
	Types() map[string]connector.Type
}

// SignIns lets people sign connectors in.
type SignIns interface {
	Begin(ctx context.Context, c pluginhost.Call, by string) (signin.Session, error)
	Wait(ctx context.Context, id string) error
	Paste(id, token string) error
}

// Daemon holds the parts together.
type Daemon interface {
	Running() Running
	Plan(ctx context.Context) ([]operator.Change, error)
	Reload(ctx context.Context) ([]operator.Change, error)
	// Hold keeps reloads away until release is called.
	Hold() (release func())
	// Write writes a delivery's card for its channel, without secrets, and says how large it
	// is with them.
	Write(ctx context.Context, d delivery.Delivery) (p chat.Payload, size int, err error)
	// Examine posts cards to a channel, past its lane.
	Examine(ctx context.Context, channel string) (operator.Examination, error)
}

// Running is what the daemon says about itself and the configuration that it runs.
type Running struct {
	Started, Configured time.Time
	// Listen and Dashboard are the addresses of the listeners for hooks and for pages,
	// and Public is the URL at which senders reach the former.
	Listen, Dashboard, Public string
	Retention                 time.Duration
	// Channels and Connectors are the types of those that are configured, by name.
	Channels, Connectors map[string]string
	// Belongs says whose the connectors are, by name.
	Belongs map[string]Belonging
	// Asides are the saved connectors that do not run, by name.
	Asides map[string]Aside
	// Teams are the teams of channels that have one.
	Teams map[string]string
	// ChannelPlaces and ConnectorPlaces are where the files declare them, by name.
	ChannelPlaces, ConnectorPlaces map[string]*operator.Place
	// Files are the configuration's, without secrets.
	Files []operator.File
	// Log says what is wrong with the log, and ReloadFailed why the last reload failed;
	// each is empty when all is well.
	Log, ReloadFailed string
}

// Options are what a desk works with.
type Options struct {
	Store    Store
	Intake   Intake
	Dispatch Dispatch
	Plugins  Plugins
	SignIns  SignIns
	Pictures Pictures
	Mutes    *mute.Board
	Saved    Saved
	Daemon   Daemon
	Log      zerolog.Logger
	// Version is the relay's, and Config the path of its configuration.
	Version, Config string
}

// Desk answers operators from the parts of the relay that runs in this process.
type Desk struct {
	Saved
	options Options
	// players try out cards and routes, and examiners channels.
	players, examiners turns
}

var _ operator.Relay = (*Desk)(nil)

// New returns a desk.
func New(o Options) *Desk {
	return &Desk{Saved: o.Saved, options: o, players: make(turns, playersAtOnce), examiners: make(turns, examinersAtOnce)}
}

// meaning gives a part's error the meaning that crosses the socket.
func meaning(err error) error {
	if errors.Is(err, dispatch.ErrNoChannel) || errors.Is(err, intake.ErrNoConnector) || errors.Is(err, intake.ErrNoHook) || errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: %w", operator.ErrNotFound, err)
	}
	return err
}

// Configuration implements [operator.Relay].
func (d *Desk) Configuration(context.Context) ([]operator.File, error) {
	return append([]operator.File{}, d.options.Daemon.Running().Files...), nil
}

// Plan implements [operator.Relay].
func (d *Desk) Plan(ctx context.Context) ([]operator.Change, error) {
	changes, err := d.options.Daemon.Plan(ctx)
	return append([]operator.Change{}, changes...), err
}

// Reload implements [operator.Relay].
func (d *Desk) Reload(ctx context.Context) ([]operator.Change, error) {
	changes, err := d.options.Daemon.Reload(ctx)
	return append([]operator.Change{}, changes...), err
}
