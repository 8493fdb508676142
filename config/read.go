package config

import (
	"fmt"
	"math"
	"net"
	"strconv"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/connector-relay/relay/relay/route/language"
	"github.com/connector-relay/relay/relay/spelling"
)

// setting is an attribute's value.
type setting struct {
	name  string
	value cty.Value
	place hcl.Range
	// hidden says that the value came from env or file and must not be shown.
	hidden bool
}

func (s setting) text() string { return s.value.AsString() }

// shown is the value as a diagnostic may show it.
func (s setting) shown() string {
	if s.hidden {
		return "the value from env or file"
	}
	return fmt.Sprintf("%q", s.value.AsString())
}

// file is the value, a path, for the start of a sentence.
func (s setting) file() string {
	if s.hidden {
		return "The file named by env or file"
	}
	return fmt.Sprintf("The file %q", s.value.AsString())
}

// read evaluates and converts an attribute. Ok is false when it is absent, null or
// wrong; if it is wrong, read has added a diagnostic. Words describe the wanted type
// with an example.
func (f *File) read(body *hclsyntax.Body, name string, want cty.Type, words string) (s setting, ok bool) {
	attr := body.Attributes[name]
	if attr == nil {
		return setting{}, false
	}
	v, hidden, ok := f.evaluate(attr.Expr, f.scope, false)
	if !ok || v.IsNull() {
		return setting{}, false
	}
	s = setting{name: name, place: attr.Expr.Range(), hidden: hidden}
	converted, err := convert.Convert(v, want)
	if err != nil {
		f.error("Wrong type", fmt.Sprintf("The attribute %s takes %s; this is %s.", name, words, typeName(v.Type())), s.place)
		return setting{}, false
	}
	s.value = converted
	return s, true
}

// evaluate evaluates an expression, and says whether the value may not be shown. When ok
// is false, there is a diagnostic.
func (f *File) evaluate(expr hclsyntax.Expression, scope *hcl.EvalContext, confidential bool) (v cty.Value, hidden, ok bool) {
	v, diags := language.Evaluate(expr, scope, confidential)
	f.add(diags...)
	if diags.HasErrors() {
		return v, true, false
	}
	if !v.IsWhollyKnown() {
		f.unknown(expr)
		return v, true, false
	}
	v, hidden = language.Reveal(v)
	return v, hidden, true
}

func typeName(t cty.Type) string {
	switch {
	case t == cty.String:
		return "a text"
	case t == cty.Bool:
		return "true or false"
	case t.IsTupleType(), t.IsListType(), t.IsSetType():
		return "a list"
	case t.IsObjectType(), t.IsMapType():
		return "an object"
	case t.IsCapsuleType():
		return "a " + t.FriendlyName()
	}
	return "a " + t.FriendlyName()
}

func (f *File) readText(body *hclsyntax.Body, name, words string) (setting, bool) {
	return f.read(body, name, cty.String, words)
}

// readDuration reads a duration between two bounds.
func (f *File) readDuration(body *hclsyntax.Body, name string, least, otherwise time.Duration) time.Duration {
	s, ok := f.read(body, name, cty.String, `a duration in quotes, such as "15m" or "30d"`)
	if !ok {
		return otherwise
	}
	d, err := parseDuration(s.text())
	switch {
	case err != nil:
		f.error("Not a duration", fmt.Sprintf("The attribute %s cannot be %s: %s.", name, s.shown(), err), s.place)
		return otherwise
	case d < least:
		f.error("Duration too short", fmt.Sprintf("The attribute %s must be at least %q.", name, least), s.place)
		return otherwise
	}
	return d
}

// readCount reads a whole number of at least 1.
func (f *File) readCount(body *hclsyntax.Body, name string, most, otherwise int) (int, bool) {
	s, ok := f.read(body, name, cty.Number, "a whole number")
	if !ok {
		return otherwise, false
	}
	n, _ := s.value.AsBigFloat().Float64()
	if n != math.Trunc(n) || n < 1 || n > float64(most) {
		f.error("Number out of range", fmt.Sprintf("The attribute %s takes a whole number from 1 to %d.", name, most), s.place)
		return otherwise, false
	}
	return int(n), true
}

func (f *File) readBool(body *hclsyntax.Body, name string, otherwise bool) bool {
	s, ok := f.read(body, name, cty.Bool, "true or false")
	if !ok {
		return otherwise
	}
	return s.value.True()
}

// readAddress reads a host:port to listen on.
func (f *File) readAddress(body *hclsyntax.Body, otherwise string) (string, setting) {
	s, ok := f.readText(body, "listen", `an address such as "127.0.0.1:8080"`)
	if !ok {
		return otherwise, setting{}
	}
	_, port, err := net.SplitHostPort(s.text())
	if err != nil {
		f.error("Not an address", fmt.Sprintf("The attribute listen cannot be %s. Write a host and a port, such as %q.", s.shown(), otherwise), s.place)
		return otherwise, setting{}
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		f.error("Not an address", fmt.Sprintf("The port in %s is not a number from 0 to 65535.", s.shown()), s.place)
		return otherwise, setting{}
	}
	return s.text(), s
}

// oneOf checks that a text is one of those allowed.
func (f *File) oneOf(s setting, allowed []string) bool {
	for _, a := range allowed {
		if s.text() == a {
			return true
		}
	}
	f.add(notAllowed(s, allowed))
	return false
}

func notAllowed(s setting, allowed []string) *hcl.Diagnostic {
	detail := fmt.Sprintf("The attribute %s cannot be %s; it is %s.", s.name, s.shown(), language.List(language.Quoted(allowed), "or"))
	if !s.hidden {
		if suggestion := spelling.Nearest(s.text(), allowed); suggestion != "" {
			detail += fmt.Sprintf(" Did you mean %q?", suggestion)
		}
	}
	return language.Error("Value not allowed", detail, s.place)
}

// add adds diagnostics, which are about an instance if one is being read.
func (f *File) add(diags ...*hcl.Diagnostic) {
	for _, d := range diags {
		if f.instance != nil && !language.IsConsequence(d) {
			c := *d
			c.Extra = about{f.instance.written}
			d = &c
		}
		f.diags = append(f.diags, d)
	}
}

func (f *File) error(summary, detail string, place hcl.Range) {
	f.add(language.Error(summary, detail, place))
}

func (f *File) warn(summary, detail string, place hcl.Range) {
	f.add(language.Warning(summary, detail, place))
}
