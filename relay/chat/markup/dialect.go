package markup

import (
	"strings"
)

// Dialect is how a chat system writes a text. What a system cannot show, its dialect
// replaces with the nearest thing that it can. A Dialect may be used concurrently.
type Dialect struct {
	// Text writes literal text. Start says that it begins a line, where some characters
	// have a special meaning.
	Text func(s string, start bool) string
	// Strong, Emphasis and Strike write what is inside of them.
	Strong, Emphasis, Strike func(inner string) string
	// Code writes a piece of code in a line.
	Code func(code string) string
	// Link and Picture get their text as written by the dialect.
	Link, Picture func(label, address string) string
	// Address writes a link whose text is its address; nil, or no text, writes it as
	// any link. Ends says that what follows cannot be taken for a part of it.
	Address func(address string, ends bool) string
	// Mention writes a person whom the chat system knows. Others are written by their
	// names, as everybody is when it is nil.
	Mention func(login string) (string, bool)
	// MentionAfter are the characters that may precede a mention, besides space; when
	// empty, any may. A dialect with such a rule has no mentions inside marks.
	MentionAfter string
	// Break is a line break inside of a paragraph.
	Break string
	// Gap stands between blocks.
	Gap string

	Paragraph func(inner string) string
	// Headings is how many levels there are; deeper ones are bold.
	Headings int
	Heading  func(level int, inner string) string
	Quote    func(inner string) string
	Fence    func(language, code string) string
	// List gets its items as the dialect wrote them, and how deep it is nested, from 0.
	List func(b Block, items []string, depth int) string
	// Table writes a table; the dialect writes the cells.
	Table func(d Dialect, rows [][]Cell) string
	Rule  string
}

// Write writes a text.
func (d Dialect) Write(t Text) string { return d.write(t, 0) }

func (d Dialect) write(t Text, depth int) string {
	var parts []string
	for _, b := range t {
		if s := d.block(b, depth); s != "" {
			parts = append(parts, s)
		}
	}
	gap := d.Gap
	if depth > 0 {
		gap = "\n"
	}
	return strings.Join(parts, gap)
}

func (d Dialect) block(b Block, depth int) string {
	switch b.Kind {
	case Heading:
		if b.Level > d.Headings {
			return d.Paragraph(d.Line([]Inline{{Kind: Strong, Inlines: Without(Strong, b.Inlines)}}))
		}
		return d.Heading(b.Level, d.line(unbroken(b.Inlines), false))
	case List:
		items := make([]string, len(b.Items))
		for i, item := range b.Items {
			items[i] = d.write(item, depth+1)
		}
		return d.List(b, items, depth)
	case Quote:
		return d.Quote(d.write(b.Blocks, 0))
	case Code:
		return d.Fence(b.Language, b.Code)
	case Table:
		return d.Table(d, b.Rows)
	case Rule:
		return d.Rule
	default:
		return d.Paragraph(d.Line(b.Inlines))
	}
}

// Line writes inlines. Marks begin and end with each of their lines, because the
// break of some dialects ends a paragraph.
func (d Dialect) Line(inlines []Inline) string {
	var written []string
	for _, line := range lines(inlines) {
		if d.MentionAfter != "" {
			line = apart(line)
		}
		written = append(written, d.line(line, true))
	}
	return strings.Join(written, d.Break)
}

// line writes inlines without breaks. Start says that they begin a line.
func (d Dialect) line(inlines []Inline, start bool) string {
	var b strings.Builder
	for i, n := range inlines {
		piece := ""
		if d.Address != nil && n.Kind == Link && flat(n.Inlines) == n.URL {
			piece = d.Address(n.URL, endsAddress(inlines[i+1:]))
		}
		if piece == "" {
			piece = d.inline(n, start)
		}
		b.WriteString(d.between(b.String(), n, piece))
		b.WriteString(piece)
		start = start && piece == ""
	}
	return b.String()
}

