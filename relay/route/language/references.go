package language

import (
	"reflect"
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// References are named things, channels or teams, as values of the language. They work
// in lists, conditionals and for expressions, and cannot be mistaken for text.
type References struct {
	noun    string
	capsule cty.Type
	names   []string
	values  map[string]cty.Value
}

// NewReferences makes values for these names. The noun is their type in diagnostics,
// such as "channel".
func NewReferences(noun string, names []string) *References {
	r := &References{
		noun:    noun,
		capsule: cty.Capsule(noun, reflect.TypeFor[string]()),
		names:   names,
		values:  make(map[string]cty.Value, len(names)),
	}
	for _, name := range names {
		r.values[name] = cty.CapsuleVal(r.capsule, &name)
	}
	return r
}

// Noun returns what one thing is called, such as "channel".
func (r *References) Noun() string { return r.noun }

// Object returns the variable whose members are the named things.
func (r *References) Object() cty.Value { return cty.ObjectVal(r.values) }

// Names returns all names, in the order given to [NewReferences].
func (r *References) Names() []string { return r.names }

// Name returns the name behind a reference.
func (r *References) Name(v cty.Value) (string, bool) {
	if !v.Type().Equals(r.capsule) || !v.IsKnown() || v.IsNull() {
		return "", false
	}
	name, ok := v.EncapsulatedValue().(*string)
	if !ok {
		return "", false
	}
	return *name, true
}

// Has reports whether there is something of this name.
func (r *References) Has(name string) bool { return slices.Contains(r.names, name) }
