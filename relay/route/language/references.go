package language

import (
	"fmt"
	"maps"
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
	// written is how expressions name a thing.
	written map[string]string
	members map[string]cty.Value
}

// NewReferences makes values for these names. The noun is their type in diagnostics,
// such as "channel".
func NewReferences(noun string, names []string) *References {
	r := &References{
		noun: noun, capsule: cty.Capsule(noun, reflect.TypeFor[string]()),
		written: make(map[string]string), members: make(map[string]cty.Value, len(names)),
	}
	for _, name := range names {
		r.members[name] = r.value(name, Member(noun, name))
	}
	return r
}

// AddEach adds several things under one label: those of these names, by their keys.
func (r *References) AddEach(label string, names map[string]string) {
	members := make(map[string]cty.Value, len(names))
	for _, key := range slices.Sorted(maps.Keys(names)) {
		members[key] = r.value(names[key], fmt.Sprintf("%s[%q]", Member(r.noun, label), key))
	}
	r.members[label] = cty.ObjectVal(members)
}

func (r *References) value(name, written string) cty.Value {
	if r.written[name] == "" {
		r.names = append(r.names, name)
	}
	r.written[name] = written
	return cty.CapsuleVal(r.capsule, &name)
}

// Noun returns what one thing is called, such as "channel".
func (r *References) Noun() string { return r.noun }

// Object returns the variable whose members are the named things.
func (r *References) Object() cty.Value { return cty.ObjectVal(r.members) }

// Names returns all names, in the order given.
func (r *References) Names() []string { return r.names }

// Written returns how an expression names a thing, such as channel.lobby.
func (r *References) Written(name string) string { return r.written[name] }

// Example returns how an expression names one of the things.
func (r *References) Example() string {
	if len(r.names) == 0 {
		return r.noun + ".NAME"
	}
	return r.written[r.names[0]]
}

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

// Several reports whether a value is what stands under one label for several things.
func (r *References) Several(v cty.Value) bool {
	if !v.IsKnown() || v.IsNull() || !v.Type().IsObjectType() || len(v.Type().AttributeTypes()) == 0 {
		return false
	}
	for _, t := range v.Type().AttributeTypes() {
		if !t.Equals(r.capsule) {
			return false
		}
	}
	return true
}

// Has reports whether there is something of this name.
func (r *References) Has(name string) bool { return r.written[name] != "" }
