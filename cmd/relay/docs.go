package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/spf13/cobra"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/plan"
	"github.com/connector-relay/relay/relay/route"
	"github.com/connector-relay/relay/relay/route/language"
)

func (a *app) docsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "docs [TYPE|functions|card]",
		Short: "Say what a connector type takes and what its events hold",
		Long: `Say what a connector type takes, which kinds of events it has, and what routes see in
them, as the plugin itself describes it. "functions" lists the functions of relay.hcl,
"card" the blocks in which a route changes a card. Without a name the types are listed.
No relay need run.`,
		Example:           "  relay docs rss\n  relay docs functions",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: complete(func(*cobra.Command) []string { return append(typeNames(), "functions", "card") }),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return a.docsTypes(cmd)
			case args[0] == "functions":
				return a.docsFunctions()
			case args[0] == "card":
				return a.docsCard()
			}
			types, err := plan.Types(cmd.Context(), a.config, args[0], version())
			if err != nil {
				return err
			}
			t, ok := types[args[0]]
			if !ok {
				return fmt.Errorf("there is no connector type %q.%s", args[0], language.DidYouMean(args[0], slices.Sorted(maps.Keys(types))))
			}
			if a.json {
				return a.showJSON([]typeDocs{describe(t)})
			}
			return a.printType(describe(t))
		},
	}
}

// typeDocs is a connector type as it describes itself.
type typeDocs struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Summary   string         `json:"summary"`
	Polls     bool           `json:"polls"`
	Receives  bool           `json:"receives"`
	SignsIn   bool           `json:"signs_in"`
	Arguments []argumentDocs `json:"arguments"`
	Kinds     []kindDocs     `json:"kinds"`
}

type argumentDocs struct {
	Name     string          `json:"name"`
	Type     string          `json:"type"`
	Required bool            `json:"required"`
	Secret   bool            `json:"secret"`
	Default  json.RawMessage `json:"default,omitempty"`
	Allowed  []string        `json:"allowed,omitempty"`
	Doc      string          `json:"doc"`
}

type kindDocs struct {
	Kind string          `json:"kind"`
	Doc  string          `json:"doc"`
	Card json.RawMessage `json:"card,omitempty"`
	// Data is a sample of event.data; nothing when it may be anything.
	Data json.RawMessage `json:"data,omitempty"`
}

func describe(t connector.Type) typeDocs {
	d := typeDocs{
		Type: t.Type, Title: t.Title, Summary: t.Summary, Polls: t.Polls, Receives: t.Receives, SignsIn: t.SignsIn,
		Arguments: []argumentDocs{}, Kinds: []kindDocs{},
	}
	for _, arg := range t.Arguments {
		docs := argumentDocs{Name: arg.Name, Type: arg.Type, Required: arg.Required, Secret: arg.Secret, Allowed: arg.Allowed, Doc: arg.Doc}
		if arg.Default != "" {
			docs.Default = json.RawMessage(arg.Default)
		}
		d.Arguments = append(d.Arguments, docs)
	}
	for _, k := range t.Kinds {
		docs := kindDocs{Kind: k.Name, Doc: k.Doc, Data: k.Sample.Data}
		if b, err := k.Sample.Card.MarshalJSON(); err == nil {
			docs.Card = b
		}
		d.Kinds = append(d.Kinds, docs)
	}
	return d
}

func (a *app) docsTypes(cmd *cobra.Command) error {
	types, err := plan.Types(cmd.Context(), a.config, "", version())
	if err != nil {
		return err
	}
	var list []typeDocs
	for _, name := range slices.Sorted(maps.Keys(types)) {
		list = append(list, describe(types[name]))
	}
	return show(a, list, "TYPE TITLE SUMMARY", func(d typeDocs) []string { return []string{d.Type, d.Title, d.Summary} })
}

func (a *app) printType(d typeDocs) error {
	fmt.Fprintf(a.out, "%s: %s\n%s\n\nconnector %q \"NAME\"\n", d.Title, d.Summary, modes(d), d.Type)
	err := show(a, d.Arguments, "", func(arg argumentDocs) []string { return []string{"  " + arg.Name, arg.words(), arg.Doc} })
	if err != nil {
		return err
	}
	for _, k := range d.Kinds {
		fmt.Fprintf(a.out, "\nevent.kind == %q\n  %s\n", k.Kind, k.Doc)
		members := membersOf(k.Data)
		if len(members) == 0 {
			fmt.Fprintln(a.out, "  event.data is what the sender posts; `relay explain EVENT --json` shows it.")
			continue
		}
		if err := show(a, members, "", func(m member) []string { return []string{"  " + m.path, m.value} }); err != nil {
			return err
		}
	}
	return nil
}

