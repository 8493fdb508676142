// Package config reads relay.hcl.
//
// It works in two phases, because the arguments of a connector block belong to
// the connector's plugin. [Parse] checks everything that the relay knows itself
// and says which plugins to launch; [File.Decode] checks the connectors' arguments
// against the schemas that those plugins declare. Each phase reports all that is
// wrong at once, as diagnostics that point into the file.
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

	"github.com/connector-relay/relay/relay/outbound"
	"github.com/connector-relay/relay/relay/quiet"
	"github.com/connector-relay/relay/relay/route"
	"github.com/connector-relay/relay/relay/secret"
)

// Config is a whole valid configuration. It is not changed once it is made, and
// safe to share.
type Config struct {
	// Path is the configuration file, as it was named.
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
}

// Relay is the relay block, with defaults filled in.
type Relay struct {
	// Listen is the host:port of the hooks' listener.
	Listen string
	// PublicURL is what the outside calls that listener, without a final slash;
	// empty when it is not said.
	PublicURL string
	State
	// PluginDir is absolute; the directory need not exist.
	PluginDir string
	Log       zerolog.Level
	// Retention is how long what has ended is kept.
	Retention time.Duration
	// Ops is the name of the channel where the relay itself speaks, or empty.
	Ops string
	// HTTP holds for every request; those of channels and connectors already
	// have it merged in.
	HTTP outbound.Settings
	// Hooks holds for every connector; those of connectors already have it merged in.
	Hooks Hooks
	// TrustedProxies may say in X-Forwarded-For where a request to a hook came from.
	TrustedProxies []netip.Prefix
	// Disk bounds the store.
	Disk Disk
	// DrainTimeout is how long a stop waits for what is in flight.
	DrainTimeout time.Duration
}

// Hooks bounds the requests to a connector's hook; 0 means the relay's own bound.
type Hooks struct {
	// MaxBody is in bytes.
	MaxBody int64
	// Rate is in requests per second; 0 means no bound.
	Rate  float64
	Burst int
	// Concurrency is how many may be under way at a time.
	Concurrency int
}

// Metrics is the metrics block.
type Metrics struct {
	// Listen is the host:port of a listener for a Prometheus elsewhere; empty when there
	// is none.
	Listen string
}

// Dashboard is the dashboard block, with defaults filled in.
type Dashboard struct {
	// Listen is a loopback host:port.
	Listen string
}

// Channel is one channel block.
type Channel struct {
	Name, Type string
	// URL is zero for a type that has none.
	URL secret.Value
	// Payload is one of the type's payloads, or empty for the type's default.
	Payload string
	// To and Topic are where in the chat system cards go, User and Token as whom, for
	// types that are told.
	To, Topic, User string
	Token           secret.Value
	// Answer is a part of what the endpoint says when it has taken a card, or empty.
	Answer string
	// CardVersion is the newest version of Adaptive Cards to use, or empty.
	CardVersion string
	// Thread keeps cards together that belong together.
	Thread bool
	// Secret signs a webhook channel's requests; zero means they are not signed.
	Secret secret.Value
	// Rate is in cards per second; 0 means the type's default, Burst included.
	Rate  float64
	Burst int
	// Concurrency is how many deliveries may be in flight; more than 1 gives up
	// their order.
	Concurrency int
	// Team is the name of the team it belongs to, or empty.
	Team  string
	Retry Retry
	// Quiet are the hours in which only urgent cards go out; nil means none.
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

// Retry is a channel's patience; 0 means the default (1s, 15m, 24h).
type Retry struct {
	First, Longest, GiveUpAfter time.Duration
}

// Digest says when a channel's cards go out together; the zero value means never.
type Digest struct {
	// After is how long the rate may need for what waits; 0 means any time.
	After time.Duration
	// Most is how many cards one digest has room for.
	Most int
}

// Connector is one connector block.
type Connector struct {
	Type, Name string
	Enabled    bool
	// Schedule is a robfig/cron specification; empty means the type's default.
	Schedule string
	// Timeout limits one poll or one received request; 0 means the default.
	Timeout time.Duration
	// MaxSilence is after how long without an event the operators are told; 0
	// means never.
	MaxSilence time.Duration
	// Path is where its hook answers as well, beside its own URL, or nothing.
	Path secret.Value
	// Owner is whose connector it is, or empty.
	Owner string
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

	// places are the ranges of the arguments, for problems that a plugin finds.
	places map[string]hcl.Range
}

// Team is one team block.
type Team struct {
	Name string
	// Members are what owner arguments name, usually mail addresses.
	Members []string
}

// People are the people blocks: who has which login at the sources of a connector
// type, or of a connector. Logins are in small letters.
type People map[string]map[string]Person

// Person is one login block.
type Person struct {
	// Name is how to call the person, or empty.
	Name string `json:"name,omitempty"`
	// IDs are what chat systems know the person by, by channel type.
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

// Format lays a configuration out in the usual way. What is no valid HCL comes
// back with its spaces changed at most.
func Format(src []byte) []byte { return hclwrite.Format(src) }
