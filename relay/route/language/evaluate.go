package language

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/connector-relay/relay/relay/spelling"
)

// Evaluate is [hcl.Expression.Value] with better diagnostics: it reports all wrong
// names at once, even in parts that would not be evaluated, and never shows values of
// env or file, whichever way they get there. Confidential says that not even literals may
// be shown, because the expression is for a secret.
func Evaluate(expr hclsyntax.Expression, ctx *hcl.EvalContext, confidential bool) (cty.Value, hcl.Diagnostics) {
	if diags := checkNames(expr, ctx); diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	v, diags := value(expr, ctx)
	return v, Scrub(diags, confidential || len(diags) > 0 && CallsSecret(expr, ctx))
}

// TooCostly is the summary of the diagnostic about an expression that exceeds its meter.
const TooCostly = "Too costly"

// value evaluates an expression, within the bounds of the scope's [Meter] if it has one.
func value(expr hclsyntax.Expression, ctx *hcl.EvalContext) (v cty.Value, diags hcl.Diagnostics) {
	m := meterOf(ctx)
	if m == nil {
		return expr.Value(ctx)
	}
	err := m.Bound(func() error {
		v, diags = Metered(expr).Value(ctx)
		return nil
	})
	if err != nil {
		return cty.DynamicVal, hcl.Diagnostics{Error(TooCostly, "This cannot be evaluated: it makes too much, or takes too long. Write it in a simpler way.", expr.Range())}
	}
	return v, diags
}

// checkNames reports functions, variables and attributes of variables that do not
// exist, anywhere in the expression.
func checkNames(expr hclsyntax.Expression, ctx *hcl.EvalContext) hcl.Diagnostics {
	diags := checkFunctions(expr, ctx)
	for _, traversal := range expr.Variables() {
		if d := checkTraversal(traversal, ctx); d != nil {
			diags = append(diags, d)
		}
	}
	Sort(diags)
	return diags
}

func checkFunctions(expr hclsyntax.Expression, ctx *hcl.EvalContext) hcl.Diagnostics {
	var diags hcl.Diagnostics
	functions := ctx
	for functions != nil && functions.Functions == nil {
		functions = functions.Parent()
	}
	_ = hclsyntax.VisitAll(expr, func(node hclsyntax.Node) hcl.Diagnostics {
		call, ok := node.(*hclsyntax.FunctionCallExpr)
		if !ok || functions == nil {
			return nil
		}
		if _, known := functions.Functions[call.Name]; !known {
			names := slices.Sorted(maps.Keys(functions.Functions))
			suggestion := spelling.Nearest(call.Name, names)
			detail := fmt.Sprintf("There is no function %q.", call.Name)
			if suggestion != "" {
				detail += fmt.Sprintf(" Did you mean %q?", suggestion)
			}
			diags = append(diags, Error("Unknown function", detail, call.NameRange))
		}
		return nil
	})
	return diags
}

// checkTraversal follows a path such as event.card.title as far as its types are
// known.
func checkTraversal(traversal hcl.Traversal, ctx *hcl.EvalContext) *hcl.Diagnostic {
	root, ok := traversal[0].(hcl.TraverseRoot)
	if !ok {
		return nil
	}
	v, ok := lookUp(root.Name, ctx)
	if !ok {
		return unknownName(root, traversal, ctx)
	}
	path := root.Name
	for _, step := range traversal[1:] {
		name, place, isName := StepName(step)
		t := v.Type()
		if t.IsObjectType() && isName && !t.HasAttribute(name) {
			names := slices.Sorted(maps.Keys(t.AttributeTypes()))
			return unknownMember(path, name, names, place)
		}
		if t == cty.DynamicPseudoType || v.IsNull() {
			return nil
		}
		next, diags := hcl.Traversal{step}.TraverseRel(v)
		if diags.HasErrors() {
			return nil // the evaluation reports it better
		}
		v, path = next, path+"."+name
	}
	return nil
}

// lookUp finds a variable in a scope or its parents.
func lookUp(name string, ctx *hcl.EvalContext) (cty.Value, bool) {
	for ; ctx != nil; ctx = ctx.Parent() {
		if v, ok := ctx.Variables[name]; ok {
			return v, true
		}
	}
	return cty.NilVal, false
}

func unknownName(root hcl.TraverseRoot, traversal hcl.Traversal, ctx *hcl.EvalContext) *hcl.Diagnostic {
	var names []string
	for c := ctx; c != nil; c = c.Parent() {
		names = append(names, slices.Sorted(maps.Keys(c.Variables))...)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == meterName })
	detail := fmt.Sprintf("There is nothing called %q here.", root.Name)
	switch suggestion := spelling.Nearest(root.Name, names); {
	case suggestion != "":
		detail += fmt.Sprintf(" Did you mean %q?", suggestion)
	case root.Name == "local":
		detail += " The configuration has no locals block yet."
	case root.Name == "each":
		detail += " Only in a block with for_each is there each.key and each.value."
	case root.Name == "event":
		detail += " This is evaluated once, before any event; only a route's when and card know the event."
	case len(traversal) == 1:
		detail += fmt.Sprintf(" If you mean a text, put it in quotes: %q.", root.Name)
	case len(names) > 0:
		detail += " There is " + List(names, "and") + "."
	}
	return Error("Unknown name", detail, root.SrcRange)
}

