package markup

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apparentlymart/go-textseg/v17/textseg"
)

// ellipsis marks where something was left out.
const ellipsis = "…"

// Len returns how much there is to see, in characters. An element without characters,
// such as a break or a rule, counts as one.
func (t Text) Len() int {
	n := 0
	for _, b := range t {
		n += b.length()
	}
	return n
}

func (b Block) length() int {
	n := length(b.Inlines) + utf8.RuneCountInString(b.Code) + b.Blocks.Len()
	for _, item := range b.Items {
		n += 1 + item.Len()
	}
	for _, row := range b.Rows {
		n += rowLength(row)
	}
	if b.Kind == Rule {
		n++
	}
	return n
}

func length(inlines []Inline) int {
	n := 0
	for _, i := range inlines {
		n += max(utf8.RuneCountInString(i.Text), length(i.Inlines))
		if i.Kind == Break {
			n++
		}
	}
	return n
}

// Head returns the beginning of a text, at most n characters including the ellipsis.
func (t Text) Head(n int) Text {
	if t.Len() <= n {
		return t
	}
	if n <= 0 {
		return nil
	}
	left := n - 1
	return closed(take(t, &left))
}

// closed puts the ellipsis at the end of a text: into its last paragraph where
// there is one.
func closed(t Text) Text {
	more := Inline{Kind: Plain, Text: ellipsis}
	if last := len(t) - 1; last >= 0 && (t[last].Kind == Paragraph || t[last].Kind == Heading) {
		t[last].Inlines = append(trimmed(t[last].Inlines), more)
		return t
	}
	return append(t, Block{Kind: Paragraph, Inlines: []Inline{more}})
}

// trimmed copies inlines without the space at the end of the last plain piece.
func trimmed(inlines []Inline) []Inline {
	inlines = slices.Clone(inlines)
	if last := len(inlines) - 1; last >= 0 && inlines[last].Kind == Plain {
		inlines[last].Text = strings.TrimRight(inlines[last].Text, " ")
	}
	return inlines
}

// Middle takes the middle out of a text, so that at most about n characters stay: its
// beginning and its end say the most.
func (t Text) Middle(n int) Text {
	const least = 16
	all := t.Len()
	if all <= n {
		return t
	}
	if n < least {
		return t.Head(n)
	}
	front, skip := (n-1)/2, all-(n-1)/2
	head := take(t, &front)
	return append(append(head, Words(ellipsis)...), drop(t, &skip)...)
}

// take copies the first characters of a text, as many as are left.
func take(t Text, left *int) Text {
	var out Text
	for _, b := range t {
		if *left <= 0 {
			break
		}
		if b = b.take(left); b.length() > 0 {
			out = append(out, b)
		}
	}
	return out
}

func (b Block) take(left *int) Block {
	if n := b.length(); n <= *left {
		*left -= n
		return b
	}
	b.Inlines = takeInlines(b.Inlines, left)
	b.Blocks = take(b.Blocks, left)
	if b.Code != "" {
		b.Code = first(b.Code, left)
	}
	b.Items = takeItems(b.Items, left)
	b.Rows = takeRows(b.Rows, left)
	return b
}

func takeItems(items []Text, left *int) []Text {
	var out []Text
	for _, item := range items {
		if *left <= 1 {
			break
		}
		*left--
		out = append(out, take(item, left))
	}
	return out
}

// takeRows takes rows whole, because half of one says something wrong.
func takeRows(rows [][]Cell, left *int) [][]Cell {
	for i, row := range rows {
		n := rowLength(row)
		if n > *left {
			*left = 0
			return rows[:i:i]
		}
		*left -= n
	}
	return rows
}

func rowLength(row []Cell) int {
	n := 0
	for _, cell := range row {
		n += 1 + length(cell)
	}
	return n
}

func takeInlines(list []Inline, left *int) []Inline {
	var out []Inline
	for _, n := range list {
		if *left <= 0 {
			break
		}
		switch {
		case n.Kind == Break:
			*left--
		case len(n.Inlines) > 0:
			n.Inlines = takeInlines(n.Inlines, left)
		default:
			n.Text = first(n.Text, left)
		}
		out = append(out, n)
	}
	return out
}

// first returns the beginning of a string, at most as many characters as are left. It
// ends where a character as people see it ends, so that no emoji of several code points
// and no accent is cut apart.
func first(s string, left *int) string {
	if n := utf8.RuneCountInString(s); n <= *left {
		*left -= n
		return s
	}
	end := 0
	for rest := []byte(s); len(rest) > 0; {
		advance, _, err := textseg.ScanGraphemeClusters(rest, true)
		n := utf8.RuneCount(rest[:advance])
		if err != nil || advance == 0 || n > *left {
			break
		}
		*left -= n
		end += advance
		rest = rest[advance:]
	}
	*left = 0
	return s[:end]
}

// drop returns a text without its first characters.
func drop(t Text, skip *int) Text {
	var out Text
	for _, b := range t {
		if n := b.length(); n <= *skip {
			*skip -= n
			continue
		}
		if *skip > 0 {
			b = b.drop(skip)
		}
		if b.length() > 0 {
			out = append(out, b)
		}
	}
	return out
}

func (b Block) drop(skip *int) Block {
	b.Inlines = dropInlines(b.Inlines, skip)
	b.Blocks = drop(b.Blocks, skip)
	b.Code = rest(b.Code, skip)
	items := b.Items
	b.Items = nil
	for i, item := range items {
		if n := 1 + item.Len(); n <= *skip {
			*skip -= n
			continue
		}
		if len(b.Items) == 0 {
			b.Start += i
		}
		b.Items = append(b.Items, drop(item, skip))
	}
	rows := b.Rows
	b.Rows = nil
	for _, row := range rows {
		if *skip > 0 {
			*skip -= min(*skip, rowLength(row))
			continue
		}
		b.Rows = append(b.Rows, row)
	}
	return b
}

func dropInlines(list []Inline, skip *int) []Inline {
	var out []Inline
	for _, n := range list {
		if size := length([]Inline{n}); size <= *skip {
			*skip -= size
			continue
		}
		if *skip > 0 {
			n.Inlines = dropInlines(n.Inlines, skip)
			n.Text = rest(n.Text, skip)
		}
		out = append(out, n)
	}
	return out
}

// rest returns what [first] leaves.
func rest(s string, skip *int) string {
	if *skip <= 0 || s == "" {
		return s
	}
	left := *skip
	head := first(s, &left)
	// A character that would be cut apart goes as a whole.
	if left == 0 && utf8.RuneCountInString(head) < *skip {
		tail := []byte(s[len(head):])
		if advance, _, err := textseg.ScanGraphemeClusters(tail, true); err == nil {
			head = s[:len(head)+advance]
		}
	}
	*skip = 0
	return strings.TrimLeft(s[len(head):], " ")
}

// End cuts a line to n characters, with an ellipsis.
func End(line string, n int) string { return strings.TrimSpace(Bare(Words(line).Head(n))) }

// Middle takes the middle out of a line of more than n characters.
func Middle(line string, n int) string {
	if text := Words(line); text.Len() > n {
		return Bare(text.Middle(n - 2))
	}
	return strings.TrimSpace(line)
}
