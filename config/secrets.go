package config

import (
	"fmt"
	"strings"

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
	// literal says that the text stands in the file itself.
	literal bool
}

// readSecret reads a text that must not be shown.
func (f *File) readSecret(body *hclsyntax.Body, name, words string) (secretSetting, bool) {
	attr := body.Attributes[name]
	if attr == nil {
		return secretSetting{}, false
	}
	f.redact(attr.Expr)
	v, diags := language.Evaluate(attr.Expr, f.scope, true)
	f.add(diags...)
	if diags.HasErrors() {
		return secretSetting{}, false
	}
	v, hidden := language.Reveal(v)
	if v.IsNull() {
		return secretSetting{}, false
	}
	converted, err := convert.Convert(v, cty.String)
	if err != nil || !converted.IsKnown() {
		f.error("Wrong type", fmt.Sprintf("The attribute %s is %s; this is %s.", name, words, typeName(v.Type())), attr.Expr.Range())
		return secretSetting{}, false
	}
	files := f.filesIn(attr.Expr)
	return secretSetting{
		value:   newSecret(converted.AsString(), files[""]),
		place:   attr.Expr.Range(),
		literal: !hidden,
	}, true
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
	if !s.literal || !f.worldReadable || s.value.IsZero() {
		return
	}
	f.warn("Secret in a file readable by everybody", fmt.Sprintf("The attribute %s holds a secret, and every user of this machine can read the file. Move the secret out with env(\"…\") or file(\"…\"), or run chmod 600 on the file.", name), s.place)
}

// filesIn finds the places in an expression's value that hold a whole file: a call of
// file by itself, as the chosen side of a conditional, or as an element of a list or
// object. The keys are [placeKey]'s, "" for the value itself.
func (f *File) filesIn(expr hclsyntax.Expression) map[string]string {
	files := make(map[string]string)
	f.findFiles(expr, nil, files)
	return files
}

func (f *File) findFiles(expr hclsyntax.Expression, path cty.Path, files map[string]string) {
	switch e := expr.(type) {
	case *hclsyntax.ParenthesesExpr:
		f.findFiles(e.Expression, path, files)
	case *hclsyntax.TemplateWrapExpr:
		f.findFiles(e.Wrapped, path, files)
	case *hclsyntax.ConditionalExpr:
		if v, ok := f.constant(e.Condition, cty.Bool); ok && v.True() {
			f.findFiles(e.TrueResult, path, files)
		} else if ok {
			f.findFiles(e.FalseResult, path, files)
		}
	case *hclsyntax.FunctionCallExpr:
		if e.Name == "file" && len(e.Args) == 1 && !e.ExpandFinal {
			if v, ok := f.constant(e.Args[0], cty.String); ok {
				files[placeKey(path)] = language.Path(f.dir, v.AsString())
			}
		}
	case *hclsyntax.TupleConsExpr:
		for i, element := range e.Exprs {
			f.findFiles(element, append(path.Copy(), cty.IndexStep{Key: cty.NumberIntVal(int64(i))}), files)
		}
	case *hclsyntax.ObjectConsExpr:
		for _, item := range e.Items {
			if v, ok := f.constant(item.KeyExpr, cty.String); ok {
				f.findFiles(item.ValueExpr, append(path.Copy(), cty.GetAttrStep{Name: v.AsString()}), files)
			}
		}
	}
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

// placeKey writes a path, the same for objects and maps, and for tuples and lists.
func placeKey(path cty.Path) string {
	var b strings.Builder
	for _, step := range path {
		switch s := step.(type) {
		case cty.GetAttrStep:
			fmt.Fprintf(&b, "/%q", s.Name)
		case cty.IndexStep:
			switch {
			case s.Key.Type() == cty.String:
				fmt.Fprintf(&b, "/%q", s.Key.AsString())
			case s.Key.Type() == cty.Number:
				fmt.Fprintf(&b, "/%s", s.Key.AsBigFloat().Text('f', 0))
			default:
				b.WriteString("/?")
			}
		}
	}
	return b.String()
}
