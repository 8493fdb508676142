package webhook

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/connector-relay/relay/relay/card"
)

// loosener corrects the tree of a careless Connector Card. The retired connectors
// accepted a number or several lines for a text, a text for a boolean, and one section
// for a list. Like them, it ignores the case of names.
type loosener struct {
	// changed are the names of the corrected members.
	changed []string
}

// note says what was corrected; nil for nothing.
func (l *loosener) note() []string {
	if len(l.changed) == 0 {
		return nil
	}
	slices.Sort(l.changed)
	return []string{"These members were read although their form is wrong: " + strings.Join(slices.Compact(l.changed), ", ") + "."}
}

func (l *loosener) object(v any, depth int) any {
	object, ok := v.(map[string]any)
	if !ok || depth > maxDepth {
		return v
	}
	out := make(map[string]any, len(object))
	for name, e := range object {
		if e == nil {
			continue
		}
		out[name] = l.member(strings.ToLower(name), e, depth)
		if reflect.TypeOf(out[name]) != reflect.TypeOf(e) {
			l.changed = append(l.changed, card.Cut(name, longName))
		}
	}
	return out
}

func (l *loosener) member(name string, v any, depth int) any {
	switch name {
	case "sender", "adaptivecard": // which the relay has in a card, and nobody else
		return nil
	case "initializationcontext":
		return v
	case "maxlength":
		if n, err := strconv.Atoi(node{v}.text()); err == nil {
			return json.Number(strconv.Itoa(n))
		}
		return nil
	case "startgroup", "markdown", "hideoriginalbody", "isrequired", "ismultiline", "includetime", "ismultiselect":
		if b, err := strconv.ParseBool(strings.TrimSpace(node{v}.word())); err == nil {
			return b
		}
		return nil
	case "sections":
		return l.list(v, "text", depth)
	case "facts":
		return l.facts(v)
	case "images":
		return l.list(v, "image", depth)
	case "potentialaction", "actions", "inputs", "choices", "headers":
		return l.list(v, "name", depth)
	case "targets":
		return l.list(v, "uri", depth)
	case "heroimage":
		return l.element(v, "image", depth)
	case "expectedactors":
		if text := (node{v}).text(); text != "" {
			return strings.Split(text, "\n")
		}
		return nil
	case "target":
		if list, ok := v.([]any); ok {
			return list // of a ViewAction
		}
	}
	return node{v}.textOr(v)
}

// list returns a list; a single value becomes a list of one.
func (l *loosener) list(v any, member string, depth int) any {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := make([]any, 0, len(list))
	for _, e := range list {
		out = append(out, l.element(e, member, depth))
	}
	return out
}

// element returns an object; a text becomes an object with the text as its main member.
func (l *loosener) element(v any, member string, depth int) any {
	if text, ok := v.(string); ok {
		l.changed = append(l.changed, member)
		return map[string]any{member: unixLines(text)}
	}
	return l.object(v, depth+1)
}

// facts reads facts, which may be one map or several, with names called title or key,
// as in Adaptive Cards and receipts.
func (l *loosener) facts(v any) any {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	facts := make([]any, 0, len(list))
	for _, e := range list {
		object, ok := e.(map[string]any)
		if !ok {
			facts = append(facts, map[string]any{"value": node{e}.text()})
			continue
		}
		name, isFact := memberOf(object, "name"), len(object) == 0
		for _, known := range []string{"name", "title", "key", "value"} {
			text := memberOf(object, known)
			isFact = isFact || text != nil
			if name == nil && known != "value" {
				name = text
			}
		}
		if isFact {
			fact, _ := l.object(object, 0).(map[string]any)
			if memberOf(fact, "name") == nil {
				fact["name"] = node{name}.text()
				l.changed = append(l.changed, "facts")
			}
			facts = append(facts, fact)
			continue
		}
		l.changed = append(l.changed, "facts")
		for _, name := range slices.Sorted(maps.Keys(object)) {
			facts = append(facts, map[string]any{"name": name, "value": node{object[name]}.text()})
		}
	}
	return facts
}

// withText takes the member message for the missing text of an unnamed payload, as the
// generic webhooks of shoutrrr and Grafana send it.
func withText(root node) {
	object, _ := root.v.(map[string]any)
	text := node{memberOf(object, "message")}.text()
	if text != "" && (node{memberOf(object, "text")}).text() == "" && (node{memberOf(object, "@type")}).text() == "" {
		object["text"] = text
	}
}

// memberOf is an object's member by name, ignoring case, or nil.
func memberOf(object map[string]any, name string) any {
	if v, ok := object[name]; ok {
		return v
	}
	for n, v := range object {
		if strings.EqualFold(n, name) {
			return v
		}
	}
	return nil
}

// hexColor is a colour as six digits without '#', or empty.
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
