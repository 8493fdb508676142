package markup

import (
	"html"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/connector-relay/relay/relay/card"
)

// Parser reads a card's Markdown: CommonMark with GitHub's tables, strikethrough
// and task lists. The zero value works and makes a new parser for each card, which costs
// more than most texts do; one of NewParser may be used again and concurrently.
type Parser struct{ markdown parser.Parser }

// NewParser returns a parser.
func NewParser() Parser {
	blocks := slices.DeleteFunc(parser.DefaultBlockParsers(), func(v util.PrioritizedValue) bool {
		return v.Value == parser.NewHTMLBlockParser() // its Markdown would not be read
	})
	p := parser.NewParser(parser.WithBlockParsers(blocks...), parser.WithInlineParsers(parser.DefaultInlineParsers()...),
		parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...))
	return Parser{goldmark.New(goldmark.WithParser(p), goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList)).Parser()}
}

// Parse reads a text that is the only one of its card; see [Parser.Reader].
func (p Parser) Parse(s string, known func(login string) (name string, ok bool)) Text {
	return p.Reader(known).Read(s)
}

// Read reads a text. Any text can be read.
func (r *Reader) Read(s string) Text {
	s = strings.TrimSpace(lineFeeds(s))
	switch {
	case s == "":
		return nil
	case isPlain(s):
		return Of(reader{Reader: r}.links(s)...)
	case !r.afford(s):
		return Literal(s)
	}
	one := reader{Reader: r, src: []byte(fenced(s))}
	t := one.blocks(r.parser.markdown.Parse(text.NewReader(one.src)))
	if Bare(t) == "" && !strings.HasPrefix(s, "<!--") {
		return Literal(s) // a text of nothing but marks, such as *****, is meant literally
	}
	return t
}

// Section returns the reader of a section's texts: they are Markdown, or HTML alone where
// the section says that they are no Markdown, as for the retired connectors.
func (r *Reader) Section(markdown *bool) func(string) Text {
	if markdown != nil && !*markdown {
		return r.HTML
	}
	return r.Read
}

// lineFeeds turns all line breaks into line feeds; Microsoft's own samples have "\r".
func lineFeeds(s string) string {
	if !strings.ContainsRune(s, '\r') {
		return s
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
}

// isPlain reports whether a text means the same in Markdown and out of it: one line
// without a mark that does not begin like a heading, a quote, a list or a rule. Most
// texts of most cards are, and need no parser.
func isPlain(s string) bool {
	if strings.ContainsAny(s, "\\`*_[]<|~&\n\r\t") || strings.ContainsRune("#>+-=", rune(s[0])) {
		return false
	}
	number := strings.TrimLeft(s, "0123456789")
	return len(number) == len(s) || !strings.HasPrefix(number, ".") && !strings.HasPrefix(number, ")")
}

// reader turns the library's nodes of one text into the tree.
type reader struct {
	*Reader
	src []byte
	// depth is how many lists and quotes the reader is in, and within which marks.
	depth  int
	within [Strike + 1]bool
}

func (r reader) blocks(parent ast.Node) Text {
	e := newElements(r)
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if k := n.Kind(); r.depth < deepest && (k == ast.KindParagraph || k == ast.KindTextBlock) {
			e.add(r.raw(n))
			e.flush()
		} else if b, ok := r.block(n); ok {
			e.block(b)
		}
	}
	return e.done()
}

func (r reader) block(n ast.Node) (Block, bool) {
	if r.depth++; r.depth > deepest {
		line := r.text(n)
		return Block{Kind: Paragraph, Inlines: line}, len(line) > 0
	}
	switch n := n.(type) {
	case *ast.Heading:
		b := Block{Kind: Heading, Level: n.Level, Inlines: r.inlines(n)}
		return b, len(b.Inlines) > 0
	case *ast.List:
		b := Block{Kind: List, Ordered: n.IsOrdered(), Start: n.Start}
		for item := n.FirstChild(); item != nil; item = item.NextSibling() {
			b.Items = append(b.Items, r.blocks(item))
		}
		return b, len(b.Items) > 0
	case *ast.FencedCodeBlock:
		return Block{Kind: Code, Code: r.lines(n), Language: language(string(n.Language(r.src)))}, true
	case *ast.CodeBlock:
		return Block{Kind: Code, Code: r.lines(n)}, true
	case *ast.ThematicBreak:
		return Block{Kind: Rule}, true
	case *ast.Blockquote:
		b := Block{Kind: Quote, Blocks: r.blocks(n)}
		return b, len(b.Blocks) > 0
	case *extast.Table:
		return r.table(n), true
	}
	b := Block{Kind: Paragraph, Inlines: r.inlines(n)}
	return b, len(b.Inlines) > 0
}

