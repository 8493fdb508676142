package form

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/route/language"
)

// Read makes a filled-in form of a connector block. The error says what in the block a
// form of this type cannot say; such a block is edited as HCL.
func Read(src string, t connector.Type) (Filled, error) {
	block, err := parseBlock(src)
	if err != nil {
		return Filled{}, err
	}
	r := reader{src: []byte(src), typ: t, filled: Filled{Type: block.Labels[0], Name: block.Labels[1], Arguments: make(map[string]string)}}
	if r.filled.Type != t.Type {
		return Filled{}, fmt.Errorf("the block is of type %s", r.filled.Type)
	}
	if hasComment(r.src) {
		return Filled{}, fmt.Errorf("the block has a comment")
	}
	for _, attr := range block.Body.Attributes {
		if !r.attribute(attr) {
			return Filled{}, fmt.Errorf("a form cannot hold what the attribute %s says", attr.Name)
		}
	}
	slices.Sort(r.filled.Kept)
	for i, b := range block.Body.Blocks {
		if b.Type != "route" || i > 0 || len(b.Labels) > 0 || !r.route(b.Body) {
			return Filled{}, fmt.Errorf("a form cannot hold the block's %s block", b.Type)
		}
	}
	return r.filled, nil
}

// Label returns the type and the name of a connector block.
func Label(src string) (typ, name string, err error) {
	block, err := parseBlock(src)
	if err != nil {
		return "", "", err
	}
	return block.Labels[0], block.Labels[1], nil
}

