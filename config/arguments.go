package config

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/connector-relay/relay/relay/secret"
)

// Arguments are the values of a connector's arguments, by the plugin's schema,
// with defaults filled in. They cannot print a secret. They do not change, and are
// safe for concurrent use.
type Arguments struct {
	list []argument
}

// Format implements [fmt.Formatter]: values that are no secrets are nobody's
// business either when a configuration is printed.
func (a Arguments) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "[%d arguments]", len(a.list)) }

// argument is one value. Where a secret stands, value has a null.
type argument struct {
	name    string
	value   cty.Value
	secrets []placedSecret
}

// placedSecret is a secret and where in an argument's value it stands.
type placedSecret struct {
	path  cty.Path
	value secret.Value
}

// Encode returns the JSON object that the plugin gets: secrets revealed, those in
// files read again. It fails only when such a file cannot be read any more, or no
// longer holds what the argument's type asks for; the error names the argument.
func (a Arguments) Encode() ([]byte, error) {
	object := make(map[string]json.RawMessage, len(a.list))
	for _, arg := range a.list {
		v, err := arg.revealed()
		if err != nil {
			return nil, fmt.Errorf("argument %s: %w", arg.name, err)
		}
		b, err := ctyjson.Marshal(v, v.Type())
		if err != nil {
			return nil, fmt.Errorf("argument %s: %w", arg.name, err)
		}
		object[arg.name] = b
	}
	return json.Marshal(object)
}

// revealed is the value with its secrets in their places.
func (a argument) revealed() (cty.Value, error) {
	if len(a.secrets) == 0 {
		return a.value, nil
	}
	return cty.Transform(a.value, func(path cty.Path, v cty.Value) (cty.Value, error) {
		for _, s := range a.secrets {
			if !s.path.Equals(path) {
				continue
			}
			text, err := s.value.Reveal()
			if err != nil {
				return cty.NilVal, err
			}
			revealed, err := convert.Convert(cty.StringVal(text), v.Type())
			if err != nil {
				return cty.NilVal, fmt.Errorf("the secret is not a %s", v.Type().FriendlyName())
			}
			return revealed, nil
		}
		return v, nil
	})
}

// Secrets returns all secrets among the values.
func (a Arguments) Secrets() []secret.Value {
	var list []secret.Value
	for _, arg := range a.list {
		for _, s := range arg.secrets {
			list = append(list, s.value)
		}
	}
	return list
}

// fingerprint is the same for arguments with which a connector does the same.
func (a Arguments) fingerprint() string {
	var b strings.Builder
	for _, arg := range a.list {
		fmt.Fprintf(&b, "%s=%#v\n", arg.name, arg.value)
		for _, s := range arg.secrets {
			fmt.Fprintf(&b, "%s%s=%s\n", arg.name, placeKey(s.path), s.value.Fingerprint())
		}
	}
	return b.String()
}

// conceal takes the secrets out of a value that [fitting] has made: all its texts,
// numbers and booleans. Files say which of them are whole files.
func conceal(name string, v cty.Value, files map[string]string) argument {
	a := argument{name: name}
	a.value, _ = cty.Transform(v, func(path cty.Path, v cty.Value) (cty.Value, error) {
		if !v.Type().IsPrimitiveType() || v.IsNull() {
			return v, nil
		}
		text, err := convert.Convert(v, cty.String)
		if err != nil {
			return v, err // it cannot be: each of them has a text
		}
		s := placedSecret{path: path.Copy(), value: newSecret(text.AsString(), files[placeKey(path)])}
		if s.value.IsZero() {
			return v, nil // an empty text hides nothing
		}
		a.secrets = append(a.secrets, s)
		return cty.NullVal(v.Type()), nil
	})
	return a
}
