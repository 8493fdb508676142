package prose

import (
	"strings"

	"golang.org/x/net/html"
)

// maxTag and maxSpan bound a tag and inline code, in bytes. Anything longer is text.
const (
	maxTag  = 2 << 10
	maxSpan = 4 << 10
)

// withoutHTML converts the HTML in a text to equivalent Markdown. It drops comments and
// the folded content of <details>, except its <summary>. In code, HTML is text; what
// looks like a tag but is not HTML's is text everywhere.
func withoutHTML(s string) string {
	p := page{rest: s, start: true}
	for p.rest != "" {
		p.next()
	}
	return p.out.String()
}

// page is a text being converted.
type page struct {
	out  strings.Builder
	rest string
	// start says that a line begins here.
	start bool
	// folded is how many <details> deep the text is in which is not to be seen, and
	// summary whether it is in the <summary> of the outermost. Unfolded counts those
	// that were open.
	folded, unfolded int
	summary          bool
	// links are the addresses of the enclosing <a>s; empty for those without one.
	links []string
}

// write writes a piece, unless it is folded.
func (p *page) write(s string) {
	if p.folded == 0 || p.folded == 1 && p.summary {
		p.out.WriteString(s)
	}
}

// take copies the next n bytes.
func (p *page) take(n int) {
	p.write(p.rest[:n])
	p.start = p.rest[n-1] == '\n'
	p.rest = p.rest[n:]
}

func (p *page) next() {
	if p.start {
		if n := fenced(p.rest); n > 0 {
			p.take(n)
			return
		}
	}
	switch c := p.rest[0]; {
	case c == '\\':
		p.take(min(2, len(p.rest)))
	case c == '`':
		p.take(span(p.rest))
	case strings.HasPrefix(p.rest, "<!--"):
		p.comment()
	case c == '<':
		p.tag()
	default:
		n := strings.IndexAny(p.rest[1:], "\\`<\n")
		switch {
		case n < 0:
			n = len(p.rest)
		case p.rest[1+n] == '\n':
			n += 2
		default:
			n++
		}
		if c == '\n' {
			n = 1
		}
		p.take(n)
	}
}

// comment drops a comment. An unterminated one extends to the end.
func (p *page) comment() {
	_, after, _ := strings.Cut(p.rest[len("<!--"):], "-->")
	p.rest = after
}

// fenced is the length of the code block that begins with this line, or 0.
func fenced(s string) int {
	line, _, _ := strings.Cut(s, "\n")
	open := strings.TrimLeft(line, " \t>")
	mark := open[:len(open)-len(strings.TrimLeft(open, "`"))]
	if mark == "" {
		mark = open[:len(open)-len(strings.TrimLeft(open, "~"))]
	}
	if len(mark) < 3 || mark[0] == '`' && strings.Contains(open[len(mark):], "`") {
		return 0
	}
	n := 0
	for line := range strings.Lines(s) {
		end := strings.TrimRight(strings.TrimLeft(line, " \t>"), " \t\n")
		if n > 0 && len(end) >= len(mark) && strings.Trim(end, mark[:1]) == "" {
			return n + len(line)
		}
		n += len(line)
	}
	return n
}

// span is the length of the inline code that begins with these backticks, or of the
// backticks alone if the paragraph has no matching ones.
func span(s string) int {
	ticks := len(s) - len(strings.TrimLeft(s, "`"))
	paragraph, _, _ := strings.Cut(s[:min(len(s), maxSpan)], "\n\n")
	for at := ticks; at < len(paragraph); {
		open := strings.IndexByte(paragraph[at:], '`')
		if open < 0 {
			break
		}
		at += open
		run := len(paragraph[at:]) - len(strings.TrimLeft(paragraph[at:], "`"))
		if at += run; run == ticks {
			return at
		}
	}
	return ticks
}

// tag writes the Markdown for a tag.
func (p *page) tag() {
	end := 1 + strings.IndexAny(p.rest[1:min(len(p.rest), maxTag)], "<>")
	if end == 0 || p.rest[end] == '<' {
		p.take(1)
		return
	}
	z := html.NewTokenizer(strings.NewReader(p.rest[:end+1]))
	kind := z.Next()
	if kind != html.StartTagToken && kind != html.EndTagToken && kind != html.SelfClosingTagToken {
		p.take(1)
		return
	}
	token := z.Token()
	said, known := p.said(token, kind == html.EndTagToken)
	if !known {
		p.take(1)
		return
	}
	p.write(said)
	p.start = strings.HasSuffix(said, "\n")
	p.rest = p.rest[end+1:]
}

// said is the Markdown equivalent of a tag; known is false for a tag that is not
// HTML's.
func (p *page) said(tag html.Token, end bool) (markdown string, known bool) {
	switch tag.Data {
	case "details":
		p.details(tag, end)
		return "\n\n", true
	case "summary":
		if end {
			p.write("\n\n")
			p.summary = false
			return "", true
		}
		p.summary = true
		return "\n\n▸ ", true
	case "a":
		return p.link(tag, end), true
	case "img":
		if address := attribute(tag, "src"); address != "" {
			return "![" + bare(attribute(tag, "alt")) + "](<" + bare(address) + ">)", true
		}
		return "", true
	case "b", "strong":
		return "**", true
	case "i", "em":
		return "*", true
	case "s", "del", "strike":
		return "~~", true
	case "code", "kbd", "samp", "tt":
		return "`", true
	case "pre":
		return "\n```\n", true
	case "br":
		return "\n", true
	case "hr":
		return "\n\n---\n\n", true
	case "h1", "h2", "h3", "h4", "h5", "h6":
		if end {
			return "\n\n", true
		}
		return "\n\n" + strings.Repeat("#", int(tag.Data[1]-'0')) + " ", true
	case "li":
		if end {
			return "", true
		}
		return "\n- ", true
	case "td", "th":
		return " ", true
	case "tr", "dt", "dd":
		return "\n", true
	case "p", "div", "center", "blockquote", "ul", "ol", "dl", "table", "section", "figure", "figcaption":
		return "\n\n", true
	case "span", "font", "small", "big", "sub", "sup", "u", "ins", "mark", "abbr", "var", "q", "picture", "source", "video",
		"thead", "tbody", "tfoot", "caption", "ruby", "rt", "rp", "bdi", "bdo", "cite", "dfn", "g-emoji", "wbr":
		return "", true
	}
	return "", false
}

// details counts the nesting of folded content.
func (p *page) details(tag html.Token, end bool) {
	open := false
	for _, a := range tag.Attr {
		open = open || a.Key == "open"
	}
	switch {
	case !end && (p.folded > 0 || !open):
		p.folded++
	case !end:
		p.unfolded++
	case p.folded > 0:
		p.folded--
	case p.unfolded > 0:
		p.unfolded--
	}
}

func (p *page) link(tag html.Token, end bool) string {
	if !end {
		address := bare(attribute(tag, "href"))
		p.links = append(p.links, address)
		if address == "" {
			return ""
		}
		return "["
	}
	last := len(p.links) - 1
	if last < 0 {
		return ""
	}
	address := p.links[last]
	if p.links = p.links[:last]; address == "" {
		return ""
	}
	return "](<" + address + ">)"
}

func attribute(tag html.Token, name string) string {
	for _, a := range tag.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// bare is a text without what would end its link or picture.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("<>[]\n\\", r) {
			return -1
		}
		return r
	}, s)
}
