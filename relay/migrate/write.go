package migrate

import (
	"bytes"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// block is a block of the draft.
type block struct {
	typ    string
	labels []string
	// notes are comments before it.
	notes []string
	lines []line
	// to are the channels of its one route; nil when it has none.
	to []string
}

// line is an attribute, or a comment in its place.
type line struct {
	name  string
	value hclwrite.Tokens
	note  string
}

// block adds a block. The last label becomes its name, which is free.
func (d *Draft) block(typ string, labels ...string) *block {
	last := len(labels) - 1
	labels[last] = d.free(typ, labels[last], "-")
	b := &block{typ: typ, labels: labels}
	d.blocks = append(d.blocks, b)
	return b
}

// name is what the block is called.
func (b *block) name() string { return b.labels[len(b.labels)-1] }

func (b *block) note(format string, a ...any) { b.notes = append(b.notes, fmt.Sprintf(format, a...)) }

func (b *block) set(name string, value hclwrite.Tokens) {
	b.lines = append(b.lines, line{name: name, value: value})
}

func (b *block) text(name, value string) {
	if value != "" {
		b.set(name, hclwrite.TokensForValue(cty.StringVal(value)))
	}
}

func (b *block) texts(name string, values []string) {
	var list []cty.Value
	for _, v := range values {
		list = append(list, cty.StringVal(v))
	}
	b.set(name, hclwrite.TokensForValue(cty.TupleVal(list)))
}

// env sets an attribute to a new variable's value, and file to a file's.
func (b *block) env(d *Draft, name, what, value string) {
	b.set(name, call("env", d.variable(b.name(), name, what, value)))
}

func (b *block) file(name, path string) { b.set(name, call("file", path)) }

// later is an attribute that a person may want, as a comment.
func (b *block) later(name, what string) {
	b.lines = append(b.lines, line{note: fmt.Sprintf("%s = env(\"…\") # %s", name, what)})
}

func call(function, argument string) hclwrite.Tokens {
	return hclwrite.TokensForFunctionCall(function, hclwrite.TokensForValue(cty.StringVal(argument)))
}

func reference(sort, name string) hclwrite.Tokens {
	return hclwrite.TokensForTraversal(hcl.Traversal{hcl.TraverseRoot{Name: sort}, hcl.TraverseAttr{Name: name}})
}

// HCL writes the draft, with what needs a person at its top.
func (d *Draft) HCL() []byte {
	file := hclwrite.NewEmptyFile()
	body := file.Body()
	comment(body, d.title)
	todo := d.Todo()
	if len(todo) > 0 {
		comment(body, "")
		comment(body, "What needs a person:")
	}
	for _, text := range todo {
		comment(body, "- "+text)
	}
	for _, b := range d.blocks {
		body.AppendNewline()
		for _, note := range b.notes {
			comment(body, note)
		}
		b.write(body.AppendNewBlock(b.typ, b.labels).Body())
	}
	return append(bytes.TrimRight(hclwrite.Format(file.Bytes()), "\n"), '\n')
}

func (b *block) write(body *hclwrite.Body) {
	for _, l := range b.lines {
		if l.note != "" {
			comment(body, l.note)
		} else {
			body.SetAttributeRaw(l.name, l.value)
		}
	}
	if b.to == nil {
		return
	}
	var channels []hclwrite.Tokens
	for _, name := range b.to {
		channels = append(channels, reference("channel", name))
	}
	body.AppendNewBlock("route", nil).Body().SetAttributeRaw("to", hclwrite.TokensForTuple(channels))
}

func comment(body *hclwrite.Body, text string) {
	if text = oneLine(text); text != "" {
		text = " " + text
	}
	body.AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenComment, Bytes: []byte("#" + text + "\n")}})
}
