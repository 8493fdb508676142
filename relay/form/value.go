package form

import (
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/route/language"
)

// The bounds of what a person types into one field.
const (
	longestText      = 64 << 10
	longestCondition = 4 << 10
)

var (
	errTooLong  = errors.New("it is too long")
	errNotText  = errors.New("it is not valid text (UTF-8)")
	errNumber   = errors.New("it is not a number")
	errFlag     = errors.New("it is neither true nor false")
	errValue    = errors.New(`it is not a value: write a text in "quotes", a number, true or false, a list in [brackets] or an object in { braces }`)
	errTooDeep  = errors.New("it is nested too deeply")
	errComputed = errors.New("it holds a name, a call or an operator; only values can stand here")
)

// parse reads what a browser posted for an argument.
func parse(a connector.Argument, text string) (cty.Value, error) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	switch {
	case len(text) > longestText:
		return cty.NilVal, errTooLong
	case !utf8.ValidString(text):
		return cty.NilVal, errNotText
	}
	switch inputOf(a) {
	case Text, Choice:
		return cty.StringVal(text), nil
	case Number:
		return parseNumber(strings.TrimSpace(text))
	case Flag:
		switch strings.TrimSpace(text) {
		case "true", "on":
			return cty.True, nil
		case "false", "off":
			return cty.False, nil
		}
		return cty.NilVal, errFlag
	case Lines:
		return texts(strings.Split(text, "\n")), nil
	default:
		return parseValue(text)
	}
}

// plainNumber is a number that a person might mean. Writing down one with a huge exponent
// would take as many digits.
func plainNumber(text string) bool {
	return regexp.MustCompile(`^([0-9]{1,300}(\.[0-9]{1,300})?|[0-9]{1,100}(\.[0-9]{1,100})?[eE][+-]?[0-9]{1,2})$`).MatchString(text)
}

func parseNumber(text string) (cty.Value, error) {
	if !plainNumber(strings.TrimPrefix(text, "-")) {
		return cty.NilVal, errNumber
	}
	return cty.ParseNumberVal(text)
}

// texts makes a list, without blank lines and blanks around each line.
func texts(lines []string) cty.Value {
	list := []cty.Value{}
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, cty.StringVal(line))
		}
	}
	return cty.TupleVal(list)
}

// parseValue reads a value written in HCL.
func parseValue(text string) (cty.Value, error) {
	if err := outrageous(text); err != nil {
		return cty.NilVal, err
	}
	expr, diags := hclsyntax.ParseExpression([]byte(text), "", hcl.InitialPos)
	if diags.HasErrors() {
		return cty.NilVal, errValue
	}
	v, ok := constant(expr)
	if !ok {
		return cty.NilVal, errComputed
	}
	return v, nil
}

// outrageous says what in an expression would cost far more than its length: deep nesting,
// and numbers that are no [plainNumber].
func outrageous(text string) error {
	if language.TooDeep([]byte(text), "") != nil {
		return errTooDeep
	}
	tokens, _ := hclsyntax.LexExpression([]byte(text), "", hcl.InitialPos)
	for _, t := range tokens {
		if t.Type == hclsyntax.TokenNumberLit && !plainNumber(string(t.Bytes)) {
			return errNumber
		}
	}
	return nil
}

// constant returns the value of an expression that is written out. It computes nothing:
// even an expression without names can take for ever.
func constant(expr hclsyntax.Expression) (cty.Value, bool) {
	switch e := expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		return e.Val, true
	case *hclsyntax.ParenthesesExpr:
		return constant(e.Expression)
	case *hclsyntax.TemplateExpr:
		return constantText(e)
	case *hclsyntax.UnaryOpExpr:
		number, literal := e.Val.(*hclsyntax.LiteralValueExpr)
		if e.Op != hclsyntax.OpNegate || !literal || number.Val.Type() != cty.Number || number.Val.IsNull() {
			return cty.NilVal, false
		}
		return number.Val.Negate(), true
	case *hclsyntax.TupleConsExpr:
		list := make([]cty.Value, len(e.Exprs))
		for i, element := range e.Exprs {
			var ok bool
			if list[i], ok = constant(element); !ok {
				return cty.NilVal, false
			}
		}
		return cty.TupleVal(list), true
	case *hclsyntax.ObjectConsExpr:
		return constantObject(e)
	}
	return cty.NilVal, false
}

