package webhook

import (
	"maps"
	"slices"
	"strings"
)

// loosened is a Connector Card, as a tree, as it should have been written: the retired
// connectors took a number or several lines for a text, a text for a boolean, and one
// section for a list of them. Names are compared without regard to case, as they did.
func loosened(v any, depth int) any {
	object, ok := v.(map[string]any)
	if !ok || depth > maxDepth {
		return v
	}
	out := make(map[string]any, len(object))
	for name, e := range object {
		out[name] = loosenedMember(strings.ToLower(name), e, depth)
	}
	return out
}

func loosenedMember(name string, v any, depth int) any {
	if v == nil {
		return nil
	}
	switch name {
	case "initializationcontext", "maxlength", "sender", "adaptivecard", "expectedactors":
	case "startgroup", "markdown", "hideoriginalbody", "isrequired", "ismultiline", "includetime", "ismultiselect":
		return strings.EqualFold(strings.TrimSpace(node{v}.text()), "true")
	case "sections":
		return loosenedList(v, "text", depth)
	case "facts":
		return loosenedFacts(v)
	case "images":
		return loosenedList(v, "image", depth)
	case "potentialaction", "actions", "inputs", "choices", "headers":
		return loosenedList(v, "name", depth)
	case "targets":
		return loosenedList(v, "uri", depth)
	case "heroimage":
		return loosenedElement(v, "image", depth)
	case "target":
		if list, ok := v.([]any); ok {
			return list // of a ViewAction
		}
		return node{v}.textOr(v)
	default:
		return node{v}.textOr(v)
	}
	return v
}

// loosenedList is a list, of one where there is none.
func loosenedList(v any, member string, depth int) any {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := make([]any, 0, len(list))
	for _, e := range list {
		out = append(out, loosenedElement(e, member, depth))
	}
	return out
}

// loosenedElement is an object, which a text stands for that is its chief member.
func loosenedElement(v any, member string, depth int) any {
	if text, ok := v.(string); ok {
		return map[string]any{member: unixLines(text)}
	}
	return loosened(v, depth+1)
}

// loosenedFacts are facts, which may be a map, and call their names title or key, as
// those of Adaptive Cards and receipts do.
func loosenedFacts(v any) any {
	list, ok := v.([]any)
	if object, isMap := v.(map[string]any); isMap {
		if _, isFact := object["value"]; isFact {
			list = []any{object}
		} else {
			for _, name := range slices.Sorted(maps.Keys(object)) {
				list = append(list, map[string]any{"name": name, "value": object[name]})
			}
		}
		ok = true
	}
	if !ok {
		return v
	}
	facts := make([]any, 0, len(list))
	for _, e := range list {
		fact, ok := loosened(e, 0).(map[string]any)
		if !ok {
			fact = map[string]any{"value": node{e}.text()}
		}
		if name := orElse(member(fact, "title"), member(fact, "key")); name != "" && member(fact, "name") == "" {
			fact["name"] = name
		}
		facts = append(facts, fact)
	}
	return facts
}

// member is an object's text by a name in whatever case.
func member(object map[string]any, name string) string {
	for n, v := range object {
		if strings.EqualFold(n, name) {
			return node{v}.text()
		}
	}
	return ""
}

// withText takes what a payload of no named kind calls message for its text where it has
// none, as the generic webhooks of shoutrrr and Grafana do.
func withText(root node) {
	object, _ := root.v.(map[string]any)
	if text := member(object, "message"); text != "" && member(object, "text") == "" && member(object, "@type") == "" {
		object["text"] = text
	}
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
