package migrate

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// parse returns the blocks of a configuration.
func parse(text []byte) (hclsyntax.Blocks, hcl.Diagnostics) {
	file, diags := hclsyntax.ParseConfig(text, "draft.hcl", hcl.InitialPos)
	return file.Body.(*hclsyntax.Body).Blocks, diags
}
