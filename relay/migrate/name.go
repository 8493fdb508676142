package migrate

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// longestName is how long the name of a block may be, in bytes.
const longestName = 64

// slug makes the name of a block of texts: their letters and digits, without accents,
// joined by dashes. Without any it is what they are called in general.
func slug(general string, texts ...string) string {
	var parts []string
	for _, text := range texts {
		words := strings.FieldsFunc(strings.ToLower(plain(text)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		parts = append(parts, words...)
	}
	name := strings.Join(parts, "-")
	if first, _ := utf8.DecodeRuneInString(name); !unicode.IsLetter(first) {
		name = strings.TrimSuffix(general+"-"+name, "-")
	}
	return shortened(name, longestName)
}

// plain removes accents.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(strings.ToValidUTF8(text, "")))
}

// shortened cuts a name at a letter.
func shortened(name string, most int) string {
	for len(name) > most {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return strings.TrimRight(name, "-_")
}

// ascii makes the name of a variable of a block's: only some scripts can be in it.
func ascii(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r == '-' || r == '_':
			return '_'
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			return r
		}
		return -1
	}, name)
	name = strings.Trim(name, "_")
	if name == "" || !unicode.IsLetter(rune(name[0])) {
		name = "RELAY_" + name
	}
	return name
}

// oneLine makes a text fit for a comment.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > 200 {
		text = string(runes[:199]) + "…"
	}
	return text
}
