package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of a text that a person may have written. Beyond them reading it costs
// the square of its length, or more.
const (
	mostMarks   = 2000
	mostCells   = 10_000
	deepest     = 16
	mostNesting = 100
)

// tangled reports whether a text is made so that it can only be meant to do harm.
func tangled(s string) bool {
	// Emphasis, links and tables end with their paragraph at the latest.
	for paragraph := range strings.SplitSeq(s, "\n\n") {
		if len(paragraph) > mostMarks && (marks(paragraph) > mostMarks || cells(paragraph) > mostCells) {
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

// cells counts those of a paragraph if it is a table: every row gets as many as the
// line under the head has, however short it is.
func cells(paragraph string) int {
	rows, columns := 0, 0
	for line := range strings.Lines(paragraph) {
		rows++
		if strings.Trim(line, "|:-> \t\r\n") == "" {
			columns = max(columns, strings.Count(line, "|"))
		}
	}
	return rows * columns
}

// marks counts what may begin or end emphasis, or begin a link: an underscore inside
// of a word, and a star that begins an item, do not.
func marks(s string) int {
	n := 0
	before := '\n'
	for i, r := range s {
		switch {
		case r == '[', r == '~' && before != '~', r == '*' && before != '\n' && before != '*':
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