// text returns what blocks too deep to be drawn say.
func (r reader) text(parent ast.Node) []Inline {
	var b strings.Builder
	_ = ast.Walk(parent, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.WriteString(unescape(t.Segment.Value(r.src)) + " ")
		}
		return ast.WalkContinue, nil
	})
	return r.finish([]Inline{{Kind: Plain, Text: strings.TrimSpace(b.String())}})
}

func (r reader) table(n *extast.Table) Block {
	b := Block{Kind: Table}
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []Cell
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cells = append(cells, r.inlines(cell))
		}
		b.Rows = append(b.Rows, cells)
	}
	return b
}

// language returns a fence's language, if it is a name and not something that would mean
// more in a dialect.
func language(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("+#-_.", r)
	}) {
		return ""
	}
	return s
}

func (r reader) lines(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		b.Write(line.Value(r.src))
	}
	return strings.TrimRight(b.String(), "\r\n")
}

// inlines reads the inlines of a node; text that the library has cut in pieces is
// joined, because addresses and mentions are looked for in the whole.
func (r reader) inlines(parent ast.Node) []Inline {
	list := r.raw(parent)
	if !slices.ContainsFunc(list, func(n Inline) bool { return n.Kind == markupTag }) {
		return r.finish(list)
	}
	e := newElements(r)
	e.add(list)
	t := e.done()
	if len(t) == 1 && t[0].Kind == Paragraph {
		return t[0].Inlines
	}
	return t.Inline()
}

func (r reader) raw(parent ast.Node) []Inline {
	var list []Inline
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		line, ended := n.(*ast.Text)
		if ended && line.Segment.IsEmpty() && line.SoftLineBreak() && len(list) > 0 && list[len(list)-1].Kind == Break {
			continue // "<br>" at the end of a line is one break
		}
		list = append(list, r.inline(n)...)
	}
	return list
}

func (r reader) inline(n ast.Node) []Inline {
	switch n := n.(type) {
	case *ast.Text:
		list := []Inline{{Kind: Plain, Text: unescape(n.Segment.Value(r.src))}}
		// A line break in a card is intended: chat systems are not typeset.
		if n.HardLineBreak() || n.SoftLineBreak() {
			list = append(list, Inline{Kind: Break})
		}
		return list
	case *ast.String:
		return []Inline{{Kind: Plain, Text: string(n.Value)}}
	case *ast.CodeSpan:
		return []Inline{{Kind: CodeSpan, Text: r.source(n)}}
	case *ast.Emphasis:
		if n.Level == 2 {
			return r.marked(Strong, n)
		}
		return r.marked(Emphasis, n)
	case *extast.Strikethrough:
		return r.marked(Strike, n)
	case *extast.TaskCheckBox:
		if n.IsChecked {
			return []Inline{{Kind: Plain, Text: "☑ "}}
		}
		return []Inline{{Kind: Plain, Text: "☐ "}}
	case *ast.Link:
		return r.link(n.Destination, r.raw(n))
	case *ast.AutoLink:
		return r.link(n.URL(r.src), []Inline{{Kind: Plain, Text: string(n.Label(r.src))}})
	case *ast.Image:
		return r.picture(n.Destination, flat(r.raw(n)))
	case *ast.RawHTML:
		var b strings.Builder
		for i := range n.Segments.Len() {
			segment := n.Segments.At(i)
			b.Write(segment.Value(r.src))
		}
		return asTag(b.String())
	}
	return r.raw(n)
}

// marked reads what is inside marks. Inside the same marks they mean nothing.
func (r reader) marked(kind InlineKind, n ast.Node) []Inline {
	if r.within[kind] {
		return r.raw(n)
	}
	r.within[kind] = true
	return []Inline{{Kind: kind, Inlines: r.inlines(n)}}
}

// asTag returns HTML within Markdown as a tag to be put in the tree, or as literal text.
func asTag(s string) []Inline {
	switch t, ok := readTag(s); {
	case !ok:
		return literalInlines(s)
	case t.role == lineBreak:
		return []Inline{{Kind: Break}}
	default:
		return []Inline{{Kind: markupTag, Text: s}}
	}
}

// merge joins neighbouring plain pieces.
func merge(list []Inline) []Inline {
	var out []Inline
	for len(list) > 0 {
		run := 0
		for run < len(list) && list[run].Kind == Plain {
			run++
		}
		if run == 0 {
			out, list = append(out, list[0]), list[1:]
			continue
		}
		if text := joined(list[:run]); text != "" {
			out = append(out, Inline{Kind: Plain, Text: text})
		}
		list = list[run:]
	}
	return out
}

