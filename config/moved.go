package config

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/connector-relay/relay/relay/route/language"
)

// Moved says that a channel or a connector was renamed: what is stored under the old
// name belongs to the new one.
type Moved struct {
	// Sort is "channel" or "connector".
	Sort string
	// From is no longer in use; To is, even if several moves lead to it.
	From, To string
}

// Was returns the former names of a channel or a connector.
func (c *Config) Was(sort, name string) []string {
	var names []string
	for _, m := range c.Moved {
		if m.Sort == sort && m.To == name {
			names = append(names, m.From)
		}
	}
	return names
}

func movedSchema() language.Schema {
	return language.Schema{
		Title: "a moved block",
		Attributes: []language.Attribute{
			{Name: "from", Required: true, Doc: "the old name, such as channel.old or connector.old"},
			{Name: "to", Required: true, Doc: "the new name, such as channel.new or connector.new"},
		},
	}
}

// move is a moved block as it stands in the file.
type move struct {
	sort, from, to string
	place, target  hcl.Range
}

// moved reads the moved blocks. They may form chains: a file keeps its whole history,
// whichever part of it a store has seen.
func (f *File) moved(blocks []*hclsyntax.Block, declared map[string][]instance) {
	var moves []move
	for _, b := range blocks {
		f.add(f.check(movedSchema(), b.Body, b.DefRange())...)
		fromSort, from, place, fromOK := f.readName(b.Body, "from")
		toSort, to, target, toOK := f.readName(b.Body, "to")
		switch {
		case !fromOK || !toOK:
			continue
		case fromSort != toSort:
			f.error("Wrong name", fmt.Sprintf("A %s cannot become a %s. Name two channels or two connectors.", fromSort, toSort), target)
			continue
		}
		if at := slices.IndexFunc(moves, func(m move) bool { return m.sort == fromSort && m.from == from }); at >= 0 {
			f.error("Moved twice", fmt.Sprintf("There is already a moved block %s that says what became of %s.%s. Remove one of the two.", language.Where(moves[at].place, place), fromSort, from), place)
			continue
		}
		moves = append(moves, move{sort: fromSort, from: from, to: to, place: place, target: target})
	}
	for _, m := range moves {
		if f.stillThere(m, declared[m.sort]) {
			continue
		}
		if to, ok := f.follow(m, moves, declared[m.sort]); ok {
			f.config.Moved = append(f.config.Moved, Moved{Sort: m.sort, From: m.from, To: to})
		}
	}
}

// readName reads a name such as channel.old, which need not have a block.
func (f *File) readName(body *hclsyntax.Body, name string) (sort, label string, place hcl.Range, ok bool) {
	attr := body.Attributes[name]
	if attr == nil {
		return "", "", place, false
	}
	place = attr.Expr.Range()
	steps, diags := hcl.AbsTraversalForExpr(attr.Expr)
	if !diags.HasErrors() && (len(steps) == 2 || len(steps) == 3) && (steps.RootName() == "channel" || steps.RootName() == "connector") {
		label, _, ok := language.StepName(steps[1])
		_, isIndex := steps[len(steps)-1].(hcl.TraverseIndex)
		if len(steps) == 3 && ok {
			var key string
			key, _, ok = language.StepName(steps[2])
			label, ok = label+"-"+key, ok && isIndex
		}
		if ok {
			return steps.RootName(), label, place, true
		}
	}
	f.error("Wrong name", fmt.Sprintf("The attribute %s is a name without quotes: channel.NAME or connector.NAME, or with for_each channel.NAME[\"KEY\"].", name), place)
	return "", "", place, false
}

// stillThere reports a block that still has a moved name.
func (f *File) stillThere(m move, declared []instance) bool {
	at := slices.IndexFunc(declared, func(in instance) bool { return in.name == m.from })
	if at < 0 {
		return false
	}
	f.error("Moved and still there", fmt.Sprintf("There is still a %s %q %s, so it has not become %q. Remove that block or this one. If the name was given to a new block, this one has done its work.",
		m.sort, m.from, language.Where(declared[at].block.DefRange(), m.place), m.to), m.place)
	return true
}

// follow finds the name at the end of a chain of moves.
func (f *File) follow(m move, moves []move, declared []instance) (string, bool) {
	to := m.to
	for range moves {
		next := slices.IndexFunc(moves, func(o move) bool { return o.sort == m.sort && o.from == to })
		if next < 0 {
			break
		}
		to = moves[next].to
	}
	if slices.ContainsFunc(declared, func(in instance) bool { return in.name == to }) {
		return to, true
	}
	if slices.ContainsFunc(moves, func(o move) bool { return o.sort == m.sort && o.from == to }) {
		f.error("Moved in a circle", fmt.Sprintf("These moved blocks lead from %s.%s back to where they began. Remove those that are no longer true.", m.sort, m.from), m.place)
		return "", false
	}
	var names []string
	for _, in := range declared {
		names = append(names, in.name)
	}
	f.error("Unknown "+m.sort, fmt.Sprintf("There is no %s %q that %q could have become.%s To discard what a removed %s left behind, remove this block and run `relay %ss forget %s`.",
		m.sort, to, m.from, language.DidYouMean(to, names), m.sort, m.sort, m.from), m.target)
	return "", false
}

func lastLabel(b *hclsyntax.Block) string { return b.Labels[len(b.Labels)-1] }
