package markup

import (
	"slices"
	"strconv"
	"strings"
)

// markupTag is a tag among inlines that are not yet in the tree.
const markupTag = Mention + 1

// deepestElement is how deep elements of HTML can be nested; those deeper change
// nothing.
const deepestElement = 32

// elements puts pieces of text between the tags of HTML into a tree. Both readers use
// it: that of Markdown, which may hold tags, and that of HTML.
type elements struct {
	reader
	open []element
}

// element is an open element, with its content so far.
type element struct {
	tag
	// line becomes the next of the blocks.
	line   []Inline
	blocks Text
	// items are a list's, cells a row's, and rows a table's.
	items []Text
	cells []Cell
	rows  [][]Cell
}

func newElements(r reader) *elements { return &elements{reader: r, open: make([]element, 1)} }

func (e *elements) top() *element { return &e.open[len(e.open)-1] }

// add puts inlines where the text is, and opens and closes what their tags do.
func (e *elements) add(list []Inline) {
	for _, n := range list {
		if n.Kind != markupTag {
			e.top().line = append(e.top().line, n)
			continue
		}
		if t, ok := readTag(n.Text); ok {
			e.tag(t)
		}
	}
}

// block adds a complete block.
func (e *elements) block(b Block) {
	e.flush()
	e.top().blocks = append(e.top().blocks, b)
}

// flush makes a paragraph of the line.
func (e *elements) flush() {
	top := e.top()
	line := e.finish(top.line)
	if !top.role.inLine() || len(top.blocks) > 0 {
		line = spaceless(line) // otherwise it goes on a line that has begun
	}
	if len(line) > 0 {
		top.blocks = append(top.blocks, Block{Kind: Paragraph, Inlines: line})
	}
	top.line = nil
}

// spaceless removes space from the ends of a line, where HTML has it between its tags.
func spaceless(line []Inline) []Inline {
	trim := func(i int, cut func(string, string) string) bool {
		n := &line[i]
		if n.Kind == Plain {
			n.Text = cut(n.Text, " \t\n\u00a0")
		}
		return n.Kind == Break || n.Kind == Plain && n.Text == ""
	}
	for len(line) > 0 && trim(0, strings.TrimLeft) {
		line = line[1:]
	}
	for len(line) > 0 && trim(len(line)-1, strings.TrimRight) {
		line = line[:len(line)-1]
	}
	return line
}

func (e *elements) tag(t tag) {
	switch {
	case t.name == "": // a comment
	case t.role == lineBreak:
		e.top().line = append(e.top().line, Inline{Kind: Break})
	case t.role == rule:
		e.block(Block{Kind: Rule})
	case t.role == picture && !t.closing:
		e.top().line = append(e.top().line, e.picture([]byte(t.attribute("src")), t.attribute("alt"))...)
	case t.role == picture:
	case t.closing:
		e.close(t)
	case strings.HasSuffix(t.raw, "/>"): // an element without content
	default:
		e.begin(t)
	}
}

// begin opens an element. An open one of its kind ends there if it cannot hold another.
func (e *elements) begin(t tag) {
	if t.role == anchor && t.attribute("href") == "" && t.attribute("name") == "" && t.attribute("id") == "" {
		e.top().line = append(e.top().line, Inline{Kind: Plain, Text: t.raw}) // as in List<A>
		return
	}
	switch t.role {
	case paragraph, heading:
		e.end(heading, point, cell, quote, paragraph)
		if at := e.find(paragraph, point, cell, quote); at > 0 && e.open[at].name == "p" {
			e.popTo(at)
		}
	case point:
		e.end(point, list)
	case cell:
		e.end(cell, row, table)
		if e.top().role == table {
			e.open = append(e.open, element{tag: tag{role: row, name: "tr"}})
		}
		if e.top().role != row {
			return // only a table has cells
		}
	case row:
		e.end(row, table)
		if e.top().role != table {
			return
		}
	}
	if len(e.open) < deepestElement {
		e.open = append(e.open, element{tag: t})
	}
}

