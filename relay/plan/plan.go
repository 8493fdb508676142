// Package plan is what one configuration makes: its channels, its connectors and the
// plugins that it needs, ready to run and not yet running. It finds everything that can
// be wrong with a configuration before anything that runs has changed.
//
// This is the one place that hands the configuration's values to the parts. A new setting
// is read by package config and handed on here.
package plan

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/plugins"
	"github.com/connector-relay/relay/relay/channel"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/systems"
	"github.com/connector-relay/relay/relay/dispatch"
	"github.com/connector-relay/relay/relay/intake"
	"github.com/connector-relay/relay/relay/outbound"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/secret"
)

// Plan is all that one configuration makes.
type Plan struct {
	Config     *config.Config
	Plugins    *pluginhost.Set
	Channels   []dispatch.Spec
	Connectors []intake.Spec
	// Warnings are diagnostics that stop nothing, rendered.
	Warnings []string
	// Sources are the texts of the configuration.
	Sources []config.Source
	// Asides are the saved connectors that do not run, by name.
	Asides map[string]Aside

	seen    map[string][]string
	masker  *secret.Masker
	secrets []secret.Value
}

// Discard ends the plugins that only this plan needs. A plan that was adopted stays as it
// is.
func (p *Plan) Discard() { p.Plugins.Discard() }

// MaskAfter makes this the plan whose secrets are masked, together with those of the plan
// before it, if there is one: the plugins of that plan still run for a while and may
// mention them.
func (p *Plan) MaskAfter(before *Plan) {
	if before != nil {
		p.masker.Keep("before", before.secrets...)
	}
	p.masker.Keep("configuration", p.secrets...)
	p.masker.Keep(preparing)
}

// Options are what a plan is made with.
type Options struct {
	// Path is the configuration's, a file or a folder, and Sources, unless nil, are parsed
	// in place of what is there now.
	Path    string
	Sources []config.Source
	// Saved are the connectors that people made on the page.
	Saved []config.Saved
	// Secret reads the secrets that the store keeps; nil when it is not at hand.
	Secret func(name string) (string, error)
	// Seen are the groups of people, by name, as they last signed in.
	Seen map[string][]string
	// Host runs the plugins.
	Host *pluginhost.Host
	// Masker learns what is secret before a plugin does.
	Masker *secret.Masker
	// Renderer writes the cards of all channels.
	Renderer *channel.Renderer
	// Version is the relay's.
	Version string

	// owner is who keeps secrets masked meanwhile; empty means preparing.
	owner string
}

// mask masks secrets while something is prepared, in place of those before.
func (o Options) mask(secrets ...secret.Value) {
	o.Masker.Keep(cmp.Or(o.owner, preparing), secrets...)
}

func (o Options) parse(saved []config.Saved) (*config.File, hcl.Diagnostics) {
	return config.Parse(config.Options{Path: o.Path, Sources: o.Sources, Systems: systems.All(), Saved: saved, Secret: o.Secret, Seen: o.Seen})
}

// Summary is what a valid configuration holds.
type Summary struct {
	Config     string `json:"config"`
	Connectors int    `json:"connectors"`
	Channels   int    `json:"channels"`
}

// Validate checks a whole configuration, plugin arguments included, and writes its
// warnings. It fails with a [config.Error] when it is invalid.
func Validate(ctx context.Context, path, version string, warnings io.Writer) (Summary, error) {
	masker := &secret.Masker{}
	host := pluginhost.New(pluginhost.Options{Version: version, Mask: masker.Mask})
	defer host.Close()
	p, err := Prepare(ctx, Options{Path: path, Host: host, Masker: masker, Version: version})
	if err != nil {
		return Summary{}, err
	}
	defer p.Discard()
	for _, err := range p.Plugins.Await(ctx) {
		p.Warnings = append(p.Warnings, fmt.Sprintf("%s: %v. No connector needs it", path, err))
	}
	for _, w := range p.Warnings {
		fmt.Fprintln(warnings, w)
	}
	return Summary{Config: path, Connectors: len(p.Config.Connectors), Channels: len(p.Config.Channels)}, nil
}

// preparing owns what is masked for a plan that may still fail.
const preparing = "preparing"

// Prepare reads a configuration and makes everything in it that can fail, with no lasting
// effect. When it returns, the plugins that the configuration needs are running; the
// caller adopts the plan or discards it. Secrets are masked before a plugin is told them.
func Prepare(ctx context.Context, o Options) (*Plan, error) {
	file, diags := o.parse(o.Saved)
	p, more, err := load(ctx, file, diags.HasErrors(), o)
	diags = append(diags, more...)
	if diags.HasErrors() {
		// Mistakes in the file come first: they may be why the rest failed.
		err = file.Error(diags)
	}
	if err != nil {
		if p != nil {
			p.Discard()
		}
		return nil, err
	}
	p.Warnings, p.Sources = file.Warnings(diags), file.Sources()
	return p, nil
}

