package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/route/language"
)

// arguments decodes a connector's own arguments against its type's schema.
func (f *File) arguments(c *Connector, block *hclsyntax.Block, t connector.Type) {
	f.checkArguments(block, t)
	c.places = make(map[string]hcl.Range)
	for _, a := range t.Arguments {
		if reserved(a.Name) {
			f.faultyPlugin(c, block, fmt.Sprintf("its argument %q has a name that the relay itself uses", a.Name))
			continue
		}
		want, defaults, err := argumentType(a.Type)
		if err != nil {
			f.faultyPlugin(c, block, fmt.Sprintf("the type of its argument %q is none: %q", a.Name, a.Type))
			continue
		}
		attr := block.Body.Attributes[a.Name]
		if attr == nil {
			f.defaultArgument(c, block, a, want)
			continue
		}
		c.places[a.Name] = attr.Expr.Range()
		f.argument(c, block, a, attr, want, defaults)
	}
}

func reserved(name string) bool {
	return slices.ContainsFunc(ownAttributes(), func(a language.Attribute) bool { return a.Name == name }) ||
		slices.ContainsFunc(ownBlocks(), func(b language.Block) bool { return b.Name == name })
}

// checkArguments checks the names in a connector block. What is the relay's own has
// been checked before.
func (f *File) checkArguments(block *hclsyntax.Block, t connector.Type) {
	s := language.Schema{Title: "a connector of type " + t.Type, Blocks: ownBlocks()}
	s.Attributes = append(s.Attributes, ownAttributes()...)
	for _, a := range t.Arguments {
		if !reserved(a.Name) {
			s.Attributes = append(s.Attributes, language.Attribute{Name: a.Name, Required: a.Required, Doc: a.Doc})
		}
	}
	plugins := &hclsyntax.Body{Attributes: block.Body.Attributes, Blocks: blocksOf(block.Body, false)}
	f.add(f.check(s, plugins, block.DefRange())...)
}

// faultyPlugin is about a mistake that only the plugin's author can put right.
func (f *File) faultyPlugin(c *Connector, block *hclsyntax.Block, what string) {
	f.error("Faulty plugin", fmt.Sprintf("The plugin of connector type %s cannot be used: %s. Tell its author, or use another version.", c.Type, what), block.LabelRanges[0])
}

// argumentType reads an HCL type expression, such as list(string).
func argumentType(text string) (cty.Type, *typeexpr.Defaults, error) {
	expr, diags := hclsyntax.ParseExpression([]byte(text), "type", hcl.InitialPos)
	if diags.HasErrors() {
		return cty.NilType, nil, diags
	}
	t, defaults, diags := typeexpr.TypeConstraintWithDefaults(expr)
	if diags.HasErrors() {
		return cty.NilType, nil, diags
	}
	return t, defaults, nil
}

func (f *File) defaultArgument(c *Connector, block *hclsyntax.Block, a connector.Argument, want cty.Type) {
	if a.Default == "" || a.Required {
		return
	}
	plain := want.WithoutOptionalAttributesDeep()
	if plain.HasDynamicTypes() {
		implied, err := ctyjson.ImpliedType([]byte(a.Default))
		if err == nil {
			plain = implied
		}
	}
	v, err := ctyjson.Unmarshal([]byte(a.Default), plain)
	if err != nil {
		f.faultyPlugin(c, block, fmt.Sprintf("the default of its argument %q is no %s", a.Name, a.Type))
		return
	}
	if v.IsNull() {
		return
	}
	c.Arguments.list = append(c.Arguments.list, argument{name: a.Name, value: v})
}

// argument decodes one argument that stands in the file.
func (f *File) argument(c *Connector, block *hclsyntax.Block, a connector.Argument, attr *hclsyntax.Attribute, want cty.Type, defaults *typeexpr.Defaults) {
	if a.Secret {
		f.redact(attr.Expr)
	}
	v, diags := language.Evaluate(attr.Expr, f.scope, a.Secret)
	f.add(diags...)
	if diags.HasErrors() {
		return
	}
	v, hidden := language.Reveal(v)
	if v.IsNull() {
		if a.Required {
			f.error("Missing argument", fmt.Sprintf("The argument %s is required and cannot be null%s.", a.Name, docOf(a)), attr.Expr.Range())
			return
		}
		f.defaultArgument(c, block, a, want)
		return
	}
	converted, err := converted(v, want, defaults)
	if err != nil {
		f.error("Wrong type", fmt.Sprintf("The argument %s is %s%s%s.", a.Name, wanted(a.Type), mismatch(v, err, hidden || a.Secret), docOf(a)), attr.Expr.Range())
		return
	}
	if len(a.Allowed) > 0 && !f.allowed(a, converted, attr.Expr.Range(), hidden || a.Secret) {
		return
	}
	arg := argument{name: a.Name, value: converted}
	if a.Secret {
		if arg, err = conceal(a.Name, converted, f.filesIn(attr.Expr)); err != nil {
			f.error("Wrong type", fmt.Sprintf("The argument %s is %s.", a.Name, wanted(a.Type)), attr.Expr.Range())
			return
		}
		f.warnLiterals(a.Name, attr, hidden || isPlainAddress(converted), len(arg.secrets) > 0)
	}
	c.Arguments.list = append(c.Arguments.list, arg)
}

