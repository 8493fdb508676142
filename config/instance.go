package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/connector-relay/relay/relay/route/language"
)

// mostInstances bounds how many channels or connectors one block may be.
const mostInstances = 1_000

// instance is a block with a name of its own: a block itself, or one of those that its
// for_each makes of it.
type instance struct {
	block *hclsyntax.Block
	// name is the block's label, followed by "-" and the key where there is one.
	name string
	// written is how expressions name it, such as channel.lobby or channel.team["red"].
	written string
	// key and value are what each is in it; forEach is nil for a block by itself.
	key     string
	value   cty.Value
	forEach hclsyntax.Expression
}

// expand returns the instances of blocks of one sort, and checks their names.
func (f *File) expand(sort string, blocks []*hclsyntax.Block) []instance {
	f.unique(sort, blocks)
	var list []instance
	taken := make(map[string]instance)
	for _, b := range blocks {
		for _, in := range f.instances(sort, b) {
			if before, ok := taken[in.name]; ok && (in.forEach != nil || before.forEach != nil) {
				place := b.LabelRanges[len(b.Labels)-1]
				f.error("Duplicate name", fmt.Sprintf("The name of %s is %q, as is that of %s %s. Rename one of the two.",
					in.written, in.name, before.written, language.Where(before.block.DefRange(), place)), place)
				continue
			}
			taken[in.name] = in
			list = append(list, in)
		}
	}
	return list
}

// instances returns those that one block makes.
func (f *File) instances(sort string, b *hclsyntax.Block) []instance {
	each, written := b.Body.Attributes["for_each"], language.Member(sort, lastLabel(b))
	if each == nil {
		return []instance{{block: b, name: lastLabel(b), written: written}}
	}
	values := f.forEach(each)
	if values != nil && len(values) == 0 {
		f.redactBody(b.Body) // nobody will look at what may be a secret in it
	}
	var list []instance
	for _, key := range slices.Sorted(maps.Keys(values)) {
		in := instance{block: b, name: lastLabel(b) + "-" + key, written: fmt.Sprintf("%s[%q]", written, key), key: key, value: values[key], forEach: each.Expr}
		if key == "" || !usableName(in.name) {
			f.error("Unusable name", fmt.Sprintf("The key %q cannot become part of a name: %q has to start with a letter and have only letters, digits, '-' and '_', 64 at most.", key, in.name), each.Expr.Range())
			continue
		}
		list = append(list, in)
	}
	return list
}

// references are what blocks of a sort make, as values.
func references(sort string, blocks []*hclsyntax.Block, instances []instance) *language.References {
	var single []string
	each := make(map[string]map[string]string)
	for _, b := range blocks {
		if b.Body.Attributes["for_each"] == nil {
			single = append(single, lastLabel(b))
		} else {
			each[lastLabel(b)] = make(map[string]string)
		}
	}
	for _, in := range instances {
		if in.forEach != nil {
			each[lastLabel(in.block)][in.key] = in.name
		}
	}
	r := language.NewReferences(sort, single)
	for _, label := range slices.Sorted(maps.Keys(each)) {
		r.AddEach(label, each[label])
	}
	return r
}

// forEach evaluates a for_each: a set of texts, or a map or object. Only what the keys
// stand for may be secret, because keys become names.
func (f *File) forEach(attr *hclsyntax.Attribute) map[string]cty.Value {
	place := attr.Expr.Range()
	v, diags := language.Evaluate(attr.Expr, f.referring(), false)
	f.add(diags...)
	if diags.HasErrors() {
		return nil
	}
	t := v.Type()
	if isSet := t.IsSetType(); isSet || v.IsMarked() {
		plain, hidden := language.Reveal(v)
		if hidden {
			f.error("Secret in names", "The keys of a for_each become names, which everybody sees, and these come from env or file. Write the keys here; only what they stand for may be secret, such as { red = env(\"RED_URL\") }.", place)
			return nil
		}
		v = plain
	}
	switch {
	case !v.IsKnown():
		f.unknown(attr.Expr)
		return nil
	case v.IsNull() || !t.IsSetType() && !t.IsMapType() && !t.IsObjectType():
		f.error("Wrong type", fmt.Sprintf("The attribute for_each takes a set of texts, such as toset([\"red\", \"green\"]), or a map; this is %s.", nullOr(v)), place)
		return nil
	case v.LengthInt() > mostInstances:
		f.error("Too many instances", fmt.Sprintf("This for_each would make %d of one block; %d are the most.", v.LengthInt(), mostInstances), place)
		return nil
	}
	values := make(map[string]cty.Value)
	for it := v.ElementIterator(); it.Next(); {
		key, value := it.Element()
		if key.Type() != cty.String || key.IsNull() || !key.IsKnown() {
			f.error("Wrong type", fmt.Sprintf("The attribute for_each takes a set of texts; one of its elements is %s.", nullOr(key)), place)
			return nil
		}
		values[key.AsString()] = value
	}
	return values
}

// nullOr is what a value is, in words.
func nullOr(v cty.Value) string {
	if v.IsNull() {
		return "null"
	}
	return typeName(v.Type())
}

// unknown reports a value that cannot be known. That is a consequence of a mistake
// elsewhere, but for one reason of its own.
func (f *File) unknown(expr hclsyntax.Expression) {
	for _, l := range f.needs(expr) {
		if l.state == waiting {
			f.error("Channels not known yet", fmt.Sprintf("The for_each of channels says which channels there are, but local.%s refers to channels. Keep the two apart.", l.name), expr.Range())
			return
		}
	}
	f.add(language.Unknown(expr.Range()))
}

// within reads something in the scope of an instance, which the diagnostics name.
func (f *File) within(in instance, read func()) {
	if in.forEach == nil {
		read()
		return
	}
	outer := f.scope
	f.scope, f.instance = outer.NewChild(), &in
	f.scope.Variables = map[string]cty.Value{"each": cty.ObjectVal(map[string]cty.Value{"key": cty.StringVal(in.key), "value": in.value})}
	f.collectHidden(in.block.Body)
	read()
	f.scope, f.instance = outer, nil
}

// about marks a diagnostic as one that concerns an instance.
type about struct{ instance string }

// merge makes one diagnostic of those that say the same of several instances. An
// expression in a loop, too, reports its mistakes once a turn.
func merge(diags hcl.Diagnostics) hcl.Diagnostics {
	type same struct {
		summary, detail string
		place           hcl.Range
	}
	var list hcl.Diagnostics
	instances := make(map[same][]string)
	for _, d := range diags {
		key := same{summary: d.Summary, detail: d.Detail}
		if d.Subject != nil {
			key.place = *d.Subject
		}
		names, known := instances[key]
		if a, ok := d.Extra.(about); ok && !slices.Contains(names, a.instance) {
			names = append(names, a.instance)
		}
		if instances[key] = names; !known {
			list = append(list, d)
		}
	}
	for _, d := range list {
		key := same{summary: d.Summary, detail: d.Detail}
		if d.Subject != nil {
			key.place = *d.Subject
		}
		if names := instances[key]; len(names) > 0 && !strings.Contains(d.Detail, names[0]) {
			d.Detail += " This is about " + some(names) + "."
		}
	}
	return list
}

// some lists a few names and counts the rest.
func some(names []string) string {
	const few = 3
	if len(names) > few+1 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
	}
	return language.List(names, "and")
}
