package language

import (
	"reflect"
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// References are named things, channels or teams, as values of the language: they can stand
// in lists, conditions and for expressions, and cannot be mistaken for text.
type References struct {
	noun    string
	capsule cty.Type
	names   []string
	values  map[string]cty.Value
}

// NewReferences makes values for these names. The noun is how a diagnostic calls
// their type, such as "channel".
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

// Noun is what the things are called, such as "channel".
func (r *References) Noun() string { return r.noun }

// Object is the variable whose members are the named things.
func (r *References) Object() cty.Value { return cty.ObjectVal(r.values) }

// Names are all names, in the order given to [NewReferences].
func (r *References) Names() []string { return r.names }

// Name returns the name of a value that is a reference.
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
