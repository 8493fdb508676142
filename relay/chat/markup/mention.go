package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// mentions finds "@login" where the login is somebody's.
func (r *Reader) mentions(s string) []Inline {
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

// login returns the longest known login at the start of s that ends at a boundary, and
// its owner.
func (r *Reader) login(s string) (login, name string) {
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

// Letters returns a name without the characters that could mean something in a dialect.
func Letters(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || strings.ContainsRune(" .'-,", r) {
			return r
		}
		return ' '
	}, name)
	return strings.Join(strings.Fields(name), " ")
}
