package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxJSONDepth bounds the nesting of careless JSON.
const maxJSONDepth = 512

// asJSON turns careless JSON into JSON and names what it mended. The retired connectors
// had a lenient parser, and Microsoft's own examples, quotes mangled by shells and
// scripts' raw texts depend on it. Valid JSON is unchanged. No JSON5 parser for Go
// accepts line breaks in strings, which are the most frequent fault of all.
func asJSON(text []byte) (strict []byte, mended []string, err error) {
	if json.Valid(text) {
		return text, nil, nil
	}
	m := mender{in: text, out: make([]byte, 0, len(text)+len(text)/8)}
	m.value(0)
	m.skip()
	for m.at < len(m.in) && m.in[m.at] == 0 {
		m.at++
		m.note("a NUL at the end")
		m.skip()
	}
	if m.err == nil && m.at < len(m.in) {
		m.fail("there is more after the end of the JSON")
	}
	if m.err != nil {
		return nil, nil, m.err
	}
	return m.out, m.mended, nil
}

// mender reads careless JSON once, from start to end, and writes JSON.
type mender struct {
	in     []byte
	at     int
	out    []byte
	mended []string
	err    error
}

// next is the next byte; 0 at the end and after an error.
func (m *mender) next() byte {
	if m.err != nil || m.at >= len(m.in) {
		return 0
	}
	return m.in[m.at]
}

// note records a mended fault, once.
func (m *mender) note(what string) {
	if m.err == nil && !slices.Contains(m.mended, what) {
		m.mended = append(m.mended, what)
	}
}

// fail says where the text cannot be mended.
func (m *mender) fail(format string, a ...any) {
	if m.err != nil {
		return
	}
	problem := fmt.Sprintf(format, a...)
	if m.at >= len(m.in) {
		problem = "it ends too early"
	}
	line, column := position(m.in, int64(m.at)+1)
	m.err = refuse("The body is not JSON: line %d, column %d: %s.", line, column, problem)
}

// skip skips blanks and comments.
func (m *mender) skip() {
	for m.err == nil && m.at < len(m.in) {
		rest := m.in[m.at:]
		switch r, size := utf8.DecodeRune(rest); {
		case r == ' ', r == '\t', r == '\n', r == '\r', r == '\v', r == '\f', r == '\u00a0', r == '\ufeff':
			m.at += size
		case bytes.HasPrefix(rest, []byte("//")):
			m.comment("\n", false)
		case bytes.HasPrefix(rest, []byte("/*")):
			m.comment("*/", true)
		default:
			return
		}
	}
}

func (m *mender) comment(end string, needed bool) {
	m.note("a comment")
	at := bytes.Index(m.in[m.at+2:], []byte(end))
	switch {
	case at >= 0:
		m.at += 2 + at + len(end)
	case needed:
		m.fail("a comment has no end")
	default:
		m.at = len(m.in)
	}
}

func (m *mender) value(depth int) {
	m.skip()
	switch c := m.next(); {
	case depth > maxJSONDepth:
		m.fail("it is nested too deeply")
	case c == '{', c == '[':
		m.members(depth, c)
	case c == '"', c == '\'':
		m.text()
	case isWord(c):
		m.literal()
	default:
		m.fail("a value is missing")
	}
}

// members reads an object or a list.
func (m *mender) members(depth int, open byte) {
	m.at++
	m.out = append(m.out, open)
	end := open + 2 // in ASCII, as with { and }
	for first := true; ; first = false {
		m.skip()
		if m.next() == end {
			if !first {
				m.note("a comma after the last member")
			}
			break
		}
		if !first {
			m.out = append(m.out, ',')
		}
		if open == '{' {
			m.name()
		}
		m.value(depth + 1)
		m.skip()
		if m.next() == end {
			break
		}
		if m.next() != ',' {
			m.fail("a comma or %c is missing", end)
			return
		}
		m.at++
	}
	m.at++
	m.out = append(m.out, end)
}

// name reads a member's name and the colon.
func (m *mender) name() {
	switch c := m.next(); {
	case c == '"', c == '\'':
		m.text()
	case isWord(c):
		m.note("names without quotes")
		m.quoted(m.word())
	default:
		m.fail("a name is missing")
	}
	m.skip()
	if m.next() != ':' {
		m.fail("a colon is missing")
		return
	}
	m.at++
	m.out = append(m.out, ':')
}

// isWord reports whether a byte can stand in a word without quotes.
func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= utf8.RuneSelf || c != 0 && strings.IndexByte("_$@.+-", c) >= 0
}

func (m *mender) word() string {
	from := m.at
	for isWord(m.next()) {
		m.at++
	}
	return string(m.in[from:m.at])
}

// literal reads a number, or one of the words for true, false and nothing.
func (m *mender) literal() {
	from := m.at
	word := m.word()
	switch lower := strings.ToLower(word); {
	case json.Valid([]byte(word)):
		m.out = append(m.out, word...)
	case lower == "true", lower == "false", lower == "null":
		m.note(word + " for " + lower)
		m.out = append(m.out, lower...)
	case lower == "none", lower == "undefined":
		m.note(word + " for null")
		m.out = append(m.out, "null"...)
	case lower == "nan", lower == "infinity", strings.IndexByte("0123456789+-.", word[0]) >= 0:
		m.note("a number in a form that JSON does not have")
		m.quoted(word)
	default:
		m.at = from
		m.fail("a string needs quotes")
	}
}

func (m *mender) quoted(text string) { m.out = append(m.out, encode(text)...) }

// text reads a text in quotes of either kind.
func (m *mender) text() {
	quote := m.next()
	if quote == '\'' {
		m.note("single quotes")
	}
	m.at++
	m.out = append(m.out, '"')
	for {
		if m.at >= len(m.in) {
			m.fail("")
			return
		}
		c := m.in[m.at]
		m.at++
		switch {
		case c == quote:
			m.out = append(m.out, '"')
			return
		case c == '"':
			m.out = append(m.out, `\"`...)
		case c == '\\':
			m.escape()
		case c < ' ':
			m.control(c)
		default:
			m.out = append(m.out, c)
		}
	}
}

// escape reads what follows a backslash.
func (m *mender) escape() {
	c := m.next()
	hex := m.in[min(m.at+1, len(m.in)):min(m.at+5, len(m.in))]
	switch {
	case c != 0 && strings.IndexByte(`"\/bfnrt`, c) >= 0, c == 'u' && len(hex) == 4 && json.Valid([]byte(`"\u`+string(hex)+`"`)):
		m.out = append(m.out, '\\', c)
	case c == '\'':
		m.note("an escaped single quote")
		m.out = append(m.out, c)
	default: // as in C:\disk
		m.note("a lone backslash")
		m.out = append(m.out, `\\`...)
		return
	}
	m.at++
}

// control escapes a raw control character in a string.
func (m *mender) control(c byte) {
	switch c {
	case '\r':
		if m.next() == '\n' {
			return
		}
		fallthrough
	case '\n':
		m.note("line breaks in a string")
		m.out = append(m.out, `\n`...)
	case '\t':
		m.note("tabs in a string")
		m.out = append(m.out, `\t`...)
	default:
		m.note("control characters in a string")
	}
}

// position converts the offset after a character to its line and column, both
// from 1.
func position(b []byte, offset int64) (line, column int) {
	before := b[:max(0, min(int(offset)-1, len(b)))]
	line = bytes.Count(before, []byte("\n")) + 1
	return line, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
}
