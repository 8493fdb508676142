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
)

// fitting brings the value of an argument into the argument's type, and says of all
// that does not fit where it stands. What comes of it is what JSON can hold: lists are
// tuples and maps are objects, with the defaults of what is not set.
type fitting struct {
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
func (x *fitting) argument(m member, v cty.Value) cty.Value {
	x.whole, x.given = m, v
	return x.attribute(m, v)
}

// attribute fits an argument, or an attribute of one, which has a default and may be
// required.
func (x *fitting) attribute(m member, v cty.Value) cty.Value {
	if v.IsNull() && m.Default != "" {
		preset, err := fromJSON([]byte(m.Default))
		if err != nil {
			return x.wrong(m, v)
		}
		v = preset
	}
	if v.IsNull() && m.Required {
		return x.problem(m, "Missing argument", fmt.Sprintf("The argument %s is required and cannot be null%s.", m.name, docOf(m.Argument)))
	}
	fitted := x.value(m, v)
	if fitted.Type() == cty.String && !fitted.IsNull() && len(m.Allowed) > 0 && !slices.Contains(m.Allowed, fitted.AsString()) {
		d := notAllowed(setting{name: m.name, value: fitted, place: m.place(), hidden: x.hidden}, m.Allowed)
		d.Detail = strings.Replace(d.Detail, "The attribute", "The argument", 1)
		x.diags = append(x.diags, d)
	}
	return fitted
}

// value fits a value that need be nothing but of its type.
func (x *fitting) value(m member, v cty.Value) cty.Value {
	t := v.Type()
	isList, isMap := t.IsTupleType() || t.IsListType() || t.IsSetType(), t.IsObjectType() || t.IsMapType()
	switch kind := m.Type.Kind; {
	case v.IsNull():
		return v
	case !v.IsWhollyKnown():
	case kind == connector.ValueAny:
		return x.any(m, v)
	case kind == connector.ValueList && isList:
		return x.list(m, v)
	case kind == connector.ValueMap && isMap:
		return x.mapping(m, v)
	case kind == connector.ValueObject && isMap:
		return x.object(m, v)
	default:
		if want, ok := primitives()[kind]; ok {
			if converted, err := convert.Convert(v, want); err == nil {
				return converted
			}
		}
	}
	return x.wrong(m, v)
}

func primitives() map[connector.ValueKind]cty.Type {
	return map[connector.ValueKind]cty.Type{connector.ValueString: cty.String, connector.ValueNumber: cty.Number, connector.ValueBool: cty.Bool}
}

// any gives a value the types that it has in JSON.
func (x *fitting) any(m member, v cty.Value) cty.Value {
	if b, err := ctyjson.Marshal(v, v.Type()); err == nil {
		if plain, err := fromJSON(b); err == nil {
			return plain
		}
	}
	return x.wrong(m, v)
}

func fromJSON(b []byte) (cty.Value, error) {
	t, err := ctyjson.ImpliedType(b)
	if err != nil {
		return cty.NilVal, err
	}
	return ctyjson.Unmarshal(b, t)
}

func (x *fitting) list(m member, v cty.Value) cty.Value {
	var list []cty.Value
	for i, element := range v.AsValueSlice() {
		list = append(list, x.value(m.element(fmt.Sprintf("[%d]", i), indexed(m.expr, i)), element))
	}
	return cty.TupleVal(list)
}

func (x *fitting) mapping(m member, v cty.Value) cty.Value {
	values := v.AsValueMap()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		values[name] = x.value(m.element(fmt.Sprintf("[%q]", name), named(m.expr, name)), values[name])
	}
	return cty.ObjectVal(values)
}

func (x *fitting) object(m member, v cty.Value) cty.Value {
	given, values := v.AsValueMap(), make(map[string]cty.Value)
	var names []string
	for _, a := range m.Type.Attributes {
		names = append(names, a.Name)
		part := member{Argument: a, name: m.name + "." + a.Name, expr: named(m.expr, a.Name)}
		value, ok := given[a.Name]
		delete(given, a.Name)
		switch {
		case !ok && a.Required:
			x.problem(part, "Missing argument", fmt.Sprintf("The argument %s is required here%s.", part.name, docOf(a)))
			continue
		case !ok:
			value = cty.NullVal(cty.DynamicPseudoType)
		}
		if value = x.attribute(part, value); !value.IsNull() {
			values[a.Name] = value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		stray := member{name: m.name + "." + name, expr: named(m.expr, name)}
		x.problem(stray, "Unknown attribute", fmt.Sprintf("There is no attribute %q in the argument %s.%s", name, m.name, language.DidYouMean(name, names)))
	}
	return cty.ObjectVal(values)
}

// element is what a list or a map holds at a place. It has the doc of the whole.
func (m member) element(at string, expr hclsyntax.Expression) member {
	return member{Argument: connector.Argument{Doc: m.Doc, Type: *m.Type.Element}, name: m.name + at, expr: expr}
}

// indexed returns the expression of a list's element, or that of the list where its
// elements are not written out.
func indexed(list hclsyntax.Expression, i int) hclsyntax.Expression {
	if e, ok := list.(*hclsyntax.TupleConsExpr); ok && i < len(e.Exprs) {
		return e.Exprs[i]
	}
	return list
}

// named is the same for an object's attribute.
func named(object hclsyntax.Expression, name string) hclsyntax.Expression {
	if e, ok := object.(*hclsyntax.ObjectConsExpr); ok {
		for _, item := range e.Items {
			if key, diags := item.KeyExpr.Value(nil); !diags.HasErrors() && key.RawEquals(cty.StringVal(name)) {
				return item.ValueExpr
			}
		}
	}
	return object
}

func (m member) place() hcl.Range {
	if m.expr == nil {
		return hcl.Range{}
	}
	return m.expr.Range()
}

// wrong says that a value is not of its type.
func (x *fitting) wrong(m member, v cty.Value) cty.Value {
	return x.problem(m, "Wrong type", fmt.Sprintf("The argument %s is %s; this is %s%s.", m.name, wanted(m.Type), typeName(v.Type()), docOf(m.Argument)))
}

// problem reports what is wrong with a member, or with the whole argument where no
// more may be told.
func (x *fitting) problem(m member, summary, detail string) cty.Value {
	if x.hidden && m.name != x.whole.name {
		m, summary = x.whole, "Wrong type"
		detail = fmt.Sprintf("The argument %s is %s; this is %s of the wrong kind%s.", m.name, wanted(m.Type), typeName(x.given.Type()), docOf(m.Argument))
	}
	d := language.Error(summary, detail, m.place())
	if !slices.ContainsFunc(x.diags, func(other *hcl.Diagnostic) bool { return other.Detail == d.Detail }) {
		x.diags = append(x.diags, d)
	}
	return cty.NullVal(cty.DynamicPseudoType)
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
