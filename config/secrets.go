package config

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/connector-relay/relay/relay/route/language"
	"github.com/connector-relay/relay/relay/secret"
)

// secretSetting is a secret attribute.
type secretSetting struct {
	value secret.Value
	place hcl.Range
	// hidden says that it comes from env, file or the store; otherwise literals are where
	// the text stands.
	hidden   bool
	literals []hcl.Range
}

// readSecret reads a text that must not be shown.
func (f *File) readSecret(body *hclsyntax.Body, name, words string) (secretSetting, bool) {
	attr := body.Attributes[name]
	if attr == nil {
		return secretSetting{}, false
	}
	written := f.redact(attr.Expr)
	v, hidden, ok := f.evaluate(attr.Expr, f.scope, true)
	if !ok || v.IsNull() {
		return secretSetting{}, false
	}
	converted, err := convert.Convert(v, cty.String)
	if err != nil {
		f.error("Wrong type", fmt.Sprintf("The attribute %s is %s; this is %s.", name, words, typeName(v.Type())), attr.Expr.Range())
		return secretSetting{}, false
	}
	f.hide(converted.AsString()) // it may stand elsewhere as well
	return secretSetting{
		value:    newSecret(converted.AsString(), f.fileOf(attr.Expr)),
		place:    attr.Expr.Range(),
		hidden:   hidden,
		literals: written,
	}, true
}

// hide keeps a text out of diagnostics and shown files, wherever it stands.
func (f *File) hide(text string) { f.fresh = append(f.fresh, secret.New(text)) }

// mask masks what is hidden. A masker learns many secrets at once far more quickly than
// one by one.
func (f *File) mask(text string) string {
	if len(f.fresh) > 0 {
		f.hidden.Add(f.fresh...)
		f.fresh = nil
	}
	return f.hidden.Mask(text)
}

// newSecret returns a secret, which is read again from its file if it has one.
func newSecret(text, path string) secret.Value {
	if path != "" {
		return secret.FromFile(path)
	}
	return secret.New(text)
}

// warnLiteral warns of a literal secret in a world-readable file.
func (f *File) warnLiteral(name string, s secretSetting) {
	if s.hidden || s.value.IsZero() {
		return
	}
	if f.current != nil {
		f.error("Secret in a saved connector", fmt.Sprintf("The attribute %s holds a secret, which is not kept in the block. Fill it in on the page, or name a stored one: secret(%q).", name, f.current.Name+"."+name), s.place)
		return
	}
	if !slices.ContainsFunc(s.literals, f.open) {
		return
	}
	f.warn("Secret in a file readable by everybody", fmt.Sprintf("The attribute %s holds a secret, and every user of this machine can read the file. Move the secret out with env(\"…\") or file(\"…\"), or run chmod 600 on the file.", name), s.place)
}

// warnUnread says, once, that what the store keeps is not at hand.
func (f *File) warnUnread(place hcl.Range) {
	if !f.unread {
		f.unread = true
		f.warn("Stored secrets not checked", "The running relay reads this secret from its store. Here it is not at hand, so what depends on it is not checked.", place)
	}
}

// fileOf returns the file whose whole content is an expression's value: a call of
// file by itself. It is empty for any other expression.
func (f *File) fileOf(expr hclsyntax.Expression) string {
	if call, ok := f.chosen(expr).(*hclsyntax.FunctionCallExpr); ok && call.Name == "file" && len(call.Args) == 1 && !call.ExpandFinal {
		if v, ok := f.constant(call.Args[0], cty.String); ok {
			return language.Path(f.dir, v.AsString())
		}
	}
	return ""
}

// indexed returns the expression of an element of a list, or that of the list where
// its elements are not written out.
func (f *File) indexed(list hclsyntax.Expression, i int) hclsyntax.Expression {
	if e, ok := f.chosen(list).(*hclsyntax.TupleConsExpr); ok && i < len(e.Exprs) {
		return e.Exprs[i]
	}
	return list
}

// named is the same for an attribute of an object, where the last one counts.
func (f *File) named(object hclsyntax.Expression, name string) hclsyntax.Expression {
	if e, ok := f.chosen(object).(*hclsyntax.ObjectConsExpr); ok {
		for _, item := range slices.Backward(e.Items) {
			if key, ok := f.constant(item.KeyExpr, cty.String); ok && key.AsString() == name {
				return item.ValueExpr
			}
		}
	}
	return object
}

// chosen returns what an expression comes to: what is in its parentheses, the chosen side
// of a conditional, or what it names.
func (f *File) chosen(expr hclsyntax.Expression) hclsyntax.Expression {
	switch e := expr.(type) {
	case *hclsyntax.ParenthesesExpr:
		return f.chosen(e.Expression)
	case *hclsyntax.TemplateWrapExpr:
		return f.chosen(e.Wrapped)
	default:
		if f.following[expr] { // locals in a circle
			return expr
		}
		f.following[expr] = true
		defer delete(f.following, expr)
		if origin := f.origin(expr); origin != nil {
			return f.chosen(origin)
		}
	case *hclsyntax.ConditionalExpr:
		if v, ok := f.constant(e.Condition, cty.Bool); ok && v.True() {
			return f.chosen(e.TrueResult)
		} else if ok {
			return f.chosen(e.FalseResult)
		}
	}
	return expr
}

// constant evaluates part of an expression that as a whole has no errors.
func (f *File) constant(expr hclsyntax.Expression, want cty.Type) (cty.Value, bool) {
	v, diags := expr.Value(f.scope)
	if diags.HasErrors() {
		return cty.NilVal, false
	}
	v, _ = language.Reveal(v)
	v, err := convert.Convert(v, want)
	if err != nil || v.IsNull() || !v.IsKnown() {
		return cty.NilVal, false
	}
	return v, true
}
