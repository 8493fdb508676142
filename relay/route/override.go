package route

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/dynblock"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/route/language"
)

// override applies the route's card block to a card. What cannot be applied is left
// out, and flaws say what; err says why there is no card at all.
func (r *Route) override(ev evaluation, original card.Card) (changed card.Card, flaws, err error) {
	err = ev.Bound(func() error {
		body := hcl.Body(r.card.metered)
		if r.dynamic {
			body = dynblock.Expand(body, ev.scope)
		}
		o := overriding{evaluation: ev}
		changed = original.Clone()
		changed.Adaptive = nil // it would still show the original card
		o.card(body, &changed)
		if o.diags.HasErrors() {
			flaws = r.failures(o.diags)
			for n := len(changed.Sections); n > len(original.Sections) && reflect.ValueOf(changed.Sections[n-1]).IsZero(); n-- {
				changed.Sections = changed.Sections[:n-1] // nothing was changed
			}
		}
		same := original
		same.Adaptive = nil
		switch err := changed.Validate(); {
		case flaws != nil && (err != nil || reflect.DeepEqual(changed, same)):
			return flaws // nothing else was applied
		case err != nil:
			return evaluationError(language.Shorten("the changed card is invalid: " + err.Error()))
		}
		return nil
	})
	return changed, flaws, err
}

// overriding applies one card block to one card. It collects diagnostics and goes on,
// so that its steps read as a list.
type overriding struct {
	evaluation
	diags hcl.Diagnostics
}

// blockUnits is the cost of a block in a card block.
const blockUnits = 16

// content decodes a body; nil if it cannot be decoded.
func (o *overriding) content(body hcl.Body, s bodySchema) *hcl.BodyContent {
	o.Charge(blockUnits)
	content, diags := body.Content(s.hcl())
	o.diags = append(o.diags, diags...)
	return content
}

// value evaluates one attribute. Ok is false when it is absent, null or wrong; null is
// the same as absent.
func (o *overriding) value(attrs hcl.Attributes, name string, want kind) (v cty.Value, ok bool) {
	attr := attrs[name]
	if attr == nil {
		return cty.NilVal, false
	}
	v, diags := attr.Expr.Value(o.scope)
	if diags.HasErrors() {
		o.diags = append(o.diags, diags...)
		return cty.NilVal, false
	}
	v, _ = language.Reveal(v)
	if v.IsNull() {
		return v, false
	}
	if o.Weigh(v, language.Kept); want == number {
		o.Weigh(v, language.Calculated)
	}
	converted, err := convert.Convert(v, want.ctyType())
	if err != nil || !converted.IsWhollyKnown() {
		o.fail(attr.Expr.Range(), "%s is %s, not %s", name, described(v), want.words())
		return cty.NilVal, false
	}
	return converted, true
}

// whole runs a step and reports whether it succeeded completely: an action or a fact
// without one of its attributes would mean something else.
func (o *overriding) whole(step func()) bool {
	before := len(o.diags)
	step()
	return len(o.diags) == before
}

// valid reports whether this part is valid in a card.
func (o *overriding) valid(place hcl.Range, part card.Card) bool {
	part.Text = cmp.Or(part.Text, "-")
	err := part.Validate()
	if err != nil {
		o.fail(place, "%s", language.Shorten(err.Error()))
	}
	return err == nil
}

// checked is text for an attribute that has its own rules.
func (o *overriding) checked(attrs hcl.Attributes, name string, into *string, part func(string) card.Card) {
	value := *into
	if o.text(attrs, name, &value); value != *into && o.valid(attrs[name].Expr.Range(), part(value)) {
		*into = value
	}
}

func (o *overriding) fail(place hcl.Range, format string, a ...any) {
	o.diags = append(o.diags, language.Error("Wrong value", fmt.Sprintf(format, a...), place))
}

func (o *overriding) text(attrs hcl.Attributes, name string, into *string) {
	if v, ok := o.value(attrs, name, text); ok {
		*into = v.AsString()
	}
}

func (o *overriding) truth(attrs hcl.Attributes, name string, into *bool) {
	if v, ok := o.value(attrs, name, truthValue); ok {
		*into = v.True()
	}
}

func (o *overriding) number(attrs hcl.Attributes, name string, into *int) {
	v, ok := o.value(attrs, name, number)
	if !ok {
		return
	}
	n, accuracy := v.AsBigFloat().Int64()
	if accuracy != 0 || n < 0 || n > 1<<30 {
		o.fail(attrs[name].Expr.Range(), "%s is not a whole number", name)
		return
	}
	*into = int(n)
}

