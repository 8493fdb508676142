package webhook

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/connector-relay/relay/relay/card"
)

// node is a JSON value from a stranger. A value of another type than asked for counts
// as missing, so that a wrong detail costs no more than itself.
type node struct{ v any }

// parseTree reads JSON that is known to be valid.
func parseTree(b []byte) node {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber() // to keep ids of 19 digits exact
	var n node
	if d.Decode(&n.v) != nil {
		return node{}
	}
	return n
}

// get is an object's member.
func (n node) get(name string) node {
	m, _ := n.v.(map[string]any)
	return node{m[name]}
}

// string is the text of the first of these members that has one.
func (n node) string(names ...string) string {
	for _, name := range names {
		if text := n.get(name).text(); text != "" {
			return text
		}
	}
	return ""
}

// has reports whether an object has one of these members.
func (n node) has(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return n.get(name).v != nil })
}

// kind is what an element or an action says that it is.
func (n node) kind() string { return n.get("type").word() }

func (n node) isObject() bool {
	_, ok := n.v.(map[string]any)
	return ok
}

// list returns an array's elements. An object counts as a list of one, because
// PowerShell unwraps lists of one element.
func (n node) list() []node {
	if n.isObject() {
		return []node{n}
	}
	a, _ := n.v.([]any)
	list := make([]node, len(a))
	for i, v := range a {
		list[i] = node{v}
	}
	return list
}

// text is a text, or what a careless sender wrote instead.
func (n node) text() string {
	switch v := n.v.(type) {
	case string:
		if strings.Contains(v, "\r") {
			return unixLines(v)
		}
		return v
	case []any: // the lines of a file, as PowerShell reads it
		lines := make([]string, len(v))
		for i, line := range v {
			if _, nested := line.([]any); nested {
				return ""
			}
			lines[i] = node{line}.text()
		}
		return strings.Join(lines, "\n")
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// textOr is the value's text, empty if blank, or v if there is none.
func (n node) textOr(v any) any {
	switch v := n.v.(type) {
	case map[string]any:
		return v
	case []any:
		for _, line := range v {
			switch line.(type) {
			case map[string]any, []any:
				return n.v
			}
		}
	}
	text := n.text()
	if !strings.ContainsFunc(text, isSeen) {
		return ""
	}
	return text
}

// isSeen reports whether a character is visible.
func isSeen(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) && r != '\u2800' }

// word is a text in lower case.
func (n node) word() string { return strings.ToLower(n.text()) }

// is reports whether the value is this boolean.
func (n node) is(want bool) bool {
	b, ok := n.v.(bool)
	return ok && b == want
}

// encode writes a tree as JSON, which cannot fail.
func encode(v any) []byte {
	b, _ := card.JSON(v)
	return b
}
