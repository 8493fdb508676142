package connector

import (
	"strings"

	"github.com/connector-relay/relay/relay/connector/wire"
)

// Argument is one argument of a connector type's schema, or one attribute of an
// argument that is an object.
type Argument struct {
	Name     string
	Type     ValueType
	Required bool
	// Secret marks the value as one that is never shown or logged. Whatever contains a
	// secret is secret as a whole.
	Secret bool
	// Default is JSON; empty means null.
	Default string
	// Doc is one sentence.
	Doc string
	// Allowed, when not empty, lists all values that a string may have.
	Allowed []string
}

// ValueType is what the value of an argument may be.
type ValueType struct {
	Kind ValueKind
	// Element is the type of the elements of a list or a map.
	Element *ValueType
	// Attributes are the attributes of an object.
	Attributes []Argument
}

// ValueKind is the kind of a [ValueType], as the configuration language calls it.
type ValueKind string

// The kinds of values. The configuration chooses the names in a map, the schema those in
// an object; any is whatever JSON can hold.
const (
	ValueAny    ValueKind = "any"
	ValueString ValueKind = "string"
	ValueNumber ValueKind = "number"
	ValueBool   ValueKind = "bool"
	ValueList   ValueKind = "list"
	ValueMap    ValueKind = "map"
	ValueObject ValueKind = "object"
)

// String writes the type as the configuration language does, such as list(string).
func (t ValueType) String() string {
	switch t.Kind {
	case ValueList, ValueMap:
		return string(t.Kind) + "(" + t.Element.String() + ")"
	case ValueObject:
		parts := make([]string, len(t.Attributes))
		for i, a := range t.Attributes {
			parts[i] = a.Name + "=" + a.Type.String()
			if !a.Required {
				parts[i] = a.Name + "=optional(" + a.Type.String() + ")"
			}
		}
		return "object({" + strings.Join(parts, ",") + "})"
	}
	return string(t.Kind)
}

func (a Argument) toWire() *wire.Argument {
	return &wire.Argument{
		Name: a.Name, Type: a.Type.toWire(), Required: a.Required, Secret: a.Secret,
		DefaultJson: a.Default, Doc: a.Doc, Allowed: a.Allowed,
	}
}

func (t ValueType) toWire() *wire.ValueType {
	// The kinds have the same names on the wire, in capitals.
	w := &wire.ValueType{Kind: wire.ValueType_Kind(wire.ValueType_Kind_value[strings.ToUpper(string(t.Kind))])}
	if t.Element != nil {
		w.Element = t.Element.toWire()
	}
	for _, a := range t.Attributes {
		w.Attributes = append(w.Attributes, a.toWire())
	}
	return w
}
