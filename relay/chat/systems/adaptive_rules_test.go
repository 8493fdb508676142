package systems_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/connector-relay/relay/relay/chat"
)

// rule is what the schema of Adaptive Cards says of one type: which members it has,
// which of them must be there, and what the words among them may be
// (microsoft/AdaptiveCards, schemas/1.4.0/adaptive-card.json: every type allows no
// further members).
type rule struct {
	required []string
	words    map[string]string
	texts    []string
	flags    []string
	// lists hold elements, or what is named here.
	lists map[string]string
}

func schema() map[string]rule {
	colours := "default dark light accent good warning attention"
	spacing := "default none small medium large extralarge padding"
	r := map[string]rule{
		"AdaptiveCard": {
			required: []string{"type"}, texts: []string{"version", "fallbackText", "$schema", "lang", "speak"},
			lists: map[string]string{"body": "element", "actions": "action"},
		},
		"TextBlock": {required: []string{"text"}, texts: []string{"text"}, flags: []string{"wrap", "isSubtle"}, words: map[string]string{
			"color": colours, "size": "default small medium large extralarge", "weight": "default lighter bolder", "fontType": "default monospace",
		}},
		"Image":     {required: []string{"url"}, texts: []string{"url", "altText"}, words: map[string]string{"size": "auto stretch small medium large", "style": "default person"}},
		"ImageSet":  {required: []string{"images"}, words: map[string]string{"imageSize": "auto stretch small medium large"}, lists: map[string]string{"images": "Image"}},
		"FactSet":   {required: []string{"facts"}, lists: map[string]string{"facts": "Fact"}},
		"Fact":      {required: []string{"title", "value"}, texts: []string{"title", "value"}},
		"Container": {required: []string{"items"}, flags: []string{"bleed"}, words: map[string]string{"style": "default emphasis good attention warning accent"}, lists: map[string]string{"items": "element"}},
		"ColumnSet": {lists: map[string]string{"columns": "Column"}},
		"Column":    {words: map[string]string{"width": "auto stretch"}, lists: map[string]string{"items": "element"}},
		"ActionSet": {required: []string{"actions"}, lists: map[string]string{"actions": "action"}},
		"Action.OpenUrl": {
			required: []string{"url"}, texts: []string{"url", "title"},
		},
		"Action.ShowCard": {texts: []string{"title"}, lists: map[string]string{"card": "AdaptiveCard"}},
	}
	for _, name := range []string{"TextBlock", "Image", "ImageSet", "FactSet", "Container", "ColumnSet", "ActionSet", "Column"} {
		one := r[name]
		if one.words == nil {
			one.words = make(map[string]string)
		}
		one.words["spacing"] = spacing
		one.flags = append(one.flags, "separator")
		r[name] = one
	}
	return r
}

// check holds a value against the schema and returns what is wrong.
func check(rules map[string]rule, v any, want, path string) []string {
	m, ok := v.(map[string]any)
	if !ok {
		return []string{path + " is no object"}
	}
	kind, _ := m["type"].(string)
	if want == "Fact" {
		kind = "Fact"
	}
	r, known := rules[kind]
	isAction := strings.HasPrefix(kind, "Action.")
	if !known || want == "element" && isAction || want == "action" && !isAction || want != "element" && want != "action" && want != kind {
		return []string{fmt.Sprintf("%s is a %q where a %s belongs", path, kind, want)}
	}
	var wrong []string
	for _, name := range r.required {
		if _, there := m[name]; !there {
			wrong = append(wrong, path+" ("+kind+") has no "+name)
		}
	}
	for name, value := range m {
		at := path + "." + name
		switch text, isText := value.(string); {
		case name == "type" && want != "Fact":
		case r.words[name] != "":
			if !isText || !slices.Contains(strings.Fields(r.words[name]), strings.ToLower(text)) {
				wrong = append(wrong, fmt.Sprintf("%s cannot be %v", at, value))
			}
		case slices.Contains(r.texts, name):
			if !isText {
				wrong = append(wrong, at+" is no text")
			}
		case slices.Contains(r.flags, name):
			if _, isFlag := value.(bool); !isFlag {
				wrong = append(wrong, at+" is no flag")
			}
		case r.lists[name] != "":
			list, isList := value.([]any)
			if !isList {
				list = []any{value}
			}
			for i, inner := range list {
				wrong = append(wrong, check(rules, inner, r.lists[name], fmt.Sprintf("%s[%d]", at, i))...)
			}
		default:
			wrong = append(wrong, at+" is not in the schema")
		}
	}
	return wrong
}

// TestAnyAdaptiveCardIsValid by the rules of the schema, of which only Teams' own
// member is taken out.
func TestAnyAdaptiveCardIsValid(t *testing.T) {
	rules := schema()
	f := named("teams card")
	rapid.Check(t, func(t *rapid.T) {
		p, err := f.Render(t.Context(), drawCard(t), chat.Options{Person: ada})
		if err != nil {
			t.Fatal(err)
		}
		var root map[string]any
		if err := json.Unmarshal(p.Body, &root); err != nil {
			t.Fatal(err)
		}
		delete(root, "msteams")
		for _, wrong := range check(rules, root, "AdaptiveCard", "card") {
			t.Errorf("%s\n%s", wrong, p.Body)
		}
	})
	p, err := f.Render(t.Context(), full(), chat.Options{})
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.Replace(string(p.Body), `"wrap"`, `"warp"`, 1)
	var root map[string]any
	if err := json.Unmarshal([]byte(broken), &root); err != nil {
		t.Fatal(err)
	}
	if wrong := check(rules, root, "AdaptiveCard", "card"); len(wrong) != 2 { // and msteams
		t.Errorf("a card with a mistake in it: %v", wrong)
	}
}
