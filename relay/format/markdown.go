package format

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// markdown reads a card's Markdown. It is made once for a format, because making
// a parser costs more than most texts; it may be used concurrently.
type markdown struct{ parser parser.Parser }

func newMarkdown() markdown {
	return markdown{goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough)).Parser()}
}

// subset writes a short text in the Markdown that an Adaptive Card's text block
// understands, in one block.
func (m markdown) subset(s string) string { return strings.Join(m.blocks(s), "\n\n") }

// blocks writes a card's Markdown in the subset that an Adaptive Card's text
// block understands (bold, italic, lists and links:
// https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features), one
// string for each paragraph or list. What the subset lacks becomes the nearest
// that it has.
func (m markdown) blocks(s string) []string {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return nil
	case isPlain(s):
		return []string{s}
	}
	src := []byte(s)
	doc := m.parser.Parse(text.NewReader(src))
	w := subsetWriter{src: src}
	var list []string
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		if b := strings.TrimSpace(w.block(n, 0)); b != "" {
			list = append(list, b)
		}
	}
	return list
}

// isPlain reports whether a text is the same in Markdown and out of it: it holds
// no character that could mean anything, and no line break.
func isPlain(s string) bool {
	return !strings.ContainsAny(s, "\\`*_{}[]()<>#+-!|~&\n\r\t.=:")
}

// subsetWriter writes nodes of a parsed text.
type subsetWriter struct{ src []byte }

func (w subsetWriter) block(n ast.Node, depth int) string {
	switch n := n.(type) {
	case *ast.Heading:
		return "**" + w.inlines(n) + "**"
	case *ast.List:
		return w.list(n, depth)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		return w.lines(n)
	case *ast.HTMLBlock:
		return literal(w.rawLines(n))
	case *ast.ThematicBreak:
		return "———"
	case *extast.Table:
		return w.table(n)
	case *ast.Blockquote:
		return w.children(n, depth, "\n\n")
	}
	if n.Type() == ast.TypeBlock && n.FirstChild() != nil && n.FirstChild().Type() == ast.TypeBlock {
		return w.children(n, depth, "\n\n")
	}
	return w.inlines(n)
}

func (w subsetWriter) children(n ast.Node, depth int, separator string) string {
	var parts []string
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		parts = append(parts, w.block(c, depth))
	}
	return strings.Join(parts, separator)
}

func (w subsetWriter) list(n *ast.List, depth int) string {
	var b strings.Builder
	number := max(n.Start, 1)
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "- "
		if n.IsOrdered() {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		b.WriteString(strings.Repeat("  ", depth) + mark + strings.TrimSpace(w.children(item, depth+1, "\n")) + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// table writes a line for each row.
func (w subsetWriter) table(n ast.Node) string {
	var rows []string
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			text := w.inlines(cell)
			if _, head := row.(*extast.TableHeader); head && text != "" {
				text = "**" + text + "**"
			}
			cells = append(cells, text)
		}
		rows = append(rows, strings.Join(cells, " | "))
	}
	return strings.Join(rows, "\n\n")
}

func (w subsetWriter) lines(n ast.Node) string {
	return strings.ReplaceAll(literal(w.rawLines(n)), "\n", "\n\n")
}

func (w subsetWriter) rawLines(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		b.Write(line.Value(w.src))
	}
	return strings.TrimRight(b.String(), "\n")
}

func (w subsetWriter) inlines(n ast.Node) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		b.WriteString(w.inline(c))
	}
	return b.String()
}

func (w subsetWriter) inline(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Text:
		s := literal(plainText(n.Segment.Value(w.src)))
		if n.HardLineBreak() || n.SoftLineBreak() {
			s += "\n\n"
		}
		return s
	case *ast.String:
		return literal(string(n.Value))
	case *ast.Emphasis:
		mark := strings.Repeat("*", n.Level)
		return mark + w.inlines(n) + mark
	case *ast.Link:
		return "[" + w.inlines(n) + "](" + address(string(n.Destination)) + ")"
	case *ast.AutoLink:
		return "[" + literal(string(n.Label(w.src))) + "](" + address(string(n.URL(w.src))) + ")"
	case *ast.Image:
		label := w.inlines(n)
		if label == "" {
			label = "picture"
		}
		return "[" + label + "](" + address(string(n.Destination)) + ")"
	case *ast.RawHTML:
		var b strings.Builder
		for i := range n.Segments.Len() {
			segment := n.Segments.At(i)
			b.Write(segment.Value(w.src))
		}
		return literal(b.String())
	}
	return w.inlines(n)
}

// plainText resolves escapes and entities, once.
func plainText(b []byte) string {
	return unescape(b)
}

// address keeps a link's address from ending the link.
func address(s string) string {
	return strings.NewReplacer("(", "%28", ")", "%29", " ", "%20", "<", "%3C", ">", "%3E").Replace(s)
}

// literal escapes what an Adaptive Card's text block would take for Markdown, for
// a mention or for a template function.
func literal(s string) string {
	return strings.NewReplacer(
		`\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "`", "\\`",
		"<at>", "‹at›", "</at>", "‹/at›", "{{", "{\u200b{",
	).Replace(s)
}
