package markup

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Flavour is what a chat system understands of Markdown.
type Flavour struct {
	// Special are the characters that need a backslash before them to be literal.
	Special string
	// Start are those that have a special meaning only at the start of a line.
	Start string
	// Strong, Emphasis and Strike are the marks; empty where there is none.
	Strong, Emphasis, Strike string
	// Entities says that HTML's entities are read, so that "&lt;" does not show as such.
	Entities bool
	// Code and Fence say that code is shown as such in a line, and in blocks.
	Code, Fence bool
	// Headings is how many levels there are; 0 writes them bold.
	Headings int
	// Quote, Tables and Pictures say that these are shown.
	Quotes, Tables, Pictures bool
	// Autolink says that an address needs no marks to be a link.
	Autolink bool
	// Break is a line break in a paragraph; empty means a line feed.
	Break string
	// Rule is a horizontal line.
	Rule string
	// Defuse disarms what Special does not: mentions, entities.
	Defuse func(string) string
	// Escape writes literal text where a backslash escapes nothing; Special, Start and
	// Defuse do not count then.
	Escape func(s string, start bool) string
}

// Markdown returns the dialect of a flavour.
func Markdown(f Flavour) Dialect {
	d := Dialect{
		Text: f.text, Strong: mark(f.Strong), Emphasis: mark(f.Emphasis), Strike: mark(f.Strike),
		Code:    func(s string) string { return f.text(s, false) },
		Link:    markdownLink,
		Picture: markdownLink,
		Break:   f.Break, Gap: "\n\n",
		Paragraph: same,
		Headings:  f.Headings,
		Heading:   func(level int, s string) string { return strings.Repeat("#", level) + " " + s },
		Quote:     same, Fence: func(_, s string) string { return f.lines(s) },
		List: markdownList, Table: rowLines, Rule: f.Rule,
	}
	if d.Break == "" {
		d.Break = "\n"
	}
	if d.Rule == "" {
		d.Rule = "———"
	}
	if f.Autolink {
		d.Address = func(address string, ends bool) string {
			if !ends {
				return ""
			}
			return address
		}
	}
	if f.Code {
		d.Code = codeSpan
	}
	if f.Fence {
		d.Fence, d.Table = fence, monospaced
	}
	if f.Quotes {
		d.Quote = func(s string) string { return "> " + strings.ReplaceAll(s, "\n", "\n> ") }
	}
	if f.Tables {
		d.Table = markdownTable
	}
	if f.Pictures {
		d.Picture = func(label, address string) string { return "!" + markdownLink(label, address) }
	}
	return d
}

// mark returns around, except that an empty mark changes nothing.
func mark(m string) func(string) string {
	if m == "" {
		return same
	}
	return around(m)
}

// text escapes a literal text.
func (f Flavour) text(s string, start bool) string {
	if start {
		s = strings.TrimLeft(s, " \t") // four of them would make code
	}
	if f.Escape != nil {
		return f.Escape(s, start)
	}
	var b strings.Builder
	b.Grow(len(s) + 8)
	written := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '&' && f.Entities && isEntity(s[i:]):
			b.WriteString(s[written:i] + "&amp;")
			written = i + 1
		case strings.IndexByte(f.Special, c) >= 0,
			start && i == 0 && strings.IndexByte(f.Start, c) >= 0,
			start && f.Start != "" && (c == '.' || c == ')') && isNumber(s[:i]):
			b.WriteString(s[written:i] + "\\")
			written = i
		}
	}
	b.WriteString(s[written:])
	if f.Defuse != nil {
		return f.Defuse(b.String())
	}
	return b.String()
}

func isEntity(s string) bool {
	_, size := entity(s)
	return size > 0
}

// isNumber reports whether what begins a line makes a numbered list with a dot
// after it.
func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// lines writes code, line by line and literally, where the flavour has none.
func (f Flavour) lines(code string) string {
	lines := strings.Split(code, "\n")
	for i, line := range lines {
		// Spaces at the start would be lost, or make code of it.
		trimmed := strings.TrimLeft(line, " \t")
		lines[i] = strings.Repeat("\u00a0", len(line)-len(trimmed)) + f.text(trimmed, true)
	}
	gap := f.Break
	if gap == "" {
		gap = "\n"
	}
	return strings.Join(lines, gap)
}

