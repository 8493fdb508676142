package webhook

import (
	"encoding/json"
	"strings"
)

// loosened writes a Connector Card again with texts where its sender wrote
// numbers, and booleans where they wrote texts: the retired connectors took them,
// and {"name": "Failures", "value": 3} is written often.
func loosened(body []byte) ([]byte, bool) {
	root := parseTree(body)
	if !root.isObject() || !loosen(root.v, 0) {
		return nil, false
	}
	b, err := json.Marshal(root.v)
	return b, err == nil
}

// loosen changes a tree in place and reports whether it did.
func loosen(v any, depth int) bool {
	changed := false
	if depth > maxDepth {
		return false
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			changed = loosen(e, depth+1) || changed
		}
	case map[string]any:
		for name, e := range v {
			if name == "initializationContext" {
				continue
			}
			if w, ok := loose(name, e); ok {
				v[name], changed = w, true
				continue
			}
			changed = loosen(e, depth+1) || changed
		}
	}
	return changed
}

// loose is a member's value as its name demands it, when it is something else.
func loose(name string, v any) (any, bool) {
	switch name {
	case "startGroup", "markdown", "hideOriginalBody", "isRequired", "isMultiline", "includeTime", "isMultiSelect":
		if s, ok := v.(string); ok {
			return strings.EqualFold(strings.TrimSpace(s), "true"), true
		}
	case "maxLength":
	case "heroImage":
		if address, ok := v.(string); ok {
			return map[string]any{"image": address}, true
		}
	case "images":
		return pictures(v)
	default:
		switch v.(type) {
		case bool, json.Number:
			return node{v}.text(), true
		}
	}
	return nil, false
}

// pictures are pictures of which some are addresses only.
func pictures(v any) (any, bool) {
	list, _ := v.([]any)
	changed := false
	for i, e := range list {
		if address, ok := e.(string); ok {
			list[i], changed = map[string]any{"image": address}, true
		}
	}
	return v, changed
}

// hexColor is a colour in the card's form, six digits without '#'; empty when it
// is none.
func hexColor(s string) string {
	s = strings.TrimPrefix(strings.TrimSpace(s), "#")
	if strings.Trim(s, "0123456789abcdefABCDEF") != "" {
		return ""
	}
	switch len(s) {
	case 3:
		return string([]byte{s[0], s[0], s[1], s[1], s[2], s[2]})
	case 6:
		return s
	case 8:
		return s[2:] // with the opacity first, as .NET writes it
	}
	return ""
}