// load starts the plugins that a file needs and builds the rest against their schemas. It
// does so even for a file with mistakes, so that a person sees all mistakes at once.
func load(ctx context.Context, file *config.File, mistaken bool, o Options) (*Plan, hcl.Diagnostics, error) {
	set, err := launch(ctx, file, o)
	if err != nil {
		return nil, nil, err
	}
	p, diags := build(ctx, file, set, mistaken, o)
	return p, diags, nil
}

// launch starts the plugins that a file needs.
func launch(ctx context.Context, file *config.File, o Options) (*pluginhost.Set, error) {
	specs, err := specs(file)
	if err != nil {
		return nil, err
	}
	o.mask(environments(file.Plugins())...)
	set, err := o.Host.Prepare(ctx, specs, file.ConnectorTypes()...)
	if err != nil {
		return nil, fmt.Errorf("start the plugins: %w", err)
	}
	set.Want(ctx, file.SavedTypes()...)
	return set, nil
}

// environments returns the values in the plugins' environments.
func environments(plugins []config.Plugin) []secret.Value {
	var list []secret.Value
	for _, p := range plugins {
		list = slices.AppendSeq(list, maps.Values(p.Env))
	}
	return list
}

// secretsOf returns all secrets in a configuration.
func secretsOf(c *config.Config) []secret.Value {
	list := append(append(environments(c.Plugins), c.Dashboard.Secrets()...), c.Relay.HTTP.Proxy)
	for _, c := range c.Channels {
		list = append(append(list, c.HTTP.Proxy), c.System.Secrets(c.Settings)...)
	}
	for _, c := range c.Connectors {
		list = append(append(list, c.HTTP.Proxy, c.Path), c.Arguments.Secrets()...)
	}
	return list
}

// specs lists the plugins a configuration needs: the bundled ones whose types it
// uses, its plugin blocks, and what lies in its plugin directory.
func specs(file *config.File) ([]pluginhost.Spec, error) {
	var wanted []string
	bundled := plugins.Bundled()
	for _, typ := range slices.Concat(file.ConnectorTypes(), file.SavedTypes()) {
		if _, ok := bundled[typ]; ok {
			wanted = append(wanted, typ)
		}
	}
	list, err := pluginhost.Bundled(wanted...)
	if err != nil {
		return nil, err
	}
	for _, p := range file.Plugins() {
		spec := pluginhost.Spec{Name: p.Name, Path: p.Path, SHA256: p.SHA256}
		for name, value := range p.Env {
			text, err := value.Reveal()
			if err != nil {
				return nil, fmt.Errorf("plugin %s: environment %s: %w", p.Name, name, err)
			}
			spec.Env = append(spec.Env, name+"="+text)
		}
		list = append(list, spec)
	}
	found, err := pluginhost.Discover(file.PluginDir())
	if err != nil {
		return nil, err
	}
	return append(list, found...), nil
}

// build decodes the rest of a configuration against the plugins' schemas and makes the
// channels and connectors. Mistaken says that the file has mistakes, which may be why a
// channel cannot be made.
func build(ctx context.Context, file *config.File, set *pluginhost.Set, mistaken bool, o Options) (*Plan, hcl.Diagnostics) {
	cfg, diags := file.Decode(set.Types(), bundledTypes()...)
	p := &Plan{Config: cfg, Plugins: set, Asides: asides(file), seen: o.Seen, masker: o.Masker}
	if diags.HasErrors() {
		return p, diags
	}
	p.secrets = secretsOf(cfg)
	o.mask(p.secrets...)
	connections, people := &outbound.Pool{}, cfg.PeopleByConnector()
	for _, c := range cfg.Channels {
		ch, err := buildChannel(c, cfg.Was("channel", c.Name), connections, find(people, c.System.Name), o)
		if err != nil && mistaken {
			continue // the diagnostics already say why
		}
		if err != nil {
			diags = append(diags, blockError(fmt.Sprintf("Unusable channel %q", c.Name), err, c.Range))
			continue
		}
		p.Channels = append(p.Channels, ch)
	}
	usable := cfg.Connectors[:0]
	for _, c := range cfg.Connectors {
		built, found := buildConnector(ctx, c, cfg, set, o)
		if c.Saved && found.HasErrors() {
			p.Asides[c.Name] = aside(file, c.Name, false, found)
			continue
		}
		diags, usable = append(diags, found...), append(usable, c)
		p.Connectors = append(p.Connectors, built)
	}
	cfg.Connectors = usable
	return p, diags
}

