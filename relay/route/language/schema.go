package language

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Schema says what a block may contain.
type Schema struct {
	// Title names the block in sentences, such as "a channel block".
	Title      string
	Attributes []Attribute
	Blocks     []Block
}

// Attribute is an attribute that may be set.
type Attribute struct {
	Name     string
	Required bool
	// Doc completes "NAME is …" when a required attribute is missing.
	Doc string
}

// Block is one kind of nested block.
type Block struct {
	Name string
	// Labels are the names of the block's labels, in capitals.
	Labels []string
	// Once says that at most one is allowed.
	Once bool
	// Later, if not empty, says what the block will do in a later version; until then it
	// is refused.
	Later string
}

// Check reports what in a body is unknown, missing or repeated. Missing attributes are
// reported at the header. Dynamic blocks are allowed if dynamic is true; their content
// is not checked.
func (s Schema) Check(body *hclsyntax.Body, header hcl.Range, dynamic bool) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, attr := range body.Attributes {
		if d := s.attribute(attr); d != nil {
			diags = append(diags, d)
		}
	}
	for _, a := range s.Attributes {
		if _, ok := body.Attributes[a.Name]; a.Required && !ok {
			detail := fmt.Sprintf("The attribute %q is required here.", a.Name)
			if a.Doc != "" {
				detail = fmt.Sprintf("The attribute %q is required here: %s.", a.Name, strings.TrimSuffix(a.Doc, "."))
			}
			diags = append(diags, Error("Missing attribute", detail, header))
		}
	}
	first := make(map[string]hcl.Range)
	for _, block := range body.Blocks {
		if dynamic && block.Type == "dynamic" {
			continue
		}
		diags = append(diags, s.block(block, first)...)
	}
	Sort(diags)
	return diags
}

func (s Schema) attribute(attr *hclsyntax.Attribute) *hcl.Diagnostic {
	for _, a := range s.Attributes {
		if a.Name == attr.Name {
			return nil
		}
	}
	for _, b := range s.Blocks {
		if b.Name == attr.Name {
			detail := fmt.Sprintf("%q is a block: write %s, without an equals sign.", b.Name, b.example())
			return Error("Block written as an attribute", detail, attr.NameRange)
		}
	}
	detail := fmt.Sprintf("There is no attribute %q in %s.%s", attr.Name, s.Title, DidYouMean(attr.Name, s.names()))
	return Error("Unknown attribute", detail, attr.NameRange)
}

func (s Schema) block(block *hclsyntax.Block, first map[string]hcl.Range) hcl.Diagnostics {
	i := slices.IndexFunc(s.Blocks, func(b Block) bool { return b.Name == block.Type })
	if i < 0 {
		return hcl.Diagnostics{s.unknownBlock(block)}
	}
	b := s.Blocks[i]
	if b.Later != "" {
		return hcl.Diagnostics{NotYet(fmt.Sprintf("The block %q", b.Name), b.Later, block.TypeRange)}
	}
	var diags hcl.Diagnostics
	if len(block.Labels) != len(b.Labels) {
		diags = append(diags, b.wrongLabels(block))
	}
	if before, ok := first[b.Name]; ok && b.Once {
		detail := fmt.Sprintf("Only one %s block is allowed here; the first is %s. Merge the two.", b.Name, Where(before, block.DefRange()))
		diags = append(diags, Error("Duplicate block", detail, block.DefRange()))
	} else if !ok {
		first[b.Name] = block.DefRange()
	}
	return diags
}

func (s Schema) unknownBlock(block *hclsyntax.Block) *hcl.Diagnostic {
	for _, a := range s.Attributes {
		if a.Name == block.Type {
			detail := fmt.Sprintf("%q is an attribute: write %s = …, with an equals sign.", a.Name, a.Name)
			return Error("Attribute written as a block", detail, block.TypeRange)
		}
	}
	var names []string
	for _, b := range s.Blocks {
		if b.Later == "" {
			names = append(names, b.Name)
		}
	}
	if len(names) == 0 {
		return Error("Unknown block", fmt.Sprintf("There is no block %q in %s; it has no blocks.", block.Type, s.Title), block.TypeRange)
	}
	detail := fmt.Sprintf("There is no block %q in %s.%s", block.Type, s.Title, DidYouMean(block.Type, names))
	return Error("Unknown block", detail, block.TypeRange)
}

func (b Block) wrongLabels(block *hclsyntax.Block) *hcl.Diagnostic {
	subject := block.TypeRange
	if len(block.Labels) > len(b.Labels) {
		subject = block.LabelRanges[len(b.Labels)]
	}
	detail := fmt.Sprintf("Write %s.", b.example())
	return Error("Wrong number of labels", detail, subject)
}

// example shows how to write the block.
func (b Block) example() string {
	var s strings.Builder
	s.WriteString(b.Name)
	for _, label := range b.Labels {
		fmt.Fprintf(&s, " %q", label)
	}
	s.WriteString(" { … }")
	return s.String()
}

// names lists the attributes that can be set, sorted.
func (s Schema) names() []string {
	var names []string
	for _, a := range s.Attributes {
		names = append(names, a.Name)
	}
	slices.Sort(names)
	return names
}

// NotYet refuses what only a later version will do.
func NotYet(what, later string, subject hcl.Range) *hcl.Diagnostic {
	detail := fmt.Sprintf("%s is for %s, which this version of Relay does not have yet. Remove it until then.", what, later)
	return Error("Not in this version yet", detail, subject)
}
