package route

import (
	"fmt"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/connector-relay/relay/relay/route/language"
)

// Options are what Compile needs.
type Options struct {
	// Channels are the channels that the attribute to may name.
	Channels *language.References
	// Scope is what expressions may use besides the event.
	Scope *hcl.EvalContext
	// Source is the text of the file with the blocks.
	Source []byte
}

// blockSchema is the schema of a route block.
func blockSchema() language.Schema {
	return language.Schema{
		Title: "a route block",
		Attributes: []language.Attribute{
			{Name: "when"},
			{Name: "urgent"},
			{Name: "to", Required: true, Doc: "the list of channels that get the card, such as to = [channel.lobby]"},
		},
		Blocks: []language.Block{{Name: "card", Once: true}},
	}
}

// Compile compiles a route block. If the diagnostics have errors, the route is
// incomplete and must not be used.
func Compile(block *hclsyntax.Block, o Options) (*Route, hcl.Diagnostics) {
	r := &Route{Range: block.DefRange(), reach: language.Reach{}, scope: o.Scope, confidential: func() bool { return false }}
	diags := blockSchema().Check(block.Body, block.DefRange(), false)
	if to := block.Body.Attributes["to"]; to != nil {
		diags = append(diags, r.compileTo(to, o)...)
	}
	check := checkScope(r.scope)
	if when := block.Body.Attributes["when"]; when != nil {
		diags = append(diags, r.compileWhen(when, check, o.Source)...)
	}
	if urgent := block.Body.Attributes["urgent"]; urgent != nil {
		r.urgent = &condition{written: urgent.Expr, metered: language.Metered(urgent.Expr)}
		diags = append(diags, r.compileCondition(urgent.Expr, check)...)
	}
	for _, b := range block.Body.Blocks {
		if b.Type == "card" && r.card == nil && len(b.Body.Attributes)+len(b.Body.Blocks) > 0 {
			r.card = &override{written: b.Body, metered: language.MeteredBody(b.Body)}
			diags = append(diags, r.checkBody(cardSchema(), b.Body, b.DefRange(), check)...)
		}
	}
	return r, diags
}

// compileTo evaluates the channels.
func (r *Route) compileTo(attr *hclsyntax.Attribute, o Options) hcl.Diagnostics {
	scope := r.scope.NewChild()
	scope.Variables = map[string]cty.Value{"channel": o.Channels.Object()}
	v, diags := language.Evaluate(attr.Expr, scope, false)
	if diags.HasErrors() {
		return diags
	}
	v, hidden := language.Reveal(v)
	t := v.Type()
	if name, ok := o.Channels.Name(v); ok {
		return hcl.Diagnostics{language.Error("Wrong type", fmt.Sprintf("The attribute to is a list. Write to = [%s].", o.Channels.Written(name)), attr.Expr.Range())}
	}
	if !v.IsWhollyKnown() {
		return hcl.Diagnostics{language.Unknown(attr.Expr.Range())}
	}
	if o.Channels.Several(v) {
		return hcl.Diagnostics{language.Error("Wrong type", "The attribute to is a list, and these are all the channels of a block with for_each. Write to = values(…) for all of them, or name some, each with its key.", attr.Expr.Range())}
	}
	if v.IsNull() || !t.IsTupleType() && !t.IsListType() && !t.IsSetType() {
		return hcl.Diagnostics{language.Error("Wrong type", fmt.Sprintf("The attribute to is a list of channels, such as [channel.lobby]; this is %s.", described(v)), attr.Expr.Range())}
	}
	seen := make(map[string]bool)
	for it := v.ElementIterator(); it.Next(); {
		_, element := it.Element()
		name, ok := o.Channels.Name(element)
		if !ok {
			diags = append(diags, notChannel(element, hidden, attr.Expr.Range(), o.Channels))
			continue
		}
		if !seen[name] {
			seen[name] = true
			r.To = append(r.To, name)
		}
	}
	if len(r.To) == 0 && !diags.HasErrors() {
		diags = append(diags, language.Warning("Route without a channel", "This list is empty: events that match the route are stored but go nowhere.", attr.Expr.Range()))
	}
	return diags
}

