package webhook

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark-emoji/definition"

	"github.com/connector-relay/relay/relay/card"
)

// emojiNamed is the emoji that Slack shows for a name such as tada; nearly all have
// GitHub's names. Skin tones are names of their own and are left out.
func emojiNamed(name string) (string, bool) {
	if strings.HasPrefix(name, "skin-tone-") {
		return "", true
	}
	known := definition.Github()
	e, ok := known.Get(name)
	if !ok {
		e, ok = known.Get(strings.TrimPrefix(name, "large_")) // such as large_green_circle
	}
	if !ok || !e.IsUnicode() {
		return "", false
	}
	return string(e.Unicode), true
}

// withEmoji replaces emoji names by emoji in a text without markup.
func withEmoji(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		found, n := emojiAt(s, i)
		if n == 0 {
			found, n = s[i:i+1], 1
		}
		b.WriteString(found)
		i += n
	}
	return b.String()
}

// emojiAt reads a name such as :tada: at a place in a text and returns its size in
// bytes, or 0. The minutes of 10:30:00 are not a name.
func emojiAt(s string, at int) (found string, size int) {
	size = emoji(s[at:])
	if size == 0 {
		return "", 0
	}
	name := s[at+1 : at+size-1]
	if strings.Trim(name, "0123456789") == "" && wordBefore(s[:at]) {
		return "", 0
	}
	found, ok := emojiNamed(name)
	if !ok {
		return "", 0
	}
	return found, size
}

// richEmoji returns the emoji of a run of rich text, whose characters are given as
// hexadecimal numbers unless it is the workspace's own.
func richEmoji(r node) string {
	var b strings.Builder
	for part := range strings.SplitSeq(r.string("unicode"), "-") {
		n, err := strconv.ParseUint(part, 16, 21)
		if err != nil {
			b.Reset()
			break
		}
		b.WriteRune(rune(n))
	}
	name := r.string("name")
	if found, ok := emojiNamed(name); b.Len() == 0 && ok {
		return found
	}
	return cmp.Or(card.Escape(b.String()), ":"+card.Escape(name)+":")
}
