package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/route/language"
	"github.com/connector-relay/relay/relay/secret"
)

// fitting brings the value of an argument into the argument's type, and says of all
// that does not fit where it stands. The result is for [Arguments]: nil for null.
type fitting struct {
	file *File
	// secret says that the value is one, and found is one of the secrets in it.
	secret bool
	found  secret.Value
	// hidden says that nothing of the value may be shown, not even where something is
	// in it: a key may come from env.
	hidden bool
	// whole is the argument, and given its value, for want of a better place.
	whole member
	given cty.Value
	diags hcl.Diagnostics
}

// member is an argument, or a value within one.
type member struct {
	connector.Argument
	// name is as one would write it, such as servers[0].port.
	name string
	// expr is where it stands; nil for a default.
	expr hclsyntax.Expression
}

// argument fits a whole argument.
func (x *fitting) argument(m member, v cty.Value) any {
	x.whole, x.given = m, v
	return x.attribute(m, v)
}

// attribute fits an argument, or an attribute of one, which has a default and may be
// required.
func (x *fitting) attribute(m member, v cty.Value) any {
	if v.IsNull() && m.Default != "" {
		t, err := ctyjson.ImpliedType([]byte(m.Default))
		if err != nil {
			return x.wrong(m, v)
		}
		if v, err = ctyjson.Unmarshal([]byte(m.Default), t); err != nil {
			return x.wrong(m, x.given)
		}
	}
	if v.IsNull() && m.Required {
		return x.problem(m, "Missing argument", fmt.Sprintf("The argument %s is required and cannot be null%s.", m.name, docOf(m.Argument)))
	}
	return x.value(m, v)
}

// value fits a value that need be nothing but of its type.
func (x *fitting) value(m member, v cty.Value) any {
	t, kind := v.Type(), m.Type.Kind
	isList, isMap := t.IsTupleType() || t.IsListType() || t.IsSetType(), t.IsObjectType() || t.IsMapType()
	switch {
	case v.IsNull():
		return nil
	case !v.IsWhollyKnown():
		return x.wrong(m, v)
	case isList && (kind == connector.ValueList || kind == connector.ValueAny):
		return x.list(m, v)
	case isMap && (kind == connector.ValueMap || kind == connector.ValueAny):
		return x.mapping(m, v)
	case isMap && kind == connector.ValueObject:
		return x.object(m, v)
	}
	return x.primitive(m, v)
}

// primitive fits a text, a number or a boolean.
func (x *fitting) primitive(m member, v cty.Value) any {
	want := map[connector.ValueKind]cty.Type{
		connector.ValueString: cty.String, connector.ValueNumber: cty.Number, connector.ValueBool: cty.Bool, connector.ValueAny: v.Type(),
	}[m.Type.Kind]
	if !v.Type().IsPrimitiveType() || want == cty.NilType {
		return x.wrong(m, v)
	}
	fitted, err := convert.Convert(v, want)
	if err != nil {
		return x.wrong(m, v)
	}
	inText, _ := convert.Convert(fitted, cty.String) // which cannot fail
	text := inText.AsString()
	if len(m.Allowed) > 0 && !slices.Contains(m.Allowed, text) {
		d := notAllowed(setting{name: m.name, value: inText, place: m.place(), hidden: x.hidden}, m.Allowed)
		d.Detail = strings.Replace(d.Detail, "The attribute", "The argument", 1)
		x.diags = append(x.diags, d)
	}
	if x.secret && text != "" { // an empty text hides nothing
		x.found = newSecret(text, x.file.fileOf(m.expr))
		x.file.hide(text) // it may stand elsewhere as well
		return concealed{secret: x.found, want: want}
	}
	plain, err := encoded(fitted)
	if err != nil {
		return x.wrong(m, v)
	}
	return plain
}

