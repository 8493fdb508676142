package language

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// Use is what is done with a value, which determines the cost.
type Use int

const (
	// Passed means that it is read at most once.
	Passed Use = iota
	// Named means that only one of its members is used.
	Named
	// Calculated means that a text in it is read as a number.
	Calculated
	// Unified means that a common type is found for its elements, in quadratic time.
	Unified
	// Kept means that it, or each of its elements, becomes part of a card.
	Kept
)

// metered is an expression that charges its scope's meter. It replaces an expression in
// a copy of the tree.
type metered struct {
	hclsyntax.Expression
	use Use
}

// Value implements [hcl.Expression].
func (e metered) Value(scope *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	m := meterOf(scope)
	m.Charge(1)
	v, diags := e.Expression.Value(scope)
	m.Weigh(v, e.use)
	return v, diags
}

// UnwrapExpression lets HCL see the kind of expression.
func (e metered) UnwrapExpression() hcl.Expression { return e.Expression }

// Metered returns a copy of an expression that also charges the [Meter] of the scope in
// which it is evaluated.
func Metered(expr hclsyntax.Expression) hclsyntax.Expression { return meter(expr, Passed) }

// MeteredBody is [Metered] for all expressions of a body.
func MeteredBody(body *hclsyntax.Body) *hclsyntax.Body {
	c := *body
	c.Attributes = make(hclsyntax.Attributes, len(body.Attributes))
	for name, attr := range body.Attributes {
		a := *attr
		a.Expr = Metered(attr.Expr)
		if name == "for_each" { // of a dynamic block
			a.Expr = meter(attr.Expr, Kept)
		}
		c.Attributes[name] = &a
	}
	c.Blocks = make(hclsyntax.Blocks, len(body.Blocks))
	for i, block := range body.Blocks {
		b := *block
		b.Body = MeteredBody(block.Body)
		c.Blocks[i] = &b
	}
	return &c
}

func meter(expr hclsyntax.Expression, as Use) hclsyntax.Expression {
	if expr == nil {
		return nil
	}
	return metered{Expression: inside(expr), use: as}
}

func meters(list []hclsyntax.Expression) []hclsyntax.Expression {
	c := make([]hclsyntax.Expression, len(list))
	for i, expr := range list {
		c[i] = meter(expr, Passed)
	}
	return c
}

// inside copies an expression with its parts metered. Kinds not listed here have no
// parts.
func inside(expr hclsyntax.Expression) hclsyntax.Expression {
	switch e := expr.(type) {
	case *hclsyntax.ParenthesesExpr:
		c := *e
		c.Expression = meter(e.Expression, Passed)
		return &c
	case *hclsyntax.RelativeTraversalExpr:
		c := *e
		c.Source = meter(e.Source, Passed)
		return &c
	case *hclsyntax.FunctionCallExpr:
		c := *e
		c.Args = meters(e.Args)
		return meteredCall{&c}
	case *hclsyntax.ConditionalExpr:
		c := *e
		c.Condition, c.TrueResult, c.FalseResult = meter(e.Condition, Passed), meter(e.TrueResult, Unified), meter(e.FalseResult, Unified)
		return &c
	case *hclsyntax.IndexExpr:
		c := *e
		c.Collection, c.Key = meter(e.Collection, useOfCollection(e.Collection)), meter(e.Key, Calculated)
		return &c
	case *hclsyntax.BinaryOpExpr:
		c, as := *e, Calculated
		if e.Op == hclsyntax.OpEqual || e.Op == hclsyntax.OpNotEqual {
			as = Passed
		}
		c.LHS, c.RHS = meter(e.LHS, as), meter(e.RHS, as)
		return &c
	case *hclsyntax.UnaryOpExpr:
		c := *e
		c.Val = meter(e.Val, Calculated)
		return &c
	default:
		return insideCollection(expr)
	}
}

