package route

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/route/language"
)

// kind is the type of an attribute of a card block.
type kind int

const (
	text kind = iota
	truthValue
	number
	textList
	textMap
	anything
)

func (k kind) words() string {
	return [...]string{"a text", "true or false", "a number", "a list of texts", "a map of texts", "any value"}[k]
}

func (k kind) ctyType() cty.Type {
	switch k {
	case text:
		return cty.String
	case truthValue:
		return cty.Bool
	case number:
		return cty.Number
	case textList:
		return cty.List(cty.String)
	case textMap:
		return cty.Map(cty.String)
	default:
		return cty.DynamicPseudoType
	}
}

// problem says what is wrong with a value's type, if anything.
func (k kind) problem(v cty.Value) string {
	v, _ = language.Reveal(v)
	if _, err := convert.Convert(v, k.ctyType()); err != nil {
		return fmt.Sprintf("this is %s.", described(v))
	}
	return ""
}

// bodySchema is one of the blocks of a card override.
type bodySchema struct {
	title      string
	attributes map[string]kind
	// once lists the nested blocks that are allowed once.
	once   []string
	labels map[string][]string
	blocks map[string]func() bodySchema
	// check, if set, checks what these lists cannot express.
	check func(*hclsyntax.Body, hcl.Range) hcl.Diagnostics
}

func (s bodySchema) blockNames() []string { return slices.Sorted(maps.Keys(s.blocks)) }

func (s bodySchema) language() language.Schema {
	l := language.Schema{Title: s.title}
	for _, name := range slices.Sorted(maps.Keys(s.attributes)) {
		l.Attributes = append(l.Attributes, language.Attribute{Name: name})
	}
	for _, name := range s.blockNames() {
		l.Blocks = append(l.Blocks, language.Block{Name: name, Labels: s.labels[name], Once: slices.Contains(s.once, name)})
	}
	return l
}

// hcl returns the schema in the form that expands dynamic blocks.
func (s bodySchema) hcl() *hcl.BodySchema {
	h := &hcl.BodySchema{}
	for name := range s.attributes {
		h.Attributes = append(h.Attributes, hcl.AttributeSchema{Name: name})
	}
	for name := range s.blocks {
		h.Blocks = append(h.Blocks, hcl.BlockHeaderSchema{Type: name, LabelNames: s.labels[name]})
	}
	return h
}

// cardSchema is the schema of a card block. Its own facts, pictures and hero image
// belong to the card's first section.
func cardSchema() bodySchema {
	return bodySchema{
		title: "a card block",
		attributes: map[string]kind{
			"replace": truthValue, "title": text, "text": text, "summary": text, "theme_color": text,
			"correlation_id": text, "originator": text, "expected_actors": textList, "hide_original_body": truthValue,
		},
		once:   []string{"hero_image"},
		labels: map[string][]string{"fact": {"NAME"}, "action": {"NAME"}},
		blocks: map[string]func() bodySchema{
			"section": sectionSchema, "fact": factSchema, "image": imageSchema, "hero_image": imageSchema, "action": actionSchema,
		},
	}
}

func sectionSchema() bodySchema {
	return bodySchema{
		title: "a section block",
		attributes: map[string]kind{
			"at": number, "title": text, "text": text, "start_group": truthValue, "markdown": truthValue,
			"activity_title": text, "activity_subtitle": text, "activity_text": text,
			"activity_image": text, "activity_image_type": text,
		},
		once:   []string{"hero_image"},
		labels: map[string][]string{"fact": {"NAME"}, "action": {"NAME"}},
		blocks: map[string]func() bodySchema{
			"fact": factSchema, "image": imageSchema, "hero_image": imageSchema, "action": actionSchema,
		},
	}
}

func factSchema() bodySchema {
	return bodySchema{title: "a fact block", attributes: map[string]kind{"value": text}, check: mustHave("value")}
}

func imageSchema() bodySchema {
	return bodySchema{title: "an image block", attributes: map[string]kind{"url": text, "title": text}, check: mustHave("url")}
}

