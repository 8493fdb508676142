package rss

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// form is how a text is written.
type form int

const (
	// either is RSS's: HTML or plain text, undeclared.
	either form = iota
	plain
	markup
)

// text is a text as written in a feed.
type text struct {
	value string
	form  form
}

// texts are texts of one form, at most so many.
func texts(form form, values []string, most int) []text {
	var list []text
	for _, v := range values[:min(len(values), most)] {
		list = append(list, text{v, form})
	}
	return list
}

const (
	// maxHTML bounds what is taken of a text, in bytes, and maxTags its tags, some of
	// which make all that follow more expensive.
	maxHTML = 64 << 10
	maxTags = 2000
	// maxSource bounds how much is read to find that, and maxTag a tag's length: pictures
	// inside tags are long and never shown.
	maxSource = 1 << 20
	maxTag    = 4 << 10
)

// html is a text as HTML, up to so many visible characters without spaces. It costs no
// more than the part it returns. A short text is complete, so that what begins in it
// ends in it.
func (t text) html(most int, short bool) string {
	source := t.value[:runeStart(t.value, min(len(t.value), maxSource))]
	if t.form != plain { // nested CDATA
		source = strings.ReplaceAll(strings.ReplaceAll(source, "<![CDATA[", ""), "]]>", "")
	}
	if t.form == plain {
		return plainHTML(source, most)
	}
	real := &tags{source: strings.ToLower(source), all: t.form != either, short: short, ends: make(map[string]bool)}
	if !real.all && !real.any(source) {
		return plainHTML(html.UnescapeString(source), most)
	}
	return cutHTML(source, real, most)
}

// plainHTML writes plain text as HTML, with its lines and paragraphs.
func plainHTML(s string, most int) string {
	s = s[:runeStart(s, min(len(s), maxHTML))]
	if spend(&s, most, false) < 0 {
		s = strings.TrimRightFunc(s, unicode.IsSpace)
	}
	s = html.EscapeString(strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")))
	return "<p>" + strings.ReplaceAll(blank.ReplaceAllString(s, "</p><p>"), "\n", "<br>") + "</p>"
}

var blank = regexp.MustCompile(`\n[ \t]*\n\s*`)

// any reports whether a text has HTML tags rather than mere angle brackets.
func (t *tags) any(source string) bool {
	z := html.NewTokenizer(strings.NewReader(source))
	for read := 0; ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			return false
		}
		if raw := string(z.Raw()); kind != html.TextToken && t.is(kind, raw, source[:read]) {
			return true
		} else {
			read += len(raw)
		}
	}
}

// cutHTML cuts HTML after so many visible characters, or when it becomes longer than
// any honest text. It leaves out hidden text; tags that are not real are words.
func cutHTML(source string, real *tags, most int) string {
	z := html.NewTokenizer(strings.NewReader(source))
	var b strings.Builder
	read, hidden := 0, ""
	for range maxTags {
		kind := z.Next()
		if kind == html.ErrorToken {
			// The rest is a tag without an end: "a<b".
			if rest := source[min(read, len(source)):]; !real.all && hidden == "" && len(rest) < maxTag {
				spend(&rest, most, true)
				b.WriteString(html.EscapeString(rest))
			}
			break
		}
		raw := string(z.Raw())
		isText := kind == html.TextToken
		before := source[:read]
		read += len(raw)
		if !isText && hidden == "" && !real.is(kind, raw, before) {
			raw, isText = html.EscapeString(raw), true
		}
		switch {
		case isText && hidden == "":
			if most = spend(&raw, most, true); most < 0 {
				b.WriteString(raw)
				return b.String()
			}
		case isText || kind == html.CommentToken || kind == html.DoctypeToken || len(raw) > maxTag:
			continue
		default:
			name := tagName(raw)
			if kind == html.EndTagToken && name == hidden {
				hidden = ""
				continue
			}
			if hidden != "" {
				continue
			}
			if kind == html.StartTagToken && listed(noise, name) && !listed(void, name) {
				hidden = name
				continue
			}
		}
		if b.Len()+len(raw) > maxHTML {
			b.WriteString(raw[:runeStart(raw, max(maxHTML-b.Len(), 0))])
			break
		}
		b.WriteString(raw)
	}
	return b.String()
}

