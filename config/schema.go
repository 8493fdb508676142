package config

import (
	"fmt"
	"net/url"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/route/language"
)

// arguments decodes a connector's own arguments against its type's schema.
func (f *File) arguments(c *Connector, block *hclsyntax.Block, t connector.Type) {
	f.checkArguments(block, t)
	c.places, c.Arguments.values = make(map[string]hcl.Range), make(map[string]any)
	for _, a := range t.Arguments {
		var v any
		if attr := block.Body.Attributes[a.Name]; attr != nil {
			c.places[a.Name] = attr.Expr.Range()
			v = f.argument(a, attr)
		} else if a.Default != "" {
			v = f.defaultArgument(block, a)
		}
		if v != nil {
			c.Arguments.values[a.Name] = v
		}
	}
}

// checkArguments checks the names in a connector block. What is the relay's own has
// been checked before.
func (f *File) checkArguments(block *hclsyntax.Block, t connector.Type) {
	s := language.Schema{Title: "a connector of type " + t.Type, Attributes: ownAttributes(), Blocks: ownBlocks()}
	for _, a := range t.Arguments {
		s.Attributes = append(s.Attributes, language.Attribute{Name: a.Name, Required: a.Required, Doc: a.Doc})
	}
	plugins := &hclsyntax.Body{Attributes: block.Body.Attributes, Blocks: blocksOf(block.Body, false)}
	f.add(f.check(s, plugins, block.DefRange())...)
}

// defaultArgument is the value of an argument that does not stand in the file.
func (f *File) defaultArgument(block *hclsyntax.Block, a connector.Argument) any {
	x := fitting{file: f}
	v := x.argument(member{Argument: a, name: a.Name}, cty.NullVal(cty.DynamicPseudoType))
	if len(x.diags) > 0 {
		f.error("Faulty plugin", fmt.Sprintf("The plugin of connector type %s cannot be used: the default of its argument %q is no %s. Tell its author, or use another version.", block.Labels[0], a.Name, a.Type), block.LabelRanges[0])
	}
	return v
}

// argument is the value of one that does.
func (f *File) argument(a connector.Argument, attr *hclsyntax.Attribute) any {
	var written []hcl.Range
	if a.Secret {
		written = f.redact(attr.Expr)
	}
	given, hidden, ok := f.evaluate(attr.Expr, f.scope, a.Secret)
	if !ok {
		return nil
	}
	x := fitting{file: f, secret: a.Secret, hidden: hidden || a.Secret}
	v := x.argument(member{Argument: a, name: a.Name, expr: attr.Expr}, given)
	f.add(x.diags...)
	if len(x.diags) == 0 && !isPlainAddress(given) {
		f.warnLiteral(a.Name, secretSetting{value: x.found, place: attr.Expr.Range(), hidden: hidden, literals: written})
	}
	return v
}

// isPlainAddress reports whether a value is an address with nothing in it that gives
// access: most feeds' are public, though some are secret.
func isPlainAddress(v cty.Value) bool {
	if v.Type() != cty.String || v.IsNull() {
		return false
	}
	u, err := url.Parse(v.AsString())
	return err == nil && u.Host != "" && u.User == nil && u.RawQuery == ""
}
