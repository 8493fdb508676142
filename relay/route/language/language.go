// Package language is what relay.hcl's blocks and the conditions in them have in
// common: the functions, values that must not be shown, and evaluation whose
// diagnostics give no secret away.
package language

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Error is a diagnostic of what must be put right. Summary is the kind of the
// problem, detail are sentences that say what to do.
func Error(summary, detail string, subject hcl.Range) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &subject}
}

// Warning is a diagnostic that stops nothing.
func Warning(summary, detail string, subject hcl.Range) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: summary, Detail: detail, Subject: &subject}
}

// Suggest returns the name that was probably meant, or "". Up to a third of the
// given name's letters may be wrong; two that have changed places count once.
func Suggest(given string, names []string) string {
	best, least := "", max(1, min(3, len(given)/3))+1
	for _, name := range names {
		if d := distance(strings.ToLower(given), strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to insert, remove, change or swap with a neighbour
// (the optimal string alignment distance). Swapped letters are the commonest
// mistake of typing; the Levenshtein distance counts them twice.
func distance(from, to string) int {
	a, b := []rune(from), []rune(to)
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(last[j]+1, row[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}

// DidYouMean returns the sentence that helps with a mistyped name: the name that
// was probably meant, or else all there are. It begins with a space; it is empty
// when there are no names.
func DidYouMean(given string, names []string) string {
	if s := Suggest(given, names); s != "" {
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

// List joins names with commas and a last word, in their order.
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

// Quoted is each name in quotes.
func Quoted(names []string) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = fmt.Sprintf("%q", name)
	}
	return list
}

// Sort orders diagnostics by their place in the file; those without one come
// first.
func Sort(diags hcl.Diagnostics) {
	slices.SortStableFunc(diags, func(a, b *hcl.Diagnostic) int { return at(a) - at(b) })
}

func at(d *hcl.Diagnostic) int {
	if d.Subject == nil {
		return -1
	}
	return d.Subject.Start.Byte
}