// notChannel reports an element of to that is not a channel, usually a name in quotes.
func notChannel(v cty.Value, hidden bool, place hcl.Range, channels *language.References) *hcl.Diagnostic {
	if !hidden && v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
		name := v.AsString()
		if channels.Has(name) {
			return language.Error("Wrong type", fmt.Sprintf("Channels are not written in quotes. Write %s instead of %q.", channels.Written(name), name), place)
		}
		return language.Error("Unknown channel", fmt.Sprintf("There is no channel %q, and channels are not written in quotes but as channel.NAME.%s", name, language.DidYouMean(name, channels.Names())), place)
	}
	if channels.Several(v) {
		return language.Error("Wrong type", "One element is all the channels of a block with for_each. Name one of them with its key, or write to = values(…) for all of them.", place)
	}
	return language.Error("Wrong type", fmt.Sprintf("The attribute to is a list of channels, such as [channel.lobby]; one element is %s.", described(v)), place)
}

func described(v cty.Value) string {
	if v.IsNull() {
		return "null"
	}
	return article(v.Type())
}

// compileWhen compiles the condition and the reason for events that do not meet it.
func (r *Route) compileWhen(attr *hclsyntax.Attribute, check *hcl.EvalContext, source []byte) hcl.Diagnostics {
	r.when = &condition{written: attr.Expr, metered: language.Metered(attr.Expr)}
	text := strings.Join(strings.Fields(string(attr.Expr.Range().SliceBytes(source))), " ")
	if runes := []rune(text); len(runes) > 120 {
		text = string(runes[:119]) + "…"
	}
	r.isFalse = "the condition is false: " + text
	return r.compileCondition(attr.Expr, check)
}

// compileCondition checks a condition against an event whose types alone are
// known.
func (r *Route) compileCondition(expr hclsyntax.Expression, check *hcl.EvalContext) hcl.Diagnostics {
	r.prepare(expr)
	var diags hcl.Diagnostics
	for _, part := range parts(expr) {
		v, more := language.Evaluate(part, check, false)
		diags = append(diags, more...)
		if more.HasErrors() {
			continue
		}
		v, _ = language.Reveal(v)
		if t := v.Type(); v.IsNull() || t != cty.Bool && t != cty.DynamicPseudoType {
			detail := fmt.Sprintf("A condition is true or false; this is %s. Compare it with a value, such as event.kind == \"release\".", described(v))
			diags = append(diags, language.Error("Wrong type", detail, part.Range()))
		}
	}
	return diags
}

// parts splits a condition at && and ||. HCL does not report what is wrong after one of
// them while what stands before it is unknown.
func parts(expr hclsyntax.Expression) []hclsyntax.Expression {
	switch e := expr.(type) {
	case *hclsyntax.ParenthesesExpr:
		return parts(e.Expression)
	case *hclsyntax.UnaryOpExpr:
		if e.Op == hclsyntax.OpLogicalNot {
			return parts(e.Val)
		}
	case *hclsyntax.BinaryOpExpr:
		if e.Op == hclsyntax.OpLogicalAnd || e.Op == hclsyntax.OpLogicalOr {
			return append(parts(e.LHS), parts(e.RHS)...)
		}
	}
	return []hclsyntax.Expression{expr}
}

// prepare notes what an expression reads of an event.
func (r *Route) prepare(expr hclsyntax.Expression) {
	before := r.confidential
	r.confidential = sync.OnceValue(func() bool { return before() || language.CallsSecret(expr, r.scope) })
	for _, path := range expr.Variables() {
		if path.RootName() == "event" {
			r.note(path)
		}
	}
}

// checkBody checks a block of a card override with everything in it, without evaluating
// dynamic blocks, whose iterators are unknown here.
func (r *Route) checkBody(s bodySchema, body *hclsyntax.Body, header hcl.Range, scope *hcl.EvalContext) hcl.Diagnostics {
	diags := s.language().Check(body, header, true)
	for name, attr := range body.Attributes {
		if want, ok := s.attributes[name]; ok {
			diags = append(diags, r.checkAttribute(attr, want, scope)...)
		}
	}
	for _, block := range body.Blocks {
		if block.Type == "dynamic" {
			diags = append(diags, r.checkDynamic(s, block, scope)...)
		} else if nested, ok := s.blocks[block.Type]; ok {
			diags = append(diags, r.checkBody(nested(), block.Body, block.DefRange(), scope)...)
			diags = append(diags, checkLabels(block)...)
		}
	}
	if s.check != nil {
		diags = append(diags, s.check(body, header)...)
	}
	return diags
}

