// Package markup is a card's text as a tree: a library parses the card's Markdown, and
// the tree is cut where it is too long and written in the dialect of a chat system.
//
// The tree represents what chat systems can show and nothing else. A text is parsed once
// and then only copied, so that making it smaller costs no second parse and never leaves
// half of an emphasis or of a link behind.
package markup

// Text is a parsed text: its blocks in order. The zero value is the empty text. Texts are
// values: no function of this package changes one that it gets.
type Text []Block

// BlockKind says what a block is.
type BlockKind int

// The kinds of blocks, and which fields of [Block] they use.
const (
	Paragraph BlockKind = iota // Inlines
	Heading                    // Inlines, Level
	List                       // Items, Ordered, Start
	Quote                      // Blocks
	Code                       // Code, Language
	Table                      // Rows, the first of which is the head
	Rule                       // nothing
)

// Block is one block of a text.
type Block struct {
	Kind    BlockKind
	Inlines []Inline
	// Level counts from 1.
	Level   int
	Items   []Text
	Ordered bool
	Start   int
	Blocks  Text
	// Code holds no final line break.
	Code     string
	Language string
	Rows     [][]Cell
}

// Cell is one cell of a table.
type Cell []Inline

// InlineKind says what a piece of a line is.
type InlineKind int

// The kinds of inlines, and which fields of [Inline] they use.
const (
	Plain    InlineKind = iota // Text, which is literal
	Break                      // nothing
	Strong                     // Inlines
	Emphasis                   // Inlines
	Strike                     // Inlines
	CodeSpan                   // Text
	Link                       // URL, Inlines
	Picture                    // URL, Text (what it shows)
	Mention                    // Login, Text (the name)
)

// Inline is a piece of a line.
type Inline struct {
	Kind    InlineKind
	Text    string
	URL     string
	Login   string
	Inlines []Inline
}

// Words returns one paragraph of literal text.
func Words(s string) Text { return Of(Inline{Kind: Plain, Text: s}) }

// Of returns one paragraph of these inlines.
func Of(inlines ...Inline) Text { return Text{{Kind: Paragraph, Inlines: inlines}} }

// Remark returns one emphasised paragraph of literal text.
func Remark(s string) Text {
	return Of(Inline{Kind: Emphasis, Inlines: []Inline{{Kind: Plain, Text: s}}})
}

// Join returns one paragraph of these inlines with a separator between them; empty when
// there are none.
func Join(inlines []Inline, separator string) Text {
	var line []Inline
	for i, n := range inlines {
		if i > 0 {
			line = append(line, Inline{Kind: Plain, Text: separator})
		}
		line = append(line, n)
	}
	if len(line) == 0 {
		return nil
	}
	return Of(line...)
}

// Empty reports whether there is nothing to see.
func (t Text) Empty() bool { return t.Len() == 0 }

// Walk calls f for every inline, those inside of others included, in order.
func (t Text) Walk(f func(Inline)) {
	for _, b := range t {
		walk(b.Inlines, f)
		for _, item := range b.Items {
			item.Walk(f)
		}
		b.Blocks.Walk(f)
		for _, row := range b.Rows {
			for _, cell := range row {
				walk(cell, f)
			}
		}
	}
}

func walk(inlines []Inline, f func(Inline)) {
	for _, n := range inlines {
		f(n)
		walk(n.Inlines, f)
	}
}

// Inline returns a text that is one line: the inlines of all its blocks with a
// space between them. It is for titles and names.
func (t Text) Inline() []Inline {
	var line []Inline
	add := func(inlines []Inline) {
		if len(line) > 0 && len(inlines) > 0 {
			line = append(line, Inline{Kind: Plain, Text: " "})
		}
		line = append(line, unbroken(inlines)...)
	}
	for _, b := range t {
		add(b.Inlines)
		if b.Code != "" {
			add([]Inline{{Kind: CodeSpan, Text: b.Code}})
		}
		for _, item := range b.Items {
			add(item.Inline())
		}
		add(b.Blocks.Inline())
		for _, row := range b.Rows {
			for _, cell := range row {
				add(cell)
			}
		}
	}
	return line
}
