package route

import (
	"bytes"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/route/language"
)

// note records what an expression reads through a path that starts with "event".
func (r *Route) note(path hcl.Traversal) {
	var names []string
	for _, step := range path[1:] {
		name := member(step)
		if name == "" {
			break
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		r.reach = nil
	}
	if r.reach != nil {
		r.reach.Add(names...)
	}
}

// member names what a step of a path selects, or "" if only the evaluation can tell.
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

// evaluation is the evaluation of one route's expressions for one event.
type evaluation struct {
	*language.Meter
	scope *hcl.EvalContext
}

// evaluate provides the event's values. What the route does not read stays unknown. If
// the values cost too much, every step of the evaluation says so.
func (r *Route) evaluate(connector string, e event.Event, m *language.Meter) evaluation {
	values := unknownEvent()
	values["connector"] = cty.StringVal(connector)
	values["kind"] = cty.StringVal(e.Kind)
	values["key"] = cty.StringVal(e.Key)
	values["time"] = cty.NullVal(cty.String)
	if !e.Time.IsZero() {
		values["time"] = cty.StringVal(e.Time.UTC().Format(time.RFC3339))
	}
	_ = m.Bound(func() error {
		if reach, looks := r.reach.Looks("data"); looks {
			values["data"] = dataValue(e.Data, reach)
		}
		if reach, looks := r.reach.Looks("card"); looks {
			values["card"] = reading{m}.card(e.Card, reach)
		}
		return nil
	})
	return evaluation{Meter: m, scope: m.Scope(r.scope, map[string]cty.Value{"event": cty.ObjectVal(values)})}
}

// checkScope is the scope while the configuration is read, with types but without
// values.
func checkScope(base *hcl.EvalContext) *hcl.EvalContext {
	scope := base.NewChild()
	scope.Variables = map[string]cty.Value{"event": cty.ObjectVal(unknownEvent())}
	return scope
}

// unknownEvent returns the members of event, all unknown.
func unknownEvent() map[string]cty.Value {
	text := cty.UnknownVal(cty.String)
	return map[string]cty.Value{
		"connector": text, "kind": text, "key": text, "time": text,
		"card": cty.UnknownVal(cardType()),
		"data": cty.DynamicVal,
	}
}

// dataValue is the part of an event's data that is read; null if it is not JSON.
func dataValue(data []byte, reach language.Reach) cty.Value {
	if len(bytes.TrimSpace(data)) == 0 {
		return cty.EmptyObjectVal
	}
	v, err := language.Decode(data, reach)
	if err != nil {
		return cty.NullVal(cty.DynamicPseudoType)
	}
	return v
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

// reading turns a card's parts into values and charges for each.
type reading struct{ *language.Meter }

// partUnits is the cost of a part of a card, an object with its members.
const partUnits = 4

func (r reading) card(c card.Card, reach language.Reach) cty.Value {
	values := make(map[string]cty.Value)
	for name, t := range cardType().AttributeTypes() {
		values[name] = cty.UnknownVal(t)
	}
	text := func(name, s string) {
		if _, looks := reach.Looks(name); looks {
			values[name] = cty.StringVal(s)
		}
	}
	text("title", c.Title)
	text("text", c.Text)
	text("summary", c.Summary)
	text("theme_color", c.ThemeColor)
	if _, looks := reach.Looks("facts"); looks {
		var facts []card.Fact
		for _, s := range c.Sections {
			facts = append(facts, s.Facts...)
		}
		values["facts"] = list(r, facts, factType(), factValue)
	}
	if _, looks := reach.Looks("sections"); looks {
		values["sections"] = list(r, c.Sections, sectionType(), r.section)
	}
	if _, looks := reach.Looks("actions"); looks {
		values["actions"] = list(r, c.Actions, actionType(), actionValue)
	}
	return cty.ObjectVal(values)
}

func (r reading) section(s card.Section) cty.Value {
	hero := cty.NullVal(imageType())
	if s.HeroImage != nil {
		hero = imageValue(*s.HeroImage)
	}
	return cty.ObjectVal(map[string]cty.Value{
		"title": cty.StringVal(s.Title), "text": cty.StringVal(s.Text),
		"activity_title": cty.StringVal(s.ActivityTitle), "activity_subtitle": cty.StringVal(s.ActivitySubtitle),
		"activity_text": cty.StringVal(s.ActivityText), "activity_image": cty.StringVal(s.ActivityImage),
		"hero_image": hero,
		"facts":      list(r, s.Facts, factType(), factValue),
		"images":     list(r, s.Images, imageType(), imageValue),
		"actions":    list(r, s.Actions, actionType(), actionValue),
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

// list returns a list of values, which may be empty.
func list[T any](r reading, items []T, t cty.Type, value func(T) cty.Value) cty.Value {
	if len(items) == 0 {
		return cty.ListValEmpty(t)
	}
	r.Charge(partUnits * len(items))
	values := make([]cty.Value, len(items))
	for i, item := range items {
		values[i] = value(item)
	}
	return cty.ListVal(values)
}
