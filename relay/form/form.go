// Package form is a connector as a person fills it in. [Fields] turns the argument schema
// of a connector type into the fields of a form, [Filled.Write] a filled-in form into the
// HCL of a connector block, and [Read] a block back into a form.
//
// What a person types is always data: each value is parsed on its own and written again
// as HCL, so that no text in any field can add anything to the block. Secrets are not in
// the HCL at all; it names them, and [Written] hands them over separately.
//
// A form says less than the language does. Read reports what it cannot say, and such a
// block is edited as HCL.
package form

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/connector"
)

// Input is the kind of control that a field has.
type Input string

// The kinds of controls.
const (
	// Text is a text. A secret one may have several lines, such as a key in PEM form.
	Text Input = "text"
	// Number is a number.
	Number Input = "number"
	// Flag is "true" or "false"; nothing means the default.
	Flag Input = "flag"
	// Choice is one of the allowed values.
	Choice Input = "choice"
	// Lines is a list of texts, one a line.
	Lines Input = "lines"
	// Value is anything else, written in HCL without names and calls: a text in quotes, a
	// number, a list in brackets, an object in braces.
	Value Input = "value"
)

// Field is one field of a connector type's form, for one argument.
type Field struct {
	// Name is the argument's; what a person types is in [Filled.Arguments] under it.
	Name     string   `json:"name"`
	Label    string   `json:"label"`
	Doc      string   `json:"doc,omitempty"`
	Input    Input    `json:"input"`
	Required bool     `json:"required,omitempty"`
	Secret   bool     `json:"secret,omitempty"`
	Allowed  []string `json:"allowed,omitempty"`
	// Default is what counts when nothing is given, written as a person would type it.
	Default string `json:"default,omitempty"`
	// Example shows how to write a value where that is not obvious.
	Example string `json:"example,omitempty"`
}

// Fields returns the fields for a type's arguments, in the schema's order. The argument
// that chooses kinds is left out, because the form has the kinds with their samples.
func Fields(t connector.Type) []Field {
	fields := []Field{}
	chooses, _ := ChoosesKinds(t)
	for _, a := range t.Arguments {
		if a.Name == chooses {
			continue
		}
		f := Field{
			Name: a.Name, Label: label(a.Name), Doc: a.Doc, Input: inputOf(a), Required: a.Required, Secret: a.Secret, Allowed: a.Allowed,
			Default: defaultText(a),
		}
		if f.Input == Value {
			f.Example = example(a.Type)
		}
		fields = append(fields, f)
	}
	return fields
}

// ChoosesKinds returns the argument by which a type's source leaves kinds of events out.
// A form's kinds go there, and into the route's condition when a type has none: a kind
// that is off by default comes only if the argument names it.
func ChoosesKinds(t connector.Type) (argument string, ok bool) {
	for _, name := range []string{"kinds", "events"} {
		if slices.ContainsFunc(t.Arguments, func(a connector.Argument) bool { return a.Name == name && isTexts(a.Type) && !a.Secret }) {
			return name, true
		}
	}
	return "", false
}

func isTexts(t connector.ValueType) bool {
	return t.Kind == connector.ValueList && t.Element != nil && t.Element.Kind == connector.ValueString
}

func inputOf(a connector.Argument) Input {
	switch {
	case len(a.Allowed) > 0 && a.Type.Kind == connector.ValueString:
		return Choice
	case a.Type.Kind == connector.ValueString:
		return Text
	case a.Type.Kind == connector.ValueNumber:
		return Number
	case a.Type.Kind == connector.ValueBool:
		return Flag
	case isTexts(a.Type):
		return Lines
	}
	return Value
}

// label makes a name readable: signature_header is "Signature header".
func label(name string) string {
	words := strings.Split(name, "_")
	for i, word := range words {
		switch word {
		case "url", "id", "api", "ip", "ssh":
			words[i] = strings.ToUpper(word)
		}
	}
	text := strings.Join(words, " ")
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// example writes a value of a type with dots where a person's own words go.
func example(t connector.ValueType) string {
	switch t.Kind {
	case connector.ValueNumber:
		return "1"
	case connector.ValueBool:
		return "true"
	case connector.ValueList:
		return "[" + example(*t.Element) + "]"
	case connector.ValueMap:
		return "{ name = " + example(*t.Element) + " }"
	case connector.ValueObject:
		parts := make([]string, 0, len(t.Attributes))
		for _, a := range t.Attributes {
			parts = append(parts, a.Name+" = "+example(a.Type))
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	default:
		return `"…"`
	}
}
