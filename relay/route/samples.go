package route

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/route/language"
)

// CheckKinds checks the route against its connector's event kinds and their samples. It
// warns of a kind that does not exist, and of a when, urgent or card block that fails
// on every sample. A sample without data means that the kind's data may be anything, so
// a route that reads event.data cannot be judged by it.
func (r *Route) CheckKinds(connector string, kinds []string, samples []event.Event) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, c := range []*condition{r.when, r.urgent} {
		if c != nil && len(kinds) > 0 {
			diags = append(diags, unknownKinds(c.written, r.scope, kinds)...)
		}
	}
	if !r.Conditional() {
		return diags
	}
	if _, looks := r.reach.Looks("data"); looks && slices.ContainsFunc(samples, func(e event.Event) bool { return len(e.Data) == 0 }) {
		return diags
	}
	all, told := r.try(connector, samples)
	if !told {
		return diags
	}
	if r.when != nil {
		if d := always(all, func(res Result) bool { return res.Failed }, "Condition fails on every sample", r.when.written.Range()); d != nil {
			return append(diags, d)
		}
	}
	matching := slices.DeleteFunc(slices.Clone(all), func(t tried) bool { return !t.Matched })
	if r.urgent != nil {
		if d := always(matching, func(res Result) bool { return res.unsure }, "Urgent fails on every sample", r.urgent.written.Range()); d != nil {
			diags = append(diags, d)
		}
	}
	if r.card != nil {
		place := r.card.written.Range()
		place.End = place.Start
		if d := always(matching, func(res Result) bool { return res.Flawed }, "Card block fails on every sample", place); d != nil {
			diags = append(diags, d)
		}
	}
	return diags
}

// tried is what the route does with the sample of a kind.
type tried struct {
	Result
	kind string
}

// try applies the route to all samples. They share a budget, since a type has many; told is
// false when they use it up, so that nothing can be said of all of them.
func (r *Route) try(connector string, samples []event.Event) (all []tried, told bool) {
	m := language.NewBudget()
	for i, sample := range samples {
		all = append(all, tried{r.apply(connector, sample, m), sample.Kind})
		if m.Over() && i > 0 {
			return nil, false
		}
	}
	return all, true
}

// always warns if all samples have the same problem.
func always(all []tried, trouble func(Result) bool, summary string, place hcl.Range) *hcl.Diagnostic {
	reason := ""
	for _, t := range all {
		if !trouble(t.Result) {
			return nil
		}
		if reason == "" {
			reason = fmt.Sprintf("With the sample of kind %q %s.", t.kind, strings.TrimSuffix(t.Reason, "."))
		}
	}
	if reason == "" {
		return nil // there are no samples
	}
	return language.Warning(summary, reason+" Guard members that may be missing with try(…, default) or can(…).", place)
}

// unknownKinds finds comparisons of event.kind with a text that is not a kind.
func unknownKinds(condition hclsyntax.Expression, scope *hcl.EvalContext, kinds []string) hcl.Diagnostics {
	var diags hcl.Diagnostics
	compare := func(expr hclsyntax.Expression) {
		v, more := language.Evaluate(expr, scope, true)
		if more.HasErrors() || v.IsMarked() || v.Type() != cty.String || v.IsNull() || !v.IsKnown() {
			return
		}
		if name := v.AsString(); !slices.Contains(kinds, name) {
			detail := fmt.Sprintf("The connector has no events of kind %q.%s", name, language.DidYouMean(name, kinds))
			diags = append(diags, language.Warning("Unknown event kind", detail, expr.Range()))
		}
	}
	_ = hclsyntax.VisitAll(condition, func(node hclsyntax.Node) hcl.Diagnostics {
		switch n := node.(type) {
		case *hclsyntax.BinaryOpExpr:
			if n.Op == hclsyntax.OpEqual || n.Op == hclsyntax.OpNotEqual {
				if isKind(n.LHS) {
					compare(n.RHS)
				} else if isKind(n.RHS) {
					compare(n.LHS)
				}
			}
		case *hclsyntax.FunctionCallExpr:
			if n.Name == "contains" && len(n.Args) == 2 && isKind(n.Args[1]) {
				if list, ok := n.Args[0].(*hclsyntax.TupleConsExpr); ok {
					for _, element := range list.Exprs {
						compare(element)
					}
				}
			}
		}
		return nil
	})
	return diags
}

// isKind reports whether an expression is event.kind.
func isKind(expr hclsyntax.Expression) bool {
	t, ok := expr.(*hclsyntax.ScopeTraversalExpr)
	return ok && len(t.Traversal) == 2 && t.Traversal.RootName() == "event" && member(t.Traversal[1]) == "kind"
}