func bundledTypes() []string { return slices.Collect(maps.Keys(plugins.Bundled())) }

// masked encodes a connector's arguments. It first masks their current secrets, because a
// secret's file may have changed.
func masked(masker *secret.Masker, c config.Connector) func() ([]byte, error) {
	return func() ([]byte, error) {
		encoded, err := c.Arguments.Encode()
		masker.Add(append(c.Arguments.Secrets(), c.HTTP.Proxy)...)
		return encoded, err
	}
}

func blockError(summary string, err error, at hcl.Range) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: err.Error(), Subject: &at}
}

// ChannelSpec is what a channel is made from, as it is configured.
func ChannelSpec(c config.Channel, connections *outbound.Pool, people finder, o Options) channel.Spec {
	return channel.Spec{
		Name: c.Name, System: c.System, Settings: c.Settings, People: people,
		Connections: connections, HTTP: c.HTTP, Renderer: o.Renderer, Version: o.Version,
	}
}

func buildChannel(c config.Channel, was []string, connections *outbound.Pool, people finder, o Options) (dispatch.Spec, error) {
	ch, err := channel.New(ChannelSpec(c, connections, people, o))
	if err != nil {
		return dispatch.Spec{}, err
	}
	policy := dispatch.Policy{
		Rate: c.Rate, Burst: c.Burst, Concurrency: c.Concurrency,
		First: c.Retry.First, Longest: c.Retry.Longest, GiveUpAfter: c.Retry.GiveUpAfter,
		Digest: dispatch.Digest{Most: c.Digest.Most, After: c.Digest.After},
	}
	if policy.Rate == 0 {
		policy.Rate, policy.Burst = c.System.Rate.PerSecond, c.System.Rate.Burst
	}
	return dispatch.Spec{Name: c.Name, Was: was, Sender: ch, Policy: policy, Quiet: c.Quiet, Fingerprint: c.Fingerprint}, nil
}

// finder finds the person who has a login at a connector's source.
type finder = func(connector, login string) (chat.Person, bool)

// find returns a finder of people as one type of channel names them, or nil when the
// configuration has no people.
func find(people config.People, channelType string) finder {
	if len(people) == 0 {
		return nil
	}
	return func(connector, login string) (chat.Person, bool) {
		p, ok := people[connector][strings.ToLower(login)]
		if !ok {
			return chat.Person{}, false
		}
		return chat.Person{ID: p.IDs[channelType], Name: cmp.Or(p.Name, login)}, true
	}
}

// buildConnector makes a connector and has its plugin check the arguments. With mistakes it
// must not be used.
func buildConnector(ctx context.Context, c config.Connector, cfg *config.Config, set *pluginhost.Set, o Options) (intake.Spec, hcl.Diagnostics) {
	unusable := func(err error) (intake.Spec, hcl.Diagnostics) {
		return intake.Spec{}, hcl.Diagnostics{blockError(fmt.Sprintf("Unusable connector %q", c.Name), err, c.Range)}
	}
	typ := set.Types()[c.Type]
	arguments, err := c.Arguments.Encode()
	if err != nil {
		return unusable(err)
	}
	call := pluginhost.Call{Type: c.Type, Connector: c.Name, Arguments: arguments, HTTP: c.HTTP}
	call.HTTP.UserAgent = userAgent(o.Version)
	problems, err := set.Validate(ctx, call)
	if err != nil {
		return unusable(err)
	}
	var diags hcl.Diagnostics
	for _, problem := range problems {
		if !c.Unread(problem.Argument) {
			diags = append(diags, c.Diagnostic(problem))
		}
	}
	call.Arguments = nil
	path, err := c.Path.Reveal()
	if err != nil {
		return unusable(fmt.Errorf("path: %w", err))
	}
	return intake.Spec{
		Call: call, Was: cfg.Was("connector", c.Name), Arguments: masked(o.Masker, c), PublicURL: cfg.Relay.PublicURL, Path: path, Expires: c.Expires, Enabled: c.Enabled,
		Schedule: cmp.Or(c.Schedule, typ.Schedule), Timeout: c.Timeout, Routes: c.Routes, Suspended: c.Suspended, MaxSilence: c.MaxSilence,
		Polls: typ.Polls, Receives: typ.Receives, SignsIn: typ.SignsIn, Hooks: intake.Hooks(c.Hooks), Quota: intake.Quota(c.Quota), Fingerprint: c.Fingerprint,
	}, diags
}

// userAgent names the program and where to learn about it, as publishers of feeds ask.
func userAgent(version string) string {
	return "relay/" + version + " (+https://github.com/connector-relay/relay)"
}
