package config

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/route/language"
	"github.com/connector-relay/relay/relay/secret"
)

// File is a configuration between the two phases, whether one file or several. Only one
// goroutine may use it.
type File struct {
	// systems are those that a channel may be a channel of.
	systems chat.Systems
	// dir is where relative paths start.
	dir     string
	sources []Source
	// files are the parsed sources by name.
	files map[string]*hcl.File

	// scope is what expressions can use, and instance what is being read with it when that
	// is one of several that a for_each makes.
	scope    *hcl.EvalContext
	instance *instance
	locals   locals
	// channels is nil until it is known which there are.
	channels *language.References
	teams    *language.References

	config     Config
	connectors []connectorBlock
	// used are the channels that are referred to.
	used map[string]bool
	// paths are the connectors' paths read so far.
	paths []usedPath
	// blocks are the saved blocks, and current is the one that is being read.
	blocks  []*savedBlock
	current *savedBlock
	// secret reads the secrets that the store keeps; nil when it is not at hand. Seen are
	// the groups of those who have signed in, by their names in lower case.
	secret func(name string) (string, error)
	seen   map[string][]string
	// unread says that there is a secret which could not be read for want of a store.
	unread bool
	// grouped are where groups are named, which only a sign-in by OIDC knows.
	grouped []hcl.Range

	diags hcl.Diagnostics
	// mistaken says that there were errors before those in diags.
	mistaken bool
	// hidden are the values of env and file and other secrets, kept out of diagnostics;
	// fresh are those that it does not know yet. Redacted are the source ranges that hold
	// secrets.
	hidden *secret.Masker
	fresh  []secret.Value
	// written are the secrets that stand in an expression, and following are the
	// expressions between a value and where it stands.
	written   map[hclsyntax.Expression][]hcl.Range
	following map[hclsyntax.Expression]bool
	redacted  []hcl.Range
}

// topSchema is the schema of a whole file.
func topSchema() language.Schema {
	return language.Schema{
		Title: "a configuration file",
		Blocks: []language.Block{
			{Name: "relay", Once: true},
			{Name: "dashboard", Once: true},
			{Name: "metrics", Once: true},
			{Name: "channel", Labels: []string{"NAME"}},
			{Name: "connector", Labels: []string{"TYPE", "NAME"}},
			{Name: "plugin", Labels: []string{"NAME"}},
			{Name: "team", Labels: []string{"NAME"}},
			{Name: "people", Labels: []string{"TYPE"}},
			{Name: "moved"},
			{Name: "locals"},
		},
	}
}

// Options say what a configuration is.
type Options struct {
	// Path is its file, or the folder whose .hcl files it is.
	Path string
	// Sources, unless nil, are parsed in place of what is at the path now. Relative paths
	// in them start there all the same.
	Sources []Source
	// Systems are those that its channels may be channels of.
	Systems chat.Systems
	// Saved are blocks besides those of the sources. Their mistakes set them aside, and
	// are no mistakes of the configuration.
	Saved []Saved
	// Secret reads a secret that the store keeps; its errors show no value. Without it,
	// each stands for itself, and is not checked.
	Secret func(name string) (string, error)
	// Seen are the groups of people, by name in lower case, as they last signed in.
	Seen map[string][]string
}

