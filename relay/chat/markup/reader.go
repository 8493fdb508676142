package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// effort is what reading all texts of one card may cost. A step is a few nanoseconds. The
// cost of a text is estimated before it is parsed, because the parser cannot be stopped.
const effort = 16 << 20

const (
	// cellEffort is the cost of a table's cell, which is paid in memory, here and again
	// in each format.
	cellEffort = effort / 4000
	// markEffort is what a mark costs by itself, in memory as well.
	markEffort = effort / 8000
	// longMark is the length of the text that costs a mark as much as another mark does.
	longMark = 16
	// deepest is how deep quotes and lists can be nested.
	deepest = 16
	// mostAddresses is how many bytes of addresses the links of a card may have: each
	// link to a definition repeats it.
	mostAddresses = 64 << 10
)

// Reader reads the texts of one card. A stranger may have written them, so they share a
// budget; a text that costs more than the rest of it is taken literally.
type Reader struct {
	parser    Parser
	known     func(login string) (name string, ok bool)
	left      int
	addresses int
}

// Reader returns the reader for a card. Known names the person who has a login, so that
// "@login" in a text is a mention; nil knows nobody.
func (p Parser) Reader(known func(login string) (name string, ok bool)) *Reader {
	if p.markdown == nil {
		p = NewParser()
	}
	return &Reader{parser: p, known: known, left: effort, addresses: mostAddresses}
}

// afford pays for a text, if there is enough left.
func (r *Reader) afford(s string) bool {
	n := cost(s)
	if n > r.left {
		return false
	}
	r.left -= n
	return true
}

// cost returns how many steps it takes at most to read a text.
func cost(s string) int {
	n := nesting(s)
	// Emphasis, links and tables end with their paragraph at the latest.
	for paragraph := range strings.SplitSeq(s, "\n\n") {
		m := marks(paragraph)
		n += len(paragraph) + m*(m+len(paragraph)/longMark+markEffort) + cells(paragraph)*cellEffort
	}
	return n
}

// cells counts the cells of a paragraph if it is a table: every row gets as many as the
// line under the head has, however short the row is.
func cells(paragraph string) int {
	rows, columns := 0, 0
	for line := range strings.Lines(paragraph) {
		rows++
		if strings.Contains(line, "|") && strings.Trim(line, "|:-> \t\r\n\f\v") == "" {
			columns = max(columns, 1+strings.Count(strings.Trim(line, "|> \t\r\n\f\v"), "|"))
		}
	}
	return rows * columns
}

// marks counts what may begin or end emphasis, code, a link or HTML: each looks for its
// counterpart among the others. An underscore inside of a word, and a star that begins
// an item, do not.
func marks(s string) int {
	n := 0
	before := '\n'
	for i, r := range s {
		switch r {
		case '[', ']', '<', '`':
			n++
		case '~':
			if before != '~' {
				n++
			}
		case '*':
			if before != '*' && (before != '\n' || !strings.HasPrefix(s[i+1:], " ")) {
				n++
			}
		case '_':
			if after, _ := utf8.DecodeRuneInString(s[i+1:]); before != '_' && (!inWord(before) || !inWord(after)) {
				n++
			}
		}
		before = r
	}
	return n
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// nesting returns what quotes and lists cost: the parser goes through all open ones at
// every line.
func nesting(s string) int {
	n, lines, longest := 0, 0, 0
	for line := range strings.Lines(s) {
		lead := len(line) - len(strings.TrimLeft(line, "> \t-+*0123456789.)"))
		n += lead * lead / 4
		lines++
		longest = max(longest, lead)
	}
	return n + lines*longest
}