// checkAttribute evaluates one attribute with unknown values and compares the
// types.
func (r *Route) checkAttribute(attr *hclsyntax.Attribute, want kind, scope *hcl.EvalContext) hcl.Diagnostics {
	r.prepare(attr.Expr)
	v, diags := language.Evaluate(attr.Expr, scope, false)
	if diags.HasErrors() {
		return diags
	}
	if problem := want.problem(v); problem != "" {
		diags = append(diags, language.Error("Wrong type", fmt.Sprintf("The attribute %s is %s; %s", attr.Name, want.words(), problem), attr.Expr.Range()))
	}
	return diags
}

// checkDynamic checks a dynamic block: its own attributes, and its content with
// the iterator in scope.
func (r *Route) checkDynamic(s bodySchema, block *hclsyntax.Block, scope *hcl.EvalContext) hcl.Diagnostics {
	if len(block.Labels) != 1 {
		return hcl.Diagnostics{language.Error("Wrong number of labels", `The label of a dynamic block is the kind of block that it makes: dynamic "fact" { … }.`, block.TypeRange)}
	}
	nested, ok := s.blocks[block.Labels[0]]
	if !ok {
		detail := fmt.Sprintf("There is no block %q in %s.%s", block.Labels[0], s.title, language.DidYouMean(block.Labels[0], s.blockNames()))
		return hcl.Diagnostics{language.Error("Unknown block", detail, block.LabelRanges[0])}
	}
	r.dynamic = true
	labels := s.labels[block.Labels[0]]
	diags := dynamicSchema(len(labels)).Check(block.Body, block.DefRange(), false)
	attrs := block.Body.Attributes
	if each := attrs["for_each"]; each != nil {
		r.prepare(each.Expr)
		_, more := language.Evaluate(each.Expr, scope, false)
		diags = append(diags, more...)
	}
	iterator := block.Labels[0]
	if attr := attrs["iterator"]; attr != nil {
		iterator = hcl.ExprAsKeyword(attr.Expr)
		if iterator == "" {
			return append(diags, language.Error("Wrong type", "The iterator is a name without quotes.", attr.Expr.Range()))
		}
	}
	inner := scope.NewChild()
	inner.Variables = map[string]cty.Value{
		iterator: cty.ObjectVal(map[string]cty.Value{"key": cty.DynamicVal, "value": cty.DynamicVal}),
	}
	if attr := attrs["labels"]; attr != nil {
		diags = append(diags, r.checkDynamicLabels(attr, len(labels), inner)...)
	}
	content := 0
	for _, b := range block.Body.Blocks {
		if b.Type == "content" {
			content++
			diags = append(diags, r.checkBody(nested(), b.Body, b.DefRange(), inner)...)
		}
	}
	if content == 0 {
		diags = append(diags, language.Error("Missing block", "A dynamic block needs a content block, the content of each block that it makes.", block.DefRange()))
	}
	return diags
}

func (r *Route) checkDynamicLabels(attr *hclsyntax.Attribute, want int, scope *hcl.EvalContext) hcl.Diagnostics {
	r.prepare(attr.Expr)
	_, diags := language.Evaluate(attr.Expr, scope, false)
	if diags.HasErrors() {
		return diags
	}
	labels, more := hcl.ExprList(attr.Expr)
	if more.HasErrors() || len(labels) != want {
		return hcl.Diagnostics{language.Error("Wrong number of labels", fmt.Sprintf("Write the labels as a list of %d in brackets.", want), attr.Expr.Range())}
	}
	return nil
}

// dynamicSchema is the schema of a dynamic block that makes blocks with so many labels.
func dynamicSchema(labels int) language.Schema {
	s := language.Schema{
		Title:      "a dynamic block",
		Attributes: []language.Attribute{{Name: "for_each", Required: true, Doc: "the list or map to iterate over"}, {Name: "iterator"}},
		Blocks:     []language.Block{{Name: "content", Once: true}},
	}
	if labels > 0 {
		s.Attributes = append(s.Attributes, language.Attribute{Name: "labels", Required: true, Doc: "the labels of each block, such as [fact.key]"})
	}
	return s
}
