package language

import "github.com/zclconf/go-cty/cty"

// hidden marks a value from env or file. There is only one mark, so that marked values
// stay comparable.
type hidden struct{}

// hide marks a value that must not be shown.
func hide(v cty.Value) cty.Value { return v.Mark(hidden{}) }

// Reveal removes the marks from a value, at any depth, and reports whether there were
// any.
func Reveal(v cty.Value) (cty.Value, bool) {
	plain, marks := v.UnmarkDeep()
	return plain, len(marks) > 0
}
