package route

import "slices"

// Block is one of the blocks of a card override, for the reference.
type Block struct {
	Name   string   `json:"block"`
	Labels []string `json:"labels"`
	// Attributes says by name what each attribute holds.
	Attributes map[string]string `json:"attributes"`
	Blocks     []string          `json:"blocks"`
}

// Blocks lists the card block and those inside it, each once, from the schema that
// reads them.
func Blocks() []Block {
	var list []Block
	var add func(string, []string, bodySchema)
	add = func(name string, labels []string, s bodySchema) {
		if slices.ContainsFunc(list, func(b Block) bool { return b.Name == name }) {
			return
		}
		b := Block{Name: name, Labels: append([]string{}, labels...), Attributes: make(map[string]string), Blocks: append([]string{}, s.blockNames()...)}
		for attribute, holds := range s.attributes {
			b.Attributes[attribute] = holds.words()
		}
		list = append(list, b)
		for _, inner := range b.Blocks {
			add(inner, s.labels[inner], s.blocks[inner]())
		}
	}
	add("card", nil, cardSchema())
	return list
}