// actionSchema is the schema of an action of any type; what is set determines the type.
func actionSchema() bodySchema {
	return bodySchema{
		title: "an action block",
		attributes: map[string]kind{
			"url": text, "urls": textMap,
			"target": text, "headers": textMap, "body": text, "body_content_type": text,
			"add_in_id": text, "desktop_command_id": text, "initialization_context": anything,
		},
		labels: map[string][]string{"input": {"TYPE", "ID"}, "action": {"NAME"}},
		blocks: map[string]func() bodySchema{"input": inputSchema, "action": actionSchema},
		check:  checkAction,
	}
}

func inputSchema() bodySchema {
	return bodySchema{
		title: "an input block",
		attributes: map[string]kind{
			"title": text, "value": text, "required": truthValue, "multiline": truthValue, "max_length": number,
			"include_time": truthValue, "multi_select": truthValue, "style": text,
		},
		labels: map[string][]string{"choice": {"DISPLAY"}},
		blocks: map[string]func() bodySchema{
			"choice": func() bodySchema {
				return bodySchema{title: "a choice block", attributes: map[string]kind{"value": text}}
			},
		},
	}
}

// mustHave requires an attribute.
func mustHave(name string) func(*hclsyntax.Body, hcl.Range) hcl.Diagnostics {
	return func(body *hclsyntax.Body, header hcl.Range) hcl.Diagnostics {
		if body.Attributes[name] != nil {
			return nil
		}
		return hcl.Diagnostics{language.Error("Missing attribute", fmt.Sprintf("The attribute %q is required here.", name), header)}
	}
}

// sort is an action's type, as determined by its attributes and blocks.
func sort(names func(string) bool) card.ActionType {
	switch {
	case names("input") || names("action"):
		return card.ActionCard
	case names("target") || names("body") || names("headers") || names("body_content_type"):
		return card.HTTPPost
	case names("add_in_id") || names("desktop_command_id") || names("initialization_context"):
		return card.InvokeAddInCommand
	case names("url") || names("urls"):
		return card.OpenURI
	}
	return ""
}

// checkAction refuses an action without a type or with several.
func checkAction(body *hclsyntax.Body, header hcl.Range) hcl.Diagnostics {
	names := make(map[string]bool)
	for name := range body.Attributes {
		names[name] = true
	}
	for _, b := range body.Blocks {
		name := b.Type
		if name == "dynamic" && len(b.Labels) == 1 {
			name = b.Labels[0]
		}
		names[name] = true
	}
	var sorts []string
	for name := range names {
		if s := sort(func(n string) bool { return n == name }); s != "" && !slices.Contains(sorts, string(s)) {
			sorts = append(sorts, string(s))
		}
	}
	slices.Sort(sorts)
	switch {
	case len(sorts) > 1:
		detail := fmt.Sprintf("These settings belong to different actions (%s). Write one action block for each.", language.List(sorts, "and"))
		return hcl.Diagnostics{language.Error("Mixed action", detail, header)}
	case len(sorts) == 0:
		return hcl.Diagnostics{language.Error("Empty action", "Say what the action does; url, for example, opens an address.", header)}
	}
	return nil
}

// inputType returns the type that an input block's first label names.
func inputType(label string) (card.InputType, bool) {
	switch label {
	case "text":
		return card.TextInput, true
	case "date":
		return card.DateInput, true
	case "choice":
		return card.MultichoiceInput, true
	}
	return "", false
}

// checkLabels checks labels from a fixed set.
func checkLabels(block *hclsyntax.Block) hcl.Diagnostics {
	if block.Type != "input" || len(block.Labels) == 0 {
		return nil
	}
	if _, ok := inputType(block.Labels[0]); ok {
		return nil
	}
	detail := fmt.Sprintf("There is no input of type %q.%s", block.Labels[0], language.DidYouMean(block.Labels[0], []string{"text", "date", "choice"}))
	return hcl.Diagnostics{language.Error("Unknown input type", detail, block.LabelRanges[0])}
}
