package language

import (
	"strconv"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Member writes a member of a value as an expression names it: after a dot, or in
// brackets where its name is no identifier.
func Member(value, name string) string {
	if hclsyntax.ValidIdentifier(name) {
		return value + "." + name
	}
	return value + "[" + strconv.Quote(name) + "]"
}
