package markup

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// web returns an address that chat systems let a person follow, without the
// characters that end an address in one dialect or another.
func web(s string) (string, bool) {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil {
		return "", false
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		if u.Host == "" {
			return "", false
		}
	case "mailto":
	default:
		return "", false
	}
	return Address(s), true
}

// Address returns an address with the characters encoded that would end it in one
// dialect or another.
func Address(s string) string {
	if !strings.ContainsAny(s, "() <>|\"\\`*\n\r\t") {
		return s
	}
	return strings.NewReplacer(
		"(", "%28", ")", "%29", " ", "%20", "<", "%3C", ">", "%3E", "|", "%7C", `"`, "%22",
		"\\", "%5C", "`", "%60", "*", "%2A", "\n", "", "\r", "", "\t", "",
	).Replace(strings.TrimSpace(s))
}

// links makes links of the web addresses in a text, as every chat system
// does: otherwise escaping would change what they lead to.
func (r reader) links(s string) []Inline {
	var out []Inline
	for rest := s; ; {
		start := scheme(rest)
		if start < 0 {
			return append(out, r.mentions(rest)...)
		}
		end := start + addressEnd(rest[start:])
		address, ok := web(rest[start:end])
		_, host, _ := strings.Cut(address, "://")
		if !ok || host == "" {
			out = append(out, r.mentions(rest[:end])...)
		} else {
			out = append(out, r.mentions(rest[:start])...)
			out = append(out, Inline{Kind: Link, URL: address, Inlines: []Inline{{Kind: Plain, Text: rest[start:end]}}})
		}
		rest = rest[end:]
	}
}

// scheme returns where a web address may begin, or -1.
func scheme(s string) int {
	for from := 0; ; {
		i := strings.Index(s[from:], "http")
		if i < 0 {
			return -1
		}
		from += i
		if rest := s[from+len("http"):]; strings.HasPrefix(rest, "://") || strings.HasPrefix(rest, "s://") {
			return from
		}
		from += len("http")
	}
}

// addressEnd returns where an address at the start of s ends: punctuation that ends a
// sentence, and a bracket that was not opened inside, are not part of it.
func addressEnd(s string) int {
	end := strings.IndexFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("<>\"`{}[]|\\^", r)
	})
	if end < 0 {
		end = len(s)
	}
	surplus := strings.Count(s[:end], ")") - strings.Count(s[:end], "(")
	for end > 0 {
		last, size := utf8.DecodeLastRuneInString(s[:end])
		switch {
		case last == '(':
			surplus++
		case last == ')' && surplus > 0:
			surplus--
		case !strings.ContainsRune(".,;:!?'*_~…", last):
			return end
		}
		end -= size
	}
	return end
}