// between returns what keeps a piece from being read as one with what precedes it.
func (d Dialect) between(before string, n Inline, piece string) string {
	if before == "" || piece == "" {
		return ""
	}
	last := before[len(before)-1]
	switch {
	case n.Kind == Mention && d.MentionAfter != "" && !strings.ContainsRune(" \n"+d.MentionAfter, rune(last)):
		return " "
	case strings.IndexByte("*_~", last) >= 0 && last == piece[0] && !strings.HasSuffix(before, `\`+piece[:1]):
		return joiner // two marks side by side would be another one
	}
	return ""
}

// apart takes mentions out of the marks around them.
func apart(inlines []Inline) []Inline {
	var out []Inline
	for _, n := range inlines {
		if n.Kind != Strong && n.Kind != Emphasis && n.Kind != Strike {
			out = append(out, n)
			continue
		}
		var inner []Inline
		flush := func() {
			if len(inner) > 0 {
				out = append(out, Inline{Kind: n.Kind, Inlines: inner})
				inner = nil
			}
		}
		for _, m := range apart(n.Inlines) {
			if m.Kind == Mention {
				flush()
				out = append(out, m)
				continue
			}
			inner = append(inner, m)
		}
		flush()
	}
	return out
}

// lines splits inlines at their breaks, including those inside marks. A link is not
// split.
func lines(inlines []Inline) [][]Inline {
	parts := [][]Inline{nil}
	add := func(n Inline) { parts[len(parts)-1] = append(parts[len(parts)-1], n) }
	for _, n := range inlines {
		switch {
		case n.Kind == Break:
			parts = append(parts, nil)
		case n.Kind == Link:
			n.Inlines = unbroken(n.Inlines)
			add(n)
		case len(n.Inlines) > 0:
			for i, part := range lines(n.Inlines) {
				if i > 0 {
					parts = append(parts, nil)
				}
				n.Inlines = part
				add(n)
			}
		default:
			add(n)
		}
	}
	return parts
}

// endsAddress reports whether what follows an address cannot be taken for a part of
// it: nothing, space, or the end of a sentence.
func endsAddress(next []Inline) bool {
	if len(next) == 0 {
		return true
	}
	if next[0].Kind != Plain {
		return false
	}
	text := strings.TrimLeft(next[0].Text, ".,;:!?)")
	return text != next[0].Text && text == "" || strings.HasPrefix(text, " ")
}

// joiner is an invisible character that keeps its neighbours apart.
const joiner = "\u200b"

func (d Dialect) inline(n Inline, start bool) string {
	switch n.Kind {
	case Plain:
		return d.Text(n.Text, start)
	case Strong:
		return wrap(d.Strong, d.line(n.Inlines, start))
	case Emphasis:
		return wrap(d.Emphasis, d.line(n.Inlines, start))
	case Strike:
		return wrap(d.Strike, d.line(n.Inlines, start))
	case CodeSpan:
		return wrap(d.Code, n.Text)
	case Link:
		return d.Link(d.line(n.Inlines, false), n.URL)
	case Picture:
		return d.Picture(d.Text(n.Text, false), n.URL)
	case Mention:
		if d.Mention != nil {
			if person, ok := d.Mention(n.Login); ok {
				return person
			}
		}
		return d.Text(n.Text, start)
	}
	return ""
}

// wrap puts marks around a piece, unless it is empty: marks with nothing between them
// would show. Space at its ends moves outside, where no dialect minds it.
func wrap(mark func(string) string, inner string) string {
	body := strings.TrimSpace(inner)
	if body == "" || mark == nil {
		return inner
	}
	i := strings.Index(inner, body)
	return inner[:i] + mark(body) + inner[i+len(body):]
}

// Bare returns what a text says, in one line without marks and addresses, for titles and
// notices that hold no markup.
func Bare(t Text) string { return strings.Join(strings.Fields(flat(t.Inline())), " ") }

// around returns a function that puts a mark on both sides.
func around(mark string) func(string) string {
	return func(s string) string { return mark + s + mark }
}

func same(s string) string { return s }