// find returns where the innermost open element of a kind is, if none of the others is
// open inside it; 0 when there is none.
func (e *elements) find(r role, bounds ...role) int {
	for i := len(e.open) - 1; i > 0; i-- {
		if e.open[i].role == r {
			return i
		}
		if slices.Contains(bounds, e.open[i].role) {
			return 0
		}
	}
	return 0
}

// end closes the innermost open element of a kind, if there is one.
func (e *elements) end(r role, bounds ...role) {
	if at := e.find(r, bounds...); at > 0 {
		e.popTo(at)
	}
}

func (e *elements) close(t tag) {
	at := len(e.open) - 1
	for at > 0 && e.open[at].name != t.name {
		if e.open[at].role == cell && t.role != row && t.role != table {
			at = 0
			break
		}
		at--
	}
	switch {
	case at > 0:
		for len(e.open) > at+1 {
			e.pop(false)
		}
		e.pop(true)
	case t.role.inLine() && t.role != passes:
		e.top().line = append(e.top().line, Inline{Kind: Plain, Text: t.raw})
	case t.role != passes:
		e.flush()
	}
}

func (e *elements) popTo(at int) {
	for len(e.open) > at {
		e.pop(false)
	}
}

// done closes what is still open and returns the text.
func (e *elements) done() Text {
	e.popTo(1)
	e.flush()
	return e.open[0].blocks
}

// pop ends the innermost element. Marks that are not closed are text.
func (e *elements) pop(closed bool) {
	last := *e.top()
	if last.role.inLine() {
		e.open = e.open[:len(e.open)-1]
		e.popInLine(last, closed)
		return
	}
	e.flush()
	last = *e.top()
	e.open = e.open[:len(e.open)-1]
	switch last.role {
	case hidden:
	case point:
		e.item(last.blocks)
	case cell:
		e.top().cells = append(e.top().cells, last.blocks.Inline())
	case row:
		e.flush() // what stands between cells
		if len(last.cells) > 0 {
			e.top().rows = append(e.top().rows, last.cells)
		}
	default:
		e.flush()
		e.top().blocks = append(e.top().blocks, last.written()...)
	}
}

// item adds a point to its list, or makes a list of it.
func (e *elements) item(t Text) {
	top := e.top()
	if top.role == list {
		top.items = append(top.items, t)
		return
	}
	e.flush()
	if n := len(top.blocks); n > 0 && top.blocks[n-1].Kind == List {
		top.blocks[n-1].Items = append(top.blocks[n-1].Items, t)
		return
	}
	top.blocks = append(top.blocks, Block{Kind: List, Items: []Text{t}})
}

// written returns the blocks that an element makes.
func (el element) written() Text {
	switch el.role {
	case heading:
		if line := el.blocks.Inline(); len(line) > 0 {
			return Text{{Kind: Heading, Level: int(el.name[1] - '0'), Inlines: line}}
		}
		return nil
	case quote:
		if len(el.blocks) > 0 {
			return Text{{Kind: Quote, Blocks: el.blocks}}
		}
		return nil
	case list:
		return append(el.blocks, el.list()...)
	case table:
		return append(el.blocks, el.table()...)
	}
	return el.blocks
}

func (el element) list() Text {
	if len(el.items) == 0 {
		return nil
	}
	b := Block{Kind: List, Items: el.items}
	if b.Ordered = el.name == "ol"; b.Ordered {
		b.Start = 1
		if n, err := strconv.Atoi(el.attribute("start")); err == nil {
			b.Start = n
		}
	}
	return Text{b}
}

// mostCells is how many cells a table may have once its rows are made equal.
const mostCells = 4000

