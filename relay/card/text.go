package card

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// special are the characters that mean something in a card's Markdown.
const special = "\\`*_{}[]()<>#+-!|~"

// Escape makes text from strangers literal in a card's Markdown: what looks like
// emphasis, a link, a mention (<at>) or a template function ({{) is shown as it
// was written. Line breaks become paragraphs' spaces, because only an empty line
// breaks a line in every client.
func Escape(s string) string {
	if !strings.ContainsAny(s, special+"&=") && !strings.ContainsFunc(s, unicode.IsControl) && !strings.ContainsFunc(s, isDirection) && !startsList(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	line := lineStart // what of the line was before
	for i, r := range s {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '&' && startsEntity(s[i+1:]):
			b.WriteString("&amp;")
		case r == '-' || r == '+' || r == '=':
			// Only at the start of a line do these make a list or a heading.
			if line == lineStart {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		case strings.ContainsRune(special, r), r == '.' && line == lineNumber:
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n' || r == '\t':
			b.WriteRune(r)
		case unicode.IsControl(r) || isDirection(r):
		default:
			b.WriteRune(r)
		}
		line = line.after(r)
	}
	return b.String()
}

// lead is what a line has begun with.
type lead int

const (
	lineStart  lead = iota // space only
	lineNumber             // digits
	lineText               // anything
)

func (l lead) after(r rune) lead {
	switch {
	case r == '\n':
		return lineStart
	case l == lineStart && (r == ' ' || r == '\t'):
		return lineStart
	case l != lineText && r >= '0' && r <= '9':
		return lineNumber
	}
	return lineText
}

// isDirection reports whether a character changes the direction of those around it, so
// that a text can be shown in a false order
// (https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters). The marks
// that right-to-left texts need are not among them.
func isDirection(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// startsEntity reports whether what follows an ampersand makes a character
// reference, such as "lt;" or "#60;".
func startsEntity(s string) bool {
	name, _, found := strings.Cut(s[:min(len(s), longestEntity)], ";")
	return found && name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '#' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// longestEntity is longer than any name in HTML's list.
const longestEntity = 40

func startsList(s string) bool {
	for line := range strings.Lines(s) {
		head, _, found := strings.Cut(strings.TrimLeft(line, " \t"), ".")
		if found && head != "" && strings.Trim(head, "0123456789") == "" {
			return true
		}
	}
	return false
}

// Cut shortens a Markdown text to n characters at a paragraph or a word, and never
// inside of a link.
func Cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	end := 0
	for range n {
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
	}
	head := s[:end]
	if open := strings.LastIndex(head, "["); open > strings.LastIndex(head, ")") {
		head = head[:open]
	}
	if at := strings.LastIndexAny(head, " \n"); at > len(head)/2 {
		head = head[:at]
	}
	return strings.TrimRight(head, " \n\\*_,;:-#>") + " …"
}

// Headline is the card's title, or the nearest thing to one, in one line without
// Markdown, for lists and logs.
func (c Card) Headline() string {
	for _, s := range c.candidates() {
		if s = Plain(s); s != "" {
			return s
		}
	}
	return ""
}

// ReadHeadline is the headline of a card in JSON, or empty if it is not a card. It
// reads a card with a title only up to the title.
func ReadHeadline(b []byte) string {
	d := jsontext.NewDecoder(bytes.NewReader(b), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if _, err := d.ReadToken(); err != nil {
		return ""
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return ""
		}
		if !strings.EqualFold(name.String(), "title") {
			if err := d.SkipValue(); err != nil {
				return ""
			}
			continue
		}
		var title string
		if err := jsonv2.UnmarshalDecode(d, &title); err != nil {
			return ""
		}
		if title = Plain(title); title != "" {
			return title
		}
	}
	c, err := Parse(b)
	if err != nil {
		return ""
	}
	return c.Headline()
}

func (c Card) candidates() []string {
	list := []string{c.Title, c.Summary}
	for _, s := range c.Sections {
		list = append(list, s.Title, s.ActivityTitle)
	}
	list = append(list, firstLine(c.Text))
	for _, s := range c.Sections {
		list = append(list, firstLine(s.Text), firstLine(s.ActivityText))
	}
	return list
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

// Plain removes the Markdown from a short text and folds its white space. It is for
// lists, where a rough answer is enough.
func Plain(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && strings.IndexByte(special+".=", s[i+1]) >= 0:
			i++
			b.WriteByte(s[i])
		case c == '*' || c == '`' || (c == '~' && i+1 < len(s) && s[i+1] == '~'):
		case c == '[' || c == '!':
			text, rest, ok := link(s[i:])
			if !ok {
				b.WriteByte(c)
				continue
			}
			b.WriteString(text)
			i = len(s) - len(rest) - 1
		default:
			b.WriteByte(c)
		}
	}
	text := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(b.String())
	return strings.Join(strings.Fields(text), " ")
}

// link reads "[text](address)" or "![text](address)" at the start of s.
func link(s string) (text, rest string, ok bool) {
	s, found := strings.CutPrefix(strings.TrimPrefix(s, "!"), "[")
	if !found {
		return "", "", false
	}
	end := strings.IndexAny(s, "[]")
	if end < 0 || !strings.HasPrefix(s[end:], "](") {
		return "", "", false
	}
	text, rest = s[:end], s[end+2:]
	if end = strings.IndexByte(rest[:min(len(rest), longestAddress)], ')'); end < 0 {
		return "", "", false
	}
	return text, rest[end+1:], true
}

// longestAddress bounds the search for the end of a link's address.
const longestAddress = 4096
