package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// literalText makes paragraphs of the lines of a text that is no Markdown.
func literalText(s string) Text {
	var t Text
	for p := range strings.SplitSeq(strings.ReplaceAll(s, "\r\n", "\n"), "\n\n") {
		if inlines := literalInlines(strings.Trim(p, "\n")); len(inlines) > 0 {
			t = append(t, Block{Kind: Paragraph, Inlines: inlines})
		}
	}
	return t
}

func literalInlines(s string) []Inline {
	var list []Inline
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			list = append(list, Inline{Kind: Break})
		}
		if line = strings.TrimRight(line, "\r"); line != "" {
			list = append(list, Inline{Kind: Plain, Text: line})
		}
	}
	return list
}

// merge joins neighbouring plain pieces.
func merge(list []Inline) []Inline {
	var out []Inline
	for _, n := range list {
		if last := len(out) - 1; last >= 0 && n.Kind == Plain && out[last].Kind == Plain {
			out[last].Text += n.Text
			continue
		}
		if n.Kind != Plain || n.Text != "" {
			out = append(out, n)
		}
	}
	return out
}

// finish joins plain pieces and finds the addresses and mentions in them. A break
// at an end breaks nothing.
func (r reader) finish(list []Inline) []Inline {
	var out []Inline
	for _, n := range merge(list) {
		if n.Kind == Plain {
			out = append(out, r.addresses(n.Text)...)
			continue
		}
		out = append(out, n)
	}
	for len(out) > 0 && out[len(out)-1].Kind == Break {
		out = out[:len(out)-1]
	}
	for len(out) > 0 && out[0].Kind == Break {
		out = out[1:]
	}
	return out
}

// addresses makes links of the web addresses in a text, as every chat system
// does: otherwise escaping would change what they lead to.
func (r reader) addresses(s string) []Inline {
	var out []Inline
	for rest := s; ; {
		start := strings.Index(rest, "https://")
		if i := strings.Index(rest, "http://"); i >= 0 && (start < 0 || i < start) {
			start = i
		}
		if start < 0 {
			return append(out, r.mentions(rest)...)
		}
		end := start + addressEnd(rest[start:])
		address, ok := web(rest[start:end])
		_, host, _ := strings.Cut(address, "://")
		if !ok || host == "" {
			end = start + len("http")
			out = append(out, r.mentions(rest[:end])...)
		} else {
			out = append(out, r.mentions(rest[:start])...)
			out = append(out, Inline{Kind: Link, URL: address, Inlines: []Inline{{Kind: Plain, Text: rest[start:end]}}})
		}
		rest = rest[end:]
	}
}

// addressEnd is where an address at the start of s ends: punctuation that ends a
// sentence, and a bracket that was not opened inside, are not part of it.
func addressEnd(s string) int {
	end := strings.IndexFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("<>\"`{}[]|\\^", r)
	})
	if end < 0 {
		end = len(s)
	}
	for end > 0 {
		last, size := utf8.DecodeLastRuneInString(s[:end])
		closes := last == '(' || last == ')' && strings.Count(s[:end], "(") < strings.Count(s[:end], ")")
		if !closes && !strings.ContainsRune(".,;:!?'*_~…", last) {
			break
		}
		end -= size
	}
	return end
}

// mentions finds "@login" where the login is somebody's.
func (r reader) mentions(s string) []Inline {
	if s == "" {
		return nil
	}
	var out []Inline
	from := 0
	for i := 0; r.known != nil && i < len(s); i++ {
		if s[i] != '@' || i > 0 && !startsMention(s[:i]) {
			continue
		}
		login, name := r.login(s[i+1:])
		if login == "" {
			continue
		}
		if i > from {
			out = append(out, Inline{Kind: Plain, Text: s[from:i]})
		}
		out = append(out, Inline{Kind: Mention, Login: login, Text: name})
		from = i + 1 + len(login)
		i = from - 1
	}
	if from < len(s) {
		out = append(out, Inline{Kind: Plain, Text: s[from:]})
	}
	return out
}

// startsMention reports whether an "@" after this text may begin a mention: in a
// mail address it does not.
func startsMention(before string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	return !unicode.IsLetter(last) && !unicode.IsDigit(last) && !strings.ContainsRune("@/._-+", last)
}

// login is the longest known login at the start of s that ends at a boundary, and
// whose it is.
func (r reader) login(s string) (login, name string) {
	inside := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.@+", r)
	}
	end := strings.IndexFunc(s, func(r rune) bool { return !inside(r) })
	if end < 0 {
		end = len(s)
	}
	for candidate := s[:min(end, 255)]; candidate != ""; {
		if name, ok := r.known(candidate); ok {
			return candidate, name
		}
		cut := strings.LastIndexAny(candidate, "-_.@+")
		if cut < 0 {
			return "", ""
		}
		candidate = candidate[:cut]
	}
	return "", ""
}

// Letters is a name without what could mean something in a dialect.
func Letters(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || strings.ContainsRune(" .'-,", r) {
			return r
		}
		return ' '
	}, name)
	return strings.Join(strings.Fields(name), " ")
}
