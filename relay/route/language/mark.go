package language

import "github.com/zclconf/go-cty/cty"

// hidden marks a value that came from env or file. It is one mark for all of them,
// so that marked values stay comparable.
type hidden struct{}

// Hide marks a value as one that must not be shown.
func Hide(v cty.Value) cty.Value { return v.Mark(hidden{}) }

// Reveal removes the marks from a value, however deep, and reports whether there
// were any: whether something in it must not be shown.
func Reveal(v cty.Value) (cty.Value, bool) {
	plain, marks := v.UnmarkDeep()
	return plain, len(marks) > 0
}
