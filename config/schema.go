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
	c.places = make(map[string]hcl.Range)
	for _, a := range t.Arguments {
		var arg argument
		var ok bool
		if attr := block.Body.Attributes[a.Name]; attr != nil {
			c.places[a.Name] = attr.Expr.Range()
			arg, ok = f.argument(a, attr)
		} else if a.Default != "" {
			arg, ok = f.defaultArgument(c, block, a)
		}
		if ok {
			c.Arguments.list = append(c.Arguments.list, arg)
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

// defaultArgument is an argument that does not stand in the file.
func (f *File) defaultArgument(c *Connector, block *hclsyntax.Block, a connector.Argument) (argument, bool) {
	var x fitting
	v := x.argument(member{Argument: a, name: a.Name}, cty.NullVal(cty.DynamicPseudoType))
	if len(x.diags) > 0 {
		f.error("Faulty plugin", fmt.Sprintf("The plugin of connector type %s cannot be used: the default of its argument %q is no %s. Tell its author, or use another version.", c.Type, a.Name, a.Type), block.LabelRanges[0])
	}
	return argument{name: a.Name, value: v}, len(x.diags) == 0 && !v.IsNull()
}

// argument decodes one argument that stands in the file.
func (f *File) argument(a connector.Argument, attr *hclsyntax.Attribute) (argument, bool) {
	if a.Secret {
		f.redact(attr.Expr)
	}
	v, diags := language.Evaluate(attr.Expr, f.scope, a.Secret)
	f.add(diags...)
	if diags.HasErrors() {
		return argument{}, false
	}
	v, hidden := language.Reveal(v)
	x := fitting{hidden: hidden || a.Secret}
	v = x.argument(member{Argument: a, name: a.Name, expr: attr.Expr}, v)
	f.add(x.diags...)
	if len(x.diags) > 0 || v.IsNull() {
		return argument{}, false
	}
	if !a.Secret {
		return argument{name: a.Name, value: v}, true
	}
	arg := conceal(a.Name, v, f.filesIn(attr.Expr))
	if !hidden && !isPlainAddress(v) && len(arg.secrets) > 0 {
		f.warnLiteral(a.Name, secretSetting{value: arg.secrets[0].value, place: attr.Expr.Range(), literal: true})
	}
	return arg, true
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