// unknownMember reports a name that is not among an object's fixed members. Channels,
// teams and locals are such members and get their own words.
func unknownMember(path, name string, names []string, place hcl.Range) *hcl.Diagnostic {
	if path == "channel" || path == "team" || path == "local" {
		if len(names) == 0 {
			return Error("Unknown "+path, fmt.Sprintf("There is no %s %q: the configuration has no %s block yet.", path, name, path), place)
		}
		return Error("Unknown "+path, fmt.Sprintf("There is no %s %q.%s", path, name, DidYouMean(name, names)), place)
	}
	return Error("Unknown attribute", fmt.Sprintf("There is no %q in %s.%s", name, path, DidYouMean(name, names)), place)
}

// StepName returns the member that a step of a path names, and its place.
func StepName(step hcl.Traverser) (string, hcl.Range, bool) {
	switch s := step.(type) {
	case hcl.TraverseAttr:
		place := s.SrcRange
		if place.End.Byte-place.Start.Byte == len(s.Name)+1 { // leave the dot out
			place.Start.Byte++
			place.Start.Column++
		}
		return s.Name, place, true
	case hcl.TraverseIndex:
		if s.Key.Type() == cty.String && s.Key.IsKnown() && !s.Key.IsNull() && !s.Key.IsMarked() {
			return s.Key.AsString(), s.SrcRange, true
		}
		return "…", s.SrcRange, false
	}
	return "…", step.SourceRange(), false
}

// Scrub makes an evaluation's diagnostics safe to show. It removes the variables'
// values, which HCL's writer would print, and for a confidential expression the detail
// too, because functions quote their arguments.
func Scrub(diags hcl.Diagnostics, confidential bool) hcl.Diagnostics {
	for i, d := range diags {
		clean := *d
		clean.Expression, clean.EvalContext = nil, nil
		if own := readError(d); own != nil {
			clean.Summary, clean.Detail = own.summary, own.detail
		} else if confidential {
			clean.Detail = "The cause is not shown, because the expression holds a secret or uses env or file. Try it with harmless values."
		}
		clean.Extra = nil
		diags[i] = &clean
	}
	return diags
}

// readError returns the error behind a diagnostic about a call of env or file.
func readError(d *hcl.Diagnostic) *sourceError {
	extra, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallDiagExtra](d)
	if !ok || extra == nil {
		return nil
	}
	if err, ok := errors.AsType[*sourceError](extra.FunctionCallError()); ok {
		return err
	}
	return nil
}

// IsSource reports whether a function reads what must not be shown.
func IsSource(function string) bool {
	return function == "env" || function == "file" || function == "secret"
}

// CallsSecret reports whether an expression calls env, file or secret, or names a value in
// the scope that comes from there.
func CallsSecret(expr hclsyntax.Expression, ctx *hcl.EvalContext) bool {
	found := slices.ContainsFunc(expr.Variables(), func(path hcl.Traversal) bool { return isHidden(path, ctx) })
	_ = hclsyntax.VisitAll(expr, func(node hclsyntax.Node) hcl.Diagnostics {
		if call, ok := node.(*hclsyntax.FunctionCallExpr); ok && IsSource(call.Name) {
			found = true
		}
		return nil
	})
	return found
}

// isHidden reports whether there is a hidden value at a path, or where it ends early.
func isHidden(path hcl.Traversal, ctx *hcl.EvalContext) bool {
	v, ok := lookUp(path.RootName(), ctx)
	for _, step := range path[1:] {
		next, diags := hcl.Traversal{step}.TraverseRel(v)
		if !ok || diags.HasErrors() {
			break
		}
		v = next
	}
	return ok && v.ContainsMarked()
}

// Unknown says that a value cannot be known, which is worth saying only where nothing
// else is wrong: it follows from a mistake elsewhere.
func Unknown(place hcl.Range) *hcl.Diagnostic {
	d := Error("Unknown value", "What this is made of cannot be known.", place)
	d.Extra = consequence{}
	return d
}

type consequence struct{}

// IsConsequence reports a diagnostic that [Unknown] made.
func IsConsequence(d *hcl.Diagnostic) bool { _, is := d.Extra.(consequence); return is }

// OneLine writes diagnostics for a log or a status: the first error's summary and
// detail in one line, shortened.
func OneLine(diags hcl.Diagnostics) string {
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		text := d.Summary + ": " + d.Detail
		if d.Subject != nil {
			text = fmt.Sprintf("line %d: %s", d.Subject.Start.Line, text)
		}
		return Shorten(text)
	}
	return ""
}

// Shorten makes a text one line of at most 300 characters.
func Shorten(text string) string {
	const longest = 300
	if len(text) > 8*longest {
		text = strings.ToValidUTF8(text[:8*longest], "") // more than is shown
	}
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest-1]) + "…"
	}
	return text
}
