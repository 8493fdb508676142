// Package prose brings what people wrote at a card's source, in the Markdown that
// GitHub, Trello and Azure DevOps have in common, into the Markdown of a card.
//
// Its author is a stranger. What comes out mentions nobody, leads only to the web, hides
// nothing and is bounded, however it was written.
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
	// maxSource is how much of a text is looked at, in bytes. It is as long as GitHub's
	// texts can be, because templates begin with long comments.
	maxSource = 64 << 10
	// maxRead is how much of it is parsed, once the HTML is out: many times what a card
	// shows.
	maxRead = 16 << 10
	// maxAddresses is how many bytes all the addresses in one text have. The links
	// beyond it are their texts.
	maxAddresses = 2 << 10
	// maxLanguage is how long the name of a fence's language is.
	maxLanguage = 20
)

// Markdown makes the beginning of a text a card's Markdown, with at most n characters to
// see. It is never cut inside of marks or of a link.
func Markdown(s string, n int) string {
	s = withoutHTML(cut(characters(s), maxSource))
	// A text of marks alone costs more than one card is worth and comes back literally.
	text := markup.NewParser().Parse(cut(s, maxRead), nil)
	w := writer{addresses: maxAddresses}
	return w.dialect().Write(head(w.blocks(text), n))
}

// head is the beginning of a text. A paragraph ends with a word.
func head(t markup.Text, n int) markup.Text {
	out := t.Head(n)
	if t.Len() <= n || len(out) == 0 {
		return out
	}
	line := out[len(out)-1].Inlines // the ellipsis is the last of it
	if len(line) > 1 && line[len(line)-2].Kind == markup.Plain {
		last := &line[len(line)-2]
		if at := strings.LastIndexByte(last.Text, ' '); at > 0 {
			last.Text = last.Text[:at+1]
		}
	}
	return out
}

// characters takes out what is not to be seen, or shows a text in another order than
// it has.
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

// inlines takes from links and pictures what a card from strangers may not have.
func (w *writer) inlines(list []markup.Inline) []markup.Inline {
	var out []markup.Inline
	for _, n := range list {
		switch n.Kind {
		case markup.Mention:
			n = markup.Inline{Kind: markup.Plain, Text: n.Text}
		case markup.Plain:
			n.Text = emoji(n.Text)
		case markup.Picture:
			// Most pictures can only be seen by those who are signed in at the source.
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

// emoji puts emoji in the place of their names, such as ":tada:".
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

// titled gives one of GitHub's alerts, which is a quote that begins with "[!NOTE]", its
// title.
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

// literal writes literal text. What would underline a heading or align a table stands
// at the start of a line only.
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
