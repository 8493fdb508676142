package route

import (
	"bytes"
	"fmt"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
)

// needs says which costly parts of an event a route looks at.
type needs struct{ card, data bool }

// note looks at one path that begins with "event".
func (n *needs) note(path hcl.Traversal) {
	if len(path) < 2 {
		n.card, n.data = true, true
		return
	}
	switch member(path[1]) {
	case "card":
		n.card = true
	case "data":
		n.data = true
	case "":
		n.card, n.data = true, true
	}
}

// member names what a step of a path selects; "" when only the evaluation can
// tell.
func member(step hcl.Traverser) string {
	switch s := step.(type) {
	case hcl.TraverseAttr:
		return s.Name
	case hcl.TraverseIndex:
		if s.Key.Type() == cty.String && s.Key.IsKnown() && !s.Key.IsNull() {
			return s.Key.AsString()
		}
	}
	return ""
}

// eventScope is the scope in which an event's values are known. What the route
// does not look at is left unknown.
func (r *Route) eventScope(connector string, e event.Event) *hcl.EvalContext {
	values := unknownEvent()
	values["connector"] = cty.StringVal(connector)
	values["kind"] = cty.StringVal(e.Kind)
	values["key"] = cty.StringVal(e.Key)
	values["time"] = cty.NullVal(cty.String)
	if !e.Time.IsZero() {
		values["time"] = cty.StringVal(e.Time.UTC().Format(time.RFC3339))
	}
	if r.needs.card {
		values["card"] = cardValue(e.Card)
	}
	scope := r.scope.NewChild()
	if r.needs.data {
		v, err := dataValue(e.Data)
		if err != nil {
			v = cty.NullVal(cty.DynamicPseudoType)
		}
		values["data"] = v
	}
	scope.Variables = map[string]cty.Value{"event": cty.ObjectVal(values)}
	return scope
}

// checkScope is the scope while the configuration is read: the types are known and
// the values are not.
func checkScope(base *hcl.EvalContext) *hcl.EvalContext {
	scope := base.NewChild()
	scope.Variables = map[string]cty.Value{"event": cty.ObjectVal(unknownEvent())}
	return scope
}

// unknownEvent holds the members of event, all unknown.
func unknownEvent() map[string]cty.Value {
	text := cty.UnknownVal(cty.String)
	return map[string]cty.Value{
		"connector": text, "kind": text, "key": text, "time": text,
		"card": cty.UnknownVal(cardType()),
		"data": cty.DynamicVal,
	}
}

// dataValue is an event's data; what is not JSON gives an error.
func dataValue(data []byte) (v cty.Value, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the event's data cannot be read: %v", p)
		}
	}()
	if len(bytes.TrimSpace(data)) == 0 {
		return cty.EmptyObjectVal, nil
	}
	t, err := ctyjson.ImpliedType(data)
	if err != nil {
		return cty.NilVal, err
	}
	return ctyjson.Unmarshal(data, t)
}

func factType() cty.Type {
	return cty.Object(map[string]cty.Type{"name": cty.String, "value": cty.String})
}

func imageType() cty.Type {
	return cty.Object(map[string]cty.Type{"url": cty.String, "title": cty.String})
}

func actionType() cty.Type {
	return cty.Object(map[string]cty.Type{"type": cty.String, "name": cty.String, "url": cty.String})
}

func sectionType() cty.Type {
	return cty.Object(map[string]cty.Type{
		"title": cty.String, "text": cty.String,
		"activity_title": cty.String, "activity_subtitle": cty.String,
		"activity_text": cty.String, "activity_image": cty.String,
		"hero_image": imageType(),
		"facts":      cty.List(factType()), "images": cty.List(imageType()), "actions": cty.List(actionType()),
	})
}

// cardType is the type of event.card. Its facts are those of all sections.
func cardType() cty.Type {
	return cty.Object(map[string]cty.Type{
		"title": cty.String, "text": cty.String, "summary": cty.String, "theme_color": cty.String,
		"facts": cty.List(factType()), "sections": cty.List(sectionType()), "actions": cty.List(actionType()),
	})
}

func cardValue(c card.Card) cty.Value {
	var facts []card.Fact
	for _, s := range c.Sections {
		facts = append(facts, s.Facts...)
	}
	return cty.ObjectVal(map[string]cty.Value{
		"title": cty.StringVal(c.Title), "text": cty.StringVal(c.Text),
		"summary": cty.StringVal(c.Summary), "theme_color": cty.StringVal(c.ThemeColor),
		"facts":    list(facts, factType(), factValue),
		"sections": list(c.Sections, sectionType(), sectionValue),
		"actions":  list(c.Actions, actionType(), actionValue),
	})
}

func sectionValue(s card.Section) cty.Value {
	hero := cty.NullVal(imageType())
	if s.HeroImage != nil {
		hero = imageValue(*s.HeroImage)
	}
	return cty.ObjectVal(map[string]cty.Value{
		"title": cty.StringVal(s.Title), "text": cty.StringVal(s.Text),
		"activity_title": cty.StringVal(s.ActivityTitle), "activity_subtitle": cty.StringVal(s.ActivitySubtitle),
		"activity_text": cty.StringVal(s.ActivityText), "activity_image": cty.StringVal(s.ActivityImage),
		"hero_image": hero,
		"facts":      list(s.Facts, factType(), factValue),
		"images":     list(s.Images, imageType(), imageValue),
		"actions":    list(s.Actions, actionType(), actionValue),
	})
}

func factValue(f card.Fact) cty.Value {
	return cty.ObjectVal(map[string]cty.Value{"name": cty.StringVal(f.Name), "value": cty.StringVal(f.Value)})
}

func imageValue(i card.Image) cty.Value {
	return cty.ObjectVal(map[string]cty.Value{"url": cty.StringVal(i.URL), "title": cty.StringVal(i.Title)})
}

func actionValue(a card.Action) cty.Value {
	return cty.ObjectVal(map[string]cty.Value{
		"type": cty.StringVal(string(a.Type)), "name": cty.StringVal(a.Name), "url": cty.StringVal(a.URL()),
	})
}

// list is a list of values, which may be empty.
func list[T any](items []T, t cty.Type, value func(T) cty.Value) cty.Value {
	if len(items) == 0 {
		return cty.ListValEmpty(t)
	}
	values := make([]cty.Value, len(items))
	for i, item := range items {
		values[i] = value(item)
	}
	return cty.ListVal(values)
}
