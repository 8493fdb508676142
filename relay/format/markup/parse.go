package markup

import (
	"html"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"github.com/connector-relay/relay/relay/card"
)

// Parser reads a card's Markdown: CommonMark with GitHub's tables, strikethrough
// and task lists. It is made once, because making one costs more than most texts;
// it may be used concurrently.
type Parser struct{ markdown parser.Parser }

// NewParser returns a parser.
func NewParser() Parser {
	return Parser{goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList)).Parser()}
}

// Parse reads a text. Known names whom a login belongs to, so that "@login" in the
// text is a mention; nil knows nobody. Any text can be read.
func (p Parser) Parse(s string, known func(login string) (name string, ok bool)) Text {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return nil
	case isPlain(s):
		return Words(s)
	case tangled(s):
		return Literal(s)
	}
	r := reader{src: []byte(s), known: known}
	return r.blocks(p.markdown.Parse(text.NewReader(r.src)))
}

// isPlain reports whether a text is the same in Markdown and out of it: it holds
// no character that could mean anything, and no line break.
func isPlain(s string) bool {
	return !strings.ContainsAny(s, "\\`*_{}[]()<>#+-!|~&\n\r\t.=:@")
}

// The bounds of a text that a person may have written. Beyond them reading it costs
// the square of its length.
const (
	mostMarks   = 2000
	deepest     = 16
	mostNesting = 100
)

// tangled reports whether a text is nested so that it can only be meant to do harm.
func tangled(s string) bool {
	// Emphasis and links end with their paragraph at the latest.
	for paragraph := range strings.SplitSeq(s, "\n\n") {
		if len(paragraph) > mostMarks && marks(paragraph) > mostMarks {
			return true
		}
	}
	for line := range strings.Lines(s) {
		lead := line[:len(line)-len(strings.TrimLeft(line, "> \t-+*0123456789.)"))]
		if len(lead) > mostNesting && strings.Count(lead, ">")+len(strings.Fields(lead)) > mostNesting {
			return true
		}
	}
	return false
}

// marks counts what may begin or end emphasis, or begin a link: an underscore inside
// of a word, and a star that begins an item, do not.
func marks(s string) int {
	n := 0
	before := '\n'
	for i, r := range s {
		switch {
		case r == '[', r == '*' && before != '\n' && before != '*':
			n++
		case r == '_' && before != '_':
			after, _ := utf8.DecodeRuneInString(s[i+1:])
			if !unicode.IsLetter(before) && !unicode.IsDigit(before) || !unicode.IsLetter(after) && !unicode.IsDigit(after) {
				n++
			}
		}
		before = r
	}
	return n
}

// reader turns the library's nodes into the tree.
type reader struct {
	src   []byte
	known func(login string) (name string, ok bool)
	// depth is how many lists and quotes the reader is in.
	depth int
}

func (r reader) blocks(parent ast.Node) Text {
	var t Text
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if b, ok := r.block(n); ok {
			t = append(t, b)
		}
	}
	return t
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
		return Block{Kind: Code, Code: r.lines(n), Language: string(n.Language(r.src))}, true
	case *ast.CodeBlock:
		return Block{Kind: Code, Code: r.lines(n)}, true
	case *ast.HTMLBlock:
		lines := r.lines(n)
		if n.HasClosure() {
			lines += "\n" + string(n.ClosureLine.Value(r.src))
		}
		b := Block{Kind: Paragraph, Inlines: r.finish(literalInlines(lines))}
		return b, len(b.Inlines) > 0
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

// text is what blocks too deep to be drawn say.
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
func (r reader) inlines(parent ast.Node) []Inline { return r.finish(r.raw(parent)) }

func (r reader) raw(parent ast.Node) []Inline {
	var list []Inline
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		list = append(list, r.inline(n)...)
	}
	return list
}

