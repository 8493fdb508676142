package route

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/route/language"
)

// MaxDraft bounds the text of a draft, in bytes.
const MaxDraft = 16 << 10

// Flaw is something wrong in a draft. Lines and columns count from 1.
type Flaw struct {
	Warning                          bool
	Summary, Detail                  string
	Line, Column, EndLine, EndColumn int
}

// Draft compiles a route that somebody is trying out: the text of one route block. It may
// name these channels. It reads neither the environment nor files nor secrets, because it
// need not be an operator's; and what it may cost to look at is bounded, as it is for an
// event. Flaws that are no warnings mean that there is no route. Kinds and samples are
// those of its connector's type.
func Draft(text string, channels []string, connector string, kinds []string, samples []event.Event) (*Route, []Flaw) {
	if len(text) > MaxDraft {
		return nil, []Flaw{{Summary: "Too long", Detail: "A route has at most 16 KB.", Line: 1, Column: 1, EndLine: 1, EndColumn: 1}}
	}
	if deep := language.TooDeep([]byte(text), "route"); deep != nil {
		return nil, flaws(hcl.Diagnostics{deep})
	}
	file, diags := hclsyntax.ParseConfig([]byte(text), "route", hcl.InitialPos)
	if diags.HasErrors() {
		return nil, flaws(diags)
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok || len(body.Attributes) > 0 || len(body.Blocks) != 1 || body.Blocks[0].Type != "route" || len(body.Blocks[0].Labels) > 0 {
		place := file.Body.MissingItemRange()
		return nil, flaws(hcl.Diagnostics{language.Error("Not a route", "Write one route block: route { to = [channel.NAME] }.", place)})
	}
	functions := language.Functions("")
	for _, name := range []string{"env", "file", "secret"} {
		delete(functions, name)
	}
	scope := language.NewMeter().Scope(&hcl.EvalContext{Functions: functions}, nil)
	r, diags := Compile(body.Blocks[0], Options{Channels: language.NewReferences("channel", channels), Scope: scope, Source: []byte(text)})
	if diags.HasErrors() {
		return nil, flaws(diags)
	}
	return r, flaws(append(diags, r.CheckKinds(connector, kinds, samples)...))
}

// mostDraftFlaws bounds how much is said about one draft.
const mostDraftFlaws = 50

func flaws(diags hcl.Diagnostics) []Flaw {
	language.Sort(diags)
	diags = diags[:min(len(diags), mostDraftFlaws)]
	list := make([]Flaw, len(diags))
	for i, d := range diags {
		list[i] = Flaw{Warning: d.Severity == hcl.DiagWarning, Summary: d.Summary, Detail: d.Detail}
		if s := d.Subject; s != nil {
			list[i].Line, list[i].Column, list[i].EndLine, list[i].EndColumn = s.Start.Line, s.Start.Column, s.End.Line, s.End.Column
		}
	}
	return list
}