// isPlainAddress reports whether a value is an address with nothing in it that gives
// access: most feeds' are public, though some are secret.
func isPlainAddress(v cty.Value) bool {
	if v.Type() != cty.String || v.IsNull() {
		return false
	}
	u, err := url.Parse(v.AsString())
	return err == nil && u.Host != "" && u.User == nil && u.RawQuery == ""
}

func (f *File) warnLiterals(name string, attr *hclsyntax.Attribute, hidden, some bool) {
	if !hidden && some {
		f.warnLiteral(name, secretSetting{value: newSecret("x", ""), place: attr.Expr.Range(), literal: true})
	}
}

// converted gives a value the wanted type, missing optional members filled in.
func converted(v cty.Value, want cty.Type, defaults *typeexpr.Defaults) (cty.Value, error) {
	if defaults != nil {
		v = defaults.Apply(v)
	}
	v, err := convert.Convert(v, want)
	if err != nil {
		return cty.NilVal, err
	}
	if !v.IsWhollyKnown() {
		return cty.NilVal, errUnknown
	}
	if hasCapsule(v.Type()) {
		return cty.NilVal, errReference
	}
	return v, nil
}

var (
	errUnknown   = errors.New("its value is unknown")
	errReference = errors.New("a channel is not a value for a connector")
)

func hasCapsule(t cty.Type) bool {
	switch {
	case t.IsCapsuleType():
		return true
	case t.IsCollectionType():
		return hasCapsule(t.ElementType())
	case t.IsTupleType():
		return slices.ContainsFunc(t.TupleElementTypes(), hasCapsule)
	case t.IsObjectType():
		for _, member := range t.AttributeTypes() {
			if hasCapsule(member) {
				return true
			}
		}
	}
	return false
}

// wanted is an HCL type expression in words.
func wanted(t string) string {
	switch t {
	case "string":
		return "a text"
	case "number":
		return "a number"
	case "bool":
		return "true or false"
	case "list(string)", "set(string)":
		return `a list of texts, such as ["a", "b"]`
	case "map(string)":
		return `a map of texts, such as { a = "b" }`
	case "any":
		return "any value that JSON can hold"
	}
	return "of type " + t
}

// mismatch says what stands there instead. The place inside a value may be a key
// that came from env.
func mismatch(v cty.Value, err error, hidden bool) string {
	this := "; this is " + typeName(v.Type())
	pathErr, ok := errors.AsType[cty.PathError](err)
	if !ok || len(pathErr.Path) == 0 {
		return this
	}
	if hidden {
		return this + " of the wrong kind"
	}
	return fmt.Sprintf("; at %s, %s", pathWords(pathErr.Path), err)
}

// pathWords writes a path as one would in HCL.
func pathWords(path cty.Path) string {
	var b strings.Builder
	for i, step := range path {
		switch s := step.(type) {
		case cty.GetAttrStep:
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s.Name)
		case cty.IndexStep:
			if s.Key.Type() == cty.Number {
				fmt.Fprintf(&b, "[%s]", s.Key.AsBigFloat().Text('f', 0))
			} else if s.Key.Type() == cty.String {
				fmt.Fprintf(&b, "[%q]", s.Key.AsString())
			}
		}
	}
	return b.String()
}

// docOf adds the argument's one sentence.
func docOf(a connector.Argument) string {
	doc := strings.TrimSuffix(strings.TrimSpace(a.Doc), ".")
	if doc == "" {
		return ""
	}
	return ". Its description: " + doc
}

// allowed checks all texts in a value.
func (f *File) allowed(a connector.Argument, v cty.Value, place hcl.Range, hidden bool) bool {
	ok := true
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		if v.Type() == cty.String && !v.IsNull() && !slices.Contains(a.Allowed, v.AsString()) {
			ok = false
			d := notAllowed(setting{name: a.Name, value: v, place: place, hidden: hidden}, a.Allowed)
			d.Detail = strings.Replace(d.Detail, "The attribute", "The argument", 1)
			f.add(d)
		}
		return true, nil
	})
	return ok
}
