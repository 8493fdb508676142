package rss

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// cutTree cuts a tree after so many characters. Cutting the tree instead of the
// Markdown leaves no mark unclosed.
func cutTree(doc *html.Node, most int) {
	c := cutter{left: most}
	if c.find(doc); c.at == nil {
		return
	}
	for n := c.at; n.Parent != nil; n = n.Parent {
		for n.NextSibling != nil {
			n.Parent.RemoveChild(n.NextSibling)
		}
	}
	if c.head != "" {
		c.at.Data = c.head
		return
	}
	n := remove(c.at)
	more := &html.Node{Type: html.TextNode, Data: " …"}
	if !listed(rows, n.Data) {
		n.AppendChild(more)
		return
	}
	for listed(rows, n.Parent.Data) {
		n = n.Parent
	}
	p := &html.Node{Type: html.ElementNode, Data: "p"}
	p.AppendChild(more)
	n.Parent.InsertBefore(p, n.NextSibling)
}

// cutter finds where to cut a tree: the node, and what remains of it.
type cutter struct {
	left  int
	shown bool
	at    *html.Node
	head  string
}

func (c *cutter) find(n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		c.text(n)
	case n.Type == html.ElementNode && listed(whole, n.Data) && c.shown && n.Parent.Data != "pre" && utf8.RuneCountInString(wordsOf(n)) > c.left:
		// Half a link or row is worse than none.
		c.at = n
	default:
		for child := n.FirstChild; child != nil && c.at == nil; child = child.NextSibling {
			c.find(child)
		}
	}
}

// whole are the elements that are never cut, unless the text begins with one.
const whole = " a code tr "

func (c *cutter) text(n *html.Node) {
	inCode := within(n, "pre")
	if !inCode {
		n.Data = collapse(n.Data)
	}
	if strings.TrimSpace(n.Data) == "" {
		return
	}
	if size := utf8.RuneCountInString(n.Data); size <= c.left {
		c.left -= size
		c.shown = true
		return
	}
	c.at = n
	head := string([]rune(n.Data)[:c.left])
	if inCode {
		if at := strings.LastIndexByte(head, '\n'); at >= 0 {
			c.head = head[:at] + "\n…"
		} else if !c.shown {
			c.head = head + "…"
		}
		return
	}
	if at := strings.LastIndexFunc(head, unicode.IsSpace); at > len(head)/2 || at >= 0 && c.shown {
		head = head[:at]
	} else if c.shown && c.left < longestWord {
		head = ""
	}
	if head = strings.TrimRight(head, " ,;:-–—"); head != "" {
		c.head = head + " …"
	}
}

// longestWord is the length from which a text without spaces may be cut anywhere.
const longestWord = 40

// rows are the elements that contain only other elements.
const rows = " table tbody thead tfoot tr ul ol dl "
