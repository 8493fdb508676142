package language

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Canonical writes a body for fingerprints: the same text for bodies that differ only
// in comments, layout and the order of attributes, or in the names of values in the scope.
func Canonical(body *hclsyntax.Body, scope *hcl.EvalContext) string {
	var b strings.Builder
	writeBody(&b, body, scope)
	return b.String()
}

func writeBody(b *strings.Builder, body *hclsyntax.Body, scope *hcl.EvalContext) {
	b.WriteByte('{')
	for _, name := range slices.Sorted(maps.Keys(body.Attributes)) {
		fmt.Fprintf(b, "%s=%s;", name, CanonicalExpression(body.Attributes[name].Expr, scope))
	}
	for _, block := range body.Blocks {
		fmt.Fprintf(b, "%s%q", block.Type, block.Labels)
		writeBody(b, block.Body, scope)
	}
	b.WriteByte('}')
}

// CanonicalExpression is [Canonical] for an expression.
func CanonicalExpression(expr hclsyntax.Expression, scope *hcl.EvalContext) string {
	w := canonicalWalker{scope: scope}
	_ = hclsyntax.Walk(expr, &w)
	return w.String()
}

// canonicalWalker writes each node of an expression, with its own properties, in
// brackets around its children. What only names values in the scope is written as its
// value.
type canonicalWalker struct {
	strings.Builder
	scope *hcl.EvalContext
	// within is the node whose value is written; what is in it is not.
	within hclsyntax.Node
}

func (w *canonicalWalker) Enter(node hclsyntax.Node) hcl.Diagnostics {
	if w.within != nil {
		return nil
	}
	if value, ok := w.value(node); ok {
		w.WriteString(value)
		w.within = node
	} else if label := canonicalLabel(node); label != "" {
		w.WriteString("(" + label)
	}
	return nil
}

func (w *canonicalWalker) Exit(node hclsyntax.Node) hcl.Diagnostics {
	switch {
	case w.within == node:
		w.within = nil
	case w.within == nil && canonicalLabel(node) != "":
		w.WriteByte(')')
	}
	return nil
}

// value is that of an expression that names values of the scope and nothing else.
func (w *canonicalWalker) value(node hclsyntax.Node) (string, bool) {
	expr, ok := node.(hclsyntax.Expression)
	if !ok {
		return "", false
	}
	names := expr.Variables()
	if len(names) == 0 || slices.ContainsFunc(names, func(path hcl.Traversal) bool { _, known := lookUp(path.RootName(), w.scope); return !known }) {
		return "", false
	}
	v, diags := expr.Value(w.scope)
	return canonicalValue(v), !diags.HasErrors()
}

func canonicalLabel(node hclsyntax.Node) string {
	switch n := node.(type) {
	case *hclsyntax.ParenthesesExpr, hclsyntax.ChildScope:
		return ""
	case *hclsyntax.LiteralValueExpr:
		return canonicalValue(n.Val)
	case *hclsyntax.ScopeTraversalExpr:
		return "var" + canonicalPath(n.Traversal)
	case *hclsyntax.RelativeTraversalExpr:
		return "path" + canonicalPath(n.Traversal)
	case *hclsyntax.FunctionCallExpr:
		return fmt.Sprintf("call %s %t ", n.Name, n.ExpandFinal)
	case *hclsyntax.BinaryOpExpr:
		return "op" + operator(n.Op)
	case *hclsyntax.UnaryOpExpr:
		return "op" + operator(n.Op)
	case *hclsyntax.ForExpr:
		return fmt.Sprintf("for %s %s %t %t %t ", n.KeyVar, n.ValVar, n.KeyExpr != nil, n.CondExpr != nil, n.Group)
	case *hclsyntax.ObjectConsKeyExpr:
		return fmt.Sprintf("key %q %t ", hcl.ExprAsKeyword(n.Wrapped), n.ForceNonLiteral)
	default:
		return fmt.Sprintf("%T ", n)
	}
}

// canonicalValue writes references by their names, because Go would print where they are.
func canonicalValue(v cty.Value) string {
	v, _ = v.UnmarkDeep()
	v, err := cty.Transform(v, func(_ cty.Path, v cty.Value) (cty.Value, error) {
		if v.Type().IsCapsuleType() && v.IsKnown() && !v.IsNull() {
			if name, ok := v.EncapsulatedValue().(*string); ok {
				return cty.StringVal(*name), nil
			}
		}
		return v, nil
	})
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%#v", v)
}

func canonicalPath(path hcl.Traversal) string {
	var b strings.Builder
	for _, step := range path {
		switch s := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString("." + s.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + s.Name)
		case hcl.TraverseIndex:
			b.WriteString("[" + canonicalValue(s.Key) + "]")
		default:
			b.WriteString("[*]")
		}
	}
	return b.String()
}

func operator(op *hclsyntax.Operation) string {
	switch op {
	case hclsyntax.OpLogicalOr:
		return "||"
	case hclsyntax.OpLogicalAnd:
		return "&&"
	case hclsyntax.OpLogicalNot:
		return "!"
	case hclsyntax.OpEqual:
		return "=="
	case hclsyntax.OpNotEqual:
		return "!="
	case hclsyntax.OpGreaterThan:
		return ">"
	case hclsyntax.OpGreaterThanOrEqual:
		return ">="
	case hclsyntax.OpLessThan:
		return "<"
	case hclsyntax.OpLessThanOrEqual:
		return "<="
	case hclsyntax.OpAdd:
		return "+"
	case hclsyntax.OpSubtract:
		return "-"
	case hclsyntax.OpMultiply:
		return "*"
	case hclsyntax.OpDivide:
		return "/"
	case hclsyntax.OpModulo:
		return "%"
	case hclsyntax.OpNegate:
		return "neg"
	}
	return "?"
}