// spend subtracts a text's characters and returns how many may still be shown. If they
// do not suffice, the result is negative and the text is cut, never inside an entity.
func spend(text *string, most int, entities bool) int {
	for i, r := range *text {
		if unicode.IsSpace(r) {
			continue
		}
		if most--; most < 0 {
			head := (*text)[:i]
			if at := strings.LastIndexByte(head, '&'); entities && at >= 0 && i-at < 32 && !strings.Contains(head[at:], ";") {
				head = head[:at]
			}
			*text = head
			break
		}
	}
	return most
}

// tags decides which tags of a text are HTML's: by name, by attributes, and by whether
// elements that must end do.
type tags struct {
	source string
	// all says that all are, because the text is declared HTML.
	all, short bool
	ends       map[string]bool
}

// is judges a tag by itself and the text before it.
func (t *tags) is(kind html.TokenType, raw, before string) bool {
	if t.all {
		return true
	}
	switch kind {
	case html.CommentToken:
		return strings.HasPrefix(raw, "<!--") || strings.HasPrefix(raw, "<?xml")
	case html.DoctypeToken:
		return strings.TrimSpace(before) == "" && strings.HasSuffix(raw, ">")
	}
	name := tagName(raw)
	switch {
	case strings.ContainsAny(name, "-:") && isName(name):
		return true // not an element of HTML
	case !listed(elements, name) || kind != html.EndTagToken && !areAttributes(raw):
		return false
	case kind == html.EndTagToken, listed(endless, name), strings.ContainsAny(raw, "=") || strings.HasSuffix(raw, "/>"), t.end(name):
		return true
	}
	// An excerpt may have lost its end tags; "List<b>" never had any.
	last, _ := utf8.DecodeLastRuneInString(before)
	return !t.short && listed(cutOff, name) && !unicode.IsLetter(last) && !unicode.IsDigit(last)
}

// cutOff are elements whose end tags may be missing because a text was cut.
const cutOff = " b blockquote div em figure h1 h2 h3 h4 h5 h6 i ol pre span strong table u ul "

func (t *tags) end(name string) bool {
	found, asked := t.ends[name]
	if !asked {
		found = strings.Contains(t.source, "</"+name)
		t.ends[name] = found
	}
	return found
}

// tagName is the name in a raw tag.
func tagName(raw string) string {
	raw = strings.TrimLeft(raw, "</")
	if at := strings.IndexFunc(raw, func(r rune) bool { return unicode.IsSpace(r) || r == '>' || r == '/' }); at >= 0 {
		raw = raw[:at]
	}
	return strings.ToLower(raw)
}

func isName(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != ':'
	}) && !strings.Contains(s, "::") && !strings.HasSuffix(s, ":")
}

// areAttributes reports whether the text after a tag's name is HTML attributes: names
// with values, or one of the few without. "a<b and c>d" is not a tag.
func areAttributes(raw string) bool {
	_, rest, found := strings.Cut(strings.TrimRight(raw, "/> \n"), " ")
	return !found || strings.Contains(rest, "=") || loneAttributes.MatchString(strings.ToLower(rest))
}

var loneAttributes = regexp.MustCompile(`^\s*((hidden|disabled|checked|controls|autoplay|loop|muted|open|reversed|nowrap|noshade|compact|allowfullscreen|async|defer|download|itemscope|ismap|playsinline|data-[\w-]+)\s*)*$`)

// elements are HTML's elements, obsolete ones included.
const elements = " a abbr acronym address applet area article aside audio b base basefont bdi bdo big blink blockquote" +
	" body br button canvas caption center cite code col colgroup data datalist dd del details dfn dialog" +
	" dir div dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6" +
	" head header hgroup hr html i iframe img input ins kbd label legend li link main map mark marquee" +
	" menu meta meter nav nobr noscript object ol optgroup option output p param picture pre progress q rp" +
	" rt ruby s samp script section select small source span strike strong style sub summary sup svg table" +
	" tbody td template textarea tfoot th thead time title tr track tt u ul var video wbr "

// endless are the elements that need no end tag.
const endless = " area base basefont body br col dd dt embed frame head hr html img input li link meta option p param" +
	" source tbody td tfoot th thead tr track wbr "

// listed reports whether a list contains a name.
func listed(list, name string) bool { return strings.Contains(list, " "+name+" ") }

// cut cuts plain text.
func cut(s string, most int) string {
	at := 0
	for i := range s {
		if at++; at > most {
			return s[:i] + "…"
		}
	}
	return s
}

func runeStart(s string, i int) int {
	for i > 0 && i < len(s) && !utf8.RuneStart(s[i]) {
		i--
	}
	return i
}
