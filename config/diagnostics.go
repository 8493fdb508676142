package config

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/connector-relay/relay/relay/printable"
	"github.com/connector-relay/relay/relay/route/language"
	"github.com/connector-relay/relay/relay/secret"
)

// textWidth is how wide diagnostics are where nobody says.
const textWidth = 100

// WriteDiagnostics writes diagnostics for a person, with the lines of the file
// that they are about; secrets in those lines are struck out. Width is where to
// break lines, 0 for nowhere.
func (f *File) WriteDiagnostics(w io.Writer, d hcl.Diagnostics, width int, color bool) error {
	clean := make(hcl.Diagnostics, len(d))
	for i, diag := range d {
		c := *diag
		c.Summary, c.Detail = printable.Text(f.hidden.Mask(c.Summary)), printable.Text(f.hidden.Mask(c.Detail))
		c.Subject, c.Context = shown(c.Subject), shown(c.Context)
		c.Expression, c.EvalContext, c.Extra = nil, nil, nil
		clean[i] = &c
	}
	return hcl.NewDiagnosticTextWriter(w, f.struckOut(), uint(max(0, width)), color).WriteDiagnostics(clean)
}

// shown is a range with a file name that may stand on a terminal.
func shown(r *hcl.Range) *hcl.Range {
	if r == nil {
		return nil
	}
	c := *r
	c.Filename = printable.Line(c.Filename)
	return &c
}

// struckOut are the parsed files with asterisks for secrets, and nothing in them that
// would do more on a terminal than stand there.
func (f *File) struckOut() map[string]*hcl.File {
	redacted := slices.Clone(f.redacted)
	for _, c := range f.connectors {
		redacted = append(redacted, c.guessed...)
	}
	files := make(map[string]*hcl.File, len(f.files))
	for name, file := range f.files {
		c := *file
		c.Bytes = bytes.Clone(file.Bytes)
		for _, r := range redacted {
			for i := r.Start.Byte; i < r.End.Byte && i < len(c.Bytes); i++ {
				if c.Bytes[i] != '\n' && c.Bytes[i] != '\r' {
					c.Bytes[i] = '*'
				}
			}
		}
		c.Bytes = printable.Blank(c.Bytes)
		files[printable.Line(name)] = &c
	}
	return files
}

// Error is an invalid configuration: all diagnostics of a file.
type Error struct {
	file  *File
	diags hcl.Diagnostics
}

// Error returns the diagnostics as error. It is nil when none of them is an error.
func (f *File) Error(d hcl.Diagnostics) error {
	if !d.HasErrors() {
		return nil
	}
	return &Error{file: f, diags: d}
}

// Error is the diagnostics as they are written, without colour.
func (e *Error) Error() string {
	var b strings.Builder
	e.Write(&b, false)
	return strings.TrimRight(b.String(), "\n")
}

// Write writes the diagnostics. An error of the writer is left to the writer.
func (e *Error) Write(w io.Writer, color bool) {
	_ = e.file.WriteDiagnostics(w, e.diags, textWidth, color)
}

// Diagnostics are what is wrong.
func (e *Error) Diagnostics() hcl.Diagnostics { return e.diags }

// Warnings are the diagnostics that stop nothing, each in one line that names the
// place.
func (f *File) Warnings(d hcl.Diagnostics) []string {
	var list []string
	for _, diag := range d {
		if diag.Severity != hcl.DiagWarning {
			continue
		}
		place := f.path
		if diag.Subject != nil {
			place = fmt.Sprintf("%s:%d", f.path, diag.Subject.Start.Line)
		}
		text := fmt.Sprintf("%s: %s. %s", place, diag.Summary, diag.Detail)
		list = append(list, f.hidden.Mask(strings.Join(strings.Fields(text), " ")))
	}
	return list
}

// redact keeps the literal texts of an expression out of snippets, because a
// secret belongs in its place.
func (f *File) redact(expr hclsyntax.Expression) {
	f.redacted = append(f.redacted, literals(expr)...)
}

// check holds a body against its schema. Values of unknown names are struck out in
// snippets: a mistyped name may be a secret's.
func (f *File) check(s language.Schema, body *hclsyntax.Body, header hcl.Range) hcl.Diagnostics {
	for name, attr := range body.Attributes {
		if !slices.ContainsFunc(s.Attributes, func(a language.Attribute) bool { return a.Name == name && a.Later == "" }) {
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

// literals finds the literal texts and numbers in an expression. The names that
// env and file are called with are left out.
func literals(expr hclsyntax.Expression) []hcl.Range {
	w := literalWalker{}
	_ = hclsyntax.Walk(expr, &w)
	return w.found
}

type literalWalker struct{ names, found []hcl.Range }

// Enter implements [hclsyntax.Walker].
func (w *literalWalker) Enter(node hclsyntax.Node) hcl.Diagnostics {
	switch n := node.(type) {
	case *hclsyntax.FunctionCallExpr:
		if (n.Name == "env" || n.Name == "file") && len(n.Args) > 0 {
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
func (w *literalWalker) Exit(hclsyntax.Node) hcl.Diagnostics { return nil }

// redactByName strikes out texts in a file that cannot be parsed: those that follow
// a name which sounds like a secret's.
func (f *File) redactByName() {
	tokens, _ := hclsyntax.LexConfig(f.source, f.path, hcl.InitialPos)
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

// collectHidden finds out what the calls of env and file in a file give, so that
// no diagnostic shows it.
func (f *File) collectHidden(body *hclsyntax.Body) {
	functions := &hcl.EvalContext{Functions: language.Functions(f.dir)}
	_ = hclsyntax.VisitAll(body, func(node hclsyntax.Node) hcl.Diagnostics {
		call, ok := node.(*hclsyntax.FunctionCallExpr)
		if !ok || call.Name != "env" && call.Name != "file" {
			return nil
		}
		v, diags := call.Value(functions)
		if diags.HasErrors() {
			return nil
		}
		if v, hidden := language.Reveal(v); hidden && v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
			f.hidden.Add(secret.New(v.AsString()))
		}
		return nil
	})
}
