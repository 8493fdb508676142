package webhook

import (
	"cmp"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/connector-relay/relay/relay/card"
)

// connectorCard reads a MessageCard or {"text": …}.
func connectorCard(root node) (c card.Card, notes []string, err error) {
	var l loosener
	loose := node{l.object(root.v, 0)}
	withTargets(loose)
	withText(loose)
	if c, err = card.Parse(encode(loose.v)); err != nil {
		return c, nil, refuse("The card cannot be read: %s.", err)
	}
	if !shows(c) {
		return c, nil, errEmptyCard
	}
	return c, l.note(), nil
}

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
	list := listOf(v)
	out := make([]any, 0, len(list))
	for _, e := range list {
		out = append(out, l.element(e, member, depth))
	}
	return out
}

func listOf(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
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
	var facts []any
	for _, e := range listOf(v) {
		object, ok := e.(map[string]any)
		if !ok {
			facts = append(facts, map[string]any{"value": node{e}.text()})
			continue
		}
		name := memberOf(object, "name", "title", "key")
		if name != nil || memberOf(object, "value") != nil || len(object) == 0 {
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

// withTargets moves an address beside an action's targets into them.
func withTargets(root node) {
	giveTargets(root.get("potentialAction"))
	for _, s := range root.get("sections").list() {
		giveTargets(s.get("potentialAction"))
	}
}

func giveTargets(actions node) {
	for _, a := range actions.list() {
		giveTargets(a.get("actions"))
		m, ok := a.v.(map[string]any)
		if !ok || len(a.get("targets").list()) > 0 {
			continue
		}
		address := a.string("uri", "url")
		if kind := a.get("@type").word(); kind == "openuri" || kind == "" {
			address = cmp.Or(address, a.string("target"))
		}
		if address == "" {
			continue
		}
		m["@type"] = string(card.OpenURI)
		m["targets"] = []any{map[string]any{"os": "default", "uri": address}}
	}
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

// memberOf is the first of an object's members by these names, in whatever case; nil
// when it has none.
func memberOf(object map[string]any, names ...string) any {
	for _, name := range names {
		if v := object[name]; v != nil {
			return v
		}
		for n, v := range object {
			if v != nil && strings.EqualFold(n, name) {
				return v
			}
		}
	}
	return nil
}
