package markup

import "strings"

// Literal returns a text in which characters have no special meaning. Line breaks stay,
// and an empty line makes a paragraph.
func Literal(s string) Text {
	var t Text
	for p := range strings.SplitSeq(lineFeeds(s), "\n\n") {
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
