package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/connector-relay/relay/relay/route/language"
)

// local is one value of a locals block. Its value is unknown until it has been evaluated,
// and stays so if that fails.
type local struct {
	name  string
	attr  *hclsyntax.Attribute
	value cty.Value
	state localState
}

type localState int

const (
	waiting localState = iota
	underWay
	done
)

// locals are evaluated in the order in which they need each other, wherever they stand.
type locals map[string]*local

// readLocals finds the values of all locals blocks.
func (f *File) readLocals(blocks []*hclsyntax.Block) {
	f.locals = make(locals)
	for _, block := range blocks {
		s := language.Schema{Title: "a locals block"}
		for name := range block.Body.Attributes {
			s.Attributes = append(s.Attributes, language.Attribute{Name: name})
		}
		f.add(f.check(s, block.Body, block.DefRange())...)
		for name, attr := range block.Body.Attributes {
			if before := f.locals[name]; before != nil {
				f.error("Duplicate name", fmt.Sprintf("There is already a local %q %s; names are unique in the whole configuration. Rename one of the two.", name, language.Where(before.attr.NameRange, attr.NameRange)), attr.NameRange)
				continue
			}
			f.locals[name] = &local{name: name, attr: attr, value: cty.DynamicVal}
			f.redacted = append(f.redacted, guess(name, attr.Expr)...)
		}
	}
}

// evaluateLocals evaluates locals. As long as it is not known which channels there are,
// those that refer to channels wait, and the others that need these.
func (f *File) evaluateLocals(channelsKnown bool) {
	for _, name := range slices.Sorted(maps.Keys(f.locals)) {
		f.evaluateLocal(f.locals[name], channelsKnown, nil)
	}
	if len(f.locals) > 0 {
		f.scope.Variables = map[string]cty.Value{"local": f.locals.object()}
	}
}

// object is the variable whose members are the locals.
func (l locals) object() cty.Value {
	values := make(map[string]cty.Value, len(l))
	for name, local := range l {
		values[name] = local.value
	}
	return cty.ObjectVal(values)
}

// evaluateLocal evaluates a local after those that it needs. The chain are those that
// need it.
func (f *File) evaluateLocal(l *local, channelsKnown bool, chain []*local) {
	if l.state == underWay {
		f.circle(append(chain[slices.Index(chain, l):], l))
	}
	if l.state != waiting {
		return
	}
	l.state = underWay
	needs := f.needs(l.attr.Expr)
	for _, other := range needs {
		f.evaluateLocal(other, channelsKnown, append(slices.Clone(chain), l))
	}
	refersTo := func(path hcl.Traversal) bool { return path.RootName() == "channel" }
	if !channelsKnown && (slices.ContainsFunc(l.attr.Expr.Variables(), refersTo) || slices.ContainsFunc(needs, func(o *local) bool { return o.state == waiting })) {
		l.state = waiting
		return
	}
	l.state = done
	scope := f.referring()
	scope.Variables["local"] = f.locals.object()
	v, diags := language.Evaluate(l.attr.Expr, scope, len(guess(l.name, l.attr.Expr)) > 0)
	f.add(diags...)
	if !diags.HasErrors() {
		l.value = v
	}
}

// needs returns the locals that an expression names.
func (f *File) needs(expr hclsyntax.Expression) []*local {
	var list []*local
	for _, path := range expr.Variables() {
		if path.RootName() != "local" || len(path) < 2 {
			continue
		}
		if name, _, ok := language.StepName(path[1]); ok && f.locals[name] != nil {
			list = append(list, f.locals[name])
		}
	}
	return list
}

// circle reports locals that need each other; the last is the first again.
func (f *File) circle(chain []*local) {
	var needs []string
	for _, l := range chain[1:] {
		needs = append(needs, fmt.Sprintf("needs local.%s (%s)", l.name, language.Where(l.attr.NameRange, chain[0].attr.NameRange)))
	}
	f.error("Locals in a circle", fmt.Sprintf("The value of local.%s %s. Write out the value of one of them.", chain[0].name, strings.Join(needs, ", which ")), chain[0].attr.NameRange)
}

// referring returns a scope in which expressions may name channels, as far as they are
// known, and teams.
func (f *File) referring() *hcl.EvalContext {
	scope := f.scope.NewChild()
	scope.Variables = map[string]cty.Value{"team": f.teams.Object()}
	if f.channels != nil {
		scope.Variables["channel"] = f.channels.Object()
	}
	return scope
}

// origin returns the expression that one such as local.x.y, each.value or
// local.teams[each.key] stands for, or nil when it is none of these.
func (f *File) origin(expr hclsyntax.Expression) hclsyntax.Expression {
	switch e := expr.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return f.member(f.root(e.Traversal), e.Traversal[min(2, len(e.Traversal)):])
	case *hclsyntax.RelativeTraversalExpr:
		return f.member(f.origin(e.Source), e.Traversal)
	case *hclsyntax.IndexExpr:
		if key, diags := e.Key.Value(f.scope); !diags.HasErrors() {
			key, _ = language.Reveal(key)
			return f.member(f.origin(e.Collection), hcl.Traversal{hcl.TraverseIndex{Key: key}})
		}
	}
	return nil
}

// root is what the first two steps of a path stand for.
func (f *File) root(path hcl.Traversal) hclsyntax.Expression {
	if len(path) < 2 {
		return nil
	}
	switch name, _, _ := language.StepName(path[1]); {
	case path.RootName() == "local" && f.locals[name] != nil:
		return f.locals[name].attr.Expr
	case path.RootName() == "each" && name == "value" && f.instance != nil:
		return f.named(f.instance.forEach, f.instance.key)
	}
	return nil
}

// member is the expression at the end of a path that starts at another.
func (f *File) member(expr hclsyntax.Expression, path hcl.Traversal) hclsyntax.Expression {
	for _, step := range path {
		if expr == nil {
			return nil
		}
		if name, _, ok := language.StepName(step); ok {
			expr = f.named(expr, name)
		} else if index, ok := step.(hcl.TraverseIndex); ok && index.Key.Type() == cty.Number && index.Key.IsKnown() && !index.Key.IsNull() {
			i, _ := index.Key.AsBigFloat().Int64()
			expr = f.indexed(expr, int(i))
		}
	}
	return expr
}
