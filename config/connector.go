package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/route"
	"github.com/connector-relay/relay/relay/route/language"
	"github.com/connector-relay/relay/relay/schedule"
	"github.com/connector-relay/relay/relay/spelling"
)

// connectorBlock is a connector between the two phases.
type connectorBlock struct {
	config Connector
	block  *hclsyntax.Block
	// saved is the saved block that it is; nil when it stands in a file.
	saved *savedBlock
	// schedule is where the schedule stands; nil when it is not set.
	schedule *hcl.Range
	// path is where the path stands, and expires where the hook's end does; nil when they
	// are not set.
	path, expires *hcl.Range
	// sound are the routes that have no errors.
	sound []*route.Route
	// guessed are literals that look like secrets, as long as the plugin's schema is not
	// known.
	guessed []hcl.Range
	// instance says which of the block's connectors it is.
	instance instance
}

// ownAttributes are the attributes of a connector block that belong to the relay; all
// others are the plugin's.
func ownAttributes() []language.Attribute {
	return []language.Attribute{
		{Name: "for_each"},
		{Name: "schedule"},
		{Name: "timeout"},
		{Name: "enabled"},
		{Name: "owner"},
		{Name: "team"},
		{Name: "max_silence"},
		{Name: "path"},
		{Name: "expires"},
	}
}

// ownBlocks are the nested blocks of a connector block.
func ownBlocks() []language.Block {
	return []language.Block{{Name: "route"}, {Name: "http", Once: true}, {Name: "hooks", Once: true}, {Name: "quota", Once: true}}
}

// connector reads the relay's own part of a connector block.
func (f *File) connector(in instance) {
	block, body := in.block, in.block.Body
	c := Connector{Type: block.Labels[0], Name: in.name, Range: block.DefRange()}
	if in.forEach != nil {
		c.instance = in.written
	}
	kept := connectorBlock{block: block, instance: in}
	own := &hclsyntax.Body{Blocks: blocksOf(body, true)}
	f.add(language.Schema{Blocks: ownBlocks()}.Check(own, hcl.Range{}, false)...)
	if s, ok := f.readText(body, "schedule", `a schedule such as "@every 15m" or "0 9 * * 1-5"`); ok {
		c.Schedule = f.schedule(s)
		kept.schedule = &s.place
	}
	c.Enabled = f.readBool(body, "enabled", true)
	c.Timeout = f.readDuration(body, "timeout", time.Second, 0)
	c.MaxSilence = f.readDuration(body, "max_silence", time.Minute, 0)
	c.Path, kept.path = f.readPath(body, c.Name)
	c.Expires, kept.expires = f.readExpires(body)
	owner, owned := f.readText(body, "owner", `the person responsible, such as "dev@example.com"`)
	if owned {
		c.Owner = owner.text()
	}
	c.Team, _ = f.readReference(body, "team", f.teams)
	c.HTTP = f.readHTTP(body, connectorHTTP, f.config.Relay.HTTP)
	c.Hooks = f.readHooks(body, f.config.Relay.Hooks)
	c.Quota = f.readQuota(body)
	routes := route.Options{Channels: f.channels, Scope: f.routeScope(), Source: f.text(c.Range.Filename)}
	for _, b := range body.Blocks {
		if b.Type != "route" {
			continue
		}
		f.redactGuessed(b.Body)
		r, diags := route.Compile(b, routes)
		f.add(diags...)
		for _, name := range r.To {
			f.used[name] = true
		}
		c.Routes = append(c.Routes, r)
		if !diags.HasErrors() {
			kept.sound = append(kept.sound, r)
		}
	}
	if owned {
		c.Suspended = f.suspended(c, owner.place)
	}
	for name, attr := range body.Attributes {
		kept.guessed = append(kept.guessed, guess(name, attr.Expr)...)
	}
	if len(c.Routes) == 0 {
		f.warn("Connector without a route", fmt.Sprintf("The events of the connector %q go nowhere. Add a route block: route { to = [channel.NAME] }.", c.Name), c.Range)
	}
	kept.config = c
	f.connectors = append(f.connectors, kept)
}

// blocksOf returns the nested blocks that belong to the relay, or those that do not.
func blocksOf(body *hclsyntax.Body, own bool) []*hclsyntax.Block {
	var list []*hclsyntax.Block
	for _, b := range body.Blocks {
		if slices.ContainsFunc(ownBlocks(), func(o language.Block) bool { return o.Name == b.Type }) == own {
			list = append(list, b)
		}
	}
	return list
}

// schedule checks a schedule.
func (f *File) schedule(s setting) string {
	if _, err := schedule.Parse(s.text()); err != nil {
		reason := ""
		if !s.hidden {
			reason = fmt.Sprintf(" (%s)", err)
		}
		f.error("Not a schedule", fmt.Sprintf("The attribute schedule cannot be %s%s. Write \"@every 15m\", \"@hourly\", \"@daily\" or five fields: minute, hour, day of the month, month, day of the week.", s.shown(), reason), s.place)
		return ""
	}
	return s.text()
}