func markdownLink(label, address string) string { return "[" + label + "](" + address + ")" }

// codeSpan uses more backticks than the code has in a row.
func codeSpan(code string) string {
	ticks := strings.Repeat("`", longestRun(code)+1)
	if strings.HasPrefix(code, "`") || strings.HasSuffix(code, "`") {
		code = " " + code + " "
	}
	return ticks + code + ticks
}

func fence(language, code string) string {
	ticks := strings.Repeat("`", max(3, longestRun(code)+1))
	return ticks + language + "\n" + code + "\n" + ticks
}

// longestRun returns the largest number of backticks in a row.
func longestRun(s string) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// markdownList indents what belongs to an item by the width of its mark, as
// CommonMark wants it.
func markdownList(b Block, items []string, _ int) string {
	lines := make([]string, len(items))
	for i, item := range items {
		mark := "- "
		if b.Ordered {
			mark = strconv.Itoa(max(b.Start, 0)+i) + ". "
		}
		lines[i] = mark + strings.ReplaceAll(strings.TrimSpace(item), "\n", "\n"+strings.Repeat(" ", len(mark)))
	}
	return strings.Join(lines, "\n")
}

// markdownTable writes a table as GitHub's Markdown has it.
func markdownTable(d Dialect, rows [][]Cell) string {
	d.Break = " "
	var lines []string
	for i, row := range rows {
		cells := make([]string, len(row))
		for j, cell := range row {
			cells[j] = strings.ReplaceAll(strings.ReplaceAll(d.Line(cell), `\|`, "|"), "|", `\|`)
		}
		lines = append(lines, "| "+strings.Join(cells, " | ")+" |")
		if i == 0 {
			lines = append(lines, "|"+strings.Repeat(" --- |", len(row)))
		}
	}
	return strings.Join(lines, "\n")
}

// rowLines writes a line for each row, the head's in bold.
func rowLines(d Dialect, rows [][]Cell) string {
	gap := d.Break
	d.Break = " "
	var lines []string
	for i, row := range rows {
		cells := make([]string, len(row))
		for j, cell := range row {
			if cells[j] = d.Line(cell); i == 0 {
				cells[j] = wrap(d.Strong, cells[j])
			}
		}
		lines = append(lines, strings.Join(cells, d.Text(" | ", false)))
	}
	return strings.Join(lines, gap)
}

// monospaced aligns a table in a block of code. Links and people would be lost
// there, so that a table with any is written in lines.
func monospaced(d Dialect, rows [][]Cell) string {
	if Linked(rows) {
		return rowLines(d, rows)
	}
	return d.Fence("", Aligned(rows))
}

// Linked reports whether a table has links, pictures or people in it, which would be lost
// where it is code.
func Linked(rows [][]Cell) bool {
	found := false
	Text{{Kind: Table, Rows: rows}}.Walk(func(n Inline) {
		found = found || n.Kind == Link || n.Kind == Picture || n.Kind == Mention
	})
	return found
}

// widest is how far a column of an aligned table is padded: beyond, one long cell
// would fill every line with space.
const widest = 40

// Aligned writes a table as plain text with aligned columns and a line under its head.
func Aligned(rows [][]Cell) string {
	var widths []int
	for _, row := range rows {
		for j, cell := range row {
			if j == len(widths) {
				widths = append(widths, 0)
			}
			widths[j] = min(max(widths[j], utf8.RuneCountInString(flat(cell))), widest)
		}
	}
	var lines []string
	for i, row := range rows {
		var line, under strings.Builder
		for j, cell := range row {
			text := flat(cell)
			line.WriteString(text + strings.Repeat(" ", max(0, widths[j]-utf8.RuneCountInString(text))+2))
			under.WriteString(strings.Repeat("-", widths[j]) + "  ")
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
		if i == 0 {
			lines = append(lines, strings.TrimRight(under.String(), " "))
		}
	}
	return strings.Join(lines, "\n")
}
