package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/rs/zerolog"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/route"
	"github.com/connector-relay/relay/relay/route/language"
	"github.com/connector-relay/relay/relay/secret"
)

// File is a configuration file between the two phases. Only one goroutine may use it.
type File struct {
	path string
	// systems are those that a channel may be a channel of.
	systems chat.Systems
	// dir is where relative paths start.
	dir    string
	source []byte
	files  map[string]*hcl.File
	// worldReadable says that every user of the machine can read the file.
	worldReadable bool

	// scope is what expressions outside routes can use.
	scope    *hcl.EvalContext
	channels *language.References
	teams    *language.References
	routes   route.Options

	config     Config
	connectors []connectorBlock
	// used are the channels that are referred to.
	used map[string]bool
	// paths are the connectors' paths read so far.
	paths []usedPath
	// grouped are where groups are named, which only a sign-in by OIDC knows.
	grouped []hcl.Range

	diags hcl.Diagnostics
	// hidden are the values of env and file, kept out of diagnostics; redacted are the
	// source ranges that hold secrets.
	hidden   secret.Masker
	redacted []hcl.Range
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
		},
	}
}

// Parse reads a file and checks everything but the connectors' arguments. Its channels are
// of these systems. The File is never nil: even with errors it writes diagnostics, knows
// what could be read, and finds more errors in [File.Decode].
func Parse(path string, systems chat.Systems) (*File, hcl.Diagnostics) {
	f := &File{path: path, systems: systems, dir: directory(path), used: make(map[string]bool), files: make(map[string]*hcl.File)}
	f.defaults()
	src, err := f.load()
	if err != nil {
		return f, hcl.Diagnostics{err}
	}
	f.source = src
	parser := hclparse.NewParser()
	parsed, diags := parser.ParseHCL(src, path)
	f.files = parser.Files()
	body, ok := parsed.Body.(*hclsyntax.Body)
	if diags.HasErrors() || !ok {
		f.redactByName()
		return f, language.Scrub(diags, false)
	}
	f.diags = language.Scrub(diags, false)
	f.collectHidden(body)
	f.top(body)
	return f, f.take()
}

// directory is a path's absolute directory.
func directory(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return filepath.Dir(path)
	}
	return filepath.Dir(abs)
}

func (f *File) load() ([]byte, *hcl.Diagnostic) {
	src, err := os.ReadFile(f.path)
	if err == nil {
		if info, err := os.Stat(f.path); err == nil {
			f.worldReadable = info.Mode().Perm()&0o004 != 0
		}
		return src, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "No configuration",
			Detail: fmt.Sprintf("There is no configuration file %q. Create it, or name another with -c FILE.", f.path),
		}
	}
	reason := err
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		reason = e.Err
	}
	return nil, &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: "Configuration cannot be read",
		Detail: fmt.Sprintf("The file %q cannot be read: %s.", f.path, reason),
	}
}

// take returns and clears the diagnostics gathered so far, in order, without secrets.
func (f *File) take() hcl.Diagnostics {
	diags := f.diags
	f.diags = nil
	language.Sort(diags)
	for _, d := range diags {
		d.Summary, d.Detail = f.hidden.Mask(d.Summary), f.hidden.Mask(d.Detail)
	}
	// An expression in a loop reports its mistakes once a turn.
	return slices.CompactFunc(diags, func(a, b *hcl.Diagnostic) bool {
		return a.Summary == b.Summary && a.Detail == b.Detail && a.Subject != nil && b.Subject != nil && *a.Subject == *b.Subject
	})
}

// top reads the whole file.
func (f *File) top(body *hclsyntax.Body) {
	f.checkTop(body)
	f.scope = &hcl.EvalContext{Functions: language.Functions(f.dir)}
	blocks := make(map[string][]*hclsyntax.Block)
	for _, b := range body.Blocks {
		if want, ok := labelCount(b.Type); ok && len(b.Labels) == want {
			blocks[b.Type] = append(blocks[b.Type], b)
		}
	}
	f.channels = language.NewReferences("channel", names(blocks["channel"]))
	f.routes = route.Options{Channels: f.channels, Functions: f.scope.Functions, Source: f.source}
	f.teams = language.NewReferences("team", names(blocks["team"]))
	f.unique("team", blocks["team"], 0)
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
	f.unique("plugin", blocks["plugin"], 0)
	for _, b := range blocks["plugin"] {
		f.plugin(b)
	}
	f.unique("channel", blocks["channel"], 0)
	for _, b := range blocks["channel"] {
		f.channel(b)
	}
	f.unique("connector", blocks["connector"], 1)
	for _, b := range blocks["connector"] {
		f.connector(b)
	}
	f.moved(blocks["moved"], blocks)
	f.unused(blocks["channel"])
}

func labelCount(block string) (int, bool) {
	for _, b := range topSchema().Blocks {
		if b.Name == block && b.Later == "" {
			return len(b.Labels), true
		}
	}
	return 0, false
}

// checkTop checks the outermost names and says where a misplaced attribute belongs.
func (f *File) checkTop(body *hclsyntax.Body) {
	diags := f.check(topSchema(), body, body.MissingItemRange())
	for _, d := range diags {
		if d.Summary != "Unknown attribute" {
			continue
		}
		name := string(d.Subject.SliceBytes(f.source))
		for _, a := range relaySchema().Attributes {
			if a.Name == name {
				d.Detail = fmt.Sprintf("The attribute %q belongs in the relay block: relay { %s = … }.", name, name)
			}
		}
	}
	f.add(diags...)
}

// names returns the distinct last labels of blocks, in order.
func names(blocks []*hclsyntax.Block) []string {
	var list []string
	for _, b := range blocks {
		if name := lastLabel(b); !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// unique checks the names of blocks of one sort.
func (f *File) unique(sort string, blocks []*hclsyntax.Block, label int) {
	first := make(map[string]hcl.Range)
	for _, b := range blocks {
		name, place := b.Labels[label], b.LabelRanges[label]
		if !hclsyntax.ValidIdentifier(name) || len(name) > 64 {
			f.error("Unusable name", fmt.Sprintf("The name of a %s starts with a letter and has only letters, digits, '-' and '_', 64 at most.", sort), place)
		}
		if before, ok := first[name]; ok {
			f.error("Duplicate name", fmt.Sprintf("There is already a %s %q on line %d; names are unique in the whole file. Rename one of the two.", sort, name, before.Start.Line), place)
			continue
		}
		first[name] = place
	}
}

// unused warns of channels that nothing posts to, unless the file has errors that may
// hide a use.
func (f *File) unused(blocks []*hclsyntax.Block) {
	if f.diags.HasErrors() {
		return
	}
	for _, b := range blocks {
		if !f.used[b.Labels[0]] {
			f.warn("Unused channel", fmt.Sprintf("Neither a route nor relay.ops posts to channel.%s. Use it in a route, or remove it.", b.Labels[0]), b.LabelRanges[0])
		}
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

// Readable reports whether the file could be read, valid or not.
func (f *File) Readable() bool { return f.source != nil }

// State is where the relay keeps what outlives it; known although the rest may be wrong.
func (f *File) State() State { return f.config.Relay.State }

// Log returns the configured log level, which is known before the connectors are.
func (f *File) Log() zerolog.Level { return f.config.Relay.Log }

// ConnectorTypes returns the types that connector blocks name, sorted.
func (f *File) ConnectorTypes() []string {
	types := make(map[string]bool)
	for _, c := range f.connectors {
		types[c.config.Type] = true
	}
	return slices.Sorted(maps.Keys(types))
}