// joined returns the text of plain pieces.
func joined(list []Inline) string {
	if len(list) == 1 {
		return list[0].Text
	}
	var b strings.Builder
	for _, n := range list {
		b.WriteString(n.Text)
	}
	return b.String()
}

// finish joins plain pieces and finds the addresses and mentions in them. A break
// at an end breaks nothing.
func (r reader) finish(list []Inline) []Inline {
	var out []Inline
	for _, n := range merge(list) {
		if n.Kind == Plain {
			out = append(out, r.links(n.Text)...)
			continue
		}
		out = append(out, n)
	}
	for len(out) > 0 && out[len(out)-1].Kind == Break {
		out = out[:len(out)-1]
	}
	for len(out) > 0 && out[0].Kind == Break {
		out = out[1:]
	}
	return out
}

// source returns the text of a code span, in which no character is special.
func (r reader) source(n ast.Node) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(r.src))
		}
	}
	return strings.ReplaceAll(b.String(), "\n", " ")
}

// link reads a link. One that a person cannot follow becomes its text.
func (r reader) link(source []byte, label []Inline) []Inline {
	destination := r.destination(source)
	if login, is := strings.CutPrefix(destination, card.MentionScheme); is {
		if plain, err := url.PathUnescape(login); err == nil {
			login = plain
		}
		name := flat(label)
		if name == "" {
			name = login
		}
		return []Inline{{Kind: Mention, Login: login, Text: name}}
	}
	address, ok := web(destination)
	if !ok {
		return append(label, elsewhere(destination, label)...)
	}
	label = merge(label)
	if flat(label) == "" {
		label = []Inline{{Kind: Plain, Text: address}}
	}
	return []Inline{{Kind: Link, URL: address, Inlines: label}}
}

// elsewhere returns, for people to read, an address that a chat system does not open,
// such as a telephone's. It returns nothing where the address only runs something, leads
// to a place on its page or is in the text already.
func elsewhere(address string, label []Inline) []Inline {
	scheme, rest, found := strings.Cut(address, ":")
	if !found || rest == "" || strings.ContainsAny(scheme, "/?#") || flat(label) == address {
		return nil
	}
	switch strings.ToLower(strings.TrimSpace(scheme)) {
	case "javascript", "vbscript", "data", card.MentionScheme, "http", "https":
		return nil
	}
	return []Inline{{Kind: Plain, Text: " (" + address + ")"}}
}

// destination returns where a link leads: nowhere when the card has too many addresses.
func (r reader) destination(source []byte) string {
	if r.addresses < len(source) {
		return ""
	}
	r.addresses -= len(source)
	return unescape(source)
}

func (r reader) picture(source []byte, title string) []Inline {
	address, ok := web(r.destination(source))
	if !ok {
		return []Inline{{Kind: Plain, Text: title}}
	}
	if title == "" {
		title = "picture"
	}
	return []Inline{{Kind: Picture, URL: address, Text: title}}
}

// flat returns the text of inlines without their markup.
func flat(inlines []Inline) string {
	var b strings.Builder
	for _, n := range inlines {
		switch n.Kind {
		case Break:
			b.WriteByte(' ')
		case Plain, CodeSpan, Picture, Mention:
			b.WriteString(n.Text)
		default:
			b.WriteString(flat(n.Inlines))
		}
	}
	return b.String()
}

// unescape resolves a Markdown text's backslash escapes and HTML entities.
func unescape(b []byte) string {
	return resolve(string(b), true)
}

// entities resolves the entities of a text that is HTML.
func entities(s string) string { return resolve(s, false) }

func resolve(s string, escapes bool) string {
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case escapes && s[i] == '\\' && i+1 < len(s) && util.IsPunct(s[i+1]):
			i++
		case s[i] == '&':
			if character, size := entity(s[i:]); size > 0 {
				out.WriteString(character)
				i += size - 1
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// longestEntity is longer than every name in HTML's list.
const longestEntity = 40

// entity returns what the entity at the start of s stands for, and its size, which is 0
// when there is none. In an address only one that ends with a semicolon counts, so
// "&copy=1" holds none.
func entity(s string) (character string, size int) {
	end := strings.IndexByte(s[:min(len(s), longestEntity)], ';')
	if end < 2 {
		return "", 0
	}
	name := s[1:end]
	if name[0] == '#' {
		if character = html.UnescapeString(s[:end+1]); strings.HasPrefix(character, "&") || strings.HasSuffix(character, ";") {
			return "", 0
		}
		return character, end + 1
	}
	known, ok := util.LookUpHTML5EntityByName(name)
	if !ok {
		return "", 0
	}
	return string(known.Characters), end + 1
}
