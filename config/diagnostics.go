package config

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/connector-relay/relay/relay/printable"
	"github.com/connector-relay/relay/relay/route/language"
)

// textWidth is the default width of diagnostics.
const textWidth = 100

// WriteDiagnostics writes diagnostics for people, with the source lines that they are
// about; secrets in those lines are struck out. Lines are broken at the given width; 0
// means nowhere.
func (f *File) WriteDiagnostics(w io.Writer, d hcl.Diagnostics, width int, color bool) error {
	clean := make(hcl.Diagnostics, len(d))
	for i, diag := range d {
		c := *diag
		c.Summary, c.Detail = printable.Text(f.mask(c.Summary)), printable.Text(f.mask(c.Detail))
		c.Subject, c.Context = shown(c.Subject), shown(c.Context)
		c.Expression, c.EvalContext, c.Extra = nil, nil, nil
		clean[i] = &c
	}
	return hcl.NewDiagnosticTextWriter(w, f.struckOut(d), uint(max(0, width)), color).WriteDiagnostics(clean)
}

// shown is a range whose file name is safe to print.
func shown(r *hcl.Range) *hcl.Range {
	if r == nil {
		return nil
	}
	c := *r
	c.Filename = printable.Line(c.Filename)
	return &c
}

// struckOut are the parsed files that diagnostics are about, with asterisks for secrets
// and nothing in them that would act on a terminal.
func (f *File) struckOut(d hcl.Diagnostics) map[string]*hcl.File {
	files := make(map[string]*hcl.File)
	for _, diag := range d {
		for _, place := range []*hcl.Range{diag.Subject, diag.Context} {
			if place == nil || f.files[place.Filename] == nil || files[printable.Line(place.Filename)] != nil {
				continue
			}
			c := *f.files[place.Filename]
			c.Bytes = f.strikeOut(place.Filename, bytes.Clone(c.Bytes), nil)
			files[printable.Line(place.Filename)] = &c
		}
	}
	return files
}

// Error is an invalid configuration with all its diagnostics.
type Error struct {
	file  *File
	diags hcl.Diagnostics
}

// Error returns the diagnostics as an error, nil if none of them is one.
func (f *File) Error(d hcl.Diagnostics) error {
	if !d.HasErrors() {
		return nil
	}
	return &Error{file: f, diags: d}
}

// Error writes the diagnostics without colour.
func (e *Error) Error() string {
	var b strings.Builder
	e.Write(&b, false)
	return strings.TrimRight(b.String(), "\n")
}

// Write writes the diagnostics and ignores the writer's errors.
func (e *Error) Write(w io.Writer, color bool) {
	_ = e.file.WriteDiagnostics(w, e.diags, textWidth, color)
}

// Diagnostics returns the diagnostics.
func (e *Error) Diagnostics() hcl.Diagnostics { return e.diags }

// Warnings returns the warnings, each as one line that names the place.
func (f *File) Warnings(d hcl.Diagnostics) []string {
	var list []string
	for _, diag := range d {
		if diag.Severity != hcl.DiagWarning {
			continue
		}
		place := f.config.Path
		if diag.Subject != nil {
			place = fmt.Sprintf("%s:%d", diag.Subject.Filename, diag.Subject.Start.Line)
		}
		text := fmt.Sprintf("%s: %s. %s", place, diag.Summary, diag.Detail)
		list = append(list, f.mask(strings.Join(strings.Fields(text), " ")))
	}
	return list
}

// redact strikes out an expression's literal texts in snippets, because a secret
// belongs there, and those of the values that it names. It returns where all these are.
func (f *File) redact(expr hclsyntax.Expression) []hcl.Range {
	found, todo := []hcl.Range{}, []hclsyntax.Expression{expr}
	seen := make(map[hclsyntax.Expression]bool)
	for len(todo) > 0 {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[next] {
			continue
		}
		seen[next] = true
		w := literalWalker{origin: f.origin}
		_ = hclsyntax.Walk(next, &w)
		if _, known := f.written[next]; !known {
			f.written[next] = w.found
			f.redacted = append(f.redacted, w.found...)
		}
		found, todo = append(found, w.found...), append(todo, w.origins...)
	}
	return found
}

// check checks a body against its schema. Values of unknown names are struck out in
// snippets: the name may be a mistyped secret's.
func (f *File) check(s language.Schema, body *hclsyntax.Body, header hcl.Range) hcl.Diagnostics {
	for name, attr := range body.Attributes {
		if !slices.ContainsFunc(s.Attributes, func(a language.Attribute) bool { return a.Name == name }) {
			f.redact(attr.Expr)
		}
	}
	for _, block := range body.Blocks {
		if !slices.ContainsFunc(s.Blocks, func(b language.Block) bool { return b.Name == block.Type && b.Later == "" }) {
			f.redactBody(block.Body)
		}
	}
	return s.Check(body, header, false)
}

func (f *File) redactBody(body *hclsyntax.Body) {
	for _, attr := range body.Attributes {
		f.redact(attr.Expr)
	}
	for _, block := range body.Blocks {
		f.redactBody(block.Body)
	}
}

