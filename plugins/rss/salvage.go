package rss

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"iter"
	"regexp"
	"strings"
)

var (
	itemTag  = regexp.MustCompile(`(?i)<!\[CDATA\[|<!--|<(/?)((?:[\w.-]+:)?(?:item|entry))(?:\s[^>]*)?>`)
	anyTag   = regexp.MustCompile(`<!\[CDATA\[|<!--|<(/?)([a-zA-Z_][\w:.-]*)(?:"[^"]*"|'[^']*'|[^'">])*>`)
	startTag = regexp.MustCompile(`^<([\w:.-]+)[^>]*>`)
	opened   = regexp.MustCompile(`(?i)<channel[\s>]`)
	closed   = regexp.MustCompile(`(?i)</channel\s*>`)
)

// salvage makes a feed of the readable items of a damaged one, which was cut off or has
// an item that is not XML. It returns how many items were lost.
func salvage(text []byte) (whole []byte, lost int) {
	name := startTag.FindSubmatch(text)
	if name == nil {
		return nil, 0
	}
	head, items, lost := partItems(text)
	end := "</" + string(name[1]) + ">"
	if !opened.Match(head) && strings.EqualFold(string(name[1]), "rss") {
		head = append(bytes.Clone(head), "<channel>"...)
	}
	if opened.Match(head) && !closed.Match(head) {
		end = "</channel>" + end
	}
	if readable(string(head)+end) != nil {
		head = bytes.Clone(name[0])
		if strings.EqualFold(string(name[1]), "rss") {
			head = append(head, "<channel>"...)
		}
	}
	whole = bytes.Clone(head)
	kept := 0
	for _, it := range items {
		if readable(string(name[0])+string(it)+"</"+string(name[1])+">") != nil {
			lost++
			continue
		}
		kept++
		whole = append(whole, it...)
	}
	if kept == 0 {
		return nil, lost
	}
	return append(whole, end...), lost
}

// tagAt is a tag, and where it stands in a text.
type tagAt struct {
	from, to      int
	name          string
	closes, empty bool
}

// tagsIn returns the tags that a pattern finds outside of comments and CDATA.
func tagsIn(text []byte, pattern *regexp.Regexp) iter.Seq[tagAt] {
	return func(yield func(tagAt) bool) {
		for at := 0; ; {
			m := pattern.FindSubmatchIndex(text[at:])
			if m == nil {
				return
			}
			raw := text[at+m[0] : at+m[1]]
			t := tagAt{from: at + m[0], to: at + m[1], closes: m[2] < m[3], empty: raw[len(raw)-2] == '/'}
			if m[4] < 0 {
				at = skip(text, raw, t.to)
				continue
			}
			t.name = string(text[at+m[4] : at+m[5]])
			if at = t.to; !yield(t) {
				return
			}
		}
	}
}

// partItems splits a feed into what comes before its items, and the items. Lost are
// those without an end.
func partItems(text []byte) (head []byte, items [][]byte, lost int) {
	start := -1
	head = text
	for t := range tagsIn(text, itemTag) {
		switch {
		case t.closes:
			if start >= 0 {
				items = append(items, text[start:t.to])
			}
			start = -1
		case t.empty:
		default:
			if start >= 0 {
				lost++
			} else if len(items) == 0 && lost == 0 {
				head = text[:t.from]
			}
			start = t.from
		}
	}
	if start >= 0 {
		lost++
	}
	return head, items, lost
}

// readable returns the error with which gofeed would read XML.
func readable(text string) error {
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = false
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// balance drops stray end tags.
func balance(text []byte) []byte {
	var out bytes.Buffer
	var open []string
	kept := 0
	for t := range tagsIn(text, anyTag) {
		if !t.closes {
			if !t.empty && len(open) < maxDepth {
				open = append(open, t.name)
			}
			continue
		}
		depth := len(open) - 1
		for depth >= 0 && open[depth] != t.name {
			depth--
		}
		if depth < 0 {
			out.Write(text[kept:t.from])
			kept = t.to
		} else {
			open = open[:depth]
		}
	}
	out.Write(text[kept:])
	return out.Bytes()
}

// maxDepth bounds nesting; no feed is so deep.
const maxDepth = 200

// skip is the end of the comment or CDATA section at a position.
func skip(text, begin []byte, at int) int {
	close := "]]>"
	if begin[2] == '-' {
		close = "-->"
	}
	if end := bytes.Index(text[at:], []byte(close)); end >= 0 {
		return at + end
	}
	return at
}