func (o *overriding) card(body hcl.Body, c *card.Card) {
	content := o.content(body, cardSchema())
	if content == nil {
		return
	}
	attrs := content.Attributes
	replace := false
	if o.truth(attrs, "replace", &replace); replace {
		*c = card.Card{}
	}
	o.text(attrs, "title", &c.Title)
	o.text(attrs, "text", &c.Text)
	o.text(attrs, "summary", &c.Summary)
	o.checked(attrs, "theme_color", &c.ThemeColor, func(s string) card.Card { return card.Card{ThemeColor: strings.TrimPrefix(s, "#")} })
	c.ThemeColor = strings.TrimPrefix(c.ThemeColor, "#")
	o.text(attrs, "correlation_id", &c.CorrelationID)
	o.text(attrs, "originator", &c.Originator)
	o.truth(attrs, "hide_original_body", &c.HideOriginalBody)
	if v, ok := o.value(attrs, "expected_actors", textList); ok {
		var actors []string
		if o.whole(func() { actors = o.texts(v, attrs["expected_actors"]) }) {
			c.ExpectedActors = actors
		}
	}
	for _, block := range content.Blocks {
		switch block.Type {
		case "section":
			o.section(block, c)
		case "fact":
			o.cardFact(block, c)
		case "action":
			c.Actions = o.action(block, c.Actions)
		case "image", "hero_image":
			o.picture(block, firstSection(c))
		}
	}
}

// firstSection returns the section for the pictures and new facts of the card itself.
func firstSection(c *card.Card) *card.Section {
	if len(c.Sections) == 0 {
		c.Sections = []card.Section{{}}
	}
	return &c.Sections[0]
}

func (o *overriding) texts(v cty.Value, attr *hcl.Attribute) []string {
	var list []string
	for it := v.ElementIterator(); it.Next(); {
		_, element := it.Element()
		if element.IsNull() {
			o.fail(attr.Expr.Range(), "%s contains null", attr.Name)
			continue
		}
		list = append(list, element.AsString())
	}
	return list
}

// section changes the section with the given number, or adds one.
func (o *overriding) section(block *hcl.Block, c *card.Card) {
	content := o.content(block.Body, sectionSchema())
	if content == nil {
		return
	}
	attrs, at := content.Attributes, 0
	if !o.whole(func() { o.number(attrs, "at", &at) }) {
		return
	}
	var s *card.Section
	switch {
	case at > len(c.Sections):
		o.fail(attrs["at"].Expr.Range(), "there is no section %d; the card has %d", at, len(c.Sections))
		return
	case at > 0:
		s = &c.Sections[at-1]
	default:
		c.Sections = append(c.Sections, card.Section{})
		s = &c.Sections[len(c.Sections)-1]
	}
	o.text(attrs, "title", &s.Title)
	o.text(attrs, "text", &s.Text)
	o.truth(attrs, "start_group", &s.StartGroup)
	o.text(attrs, "activity_title", &s.ActivityTitle)
	o.text(attrs, "activity_subtitle", &s.ActivitySubtitle)
	o.text(attrs, "activity_text", &s.ActivityText)
	in := func(s card.Section) card.Card { return card.Card{Sections: []card.Section{s}} }
	o.checked(attrs, "activity_image", &s.ActivityImage, func(s string) card.Card { return in(card.Section{ActivityImage: s}) })
	o.checked(attrs, "activity_image_type", &s.ActivityImageType, func(s string) card.Card { return in(card.Section{ActivityImageType: s}) })
	if v, ok := o.value(attrs, "markdown", truthValue); ok {
		markdown := v.True()
		s.Markdown = &markdown
	}
	for _, b := range content.Blocks {
		switch b.Type {
		case "fact":
			o.fact(b, s, []*card.Section{s})
		case "action":
			s.Actions = o.action(b, s.Actions)
		case "image", "hero_image":
			o.picture(b, s)
		}
	}
}

// cardFact sets the fact of this name, in whichever section it is, or adds it to the
// first section with facts.
func (o *overriding) cardFact(block *hcl.Block, c *card.Card) {
	var all []*card.Section
	var home *card.Section
	for i := range c.Sections {
		s := &c.Sections[i]
		all = append(all, s)
		if home == nil && len(s.Facts) > 0 {
			home = s
		}
	}
	if home == nil {
		home = firstSection(c)
	}
	o.fact(block, home, all)
}

// fact sets a fact in one of the sections, or adds it to home. Null removes it.
func (o *overriding) fact(block *hcl.Block, home *card.Section, among []*card.Section) {
	content := o.content(block.Body, factSchema())
	if content == nil {
		return
	}
	name := block.Labels[0]
	var v cty.Value
	var ok bool
	if !o.whole(func() { v, ok = o.value(content.Attributes, "value", text) }) {
		return
	}
	named := func(f card.Fact) bool { return f.Name == name }
	if !ok {
		for _, s := range among {
			s.Facts = slices.DeleteFunc(s.Facts, named)
		}
		return
	}
	for _, s := range among {
		if i := slices.IndexFunc(s.Facts, named); i >= 0 {
			s.Facts[i].Value = v.AsString()
			return
		}
	}
	home.Facts = append(home.Facts, card.Fact{Name: name, Value: v.AsString()})
}