func modes(d typeDocs) string {
	var list []string
	if d.Polls {
		list = append(list, "It is polled.")
	}
	if d.Receives {
		list = append(list, "It has a hook URL that its source posts to.")
	}
	if d.SignsIn {
		list = append(list, "A person can sign in: relay login.")
	}
	return strings.Join(list, " ")
}

// words say what an argument holds.
func (d argumentDocs) words() string {
	parts := []string{d.Type}
	if d.Secret {
		parts = append(parts, "a secret")
	}
	switch {
	case d.Required:
		parts = append(parts, "required")
	case len(d.Default) > 0:
		parts = append(parts, "default "+string(d.Default))
	}
	if len(d.Allowed) > 0 {
		parts = append(parts, "one of "+strings.Join(d.Allowed, " "))
	}
	return strings.Join(parts, ", ")
}

// member is one value of event.data, as a route names it.
type member struct{ path, value string }

// longestSample is how much of a sample's text is shown.
const longestSample = 60

// membersOf lists what routes can read from a sample.
func membersOf(data json.RawMessage) []member {
	var v any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}
	var list []member
	var walk func(string, any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				if hclsyntax.ValidIdentifier(name) {
					walk(path+"."+name, v[name])
				} else {
					walk(path+"["+strconv.Quote(name)+"]", v[name])
				}
			}
		case []any:
			if len(v) == 0 {
				list = append(list, member{path, "[]"})
				return
			}
			walk(path+"[0]", v[0])
		default:
			b, _ := json.Marshal(v)
			list = append(list, member{path, short(string(b), longestSample)})
		}
	}
	walk("event.data", v)
	return list
}

// functionDocs is a function of relay.hcl.
type functionDocs struct {
	Name       string   `json:"function"`
	Parameters []string `json:"parameters"`
	Doc        string   `json:"doc"`
}

func (a *app) docsFunctions() error {
	functions := language.Functions(".")
	var list []functionDocs
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		list = append(list, functionDocs{Name: name, Parameters: parameters(functions[name]), Doc: functions[name].Description()})
	}
	return show(a, list, "FUNCTION DOC", func(f functionDocs) []string {
		return []string{f.Name + "(" + strings.Join(f.Parameters, ", ") + ")", f.Doc}
	})
}

func parameters(f function.Function) []string {
	name := func(p function.Parameter, nth int) string {
		if p.Name != "" {
			return p.Name
		}
		if p.Type != cty.DynamicPseudoType {
			return p.Type.FriendlyName()
		}
		return "value" + strconv.Itoa(nth)
	}
	list := []string{}
	for i, p := range f.Params() {
		list = append(list, name(p, i+1))
	}
	if p := f.VarParam(); p != nil {
		list = append(list, name(*p, len(list)+1)+"…")
	}
	return list
}

// blockDocs is a block of a card override.
type blockDocs struct {
	Block      string            `json:"block"`
	Labels     []string          `json:"labels"`
	Attributes map[string]string `json:"attributes"`
	Blocks     []string          `json:"blocks"`
}

func (a *app) docsCard() error {
	var list []blockDocs
	for _, b := range route.Blocks() {
		docs := blockDocs{Block: b.Name, Labels: append([]string{}, b.Labels...), Attributes: map[string]string{}, Blocks: append([]string{}, b.Blocks...)}
		for _, attribute := range b.Attributes {
			docs.Attributes[attribute.Name] = attribute.Value
		}
		list = append(list, docs)
	}
	if a.json {
		return a.showJSON(list)
	}
	for _, b := range list {
		head := []string{b.Block}
		for _, label := range b.Labels {
			head = append(head, strconv.Quote(label))
		}
		fmt.Fprintln(a.out, strings.Join(head, " "))
		err := show(a, slices.Sorted(maps.Keys(b.Attributes)), "", func(name string) []string { return []string{"  " + name, b.Attributes[name]} })
		if err != nil {
			return err
		}
		if len(b.Blocks) > 0 {
			fmt.Fprintln(a.out, "  and the blocks "+strings.Join(b.Blocks, ", "))
		}
		fmt.Fprintln(a.out)
	}
	return nil
}
