package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/wire"
)

// schema reads the arguments of one connector type. It counts down how many more are
// allowed, those within objects included.
type schema struct{ left int }

// arguments reads arguments, or the attributes of an object at some depth.
func (s *schema) arguments(list []*wire.Argument, depth int) ([]connector.Argument, []error) {
	if s.left -= len(list); s.left < 0 {
		return nil, []error{fmt.Errorf("it has more than %d arguments, those within objects included", maxArguments)}
	}
	var out []connector.Argument
	var problems []error
	seen := make(map[string]bool)
	for _, w := range list {
		a, err := s.argument(w, depth)
		if err == nil && seen[a.Name] {
			err = errors.New("there are two of that name")
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("argument %q: %w", clip(w.GetName()), err))
		}
		seen[a.Name] = true
		out = append(out, a)
	}
	return out, problems
}

func (s *schema) argument(w *wire.Argument, depth int) (connector.Argument, error) {
	a := connector.Argument{
		Name: w.GetName(), Required: w.GetRequired(), Secret: w.GetSecret(),
		Default: w.GetDefaultJson(), Doc: w.GetDoc(), Allowed: w.GetAllowed(),
	}
	switch {
	case !regexp.MustCompile(argumentName).MatchString(a.Name):
		return a, errors.New("the name must be of lower-case letters, digits and '_', and begin with a letter")
	case depth == 0 && slices.Contains(Reserved(), a.Name):
		return a, errors.New("the name is reserved for the relay")
	case a.Required && a.Default != "":
		return a, errors.New("it is required and has a default")
	case len(a.Allowed) > 0 && w.GetType().GetKind() != wire.ValueType_STRING:
		return a, errors.New("only a string can have allowed values")
	}
	for name, size := range map[string]int{"default": len(a.Default), "doc": len(a.Doc), "list of allowed values": len(strings.Join(a.Allowed, ","))} {
		if size > maxText {
			return a, fmt.Errorf("its %s has %d bytes; at most %d are allowed", name, size, maxText)
		}
	}
	var err error
	if a.Type, err = s.valueType(w.GetType(), depth); err != nil {
		return a, err
	}
	a.Secret = a.Secret || holdsSecret(a.Type)
	if err := checkDefault(a); err != nil {
		return a, fmt.Errorf("the default: %w", err)
	}
	return a, nil
}

func (s *schema) valueType(w *wire.ValueType, depth int) (connector.ValueType, error) {
	kind := w.GetKind()
	if _, known := wire.ValueType_Kind_name[int32(kind)]; !known || kind == wire.ValueType_UNSPECIFIED {
		return connector.ValueType{}, fmt.Errorf("its type is of kind %d, which this relay does not know; the plugin may be newer", kind)
	}
	if depth >= wire.MaxTypeDepth {
		return connector.ValueType{}, fmt.Errorf("its type is nested deeper than %d", wire.MaxTypeDepth)
	}
	t := connector.ValueType{Kind: connector.ValueKind(strings.ToLower(kind.String()))}
	switch t.Kind {
	case connector.ValueList, connector.ValueMap:
		element, err := s.valueType(w.GetElement(), depth+1)
		t.Element = &element
		return t, err
	case connector.ValueObject:
		var problems []error
		t.Attributes, problems = s.arguments(w.GetAttributes(), depth+1)
		return t, errors.Join(problems...)
	}
	return t, nil
}

// holdsSecret reports whether a value of the type contains a secret.
func holdsSecret(t connector.ValueType) bool {
	return t.Element != nil && holdsSecret(*t.Element) ||
		slices.ContainsFunc(t.Attributes, func(a connector.Argument) bool { return a.Secret })
}

// checkDefault says why an argument's default is not a value of its type.
func checkDefault(a connector.Argument) error {
	if a.Default == "" {
		return nil
	}
	var v any
	if json.Unmarshal([]byte(a.Default), &v) != nil {
		return errors.New("it is not valid JSON")
	}
	if excessive(a.Default) {
		return errors.New("it has a number with an exponent of more than three digits")
	}
	if !holds(a.Type, v) {
		return fmt.Errorf("it is not %s in JSON", a.Type.Kind)
	}
	if text, ok := v.(string); ok && !permits(a, text) {
		return errors.New("it is not one of the allowed values")
	}
	return nil
}

// excessive reports whether JSON contains a number that is expensive to compute with,
// such as 1e-400000. It also reports text that looks like one, which is not worth
// distinguishing.
func excessive(text string) bool {
	return regexp.MustCompile(`[0-9][eE][+-]?[0-9]{4}`).MatchString(text)
}

func permits(a connector.Argument, text string) bool {
	return len(a.Allowed) == 0 || slices.Contains(a.Allowed, text)
}

// holds reports whether a value from encoding/json is of a type.
func holds(t connector.ValueType, v any) bool {
	if v == nil {
		return true
	}
	ok := true
	switch t.Kind {
	case connector.ValueString:
		_, ok = v.(string)
	case connector.ValueNumber:
		_, ok = v.(float64)
	case connector.ValueBool:
		_, ok = v.(bool)
	case connector.ValueList:
		var list []any
		list, ok = v.([]any)
		for _, element := range list {
			ok = ok && holds(*t.Element, element)
		}
	case connector.ValueMap:
		var m map[string]any
		m, ok = v.(map[string]any)
		for _, element := range m {
			ok = ok && holds(*t.Element, element)
		}
	case connector.ValueObject:
		var m map[string]any
		m, ok = v.(map[string]any)
		return ok && holdsObject(t.Attributes, m)
	}
	return ok
}

func holdsObject(attributes []connector.Argument, m map[string]any) bool {
	known := 0
	for _, a := range attributes {
		v, given := m[a.Name]
		if given {
			known++
		}
		text, isText := v.(string)
		if v == nil && a.Required || !holds(a.Type, v) || isText && !permits(a, text) {
			return false
		}
	}
	return known == len(m)
}