// Parse reads a configuration and checks everything but the connectors' arguments. The
// File is never nil: even with errors it writes diagnostics, knows what could be read, and
// finds more errors in [File.Decode].
func Parse(o Options) (*File, hcl.Diagnostics) {
	f := &File{
		systems: o.Systems, dir: folder(o.Path), sources: o.Sources, secret: o.Secret, seen: o.Seen,
		used: make(map[string]bool), files: make(map[string]*hcl.File), hidden: &secret.Masker{},
		written: make(map[hclsyntax.Expression][]hcl.Range), following: make(map[hclsyntax.Expression]bool),
	}
	f.defaults(o.Path)
	if f.sources == nil {
		if d := f.load(o.Path); d != nil {
			return f, hcl.Diagnostics{d}
		}
	}
	f.scope = &hcl.EvalContext{Functions: language.Functions(f.dir)}
	f.scope.Functions["secret"] = language.SecretFunction(f.secret)
	var bodies []*hclsyntax.Body
	for _, s := range f.sources {
		parsed, diags := hclsyntax.ParseConfig(s.Text, s.Name, hcl.InitialPos)
		f.files[s.Name] = parsed
		f.add(language.Scrub(diags, false)...)
		if diags.HasErrors() {
			f.redactByName(s)
		}
		if body, ok := parsed.Body.(*hclsyntax.Body); ok {
			bodies = append(bodies, body)
		}
	}
	for _, body := range bodies {
		f.collectHidden(body)
	}
	if f.diags.HasErrors() {
		diags := f.take()
		f.whereabouts(bodies)
		return f, diags
	}
	f.top(bodies, o.Saved)
	return f, f.take()
}

// whereabouts reads where the store is from what could be parsed: a person who is in the
// middle of changing the configuration still wants to reach the relay.
func (f *File) whereabouts(bodies []*hclsyntax.Body) {
	for _, body := range bodies {
		if relay := nested(body, "relay"); relay != nil {
			f.store(relay.Body)
		}
	}
	f.diags = nil
}

// take returns and clears the diagnostics gathered so far, in order, without secrets.
func (f *File) take() hcl.Diagnostics {
	diags := f.diags
	f.diags = nil
	language.Sort(diags)
	for _, d := range diags {
		d.Summary, d.Detail = f.mask(d.Summary), f.mask(d.Detail)
	}
	diags = merge(diags)
	f.mistaken = f.mistaken || slices.ContainsFunc(diags, func(d *hcl.Diagnostic) bool { return d.Severity == hcl.DiagError && !language.IsConsequence(d) })
	if f.mistaken {
		diags = slices.DeleteFunc(diags, language.IsConsequence)
	}
	return diags
}

// top reads the whole configuration.
func (f *File) top(bodies []*hclsyntax.Body, saved []Saved) {
	all := f.checkTop(bodies)
	blocks := make(map[string][]*hclsyntax.Block)
	for _, b := range all {
		if want, ok := labelCount(b.Type); ok && len(b.Labels) == want {
			blocks[b.Type] = append(blocks[b.Type], b)
		}
	}
	f.unique("team", blocks["team"])
	f.teams = references("team", blocks["team"], nil)
	f.readLocals(blocks["locals"])
	f.evaluateLocals(false)
	channels := f.expand("channel", blocks["channel"])
	f.channels = references("channel", blocks["channel"], channels)
	f.evaluateLocals(true)
	connectors := f.expand("connector", blocks["connector"])
	for _, body := range bodies {
		f.collectHidden(body)
	}
	for _, b := range blocks["team"] {
		f.team(b)
	}
	for _, b := range blocks["people"] {
		f.people(b)
	}
	for _, b := range blocks["relay"] {
		f.relay(b)
	}
	f.dashboard(blocks["dashboard"])
	for _, b := range blocks["metrics"] {
		f.metrics(b)
	}
	f.unique("plugin", blocks["plugin"])
	for _, b := range blocks["plugin"] {
		f.plugin(b)
	}
	for _, in := range channels {
		f.within(in, func() { f.channel(in) })
	}
	for _, in := range connectors {
		f.within(in, func() { f.connector(in) })
	}
	f.saved(saved, connectors)
	f.moved(blocks["moved"], map[string][]instance{"channel": channels, "connector": connectors})
	f.unused(channels)
}

func labelCount(block string) (int, bool) {
	for _, b := range topSchema().Blocks {
		if b.Name == block && b.Later == "" {
			return len(b.Labels), true
		}
	}
	return 0, false
}