// picture adds a picture or sets the hero image. A null URL leaves it out.
func (o *overriding) picture(block *hcl.Block, s *card.Section) {
	content := o.content(block.Body, imageSchema())
	if content == nil {
		return
	}
	var image card.Image
	whole := o.whole(func() {
		o.text(content.Attributes, "url", &image.URL)
		o.text(content.Attributes, "title", &image.Title)
	})
	part := card.Card{}
	if image.URL != "" {
		part.Sections = []card.Section{{Images: []card.Image{image}}}
	}
	if !whole || !o.valid(block.DefRange, part) {
		return
	}
	switch {
	case block.Type == "hero_image" && image.URL == "":
		s.HeroImage = nil
	case block.Type == "hero_image":
		s.HeroImage = &image
	case image.URL != "":
		s.Images = append(s.Images, image)
	}
}

// action replaces the action of the same name, or adds it. A null URL leaves it out.
func (o *overriding) action(block *hcl.Block, actions []card.Action) []card.Action {
	content := o.content(block.Body, actionSchema())
	if content == nil {
		return actions
	}
	a := card.Action{Name: block.Labels[0], Type: sort(func(name string) bool {
		_, ok := content.Attributes[name]
		return ok || slices.ContainsFunc(content.Blocks, func(b *hcl.Block) bool { return b.Type == name })
	})}
	if a.Type == "" {
		a.Type = card.ActionCard // all its inputs came from an empty dynamic block
	}
	if !o.whole(func() { o.fill(&a, content) }) {
		return actions
	}
	named := func(b card.Action) bool { return b.Name == a.Name }
	if a.Type == card.OpenURI && len(a.Targets) == 0 {
		return slices.DeleteFunc(actions, named)
	}
	if !o.valid(block.DefRange, card.Card{Actions: []card.Action{a}}) {
		return actions
	}
	if i := slices.IndexFunc(actions, named); i >= 0 {
		actions[i] = a
		return actions
	}
	return append(actions, a)
}

// fill sets the fields of an action.
func (o *overriding) fill(a *card.Action, content *hcl.BodyContent) {
	attrs := content.Attributes
	if v, ok := o.value(attrs, "url", text); ok {
		a.Targets = []card.Target{{OS: "default", URI: v.AsString()}}
	}
	for os, uri := range o.pairs(attrs, "urls") {
		a.Targets = append(a.Targets, card.Target{OS: os, URI: uri})
	}
	o.text(attrs, "target", &a.Target.URL)
	o.text(attrs, "body", &a.Body)
	o.text(attrs, "body_content_type", &a.BodyContentType)
	for name, value := range o.pairs(attrs, "headers") {
		a.Headers = append(a.Headers, card.Header{Name: name, Value: value})
	}
	o.text(attrs, "add_in_id", &a.AddInID)
	o.text(attrs, "desktop_command_id", &a.DesktopCommandID)
	if v, ok := o.value(attrs, "initialization_context", anything); ok {
		b, err := ctyjson.Marshal(v, v.Type())
		if err != nil {
			o.fail(attrs["initialization_context"].Expr.Range(), "initialization_context cannot be written as JSON")
		}
		a.InitializationContext = b
	}
	for _, b := range content.Blocks {
		switch b.Type {
		case "input":
			a.Inputs = append(a.Inputs, o.input(b))
		case "action":
			a.Actions = o.action(b, a.Actions)
		}
	}
}

// pairs iterates over a map of texts in the order of its keys.
func (o *overriding) pairs(attrs hcl.Attributes, name string) func(func(string, string) bool) {
	v, ok := o.value(attrs, name, textMap)
	if !ok {
		return func(func(string, string) bool) {}
	}
	values := v.AsValueMap()
	return func(yield func(string, string) bool) {
		for _, key := range slices.Sorted(maps.Keys(values)) {
			if values[key].IsNull() {
				continue
			}
			if !yield(key, values[key].AsString()) {
				return
			}
		}
	}
}

func (o *overriding) input(block *hcl.Block) card.Input {
	content := o.content(block.Body, inputSchema())
	if content == nil {
		return card.Input{}
	}
	t, ok := inputType(block.Labels[0])
	if !ok {
		o.fail(block.LabelRanges[0], "there is no input of type %q", block.Labels[0])
	}
	attrs, in := content.Attributes, card.Input{Type: t, ID: block.Labels[1]}
	o.text(attrs, "title", &in.Title)
	o.text(attrs, "value", &in.Value)
	o.truth(attrs, "required", &in.IsRequired)
	o.truth(attrs, "multiline", &in.IsMultiline)
	o.number(attrs, "max_length", &in.MaxLength)
	o.truth(attrs, "include_time", &in.IncludeTime)
	o.truth(attrs, "multi_select", &in.IsMultiSelect)
	o.text(attrs, "style", &in.Style)
	for _, b := range content.Blocks {
		choice := card.Choice{Display: b.Labels[0], Value: b.Labels[0]}
		attrs, diags := b.Body.JustAttributes()
		o.diags = append(o.diags, diags...)
		o.text(attrs, "value", &choice.Value)
		in.Choices = append(in.Choices, choice)
	}
	return in
}
