// Package language is what relay.hcl's blocks and the conditions in them share:
// functions, values that must not be shown, and evaluation whose diagnostics reveal no
// secret.
package language

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/connector-relay/relay/relay/spelling"
)

// Error returns a diagnostic of a mistake. The summary is the kind of the problem; the
// detail's sentences say what to do.
func Error(summary, detail string, subject hcl.Range) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &subject}
}

// Warning returns a diagnostic that stops nothing.
func Warning(summary, detail string, subject hcl.Range) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: summary, Detail: detail, Subject: &subject}
}

// DidYouMean returns a sentence about a mistyped name: the name that was probably
// meant, or else all names. It starts with a space; without names it is empty.
func DidYouMean(given string, names []string) string {
	if s := spelling.Nearest(given, names); s != "" {
		return fmt.Sprintf(" Did you mean %q?", s)
	}
	switch len(names) {
	case 0:
		return ""
	case 1:
		return " There is only " + names[0] + "."
	}
	return " There are " + List(names, "and") + "."
}

// List joins names with commas and the given word before the last.
func List(names []string, last string) string {
	switch n := len(names); n {
	case 0:
		return "none"
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " " + last + " " + names[n-1]
	}
}

// Quoted returns each name in quotes.
func Quoted(names []string) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = fmt.Sprintf("%q", name)
	}
	return list
}

// Where says on which line something is, for somebody who looks at another place.
func Where(at, from hcl.Range) string {
	if at.Filename != from.Filename {
		return fmt.Sprintf("in %s on line %d", at.Filename, at.Start.Line)
	}
	return fmt.Sprintf("on line %d", at.Start.Line)
}

// Sort orders diagnostics by their place in the files; those without one come first.
func Sort(diags hcl.Diagnostics) {
	slices.SortStableFunc(diags, func(a, b *hcl.Diagnostic) int {
		x, y := subject(a), subject(b)
		return cmp.Or(cmp.Compare(x.Filename, y.Filename), cmp.Compare(x.Start.Byte, y.Start.Byte))
	})
}

func subject(d *hcl.Diagnostic) hcl.Range {
	if d.Subject == nil {
		return hcl.Range{}
	}
	return *d.Subject
}
