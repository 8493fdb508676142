// Package config reads relay.hcl, or a folder of such files.
//
// It works in two phases, because a connector block's arguments belong to the
// connector's plugin. [Parse] checks everything that the relay itself knows and says
// which plugins to launch; [File.Decode] checks the connectors' arguments against the
// schemas that those plugins declare. Each phase reports all problems at once, as
// diagnostics that point into the files.
//
// Values of env and file, and literal text where a secret belongs, never appear in
// a diagnostic: write diagnostics with [File.WriteDiagnostics] or [File.Error],
// which also keep secrets out of the source snippets.
package config

import (
	"net/netip"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/outbound"
	"github.com/connector-relay/relay/relay/quiet"
	"github.com/connector-relay/relay/relay/route"
	"github.com/connector-relay/relay/relay/secret"
)

// Config is a complete, valid configuration. It never changes and is safe to share.
type Config struct {
	// Path is the configuration file or folder as it was given.
	Path       string
	Relay      Relay
	Dashboard  Dashboard
	Metrics    Metrics
	Channels   []Channel
	Connectors []Connector
	Plugins    []Plugin
	Teams      []Team
	People     People
	Moved      []Moved
	// Files are the sources, without secrets.
	Files []SourceFile
}

// Relay is the relay block, with defaults filled in.
type Relay struct {
	// Listen is the host:port of the hooks' listener.
	Listen string
	// PublicURL is the URL at which senders reach that listener, without a final slash, or
	// empty.
	PublicURL string
	State
	// PluginDir is absolute; the directory need not exist.
	PluginDir string
	Log       zerolog.Level
	// Retention is how long finished deliveries and their events are kept.
	Retention time.Duration
	// Ops is the name of the channel for the relay's own notices, or empty.
	Ops string
	// HTTP applies to every request; it is already merged into those of channels and
	// connectors.
	HTTP outbound.Settings
	// Hooks applies to every connector; it is already merged into theirs.
	Hooks Hooks
	// TrustedProxies are believed when they say in X-Forwarded-For where a request to a
	// hook came from.
	TrustedProxies []netip.Prefix
	// Disk bounds the store.
	Disk Disk
	// DrainTimeout bounds how long a stop waits for what is in flight.
	DrainTimeout time.Duration
}

// Hooks bounds the requests to a connector's hook; 0 means the relay's default.
type Hooks struct {
	// MaxBody is in bytes.
	MaxBody int64
	// Rate is in requests per second; 0 means no bound.
	Rate  float64
	Burst int
	// Concurrency bounds the requests under way at a time.
	Concurrency int
}

// Metrics is the metrics block.
type Metrics struct {
	// Listen is the host:port of a listener for a Prometheus on another machine, or empty.
	Listen string
}

// Channel is one channel block.
type Channel struct {
	Name string
	// System is the chat system that its type names.
	System chat.System
	// Settings are what the block says of what the system asks for.
	Settings chat.Settings
	// Rate is in cards per second; 0 means the type's default, Burst included.
	Rate  float64
	Burst int
	// Concurrency is how many deliveries may be in flight; above 1 they arrive in any
	// order.
	Concurrency int
	// Team is the name of the team it belongs to, or empty.
	Team  string
	Retry Retry
	// Quiet are the hours in which only urgent cards are delivered; nil means none.
	Quiet  *quiet.Hours
	Digest Digest
	HTTP   outbound.Settings
	// Fingerprint changes exactly when something changes that the running channel
	// depends on.
	Fingerprint string
	// Parts are what the fingerprint is made of.
	Parts Parts
	// Range is the block's header.
	Range hcl.Range
}

// Retry is how a channel retries; 0 means the default (1s, 15m, 24h).
type Retry struct {
	First, Longest, GiveUpAfter time.Duration
}

// Digest says when a channel's cards are sent together; the zero value means never.
type Digest struct {
	// After is how long the rate may take to send what waits before cards are sent
	// together; 0 means any time.
	After time.Duration
	// Most bounds the cards of one digest.
	Most int
}

// Connector is one connector block.
type Connector struct {
	Type, Name string
	Enabled    bool
	// Schedule is a robfig/cron specification; empty means the type's default.
	Schedule string
	// Timeout bounds one poll or one received request; 0 means the default.
	Timeout time.Duration
	// MaxSilence is how long without an event until the operators are told; 0 means never.
	MaxSilence time.Duration
	// Path is a further path at which its hook answers, or zero.
	Path secret.Value
	// Owner is the person responsible for the connector, and Team the name of the team
	// whose it is; either may be empty.
	Owner, Team string
	// Saved says that it was made on the page, and stands in no file.
	Saved bool
	// Expires is when its hook ends; zero means never.
	Expires time.Time
	// Suspended says by channel why the owner's cards do not go there.
	Suspended map[string]string
	HTTP      outbound.Settings
	Hooks     Hooks
	Quota     Quota
	Routes    []*route.Route
	Arguments Arguments
	// Fingerprint changes exactly when something changes that the running
	// connector depends on.
	Fingerprint string
	// Parts are what the fingerprint is made of.
	Parts Parts
	// Range is the block's header.
	Range hcl.Range

	// places are the ranges of the arguments, for problems that a plugin finds, and
	// instance says which of a block with for_each it is.
	places   map[string]hcl.Range
	instance string
}

// Team is one team block.
type Team struct {
	Name string
	// Members are owners' names, usually mail addresses.
	Members []string
	// Groups are those whose members, by the claims of a sign-in, are the team's as well.
	Groups []string
	// Range is the block's header.
	Range hcl.Range
}

// People are the people blocks: who has which login at the sources of a connector type,
// or of one connector. Logins are in lower case.
type People map[string]map[string]Person

// Person is one login block.
type Person struct {
	// Name is the person's display name, or empty.
	Name string `json:"name,omitempty"`
	// IDs are the person's ids in chat systems, by channel type.
	IDs map[string]string `json:"ids,omitempty"`
}

// Plugin is one plugin block.
type Plugin struct {
	Name string
	// Path is absolute.
	Path string
	// SHA256 pins the executable's checksum; nil means that it is not pinned.
	SHA256 []byte
	// Env is the plugin's whole environment.
	Env map[string]secret.Value
}

// Format formats a configuration. In invalid HCL it changes spaces at most.
func Format(src []byte) []byte { return hclwrite.Format(src) }