// parseBlock parses a text that is one connector block.
func parseBlock(src string) (*hclsyntax.Block, error) {
	if len(src) > longestText {
		return nil, fmt.Errorf("the block is longer than %d bytes", longestText)
	}
	if d := language.TooDeep([]byte(src), ""); d != nil {
		return nil, errors.New("the block is nested too deeply")
	}
	file, diags := hclsyntax.ParseConfig([]byte(src), "", hcl.InitialPos)
	if diags.HasErrors() {
		return nil, fmt.Errorf("this is not HCL: %s", diags[0].Detail)
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok || len(body.Attributes) != 0 || len(body.Blocks) != 1 || body.Blocks[0].Type != "connector" || len(body.Blocks[0].Labels) != 2 {
		return nil, fmt.Errorf(`this is not one block connector "TYPE" "NAME" { … }`)
	}
	return body.Blocks[0], nil
}

func hasComment(src []byte) bool {
	list, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	return slices.ContainsFunc(list, func(t hclsyntax.Token) bool { return t.Type == hclsyntax.TokenComment })
}

type reader struct {
	src    []byte
	typ    connector.Type
	filled Filled
}

func (r *reader) attribute(attr *hclsyntax.Attribute) bool {
	own := map[string]*string{
		"owner": &r.filled.Owner, "schedule": &r.filled.Schedule, "max_silence": &r.filled.MaxSilence, "expires": &r.filled.Expires,
	}
	switch chooses, _ := ChoosesKinds(r.typ); {
	case own[attr.Name] != nil:
		v, ok := constant(attr.Expr)
		if !ok || v.Type() != cty.String || v.IsNull() {
			return false
		}
		text := v.AsString()
		*own[attr.Name] = text
		return text != "" && text == strings.TrimSpace(text)
	case attr.Name == "team":
		var ok bool
		r.filled.Team, ok = referred("team", attr.Expr)
		return ok
	case attr.Name == "enabled":
		v, ok := constant(attr.Expr)
		r.filled.Disabled = ok && v.RawEquals(cty.False)
		return r.filled.Disabled
	case attr.Name == FieldPath:
		return r.secret(pathArgument(), attr.Expr)
	case attr.Name == chooses:
		v, ok := constant(attr.Expr)
		if ok {
			r.filled.Kinds, ok = lines(v)
		}
		return ok
	}
	return r.argument(attr)
}

// argument reads one of the plugin's arguments.
func (r *reader) argument(attr *hclsyntax.Attribute) bool {
	i := slices.IndexFunc(r.typ.Arguments, func(a connector.Argument) bool { return a.Name == attr.Name })
	if i < 0 {
		return false
	}
	a := r.typ.Arguments[i]
	if a.Secret {
		return r.secret(a, attr.Expr)
	}
	v, ok := constant(attr.Expr)
	if ok {
		r.filled.Arguments[a.Name], ok = show(a, v)
	}
	return ok
}

// secret reads where a secret is; one that stands in the block itself is not for a form.
func (r *reader) secret(a connector.Argument, expr hclsyntax.Expression) bool {
	if encodes(a) {
		decode, ok := callOf(expr, "jsondecode")
		if !ok {
			return false
		}
		expr = decode
	}
	name, ok := callOf(expr, "secret")
	if !ok {
		return false
	}
	v, ok := constant(name)
	if !ok || !v.RawEquals(cty.StringVal(SecretName(r.filled.Name, a.Name))) {
		return false
	}
	r.filled.Kept = append(r.filled.Kept, a.Name)
	return true
}

// callOf returns the argument of a call of a function with one.
func callOf(expr hclsyntax.Expression, function string) (hclsyntax.Expression, bool) {
	call, ok := expr.(*hclsyntax.FunctionCallExpr)
	if !ok || call.Name != function || len(call.Args) != 1 || call.ExpandFinal {
		return nil, false
	}
	return call.Args[0], true
}

// referred returns the name in an expression such as channel.lobby.
func referred(sort string, expr hclsyntax.Expression) (string, bool) {
	steps, diags := hcl.AbsTraversalForExpr(expr)
	if diags.HasErrors() || len(steps) < 2 || steps.RootName() != sort {
		return "", false
	}
	attr, ok := steps[1].(hcl.TraverseAttr)
	if !ok {
		return "", false
	}
	name := attr.Name
	if len(steps) == 3 {
		index, ok := steps[2].(hcl.TraverseIndex)
		if !ok || index.Key.Type() != cty.String {
			return "", false
		}
		name += "[" + string(tokens(index.Key).Bytes()) + "]"
	}
	return name, len(steps) <= 3
}

func lines(v cty.Value) ([]string, bool) {
	a := connector.Argument{Type: connector.ValueType{Kind: connector.ValueList, Element: &connector.ValueType{Kind: connector.ValueString}}}
	text, ok := show(a, v)
	return strings.Split(text, "\n"), ok
}

func (r *reader) route(body *hclsyntax.Body) bool {
	if len(body.Blocks) > 0 {
		return false
	}
	for name, attr := range body.Attributes {
		switch name {
		case "to":
			list, ok := attr.Expr.(*hclsyntax.TupleConsExpr)
			if !ok {
				return false
			}
			for _, element := range list.Exprs {
				channel, ok := referred("channel", element)
				if !ok {
					return false
				}
				r.filled.Channels = append(r.filled.Channels, channel)
			}
		case "when":
			r.when(attr.Expr)
		default:
			return false
		}
	}
	return conditionProblemOf(r.filled.Condition) && body.Attributes["to"] != nil
}

func conditionProblemOf(condition string) bool {
	return condition == "" || conditionProblem(condition) == ""
}

// when splits what [writer.when] has joined.
func (r *reader) when(expr hclsyntax.Expression) {
	if _, ok := ChoosesKinds(r.typ); !ok {
		if r.filled.Kinds, ok = kindsOf(expr); ok {
			return
		}
		both, isBoth := expr.(*hclsyntax.BinaryOpExpr)
		if isBoth && both.Op == hclsyntax.OpLogicalAnd {
			rest, inParentheses := both.RHS.(*hclsyntax.ParenthesesExpr)
			if kinds, ok := kindsOf(both.LHS); ok && inParentheses {
				r.filled.Kinds, r.filled.Condition = kinds, r.text(rest.Expression)
				return
			}
		}
	}
	if inParentheses, ok := expr.(*hclsyntax.ParenthesesExpr); ok && strings.Contains(r.text(inParentheses.Expression), "\n") {
		expr = inParentheses.Expression
	}
	r.filled.Condition = r.text(expr)
}

// kindsOf returns the kinds in contains(["…"], event.kind).
func kindsOf(expr hclsyntax.Expression) ([]string, bool) {
	call, ok := expr.(*hclsyntax.FunctionCallExpr)
	if !ok || call.Name != "contains" || len(call.Args) != 2 || call.ExpandFinal {
		return nil, false
	}
	steps, diags := hcl.AbsTraversalForExpr(call.Args[1])
	if diags.HasErrors() || len(steps) != 2 || steps.RootName() != "event" {
		return nil, false
	}
	if attr, ok := steps[1].(hcl.TraverseAttr); !ok || attr.Name != "kind" {
		return nil, false
	}
	v, ok := constant(call.Args[0])
	if !ok {
		return nil, false
	}
	return lines(v)
}

// text is an expression as it is written.
func (r *reader) text(expr hclsyntax.Expression) string {
	return strings.TrimSpace(string(expr.Range().SliceBytes(r.src)))
}

// At returns the field that a byte of a block belongs to, for a diagnostic that points
// there; it is empty where no field is at fault.
func At(src string, t connector.Type, offset int) string {
	block, err := parseBlock(src)
	if err != nil {
		return ""
	}
	holds := func(r hcl.Range) bool { return r.Start.Byte <= offset && offset < r.End.Byte }
	if holds(block.LabelRanges[1]) {
		return FieldName
	}
	for _, attr := range block.Body.Attributes {
		if holds(attr.SrcRange) {
			return fieldOf(t, attr.Name)
		}
	}
	for _, b := range block.Body.Blocks {
		for name, attr := range b.Body.Attributes {
			if b.Type == "route" && holds(attr.SrcRange) {
				return map[string]string{"to": FieldChannels, "when": FieldCondition}[name]
			}
		}
	}
	return ""
}

// fieldOf returns the field that an attribute of the block comes from.
func fieldOf(t connector.Type, attribute string) string {
	if chooses, ok := ChoosesKinds(t); ok && attribute == chooses {
		return FieldKinds
	}
	switch attribute {
	case FieldOwner, FieldTeam, FieldSchedule, FieldMaxSilence, FieldPath, FieldExpires:
		return attribute
	case "enabled":
		return FieldDisabled
	}
	return ArgumentField(attribute)
}

// Reown returns a connector block with another owner, and leaves the rest as it is.
func Reown(src, owner string) (string, error) {
	if _, err := parseBlock(src); err != nil {
		return "", err
	}
	file, diags := hclwrite.ParseConfig([]byte(src), "", hcl.InitialPos)
	if diags.HasErrors() {
		return "", fmt.Errorf("this is not HCL: %s", diags[0].Detail)
	}
	file.Body().Blocks()[0].Body().SetAttributeValue("owner", cty.StringVal(owner))
	return string(hclwrite.Format(file.Bytes())), nil
}
