package access

import (
	"strings"
	"unicode"
)

// longestName is that of a mail address.
const longestName = 254

// CleanName returns the name of somebody who signs in as the relay keeps it: a mail address
// or another single word, in small letters. Only the letters of ASCII are made small, since
// other alphabets have letters that become the same, and so would two people. What is no
// name, such as one with a character that nobody sees, comes back false and empty.
func CleanName(s string) (string, bool) {
	s = strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, strings.TrimSpace(s))
	bad := func(r rune) bool { return r == ' ' || r == '\uFFFD' || !unicode.IsPrint(r) }
	if s == "" || len(s) > longestName || strings.ContainsFunc(s, bad) {
		return "", false
	}
	return s, true
}

// SameName reports whether two names are those of the same person.
func SameName(a, b string) bool {
	a, okA := CleanName(a)
	b, okB := CleanName(b)
	return okA && okB && a == b
}
