package route

import (
	"maps"
	"slices"
)

// Block is one of the blocks that a card override is written in, for the reference.
type Block struct {
	Name       string
	Labels     []string
	Attributes []Attribute
	Blocks     []string
}

// Attribute is an attribute of a block; Value says what it holds.
type Attribute struct{ Name, Value string }

// Blocks lists the card block and those inside of it, each once, from the same schema
// that reads them.
func Blocks() []Block {
	var list []Block
	var add func(string, []string, bodySchema)
	add = func(name string, labels []string, s bodySchema) {
		if slices.ContainsFunc(list, func(b Block) bool { return b.Name == name }) {
			return
		}
		b := Block{Name: name, Labels: labels, Blocks: s.blockNames()}
		for _, attribute := range slices.Sorted(maps.Keys(s.attributes)) {
			b.Attributes = append(b.Attributes, Attribute{attribute, s.attributes[attribute].words()})
		}
		list = append(list, b)
		for _, inner := range b.Blocks {
			add(inner, s.labels[inner], s.blocks[inner]())
		}
	}
	add("card", nil, cardSchema())
	return list
}