// useOfCollection is how much of a collection an index reads: one member of an operator's
// own, but who knows what of a stranger's.
func useOfCollection(expr hclsyntax.Expression) Use {
	if path, ok := expr.(*hclsyntax.ScopeTraversalExpr); ok && (path.Traversal.RootName() == "local" || path.Traversal.RootName() == "each") {
		return Named
	}
	return Passed
}

// insideCollection is inside for expressions that make or iterate over collections and
// templates.
func insideCollection(expr hclsyntax.Expression) hclsyntax.Expression {
	switch e := expr.(type) {
	case *hclsyntax.TupleConsExpr:
		c := *e
		c.Exprs = meters(e.Exprs)
		return &c
	case *hclsyntax.ObjectConsExpr:
		c := *e
		c.Items = make([]hclsyntax.ObjectConsItem, len(e.Items))
		for i, item := range e.Items {
			c.Items[i] = hclsyntax.ObjectConsItem{KeyExpr: meter(item.KeyExpr, Passed), ValueExpr: meter(item.ValueExpr, Passed)}
		}
		return &c
	case *hclsyntax.ObjectConsKeyExpr:
		c := *e
		if e.ForceNonLiteral || hcl.ExprAsKeyword(e.Wrapped) == "" {
			c.Wrapped = meter(e.Wrapped, Passed)
		}
		return &c
	case *hclsyntax.ForExpr:
		c := *e
		c.CollExpr, c.KeyExpr, c.ValExpr, c.CondExpr = meter(e.CollExpr, Passed), meter(e.KeyExpr, Passed), meter(e.ValExpr, Passed), meter(e.CondExpr, Passed)
		return &c
	case *hclsyntax.SplatExpr:
		c := *e
		c.Source, c.Each = meter(e.Source, Passed), meter(e.Each, Passed)
		return &c
	case *hclsyntax.TemplateExpr:
		c := *e
		c.Parts = meters(e.Parts)
		return &c
	case *hclsyntax.TemplateJoinExpr:
		c := *e
		c.Tuple = meter(e.Tuple, Passed)
		return &c
	case *hclsyntax.TemplateWrapExpr:
		c := *e
		c.Wrapped = meter(e.Wrapped, Passed)
		return &c
	default:
		return expr
	}
}

// meteredCall is a call that is charged for before it is made.
type meteredCall struct{ *hclsyntax.FunctionCallExpr }

// Value implements [hcl.Expression].
func (e meteredCall) Value(scope *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	f, ok := functionOf(e.Name, scope)
	if !ok || evaluatesItself(f) {
		return e.FunctionCallExpr.Value(scope)
	}
	call, args := *e.FunctionCallExpr, []cty.Value(nil)
	call.Args = make([]hclsyntax.Expression, len(e.Args))
	for i, arg := range e.Args {
		v, diags := arg.Value(scope)
		if diags.HasErrors() {
			return cty.DynamicVal, diags
		}
		call.Args[i] = &hclsyntax.LiteralValueExpr{Val: v, SrcRange: arg.Range()}
		if i == len(e.Args)-1 && e.ExpandFinal {
			args = append(args, elements(v)...)
		} else {
			args = append(args, v)
		}
	}
	m := meterOf(scope)
	m.look()
	m.chargeCall(e.Name, f, args)
	return call.Value(scope)
}

// functionOf finds a function in a scope or its parents.
func functionOf(name string, scope *hcl.EvalContext) (function.Function, bool) {
	for ; scope != nil; scope = scope.Parent() {
		if f, ok := scope.Functions[name]; ok {
			return f, true
		}
	}
	return function.Function{}, false
}

// evaluatesItself reports whether a function, such as try, gets expressions instead of
// values.
func evaluatesItself(f function.Function) bool {
	parameters := f.Params()
	if last := f.VarParam(); last != nil {
		parameters = append(parameters, *last)
	}
	for _, p := range parameters {
		if p.Type.IsCapsuleType() {
			return true
		}
	}
	return false
}