func constantText(e *hclsyntax.TemplateExpr) (cty.Value, bool) {
	var text strings.Builder
	for _, part := range e.Parts {
		literal, ok := part.(*hclsyntax.LiteralValueExpr)
		if !ok || literal.Val.Type() != cty.String || literal.Val.IsNull() {
			return cty.NilVal, false
		}
		text.WriteString(literal.Val.AsString())
	}
	return cty.StringVal(text.String()), true
}

func constantObject(e *hclsyntax.ObjectConsExpr) (cty.Value, bool) {
	object := make(map[string]cty.Value, len(e.Items))
	for _, item := range e.Items {
		name := hcl.ExprAsKeyword(item.KeyExpr)
		if key, wrapped := item.KeyExpr.(*hclsyntax.ObjectConsKeyExpr); name == "" && wrapped {
			v, ok := constant(key.Wrapped)
			if !ok || v.Type() != cty.String || v.IsNull() {
				return cty.NilVal, false
			}
			name = v.AsString()
		}
		v, ok := constant(item.ValueExpr)
		if _, twice := object[name]; !ok || twice {
			return cty.NilVal, false
		}
		object[name] = v
	}
	return cty.ObjectVal(object), true
}

// show writes a value as a person would type it; ok is false when the field cannot hold
// it.
func show(a connector.Argument, v cty.Value) (text string, ok bool) {
	if v.IsNull() {
		return "", false
	}
	switch inputOf(a) {
	case Lines:
		if !v.Type().IsTupleType() {
			return "", false
		}
		var lines []string
		for _, element := range v.AsValueSlice() {
			if element.IsNull() || element.Type() != cty.String {
				return "", false
			}
			lines = append(lines, element.AsString())
		}
		text = strings.Join(lines, "\n")
	case Value:
		text = string(hclwrite.Format(tokens(v).Bytes()))
	default:
		inText, err := convert.Convert(v, cty.String)
		if err != nil {
			return "", false
		}
		text = inText.AsString()
	}
	// What a browser would change on the way, or would not post at all, is not for a form.
	again, err := parse(a, text)
	if err != nil || text == "" || strings.Contains(text, "\r") {
		return "", false
	}
	want, err := convert.Convert(v, again.Type())
	return text, err == nil && want.RawEquals(again)
}

// defaultText is an argument's default as a person would type it.
func defaultText(a connector.Argument) string {
	if a.Default == "" {
		return ""
	}
	t, err := ctyjson.ImpliedType([]byte(a.Default))
	if err != nil {
		return ""
	}
	v, err := ctyjson.Unmarshal([]byte(a.Default), t)
	if err != nil {
		return ""
	}
	text, _ := show(a, v)
	return text
}

// tokens writes a value as HCL. The library's own function takes an object's key such as
// "for" for a word of the language.
func tokens(v cty.Value) hclwrite.Tokens {
	switch t := v.Type(); {
	case v.IsNull(), t.IsPrimitiveType():
		return hclwrite.TokensForValue(v)
	case t.IsObjectType():
		var members []hclwrite.ObjectAttrTokens
		for it := v.ElementIterator(); it.Next(); {
			key, member := it.Element()
			name := hclwrite.TokensForValue(key)
			if word := key.AsString(); hclsyntax.ValidIdentifier(word) && word != "for" {
				name = hclwrite.TokensForIdentifier(word)
			}
			members = append(members, hclwrite.ObjectAttrTokens{Name: name, Value: tokens(member)})
		}
		return hclwrite.TokensForObject(members)
	default:
		var elements []hclwrite.Tokens
		for _, element := range v.AsValueSlice() {
			elements = append(elements, tokens(element))
		}
		return hclwrite.TokensForTuple(elements)
	}
}

// sealable is the text in which a secret is stored: itself, or JSON for a list or an
// object, which the block decodes.
func sealable(a connector.Argument, v cty.Value) (string, error) {
	if encodes(a) {
		b, err := ctyjson.Marshal(v, v.Type())
		return string(b), err
	}
	text, err := convert.Convert(v, cty.String)
	if err != nil {
		return "", err
	}
	return text.AsString(), nil
}

// encodes reports whether an argument's secret is stored as JSON.
func encodes(a connector.Argument) bool { return inputOf(a) == Lines || inputOf(a) == Value }
