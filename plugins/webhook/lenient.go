package webhook

import (
	"encoding/json"
	"strings"

	"github.com/connector-relay/relay/relay/card"
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
	default:
		switch v.(type) {
		case bool, json.Number:
			return node{v}.text(), true
		}
	}
	return nil, false
}

// repair takes out of a card what no chat system shows, so that a wrong colour or
// a broken button does not keep an alarm from arriving.
func repair(c *card.Card) {
	c.ThemeColor = hexColor(c.ThemeColor)
	for i := range c.Sections {
		s := &c.Sections[i]
		if !isPicture(s.ActivityImage) {
			s.ActivityImage = ""
		}
		if s.ActivityImageType != "avatar" && s.ActivityImageType != "article" {
			s.ActivityImageType = ""
		}
		if s.HeroImage != nil && (s.HeroImage.URL == "" || !isPicture(s.HeroImage.URL)) {
			s.HeroImage = nil
		}
		var images []card.Image
		for _, image := range s.Images {
			if image.URL != "" && isPicture(image.URL) {
				images = append(images, image)
			}
		}
		s.Images = images
		s.Facts = repairedFacts(s.Facts)
		s.Actions = repairedActions(s.Actions)
	}
	c.Actions = repairedActions(c.Actions)
}

func isPicture(address string) bool {
	return address == "" || isWeb(address) || strings.HasPrefix(address, "data:image/")
}

func repairedFacts(list []card.Fact) []card.Fact {
	var facts []card.Fact
	for _, f := range list {
		if f.Name != "" || f.Value != "" {
			facts = append(facts, card.Fact{Name: orElse(f.Name, "–"), Value: orElse(f.Value, "–")})
		}
	}
	return facts
}

// repairedActions keeps the actions that are right and the links that can be made
// so.
func repairedActions(list []card.Action) []card.Action {
	var actions []card.Action
	for _, a := range list {
		probe := card.Card{Text: "-", Actions: []card.Action{a}}
		if probe.Validate() == nil {
			actions = append(actions, a)
			continue
		}
		for _, t := range a.Targets {
			if isWeb(t.URI) {
				actions = appendLink(actions, a.Name, t.URI)
				break
			}
		}
	}
	return actions
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
