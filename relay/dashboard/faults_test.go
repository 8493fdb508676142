package dashboard

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// faults returns what is wrong with a page: what could run, load or style, and what a
// keyboard or a screen reader would stumble over.
func faults(page string) (list []string) {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return []string{err.Error()}
	}
	ids, labelled, headings := make(map[string]int), make(map[string]bool), 0
	var controls []*html.Node
	say := func(format string, a ...any) { list = append(list, fmt.Sprintf(format, a...)) }
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script":
			if !strings.HasPrefix(attribute(n, "src"), "/static/") || n.FirstChild != nil {
				say("a script: %s", attribute(n, "src"))
			}
		case "style", "iframe", "object", "embed", "base":
			say("a %s", n.Data)
		case "h1":
			headings++
		case "label":
			labelled[attribute(n, "for")] = true
		case "input", "select", "textarea":
			controls = append(controls, n)
		case "button":
			if text(n) == "" && attribute(n, "aria-label") == "" {
				say("a button that says nothing")
			}
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "srcdoc":
				say("%s has %s=%q", n.Data, a.Key, a.Val)
			case a.Key == "id":
				ids[a.Val]++
			case slices.Contains([]string{"href", "src", "action", "formaction"}, a.Key) && !harmless(a.Val):
				say("%s leads to %q", n.Data, a.Val)
			}
		}
	}
	for _, n := range controls {
		inside := n.Parent != nil && n.Parent.Data == "label"
		if attribute(n, "type") != "hidden" && !inside && !labelled[attribute(n, "id")] && attribute(n, "aria-label") == "" {
			say("%s %q has no label", n.Data, attribute(n, "name"))
		}
	}
	for id, count := range ids {
		if count > 1 {
			say("%d elements have the ID %q", count, id)
		}
	}
	if headings != 1 {
		say("%d first headings", headings)
	}
	return list
}

// changes returns where the forms of a page post to, and where its buttons lead that ask
// before they do.
func changes(page string) (list []string) {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return []string{err.Error()}
	}
	for n := range root.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case n.Data == "form" && attribute(n, "method") == "post":
			list = append(list, attribute(n, "action"))
		case attribute(n, "formaction") != "":
			list = append(list, attribute(n, "formaction"))
		case n.Data == "a" && (strings.HasSuffix(attribute(n, "href"), "/forget") || strings.HasSuffix(attribute(n, "href"), "/all")):
			list = append(list, attribute(n, "href"))
		}
	}
	return list
}

// harmless reports whether a page may lead there: to a place of its own, or to the web.
func harmless(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "" && u.Host == "" || slices.Contains([]string{"https", "http", "mailto"}, u.Scheme))
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.TrimSpace(b.String())
}