// Decode checks the connectors' arguments against the types that plugins have declared,
// by name. Idle types exist, but nothing here uses them, so their plugins were not
// started. Decode also works on a file with errors, so that all of them can be reported
// at once; use the configuration only if neither phase reports errors.
func (f *File) Decode(types map[string]connector.Type, idle ...string) (*Config, hcl.Diagnostics) {
	config := f.config
	config.Channels, config.Plugins = slices.Clone(f.config.Channels), slices.Clone(f.config.Plugins)
	for i := range f.connectors {
		b := &f.connectors[i]
		decode := func() {
			if c, ok := f.decode(b, types, idle); ok {
				config.Connectors = append(config.Connectors, c)
			}
		}
		if b.saved == nil {
			decode()
		} else {
			f.apart(b.saved, decode)
		}
	}
	people := config.PeopleByConnector()
	for i, c := range config.Channels {
		config.Channels[i].Fingerprint, config.Channels[i].Parts = fingerprintChannel(c, people)
	}
	config.Files = f.redactedFiles()
	return &config, f.take()
}

// decode checks one connector against its type. A saved block with mistakes makes none.
func (f *File) decode(b *connectorBlock, types map[string]connector.Type, idle []string) (Connector, bool) {
	c := b.config
	t, ok := types[c.Type]
	if !ok {
		f.unknownType(*b, slices.AppendSeq(slices.Clone(idle), maps.Keys(types)))
		return c, false
	}
	b.guessed = nil
	f.within(b.instance, func() {
		f.checkAgainst(*b, t)
		f.arguments(&c, b.block, t)
	})
	c.Fingerprint, c.Parts = fingerprintConnector(c)
	c.Saved = b.saved != nil
	return c, b.saved == nil || !b.saved.diags.HasErrors() && !f.diags.HasErrors()
}

func (f *File) unknownType(kept connectorBlock, names []string) {
	slices.Sort(names)
	names = slices.Compact(names)
	typ := kept.config.Type
	detail := fmt.Sprintf("There is no connector type %q.", typ)
	suggestion := formerTypes()[strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(typ))]
	if !slices.Contains(names, suggestion) {
		suggestion = spelling.Nearest(typ, names)
	}
	if suggestion != "" {
		detail += fmt.Sprintf(" Did you mean %q?", suggestion)
	}
	if len(names) > 0 {
		detail += " The available plugins have " + language.List(names, "and") + "."
	}
	detail += " A plugin block or an executable in relay.plugin_dir adds more types."
	f.error("Unknown connector type", detail, kept.block.LabelRanges[0])
}

// formerTypes maps names that people may know, without dashes, to types: former names
// of services and the names of Microsoft Teams' own connectors.
func formerTypes() map[string]string {
	return map[string]string{
		"twitter": "x", "wunderlist": "todo", "microsofttodo": "todo", "mstodo": "todo",
		"vsts": "azuredevops", "tfs": "azuredevops", "visualstudio": "azuredevops", "visualstudioteamservices": "azuredevops", "teamfoundationserver": "azuredevops",
		"incomingwebhook": "webhook", "office365": "webhook", "o365": "webhook", "hook": "webhook",
		"feed": "rss", "atom": "rss",
	}
}

// checkAgainst checks a connector's own attributes against its type.
func (f *File) checkAgainst(kept connectorBlock, t connector.Type) {
	if kept.schedule != nil && !t.Polls {
		f.warn("Attribute without effect", fmt.Sprintf("Connectors of type %s are not polled; their events are sent to the relay. The schedule has no effect.", t.Type), *kept.schedule)
	}
	if kept.path != nil && !t.Receives {
		f.warn("Attribute without effect", fmt.Sprintf("Connectors of type %s are polled; nothing is sent to them. The path has no effect.", t.Type), *kept.path)
	}
	if kept.expires != nil && !t.Receives {
		f.warn("Attribute without effect", fmt.Sprintf("Connectors of type %s have no hook that could expire. The attribute expires has no effect.", t.Type), *kept.expires)
	}
	var kinds []string
	var samples []event.Event
	for _, k := range t.Kinds {
		kinds = append(kinds, k.Name)
		s := k.Sample
		if s.Kind == "" {
			s.Kind = k.Name
		}
		samples = append(samples, s)
	}
	for _, r := range kept.sound {
		f.add(r.CheckKinds(kept.config.Name, kinds, samples)...)
	}
}

// Diagnostic turns a problem that the plugin found in the connector's arguments into a
// diagnostic at the argument's place in the file.
func (c Connector) Diagnostic(p connector.Problem) *hcl.Diagnostic {
	name, _, _ := strings.Cut(p.Argument, ".")
	name, _, _ = strings.Cut(name, "[")
	place, ok := c.places[name]
	if !ok {
		place = c.Range
	}
	summary := "Invalid argument"
	if p.Argument == "" {
		summary = "Invalid arguments"
	}
	d := language.Error(summary, p.Message, place)
	if c.instance != "" {
		d.Detail += " This is about " + c.instance + "."
	}
	return d
}
