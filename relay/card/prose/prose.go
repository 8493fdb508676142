// Package prose converts people's texts at a source, in the common Markdown of GitHub,
// Trello and Azure DevOps, to the Markdown of a card.
//
// The author is a stranger. The result mentions nobody, links only to the web, hides
// nothing and is bounded, however the text is written.
package prose

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark-emoji/definition"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat/markup"
)

const (
	// maxSource bounds what is read of a text, in bytes. It is GitHub's own bound, because
	// templates begin with long comments.
	maxSource = 64 << 10
	// maxRead bounds what is parsed of it, without the HTML: many times what a card shows.
	maxRead = 16 << 10
	// maxAddresses bounds the addresses in one text, in bytes. Further links become their
	// texts.
	maxAddresses = 2 << 10
	// maxLanguage bounds the name of a fence's language.
	maxLanguage = 20
)

// Markdown converts the beginning of a text to a card's Markdown with at most n visible
// characters. It never cuts inside marks or a link.
func Markdown(s string, n int) string {
	s = withoutHTML(cut(characters(s), maxSource))
	// A text of nothing but marks is too expensive to parse and comes back literally.
	text := markup.NewParser().Parse(cut(s, maxRead), nil)
	w := writer{addresses: maxAddresses}
	return w.dialect().Write(head(w.blocks(text), n))
}

// head is the beginning of a text, cut after a word.
func head(t markup.Text, n int) markup.Text {
	out := t.Head(n)
	if t.Len() <= n || len(out) == 0 {
		return out
	}
	line := out[len(out)-1].Inlines // the ellipsis is last
	if len(line) > 1 && line[len(line)-2].Kind == markup.Plain {
		last := &line[len(line)-2]
		if at := strings.LastIndexByte(last.Text, ' '); at > 0 {
			last.Text = last.Text[:at+1]
		}
	}
	return out
}

// characters removes invisible characters and those that change the visible order of a
// text.
func characters(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s[:min(len(s), 2*maxSource)])
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return -1
		}
		return r
	}, s)
}

// cut is the beginning of a text, of at most n bytes, with whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// writer makes a tree harmless and writes it.
type writer struct{ addresses int }

func (w *writer) blocks(t markup.Text) markup.Text {
	var out markup.Text
	for _, b := range t {
		b.Inlines = w.inlines(b.Inlines)
		b.Blocks = w.blocks(titled(b))
		b.Items, b.Rows = w.items(b.Items), w.rows(b.Rows)
		if len(b.Language) > maxLanguage {
			b.Language = ""
		}
		if !(markup.Text{b}).Empty() {
			out = append(out, b)
		}
	}
	return out
}

func (w *writer) items(list []markup.Text) []markup.Text {
	var out []markup.Text
	for _, item := range list {
		out = append(out, w.blocks(item))
	}
	return out
}

func (w *writer) rows(list [][]markup.Cell) [][]markup.Cell {
	var out [][]markup.Cell
	for _, row := range list {
		var cells []markup.Cell
		for _, cell := range row {
			cells = append(cells, w.inlines(cell))
		}
		out = append(out, cells)
	}
	return out
}

// inlines removes from links and pictures what a stranger's card must not have.
func (w *writer) inlines(list []markup.Inline) []markup.Inline {
	var out []markup.Inline
	for _, n := range list {
		switch n.Kind {
		case markup.Mention:
			n = markup.Inline{Kind: markup.Plain, Text: n.Text}
		case markup.Plain:
			n.Text = emoji(n.Text)
		case markup.Picture:
			// Most pictures are visible only to people signed in at the source.
			n = markup.Inline{Kind: markup.Link, URL: n.URL, Inlines: []markup.Inline{{Kind: markup.Plain, Text: n.Text}}}
		case markup.Link:
			n.Inlines = slices.Clone(n.Inlines)
			for i, inner := range n.Inlines {
				if inner.Kind == markup.Picture || inner.Kind == markup.Mention {
					n.Inlines[i] = markup.Inline{Kind: markup.Plain, Text: inner.Text}
				}
			}
		default:
			n.Inlines = w.inlines(n.Inlines)
		}
		if n.Kind == markup.Link {
			if w.addresses -= len(n.URL); w.addresses < 0 {
				w.addresses += len(n.URL)
				out = append(out, n.Inlines...)
				continue
			}
		}
		out = append(out, n)
	}
	return out
}

// emoji replaces names such as ":tada:" by emoji.
func emoji(s string) string {
	if strings.Count(s, ":") < 2 {
		return s
	}
	known := definition.Github()
	parts := strings.Split(s, ":")
	var b strings.Builder
	b.WriteString(parts[0])
	for i := 1; i < len(parts); i++ {
		last, _ := utf8.DecodeLastRuneInString(parts[i-1])
		e, ok := known.Get(parts[i])
		if i == len(parts)-1 || !ok || !e.IsUnicode() || unicode.IsLetter(last) || unicode.IsDigit(last) {
			b.WriteString(":" + parts[i])
			continue
		}
		b.WriteString(string(e.Unicode) + parts[i+1])
		i++
	}
	return b.String()
}

// titled gives one of GitHub's alerts, a quote that begins with "[!NOTE]", its title.
func titled(quote markup.Block) markup.Text {
	if quote.Kind != markup.Quote || len(quote.Blocks) == 0 || len(quote.Blocks[0].Inlines) == 0 {
		return quote.Blocks
	}
	first := quote.Blocks[0].Inlines[0].Text
	name, ok := strings.CutPrefix(strings.TrimSuffix(first, "]"), "[!")
	if !ok || !slices.Contains([]string{"NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"}, name) {
		return quote.Blocks
	}
	out := slices.Clone(quote.Blocks)
	out[0].Inlines = slices.Clone(out[0].Inlines)
	title := markup.Inline{Kind: markup.Plain, Text: name[:1] + strings.ToLower(name[1:])}
	out[0].Inlines[0] = markup.Inline{Kind: markup.Strong, Inlines: []markup.Inline{title}}
	return out
}

// dialect is a card's own Markdown.
func (w *writer) dialect() markup.Dialect {
	d := markup.Markdown(markup.Flavour{
		Escape: literal, Strong: "**", Emphasis: "*", Strike: "~~", Code: true, Fence: true, Headings: 6, Quotes: true, Tables: true,
	})
	code, fence := d.Code, d.Fence
	d.Code = func(s string) string { return code(unmentioned(s)) }
	d.Fence = func(language, s string) string { return fence(language, unmentioned(s)) }
	return d
}

// literal writes literal text. Only at the start of a line would some characters
// underline a heading or align a table.
func literal(s string, start bool) string {
	if out := card.Escape(s); !start || out == "" || out[0] != '=' && out[0] != ':' {
		return out
	}
	return `\` + card.Escape(s)
}

// unmentioned keeps code, in which nothing can be escaped, from being a mention.
func unmentioned(s string) string {
	return strings.NewReplacer("<at>", "<\u200bat>", "<AT>", "<\u200bAT>", "{{", "{\u200b{").Replace(s)
}
