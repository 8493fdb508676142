package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/connector-relay/relay/relay/route/language"
	"github.com/connector-relay/relay/relay/secret"
)

// Arguments are the values of a connector's arguments, by the plugin's schema,
// with defaults filled in. They cannot print a secret. They do not change, and are
// safe for concurrent use.
type Arguments struct {
	// values are maps, lists and encoded JSON, with a concealed where a secret stands.
	values map[string]any
}

// concealed is a secret in its place, and the type that it has there.
type concealed struct {
	secret secret.Value
	want   cty.Type
}

// Format implements [fmt.Formatter]: values that are no secrets are nobody's
// business either when a configuration is printed.
func (a Arguments) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "[%d arguments]", len(a.values)) }

// Encode returns the JSON object that the plugin gets: secrets revealed, those in
// files read again. It fails only when such a file can no longer be read, or no
// longer holds what the argument's type asks for; the error names the argument.
func (a Arguments) Encode() ([]byte, error) {
	object := make(map[string]any, len(a.values))
	for _, name := range slices.Sorted(maps.Keys(a.values)) {
		v, err := replaced(a.values[name], concealed.reveal)
		if err != nil {
			return nil, fmt.Errorf("argument %s: %w", name, err)
		}
		object[name] = v
	}
	return json.Marshal(object)
}

func (c concealed) reveal() (any, error) {
	text, err := c.secret.Reveal()
	if err != nil {
		return nil, err
	}
	v, err := convert.Convert(cty.StringVal(text), c.want)
	if err != nil {
		return nil, fmt.Errorf("the secret is not a %s", c.want.FriendlyName())
	}
	return encoded(v)
}

// encoded is a text, a number or a boolean in JSON.
func encoded(v cty.Value) (any, error) {
	b, err := ctyjson.Marshal(v, v.Type())
	return json.RawMessage(b), err
}

// Secrets returns all secrets among the values.
func (a Arguments) Secrets() []secret.Value {
	var list []secret.Value
	_, _ = replaced(a.values, func(c concealed) (any, error) {
		list = append(list, c.secret)
		return nil, nil
	})
	return list
}

// fingerprint is the same for arguments with which a connector does the same.
func (a Arguments) fingerprint() string {
	v, _ := replaced(a.values, func(c concealed) (any, error) { return c.secret.Fingerprint(), nil })
	b, _ := json.Marshal(v) // which cannot fail, as all in it is JSON
	return string(b)
}

// replaced returns a value with something else in the place of each of its secrets.
func replaced(v any, with func(concealed) (any, error)) (any, error) {
	switch v := v.(type) {
	case concealed:
		return with(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			var err error
			if list[i], err = replaced(v[i], with); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		object := make(map[string]any, len(v))
		for name := range v {
			var err error
			if object[name], err = replaced(v[name], with); err != nil {
				return nil, err
			}
		}
		return object, nil
	}
	return v, nil
}

// Unread reports whether an argument holds a secret that is not at hand here, so that
// nobody can say what is wrong with it.
func (c Connector) Unread(argument string) bool {
	name, _, _ := strings.Cut(argument, ".")
	name, _, _ = strings.Cut(name, "[")
	found := false
	_, _ = replaced(c.Arguments.values[name], func(s concealed) (any, error) {
		text, err := s.secret.Reveal()
		found = found || err == nil && language.IsPlaceholder(text)
		return nil, nil
	})
	return found
}
