package rss

import (
	"bytes"
	"mime"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// decode returns a page in UTF-8. The bytes themselves decide first: a byte order mark,
// the zeros of UTF-16, text that is valid UTF-8 throughout; declarations are often
// wrong about those. For other bytes the server's declaration counts before the
// document's (RFC 7303, 3), as in browsers and feedparser; without any, they are
// windows-1252. Unknown names are ignored.
func decode(body []byte, contentType string) []byte {
	if e := wideEncoding(body); e != nil {
		return converted(e, body)
	}
	good, bad, long := sequences(body)
	for _, label := range []string{fromHeader(contentType), declared(body)} {
		e, asian := known8Bit(label)
		switch {
		case e == nil:
		case bad > good, bad == 0 && asian && !long && good > 0, asian && bytes.IndexByte(body, 0x1b) >= 0:
			// In the second case the text could be both UTF-8 and, for example, GBK: two bytes
			// each, while a Chinese character has at least three in UTF-8.
			return converted(e, body)
		}
	}
	if bad > good {
		return converted(charmap.Windows1252, body)
	}
	return bytes.ToValidUTF8(body, []byte("\uFFFD"))
}

func converted(e encoding.Encoding, body []byte) []byte {
	text, err := e.NewDecoder().Bytes(body)
	if err != nil {
		return bytes.ToValidUTF8(body, []byte("\uFFFD"))
	}
	return text
}

// wideEncoding recognises an encoding that is not compatible with ASCII, by its mark or
// its first characters (XML 1.0, appendix F), or returns nil.
func wideEncoding(body []byte) encoding.Encoding {
	has := func(prefix string) bool { return bytes.HasPrefix(body, []byte(prefix)) }
	var zero [4]bool
	for i, c := range body[:min(len(body), 4)] {
		zero[i] = c == 0
	}
	switch {
	case has("\xff\xfe\x00\x00"), zero == [4]bool{false, true, true, true}:
		return utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)
	case has("\x00\x00\xfe\xff"), zero == [4]bool{true, true, true, false}:
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	case has("\xff\xfe"), zero == [4]bool{false, true, false, true}:
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case has("\xfe\xff"), zero == [4]bool{true, false, true, false}:
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case has("\x4c\x6f\xa7\x94"):
		return charmap.CodePage037
	}
	return nil
}

// sequences counts the multi-byte characters of UTF-8 and the bytes that are part of
// none; long says that a character has three bytes or more.
func sequences(body []byte) (good, bad int, long bool) {
	for len(body) > 0 {
		r, size := utf8.DecodeRune(body)
		switch {
		case r == utf8.RuneError && size <= 1:
			bad++
		case size > 1:
			good++
			long = long || size > 2
		}
		body = body[size:]
	}
	return good, bad, long
}

func fromHeader(contentType string) string {
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		_, after, _ := strings.Cut(strings.ToLower(contentType), "charset=")
		return strings.Trim(after, `"' ;`)
	}
	return parameters["charset"]
}

var declaration = regexp.MustCompile(`(?i)<\?xml[^>]*?encoding\s*=\s*["']?\s*([\w.:-]+)`)

// declared is the encoding that the document declares.
func declared(body []byte) string {
	if m := declaration.FindSubmatch(body[:min(len(body), 1024)]); m != nil {
		return string(m[1])
	}
	return ""
}

// known8Bit is a known encoding compatible with ASCII other than UTF-8, and whether it
// is one for Chinese, Japanese or Korean, or nil.
func known8Bit(label string) (e encoding.Encoding, asian bool) {
	e, name := charset.Lookup(label)
	if e == nil && label != "" {
		e, _ = ianaindex.IANA.Encoding(label)
	}
	switch {
	case name == "replacement" || strings.HasPrefix(strings.ToLower(label), "utf"), name == "utf-8", strings.HasPrefix(name, "utf-16"):
		return nil, false
	}
	return e, listed(" gbk gb18030 big5 euc-jp iso-2022-jp shift_jis euc-kr ", name)
}

var (
	// root matches the start of a feed's root element, or of a comment before it.
	root = regexp.MustCompile(`(?i)<(?:!--|(?:[\w.-]+:)?(?:rss|rdf|feed)[\s>/])`)
	// webPage matches the start of a web page.
	webPage = regexp.MustCompile(`(?i)<(?:!doctype\s+html|html)[\s>]`)
)

