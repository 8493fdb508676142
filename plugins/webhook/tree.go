package webhook

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// node is a JSON value that a stranger sent. What is not of the type that one
// asks for counts as not there, so that a wrong detail costs no more than itself.
type node struct{ v any }

// parseTree reads JSON that is known to be valid.
func parseTree(b []byte) node {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber() // so that an identity of 19 digits stays what it is
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

func (n node) isObject() bool {
	_, ok := n.v.(map[string]any)
	return ok
}

// list is an array's elements. PowerShell makes an array of one the one: so an object
// is a list of itself.
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

// text is a text, or what a careless sender wrote instead of one.
func (n node) text() string {
	switch v := n.v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// word is a text whose case does not matter.
func (n node) word() string { return strings.ToLower(n.text()) }

// is reports whether it is this boolean.
func (n node) is(want bool) bool {
	b, ok := n.v.(bool)
	return ok && b == want
}