// checkTop checks the outermost names, says where a misplaced attribute belongs, and
// returns all blocks.
func (f *File) checkTop(bodies []*hclsyntax.Body) hclsyntax.Blocks {
	var all hclsyntax.Blocks
	for _, body := range bodies {
		diags := f.check(topSchema(), &hclsyntax.Body{Attributes: body.Attributes}, hcl.Range{})
		for _, d := range diags {
			name := string(d.Subject.SliceBytes(f.text(d.Subject.Filename)))
			for _, a := range relaySchema().Attributes {
				if a.Name == name && d.Summary == "Unknown attribute" {
					d.Detail = fmt.Sprintf("The attribute %q belongs in the relay block: relay { %s = … }.", name, name)
				}
			}
		}
		f.add(diags...)
		all = append(all, body.Blocks...)
	}
	f.add(f.check(topSchema(), &hclsyntax.Body{Blocks: all}, hcl.Range{})...)
	return all
}

// unique checks the names of blocks of one sort.
func (f *File) unique(sort string, blocks []*hclsyntax.Block) {
	first := make(map[string]hcl.Range)
	for _, b := range blocks {
		name, place := lastLabel(b), b.LabelRanges[len(b.Labels)-1]
		if !usableName(name) {
			f.error("Unusable name", fmt.Sprintf("The name of a %s starts with a letter and has only letters, digits, '-' and '_', 64 at most.", sort), place)
		}
		if before, ok := first[name]; ok {
			f.error("Duplicate name", fmt.Sprintf("There is already a %s %q %s; names are unique in the whole configuration. Rename one of the two.", sort, name, language.Where(before, place)), place)
			continue
		}
		first[name] = place
	}
}

func usableName(name string) bool { return hclsyntax.ValidIdentifier(name) && len(name) <= 64 }

// unused warns of channels that nothing posts to, unless the file has errors that may
// hide a use. A team's channel is there for what its members add.
func (f *File) unused(channels []instance) {
	if f.diags.HasErrors() {
		return
	}
	idle := make(map[*hclsyntax.Block][]string)
	for _, in := range channels {
		if !f.used[in.name] && in.block.Body.Attributes["team"] == nil {
			idle[in.block] = append(idle[in.block], in.written)
		}
	}
	for block, names := range idle {
		f.warn("Unused channel", fmt.Sprintf("Neither a route nor relay.ops posts to %s. Use it in a route, or remove it.", some(names)), block.LabelRanges[0])
	}
}

// Plugins returns the plugin blocks: what to launch, besides the bundled connectors,
// before [File.Decode].
func (f *File) Plugins() []Plugin { return slices.Clone(f.config.Plugins) }

// PluginDir returns the absolute directory of further plugins, which need not exist.
func (f *File) PluginDir() string { return f.config.Relay.PluginDir }

// Channel returns the channel block of that name, as far as it could be read.
func (f *File) Channel(name string) (Channel, bool) {
	i := slices.IndexFunc(f.config.Channels, func(c Channel) bool { return c.Name == name })
	if i < 0 {
		return Channel{}, false
	}
	return f.config.Channels[i], true
}

// Readable reports whether the configuration could be read, valid or not.
func (f *File) Readable() bool { return len(f.sources) > 0 }

// State is where the relay keeps what outlives it; known although the rest may be wrong.
func (f *File) State() State { return f.config.Relay.State }

// Relay is the relay block, as far as it could be read.
func (f *File) Relay() Relay { return f.config.Relay }

// ConnectorTypes returns the types that the sources' connector blocks name, sorted.
func (f *File) ConnectorTypes() []string {
	return f.types(func(c connectorBlock) bool { return c.saved == nil })
}

func (f *File) types(of func(connectorBlock) bool) []string {
	types := make(map[string]bool)
	for _, c := range f.connectors {
		if of(c) {
			types[c.config.Type] = true
		}
	}
	return slices.Sorted(maps.Keys(types))
}
