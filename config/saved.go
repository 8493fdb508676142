package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/connector-relay/relay/relay/route/language"
	"github.com/connector-relay/relay/relay/secret"
)

// Saved is a connector block that somebody made on the page.
type Saved struct {
	// Name is the connector's, and HCL the block.
	Name, HCL string
}

// Aside is a saved block that does not run, because of its mistakes or because a file
// declares a connector of its name. Nothing else depends on it.
type Aside struct {
	Name string
	// Declared says that a file declares the connector, which wins.
	Declared    bool
	Diagnostics hcl.Diagnostics
}

// savedBlock is a saved block as it is read. Its mistakes are its own.
type savedBlock struct {
	Saved
	// scope is what its expressions can use, and routes those of its routes. A meter bounds
	// what they may cost: whoever made it is not trusted with the relay's environment, its
	// files or others' secrets.
	scope  *hcl.EvalContext
	routes *hcl.EvalContext
	// hidden are its secrets, kept out of its diagnostics.
	hidden   secret.Masker
	declared bool
	diags    hcl.Diagnostics
}

// SavedSource is what diagnostics call the text of a saved block.
func SavedSource(name string) string { return "saved connector " + name }

// saved reads the saved blocks, with what the files declare.
func (f *File) saved(list []Saved, declared []instance) {
	for _, s := range list {
		b, meter := &savedBlock{Saved: s}, language.NewBudget()
		functions := maps.Clone(f.scope.Functions)
		delete(functions, "env")
		delete(functions, "file")
		delete(functions, "secret") // a card must not show one
		b.routes = meter.Scope(&hcl.EvalContext{Functions: functions}, nil)
		functions = maps.Clone(functions)
		functions["secret"] = language.SecretFunction(b.own(f.secret))
		b.scope = meter.Scope(&hcl.EvalContext{Functions: functions}, nil)
		f.blocks = append(f.blocks, b)
		f.apart(b, func() { f.savedConnector(b, declared) })
	}
}

var errForeignSecret = errors.New("a saved connector reads only its own secrets, which begin with its name")

// own keeps a block from reading another's secrets.
func (b *savedBlock) own(read func(string) (string, error)) func(string) (string, error) {
	if read == nil {
		return nil
	}
	return func(name string) (string, error) {
		if !strings.HasPrefix(name, b.Name+".") {
			return "", errForeignSecret
		}
		return read(name)
	}
}

// apart does something for a saved block: in its scope, and with its own diagnostics.
func (f *File) apart(b *savedBlock, do func()) {
	f.mask("") // the secrets so far are none of this block's, and those from here its own
	diags, mistaken, scope, hidden := f.diags, f.mistaken, f.scope, f.hidden
	f.diags, f.mistaken, f.scope, f.hidden, f.current = nil, false, b.scope, &b.hidden, b
	do()
	for _, d := range f.take() {
		// Once its expressions have cost too much, none is evaluated any more.
		if d.Summary != language.TooCostly || !slices.ContainsFunc(b.diags, func(o *hcl.Diagnostic) bool { return o.Summary == d.Summary }) {
			b.diags = append(b.diags, d)
		}
	}
	f.mask("")
	f.diags, f.mistaken, f.scope, f.hidden, f.current = diags, mistaken, scope, hidden, nil
}

// routeScope is what the expressions of a connector's routes can use.
func (f *File) routeScope() *hcl.EvalContext {
	if f.current != nil {
		return f.current.routes
	}
	return f.scope
}

// savedConnector reads the text of a saved block.
func (f *File) savedConnector(b *savedBlock, declared []instance) {
	source := Source{Name: SavedSource(b.Name), Text: []byte(b.HCL)}
	if deep := language.TooDeep(source.Text, source.Name); deep != nil {
		f.add(deep)
		return
	}
	parsed, diags := hclsyntax.ParseConfig(source.Text, source.Name, hcl.InitialPos)
	f.files[source.Name] = parsed
	f.add(language.Scrub(diags, false)...)
	if diags.HasErrors() {
		f.redactByName(source)
		return
	}
	body, ok := parsed.Body.(*hclsyntax.Body)
	if !ok || len(body.Attributes) != 0 || len(body.Blocks) != 1 || body.Blocks[0].Type != "connector" || len(body.Blocks[0].Labels) != 2 || body.Blocks[0].Labels[1] != b.Name {
		f.error("Not a connector", fmt.Sprintf("What is saved as %q is one block, connector \"TYPE\" %q { … }.", b.Name, b.Name), body.MissingItemRange())
		return
	}
	block := body.Blocks[0]
	f.collectHidden(body)
	f.unique("connector", body.Blocks)
	if each := block.Body.Attributes["for_each"]; each != nil {
		f.error("Not a connector", "What is saved is one connector, without for_each.", each.NameRange)
		return
	}
	if at := slices.IndexFunc(declared, func(d instance) bool { return d.name == b.Name }); at >= 0 {
		b.declared = true
		place := declared[at].block.DefRange()
		f.error("Declared in a file", fmt.Sprintf("The connector %q is declared in %s on line %d, which wins. Remove one of the two.", b.Name, place.Filename, place.Start.Line), block.LabelRanges[1])
		return
	}
	f.connector(instance{block: block, name: b.Name})
	f.connectors[len(f.connectors)-1].saved = b
}

// Asides returns the saved blocks that do not run, once [File.Decode] has looked at all.
func (f *File) Asides() []Aside {
	var list []Aside
	for _, b := range f.blocks {
		if b.diags.HasErrors() {
			list = append(list, Aside{Name: b.Name, Declared: b.declared, Diagnostics: b.diags})
		}
	}
	return list
}

// Advice returns the diagnostics of a saved block: its mistakes, and what else a person
// should know.
func (f *File) Advice(name string) hcl.Diagnostics {
	for _, b := range f.blocks {
		if b.Name == name {
			return b.diags
		}
	}
	return nil
}

// Ownership returns the owner and the team that a saved block names, as far as it could be
// read.
func (f *File) Ownership(name string) (owner, team string) {
	for _, c := range f.connectors {
		if c.saved != nil && c.saved.Name == name {
			return c.config.Owner, c.config.Team
		}
	}
	return "", ""
}

// Belongs reports whether somebody is a member of a team, which exists.
func (f *File) Belongs(person, team string) bool {
	return f.teams.Has(team) && f.belongs(person, f.teamOf(team))
}

// SavedTypes returns the types that only saved blocks name, sorted.
func (f *File) SavedTypes() []string {
	declared := f.ConnectorTypes()
	return slices.DeleteFunc(f.types(func(c connectorBlock) bool { return c.saved != nil }), func(typ string) bool { return slices.Contains(declared, typ) })
}