// literals finds the literal texts and numbers in an expression. It leaves out the
// arguments of env and file.
func literals(expr hclsyntax.Expression) []hcl.Range {
	w := literalWalker{}
	_ = hclsyntax.Walk(expr, &w)
	return w.found
}

// literalWalker collects literals and, if it is told where values stand, the origins of
// those that are named.
type literalWalker struct {
	origin       func(hclsyntax.Expression) hclsyntax.Expression
	origins      []hclsyntax.Expression
	names, found []hcl.Range
	// within is a named value, whose parts are no literals of this expression.
	within hclsyntax.Node
}

// Enter implements [hclsyntax.Walker].
func (w *literalWalker) Enter(node hclsyntax.Node) hcl.Diagnostics {
	if w.within != nil {
		return nil
	}
	if expr, ok := node.(hclsyntax.Expression); ok && w.origin != nil {
		if origin := w.origin(expr); origin != nil {
			w.origins, w.within = append(w.origins, origin), node
			return nil
		}
	}
	switch n := node.(type) {
	case *hclsyntax.FunctionCallExpr:
		if language.IsSource(n.Name) && len(n.Args) > 0 {
			w.names = append(w.names, n.Args[0].Range())
		}
	case *hclsyntax.LiteralValueExpr:
		isName := slices.ContainsFunc(w.names, n.SrcRange.Overlaps)
		if t := n.Val.Type(); !isName && !n.Val.IsNull() && (t == cty.String || t == cty.Number) {
			w.found = append(w.found, n.SrcRange)
		}
	}
	return nil
}

// Exit implements [hclsyntax.Walker].
func (w *literalWalker) Exit(node hclsyntax.Node) hcl.Diagnostics {
	if w.within == node {
		w.within = nil
	}
	return nil
}

// redactByName strikes out the texts after names that suggest secrets, in a file that
// cannot be parsed.
func (f *File) redactByName(s Source) {
	tokens, _ := hclsyntax.LexConfig(s.Text, s.Name, hcl.InitialPos)
	secretLine := -1
	for i, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenIdent:
			if i+1 < len(tokens) && tokens[i+1].Type == hclsyntax.TokenEqual && soundsSecret(string(t.Bytes)) {
				secretLine = t.Range.Start.Line
			}
		case hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit:
			if t.Range.Start.Line == secretLine {
				f.redacted = append(f.redacted, t.Range)
				secretLine = t.Range.End.Line
			}
		case hclsyntax.TokenOHeredoc:
			if t.Range.Start.Line == secretLine {
				secretLine = t.Range.End.Line
			}
		}
	}
}

// soundsSecret guesses from an attribute's name whether its value is a secret.
func soundsSecret(name string) bool {
	name = strings.ToLower(name)
	if name == "url" || name == "proxy" || name == "env" {
		return true
	}
	for _, part := range []string{"secret", "token", "password", "passwd", "passphrase", "credential", "key", "auth"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// collectHidden evaluates the calls of env and file, so that no diagnostic shows their
// values.
func (f *File) collectHidden(body *hclsyntax.Body) {
	_ = hclsyntax.VisitAll(body, func(node hclsyntax.Node) hcl.Diagnostics {
		call, ok := node.(*hclsyntax.FunctionCallExpr)
		if !ok || !language.IsSource(call.Name) {
			return nil
		}
		if call.Name == "secret" && f.secret == nil {
			f.warnUnread(call.Range())
			return nil
		}
		v, diags := language.Evaluate(call, f.scope, true)
		if diags.HasErrors() {
			return nil
		}
		if v, hidden := language.Reveal(v); hidden && v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
			f.hide(v.AsString())
		}
		return nil
	})
}

// guess finds the literals in a value that its name, or that of one of its members,
// suggests to be secret. A URL alone need not be.
func guess(name string, expr hclsyntax.Expression) []hcl.Range {
	if name != "url" && soundsSecret(name) {
		return literals(expr)
	}
	var found []hcl.Range
	_ = hclsyntax.VisitAll(expr, func(node hclsyntax.Node) hcl.Diagnostics {
		object, ok := node.(*hclsyntax.ObjectConsExpr)
		if !ok {
			return nil
		}
		for _, item := range object.Items {
			if key := keyOf(item.KeyExpr); key != "url" && soundsSecret(key) {
				found = append(found, literals(item.ValueExpr)...)
			}
		}
		return nil
	})
	return found
}

// keyOf is the key of an object's member if it is written out. It calculates nothing: a
// member's text is looked at before anything in it is known to be affordable.
func keyOf(expr hclsyntax.Expression) string {
	switch e := expr.(type) {
	case *hclsyntax.ObjectConsKeyExpr:
		return cmp.Or(hcl.ExprAsKeyword(e.Wrapped), keyOf(e.Wrapped))
	case *hclsyntax.ParenthesesExpr:
		return keyOf(e.Expression)
	case *hclsyntax.TemplateExpr:
		if e.IsStringLiteral() {
			v, _ := e.Value(nil)
			return v.AsString()
		}
	}
	return ""
}