// table makes a table whose rows have equally many cells. A single row or column, which
// only arranges things, becomes paragraphs.
func (el element) table() Text {
	width, cells := 0, 0
	for _, row := range el.rows {
		width, cells = max(width, len(row)), cells+len(row)
	}
	if len(el.rows) < 2 || width < 2 || len(el.rows)*width > max(mostCells, cells) {
		return Lines(el.rows)
	}
	for i, row := range el.rows {
		el.rows[i] = append(row, make([]Cell, width-len(row))...)
	}
	return Text{{Kind: Table, Rows: el.rows}}
}

// Lines returns a table as text, with a paragraph for each row.
func Lines(rows [][]Cell) Text {
	t := make(Text, len(rows))
	for i, row := range rows {
		for j, c := range row {
			if j > 0 {
				t[i].Inlines = append(t[i].Inlines, Inline{Kind: Plain, Text: " | "})
			}
			t[i].Inlines = append(t[i].Inlines, c...)
		}
	}
	return t
}

// popInLine ends an element that marks a part of a line, or of several blocks.
func (e *elements) popInLine(last element, closed bool) {
	if !closed {
		e.top().line = append(e.top().line, Inline{Kind: Plain, Text: last.raw})
	}
	mark := func(list []Inline) []Inline { return list }
	if closed {
		mark = e.marking(last.tag)
	}
	for i, b := range last.blocks {
		b.Inlines = mark(b.Inlines)
		if i == 0 && b.Kind == Paragraph {
			e.top().line = append(e.top().line, b.Inlines...) // it continues the line that has begun
			e.flush()
			continue
		}
		e.block(b)
	}
	e.top().line = append(e.top().line, mark(merge(last.line))...)
}

// marking returns what an element does to a line.
func (e *elements) marking(t tag) func([]Inline) []Inline {
	as := func(kind InlineKind) func([]Inline) []Inline {
		return func(list []Inline) []Inline {
			if len(list) == 0 {
				return nil
			}
			return []Inline{{Kind: kind, Inlines: Without(kind, e.finish(list))}}
		}
	}
	switch t.role {
	case strong:
		return as(Strong)
	case emphasis:
		return as(Emphasis)
	case strike:
		return as(Strike)
	case code:
		return func(list []Inline) []Inline { return []Inline{{Kind: CodeSpan, Text: flat(list)}} }
	case anchor:
		href := []byte(t.attribute("href"))
		return func(list []Inline) []Inline { return e.link(href, Without(Link, list)) }
	}
	return func(list []Inline) []Inline { return list }
}

// HTML reads a text that is HTML, not Markdown. What is not an HTML tag is literal, and
// line breaks stay.
func (r *Reader) HTML(s string) Text {
	s = strings.TrimSpace(lineFeeds(s))
	if s == "" {
		return nil
	}
	if !r.afford(s) {
		return Literal(s)
	}
	e := newElements(reader{Reader: r})
	var c closings
	for s != "" {
		before, t, rest := nextTag(s)
		e.text(before)
		s = rest
		inner, size := c.verbatim(t, rest)
		switch {
		case size == 0:
			e.tag(t)
			continue
		case t.role == preformatted:
			e.block(Block{Kind: Code, Code: strings.Trim(untagged(inner), "\n")})
		default:
			e.add([]Inline{{Kind: CodeSpan, Text: oneLine(untagged(inner))}})
		}
		s = rest[size:]
	}
	return e.done()
}

// text adds literal text, which may contain entities.
func (e *elements) text(s string) {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		line = entities(line)
		if i > 0 {
			line = strings.TrimLeft(line, " \t")
		}
		soFar := e.top().line
		switch {
		case i > 1 && strings.TrimSpace(lines[i-1]) == "":
			e.flush()
		case i > 0 && len(soFar) > 0 && soFar[len(soFar)-1].Kind != Break:
			e.top().line = append(soFar, Inline{Kind: Break})
		}
		if line != "" {
			e.top().line = append(e.top().line, Inline{Kind: Plain, Text: line})
		}
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