// trim returns the feed in a text, from the start of its root element or JSON to the
// end, or nil; prolog is the text before. Of the marks, blanks, warnings and
// declarations before a feed, only the entities matter; an XML declaration would be
// wrong by now.
func trim(text []byte) (feed, prolog []byte) {
	start := bytes.TrimLeft(text, "\ufeff \t\r\n")
	if bytes.HasPrefix(start, []byte("{")) {
		return start, nil
	}
	for at := 0; ; {
		m := root.FindIndex(start[at:])
		if m == nil {
			break
		}
		if start[at+m[0]+1] != '!' {
			return feedAt(start, at+m[0])
		}
		end := bytes.Index(start[at+m[1]:], []byte("-->"))
		if end < 0 {
			break
		}
		at += m[1] + end
	}
	if at := bytes.IndexByte(start, '{'); at >= 0 && !webPage.Match(start) && bytes.Contains(start[at:], []byte(`"items"`)) {
		return start[at:], nil
	}
	return nil, start
}

// feedAt returns the feed at a position, unless it is inside a web page. Some feeds
// have a web page's doctype.
func feedAt(text []byte, at int) (feed, prolog []byte) {
	prolog = text[:at]
	page := webPage.FindIndex(prolog)
	if page != nil && prolog[page[0]+1] == '!' && !firstElement.Match(prolog[page[1]:]) {
		page = nil
	}
	if page != nil && !bytes.Contains(bytes.ToLower(prolog[page[1]:]), []byte("<?xml")) {
		return nil, text
	}
	return text[at:], prolog
}

// The bounds of a document's own entities, which are for things like company names.
const (
	maxEntities = 300
	maxEntity   = 200
)

var (
	entity    = regexp.MustCompile(`<!ENTITY\s+([\w.-]+)\s+(?:"([^"]*)"|'([^']*)')\s*>`)
	reference = regexp.MustCompile(`&#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,10}));`)
	lastTag   = regexp.MustCompile(`</[\w:.-]+\s*$`)
	loose     = regexp.MustCompile(`<([^a-zA-Z/!?_:]|$)`)
)

// mend repairs faulty XML where its meaning is clear.
func mend(text, prolog []byte) []byte {
	if text = allowed(text); lastTag.Match(text) {
		text = append(text, '>')
	}
	expand := entities(text, prolog)
	var b bytes.Buffer
	for len(text) > 0 {
		before, within, found := bytes.Cut(text, []byte("<![CDATA["))
		b.WriteString(expand.Replace(string(loose.ReplaceAll(references(before), []byte("&lt;$1")))))
		if !found {
			break
		}
		data, after, closed := bytes.Cut(within, []byte("]]>"))
		if !closed {
			text = within // as if it had never begun
			continue
		}
		b.WriteString("<![CDATA[")
		b.Write(references(data))
		b.WriteString("]]>")
		text = after
	}
	return b.Bytes()
}

// allowed drops the characters that XML does not allow.
func allowed(text []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if illegal(r) {
			return -1
		}
		return r
	}, text)
}

func illegal(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0xd800 && r <= 0xdfff || r == 0xfffe || r == 0xffff || r < 0 || r > utf8.MaxRune
}

// references drops references to such characters. Those to Latin-1's control characters
// mean windows-1252, as in HTML.
func references(text []byte) []byte {
	if !bytes.Contains(text, []byte("&#")) {
		return text
	}
	return reference.ReplaceAllFunc(text, func(ref []byte) []byte {
		m := reference.FindSubmatch(ref)
		digits, base := string(m[2]), 10
		if len(m[1]) > 0 {
			digits, base = string(m[1]), 16
		}
		n, err := strconv.ParseUint(digits, base, 32)
		switch {
		case err != nil || n > utf8.MaxRune || illegal(rune(n)): //nolint:gosec // 32 bits, and compared before
			return nil
		case n >= 0x80 && n <= 0x9f:
			return []byte(string(charmap.Windows1252.DecodeByte(byte(n))))
		}
		return ref
	})
}

// entities replaces a document's own entities by their values, if those are plain text,
// within bounds. Entities in entities are left alone.
func entities(text, prolog []byte) *strings.Replacer {
	var pairs []string
	grown := 0
	for _, m := range entity.FindAllSubmatch(prolog, maxEntities) {
		name, value := "&"+string(m[1])+";", string(references(append(m[2], m[3]...)))
		switch name {
		case "&amp;", "&lt;", "&gt;", "&quot;", "&apos;":
			continue
		}
		if len(value) > maxEntity || strings.Contains(value, "<") || strings.Contains(strings.ReplaceAll(value, "&#", ""), "&") {
			continue
		}
		if grown += len(value) * bytes.Count(text, []byte(name)); grown > smallBody {
			break
		}
		pairs = append(pairs, name, value)
	}
	return strings.NewReplacer(pairs...)
}
