package markup

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// role is what an HTML element does to its content.
type role int

const (
	unknown role = iota // no element of HTML that texts are made of: it is text itself
	passes              // is part of a line and changes nothing that can be shown
	strong              // marks
	emphasis
	strike
	code
	anchor
	paragraph // begins and ends a paragraph
	heading
	list
	point // an item of a list
	quote
	preformatted
	table
	row
	cell
	hidden // is never shown
	lineBreak
	rule
	picture
)

// roleOf knows the elements that the retired connectors showed
// (https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format),
// and what usually stands around them. All others, such as that of List<String>, are
// text.
func roleOf(name string) role {
	switch name {
	case "b", "strong":
		return strong
	case "i", "em", "cite":
		return emphasis
	case "s", "strike", "del":
		return strike
	case "code", "tt", "kbd", "samp":
		return code
	case "a":
		return anchor
	case "u", "span", "font", "small", "big", "sub", "sup", "ins", "mark", "abbr", "label", "nobr":
		return passes
	case "p", "div", "center", "section", "article", "header", "footer", "dl", "dt", "dd", "html", "body", "figure", "figcaption":
		return paragraph
	case "h1", "h2", "h3", "h4", "h5", "h6":
		return heading
	case "ul", "ol":
		return list
	case "li":
		return point
	case "blockquote":
		return quote
	case "pre":
		return preformatted
	case "table":
		return table
	case "tr":
		return row
	case "td", "th":
		return cell
	case "thead", "tbody", "tfoot", "wbr":
		return passes
	case "script", "style", "head", "title":
		return hidden
	case "br":
		return lineBreak
	case "hr":
		return rule
	case "img":
		return picture
	}
	return unknown
}

// inLine reports whether an element that is never closed was probably none.
func (r role) inLine() bool { return r >= passes && r <= anchor }

// tag is an HTML tag as written in a text.
type tag struct {
	role    role
	name    string
	closing bool
	// raw is the whole tag. A comment has only this and the role hidden.
	raw string
}

// longestName is longer than the name of every element.
const longestName = 12

// longestTag is how many bytes are searched for the end of a tag.
const longestTag = 8 << 10

// readTag reads the tag or the comment at the start of s, which begins with '<'; it
// reports false when that is not a tag for texts.
func readTag(s string) (tag, bool) {
	if strings.HasPrefix(s, "<!--") {
		if end := strings.Index(s[4:min(len(s), longestTag)], "-->"); end >= 0 {
			return tag{role: hidden, raw: s[:4+end+3]}, true
		}
		return tag{}, false
	}
	var t tag
	name := s[1:]
	if t.closing = strings.HasPrefix(name, "/"); t.closing {
		name = name[1:]
	}
	end := strings.IndexFunc(name, func(r rune) bool { return r > unicode.MaxASCII || !inWord(r) })
	if end <= 0 || end > longestName {
		return tag{}, false
	}
	t.name = strings.ToLower(name[:end])
	size := -1
	if end < len(name) {
		size = tagEnd(name[end:])
	}
	if t.role = roleOf(t.name); t.role == unknown || size < 0 {
		return tag{}, false
	}
	t.raw = s[:len(s)-len(name)+end+size]
	return t, true
}

// tagEnd returns where a tag ends after its name: at the first '>' outside of an
// attribute's quotes; -1 when it is not a tag.
func tagEnd(s string) int {
	if !strings.ContainsRune(" \t\n/>", rune(s[0])) {
		return -1
	}
	quote := byte(0)
	for i := range min(len(s), longestTag) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && s[i-1] == '=':
			quote = c
		case c == '>':
			return i + 1
		case c == '<':
			return -1
		}
	}
	return -1
}

// attribute returns the value of one of the tag's attributes.
func (t tag) attribute(name string) string {
	z := html.NewTokenizer(strings.NewReader(t.raw))
	z.Next()
	for more := true; more; {
		var key, value []byte
		if key, value, more = z.TagAttr(); string(key) == name {
			return strings.TrimSpace(string(value))
		}
	}
	return ""
}

// fenced turns the preformatted text and the code in a text into Markdown's code: nothing
// else in Markdown keeps their characters and lines.
func fenced(s string) string {
	if !strings.ContainsRune(s, '<') {
		return s
	}
	var b strings.Builder
	var c closings
	written, unclosed := 0, 0
	for i := 0; i < len(s); {
		switch s[i] {
		case '`':
			run, end := ticks(s[i:]), -1
			if run != unclosed {
				end = closingTicks(s[i+run:], run)
			}
			if end < 0 {
				unclosed, end = run, 0
			}
			i += run + end
		case '<':
			t, _ := readTag(s[i:])
			from := i + max(1, len(t.raw))
			inner, size := c.verbatim(t, s[from:])
			if size > 0 {
				b.WriteString(s[written:i])
				written = from + size
				if text := untagged(inner); t.role == preformatted {
					b.WriteString("\n\n" + fence("", strings.Trim(text, "\n")) + "\n\n")
				} else if text = oneLine(text); text != "" {
					b.WriteString(codeSpan(text))
				}
			}
			i = from + size
		default:
			i++
		}
	}
	b.WriteString(s[written:])
	return b.String()
}

// ticks returns how many backticks s begins with.
func ticks(s string) int { return len(s) - len(strings.TrimLeft(s, "`")) }

// closings remembers which elements are never closed again in a text, so that the end
// of each is looked for once.
type closings map[string]bool

// verbatim returns the content of an element in which every character counts, up to its
// closing tag, and the size of both; 0 when the tag begins none.
func (c *closings) verbatim(t tag, s string) (inner string, size int) {
	if t.closing || t.role != preformatted && t.role != code || (*c)[t.name] {
		return "", 0
	}
	for i := 0; ; i += len("</") {
		at := strings.Index(s[i:], "</")
		if at < 0 {
			break
		}
		i += at
		if end, ok := readTag(s[i:]); ok && end.name == t.name {
			return s[:i], i + len(end.raw)
		}
	}
	if *c == nil {
		*c = make(closings)
	}
	(*c)[t.name] = true
	return "", 0
}

// closingTicks returns where a piece of code ends, its ticks included; -1 when it does
// not.
func closingTicks(s string, run int) int {
	for from := 0; from < len(s); {
		at := strings.IndexByte(s[from:], '`')
		if at < 0 {
			return -1
		}
		from += at
		n := ticks(s[from:])
		from += n
		if n == run {
			return from
		}
	}
	return -1
}

// untagged returns the text of HTML without its tags.
func untagged(s string) string {
	var b strings.Builder
	for s != "" {
		before, t, rest := nextTag(s)
		b.WriteString(entities(before))
		if t.role == lineBreak {
			b.WriteByte('\n')
		}
		s = rest
	}
	return b.String()
}

// nextTag returns the first tag in s, with what is before and after it.
func nextTag(s string) (before string, t tag, rest string) {
	for i := 0; ; i++ {
		at := strings.IndexByte(s[i:], '<')
		if at < 0 {
			return s, tag{}, ""
		}
		i += at
		if t, ok := readTag(s[i:]); ok {
			return s[:i], t, s[i+len(t.raw):]
		}
	}
}