func (r reader) inline(n ast.Node) []Inline {
	switch n := n.(type) {
	case *ast.Text:
		list := []Inline{{Kind: Plain, Text: unescape(n.Segment.Value(r.src))}}
		// A card's line break is meant: chat systems are not typeset.
		if n.HardLineBreak() || n.SoftLineBreak() {
			list = append(list, Inline{Kind: Break})
		}
		return list
	case *ast.String:
		return []Inline{{Kind: Plain, Text: string(n.Value)}}
	case *ast.CodeSpan:
		return []Inline{{Kind: CodeSpan, Text: r.source(n)}}
	case *ast.Emphasis:
		kind := Emphasis
		if n.Level == 2 {
			kind = Strong
		}
		return []Inline{{Kind: kind, Inlines: Without(kind, r.inlines(n))}}
	case *extast.Strikethrough:
		return []Inline{{Kind: Strike, Inlines: r.inlines(n)}}
	case *extast.TaskCheckBox:
		if n.IsChecked {
			return []Inline{{Kind: Plain, Text: "☑ "}}
		}
		return []Inline{{Kind: Plain, Text: "☐ "}}
	case *ast.Link:
		return r.link(string(n.Destination), r.raw(n))
	case *ast.AutoLink:
		return r.link(string(n.URL(r.src)), []Inline{{Kind: Plain, Text: string(n.Label(r.src))}})
	case *ast.Image:
		return r.picture(string(n.Destination), flat(r.raw(n)))
	case *ast.RawHTML:
		var b strings.Builder
		for i := range n.Segments.Len() {
			segment := n.Segments.At(i)
			b.Write(segment.Value(r.src))
		}
		return literalInlines(b.String())
	}
	return r.raw(n)
}

// Without takes the marks of a kind off inlines that stand inside of such marks.
func Without(kind InlineKind, list []Inline) []Inline {
	var out []Inline
	for _, n := range list {
		n.Inlines = Without(kind, n.Inlines)
		if n.Kind == kind {
			out = append(out, n.Inlines...)
			continue
		}
		out = append(out, n)
	}
	return out
}

// source is the text of a code span, in which nothing means anything.
func (r reader) source(n ast.Node) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(r.src))
		}
	}
	return strings.ReplaceAll(b.String(), "\n", " ")
}

// link reads a link. One that leads nowhere a person can go is its text.
func (r reader) link(destination string, label []Inline) []Inline {
	destination = unescape([]byte(destination))
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
		return label
	}
	label = merge(label)
	if flat(label) == "" {
		label = []Inline{{Kind: Plain, Text: address}}
	}
	return []Inline{{Kind: Link, URL: address, Inlines: label}}
}

func (r reader) picture(destination, title string) []Inline {
	address, ok := web(unescape([]byte(destination)))
	if !ok {
		return []Inline{{Kind: Plain, Text: title}}
	}
	if title == "" {
		title = "picture"
	}
	return []Inline{{Kind: Picture, URL: address, Text: title}}
}

// web returns an address that chat systems let a person follow, without the
// characters that end an address in one dialect or another.
func web(s string) (string, bool) {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil {
		return "", false
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		if u.Host == "" {
			return "", false
		}
	case "mailto":
	default:
		return "", false
	}
	return encoded(s), true
}

// encoded is an address without the characters that end one in some dialect.
func encoded(s string) string {
	if !strings.ContainsAny(s, "() <>|\"\\`*\n\r\t") {
		return s
	}
	return strings.NewReplacer(
		"(", "%28", ")", "%29", " ", "%20", "<", "%3C", ">", "%3E", "|", "%7C", `"`, "%22",
		"\\", "%5C", "`", "%60", "*", "%2A", "\n", "", "\r", "", "\t", "",
	).Replace(strings.TrimSpace(s))
}

// Address returns an address with the characters encoded that would end it in one
// dialect or another.
func Address(s string) string { return encoded(s) }

// flat is what inlines say, without their markup.
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
	s := string(b)
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", s[i+1]) >= 0 {
			i++
			// An escaped ampersand begins no entity.
			if s[i] == '&' {
				out.WriteString("&amp;")
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return html.UnescapeString(out.String())
}