func (x *fitting) list(m member, v cty.Value) any {
	list := []any{}
	for i, element := range v.AsValueSlice() {
		list = append(list, x.value(m.element(fmt.Sprintf("[%d]", i), x.file.indexed(m.expr, i)), element))
	}
	return list
}

func (x *fitting) mapping(m member, v cty.Value) any {
	given, values := v.AsValueMap(), make(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		values[name] = x.value(m.element(fmt.Sprintf("[%q]", name), x.file.named(m.expr, name)), given[name])
	}
	return values
}

func (x *fitting) object(m member, v cty.Value) any {
	given, values := v.AsValueMap(), make(map[string]any)
	var names []string
	for _, a := range m.Type.Attributes {
		names = append(names, a.Name)
		part := member{Argument: a, name: m.name + "." + a.Name, expr: x.file.named(m.expr, a.Name)}
		value, ok := given[a.Name]
		delete(given, a.Name)
		switch {
		case !ok && a.Required:
			x.problem(part, "Missing argument", fmt.Sprintf("The argument %s is required here%s.", part.name, docOf(a)))
			continue
		case !ok:
			value = cty.NullVal(cty.DynamicPseudoType)
		}
		if fitted := x.attribute(part, value); fitted != nil {
			values[a.Name] = fitted
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		stray := member{name: m.name + "." + name, expr: x.file.named(m.expr, name)}
		x.problem(stray, "Unknown attribute", fmt.Sprintf("There is no attribute %q in the argument %s.%s", name, m.name, language.DidYouMean(name, names)))
	}
	return values
}

// element is what a list or a map holds at a place. It has the doc of the whole.
func (m member) element(at string, expr hclsyntax.Expression) member {
	t := connector.ValueType{Kind: connector.ValueAny}
	if m.Type.Element != nil {
		t = *m.Type.Element
	}
	return member{Argument: connector.Argument{Doc: m.Doc, Type: t}, name: m.name + at, expr: expr}
}

func (m member) place() hcl.Range {
	if m.expr == nil {
		return hcl.Range{}
	}
	return m.expr.Range()
}

// wrong says that a value is not of its type.
func (x *fitting) wrong(m member, v cty.Value) any {
	return x.problem(m, "Wrong type", fmt.Sprintf("The argument %s is %s; this is %s%s.", m.name, wanted(m.Type), typeName(v.Type()), docOf(m.Argument)))
}

// problem reports what is wrong with a member, or with the whole argument where no
// more may be told.
func (x *fitting) problem(m member, summary, detail string) any {
	if x.hidden && m.name != x.whole.name {
		m, summary = x.whole, "Wrong type"
		detail = fmt.Sprintf("The argument %s is %s; this is %s of the wrong kind%s.", m.name, wanted(m.Type), typeName(x.given.Type()), docOf(m.Argument))
	}
	d := language.Error(summary, detail, m.place())
	if !slices.ContainsFunc(x.diags, func(other *hcl.Diagnostic) bool { return other.Detail == d.Detail }) {
		x.diags = append(x.diags, d)
	}
	return nil
}

// wanted is a type in words.
func wanted(t connector.ValueType) string {
	switch text := t.String(); text {
	case "string":
		return "a text"
	case "number":
		return "a number"
	case "bool":
		return "true or false"
	case "list(string)":
		return `a list of texts, such as ["a", "b"]`
	case "map(string)":
		return `a map of texts, such as { a = "b" }`
	case "any":
		return "any value that JSON can hold"
	default:
		if t.Kind == connector.ValueObject {
			var names []string
			for _, a := range t.Attributes {
				names = append(names, a.Name)
			}
			return "an object with " + language.List(names, "and")
		}
		return "of type " + text
	}
}

// docOf adds the argument's one sentence.
func docOf(a connector.Argument) string {
	doc := strings.TrimSuffix(strings.TrimSpace(a.Doc), ".")
	if doc == "" {
		return ""
	}
	return ". Its description: " + doc
}
