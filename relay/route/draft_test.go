package route

import (
	"fmt"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
)

func draft(text string) (*Route, []Flaw) {
	samples := []event.Event{{Kind: "push", Card: card.Card{Title: "t"}, Data: []byte(`{"branch": "main"}`)}}
	return Draft(text, []string{"lobby"}, "ci", []string{"push"}, samples)
}

// TestADraftSaysWhatIsWrongAndWhere.
func TestADraftSaysWhatIsWrongAndWhere(t *testing.T) {
	for text, want := range map[string]Flaw{
		"route {\n  when = event.kind = 3\n  to = [channel.lobby]\n}":         {Line: 2, Column: 21, Summary: "Missing newline after argument"},
		"route {\n  to = [channel.loby]\n}":                                   {Line: 2, Column: 17, Summary: "Unknown channel"},
		"route {\n  to = [channel.lobby]\n  when = env(\"HOME\")\n}":          {Line: 3, Column: 10, Summary: "Unknown function"},
		"route {\n  to = [channel.lobby]\n  card { titel = \"x\" }\n}":        {Line: 3, Column: 10, Summary: "Unknown attribute"},
		"route {\n  to = [channel.lobby]\n  when = event.kind == \"pull\"\n}": {Warning: true, Line: 3, Column: 24, Summary: "Unknown event kind"},
		"connector \"rss\" \"x\" {}":                                          {Line: 1, Column: 1, Summary: "Not a route"},
		"":                                                                    {Line: 1, Column: 1, Summary: "Not a route"},
		"route { to = [channel.lobby] }\nx = 1":                               {Line: 1, Column: 1, Summary: "Not a route"},
		strings.Repeat(" ", MaxDraft+1):                                       {Line: 1, Column: 1, Summary: "Too long"},
	} {
		r, flaws := draft(text)
		if len(flaws) == 0 || (r == nil) == want.Warning {
			t.Errorf("%q: %v, %+v", text, r, flaws)
			continue
		}
		got := flaws[0]
		if got.EndLine < got.Line {
			t.Errorf("%q ends before it begins: %+v", text, got)
		}
		got.Detail, got.EndLine, got.EndColumn = "", 0, 0
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

// TestADraftDecidesAsARouteDoes.
func TestADraftDecidesAsARouteDoes(t *testing.T) {
	r, flaws := draft("route {\n  to = [channel.lobby]\n  when = event.data.branch == \"main\"\n  card { title = \"On ${event.data.branch}\" }\n}")
	if len(flaws) > 0 {
		t.Fatal(flaws)
	}
	got := r.Apply("ci", event.Event{Kind: "push", Card: card.Card{Title: "t"}, Data: []byte(`{"branch": "main"}`)})
	if !got.Matched || got.Card == nil || got.Card.Title != "On main" {
		t.Errorf("%+v", got)
	}
	if got := r.Apply("ci", event.Event{Kind: "push", Data: []byte(`{"branch": "dev"}`)}); got.Matched || got.Reason != `the condition is false: event.data.branch == "main"` {
		t.Errorf("%+v", got)
	}
}

// TestHostileDrafts: whoever tries a route out costs the relay no more than an event does,
// whatever she writes, and before there is any event.
func TestHostileDrafts(t *testing.T) {
	const most, mostStack = 150 << 20, 16 << 20
	fill := func(opening, middle, closing string) string {
		n := (MaxDraft - 250) / len(opening+closing)
		return strings.Repeat(opening, n) + middle + strings.Repeat(closing, n)
	}
	values := []string{
		`[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]]`, `setproduct(range(1000), range(1000), range(1000))`,
		`format("%100000000s", "x")`, `regex("((a{0,30}){0,30})*b", "` + strings.Repeat("a", 5000) + `")`, `1e999999999`, `pow(7, 1000000)`,
		fill(`"${`, "1", `}"`), fill("(", "1", ")"), fill("[", "", "]"), fill("{a=", "1", "}"), fill("jsonencode([", "1", "])"), fill("f(", "", ")"),
		fill("!", "true", ""), fill("-", "1", ""), fill("1+", "1", ""), fill("9", "", "") + " % 7", fill("true ? ", "true", " : false"), "[" + fill("x,", "", "") + "]",
		"event" + fill(".data", "", ""), "event.data" + fill("[*]", "", ""), "<<E\n" + fill("%{if true}", "", "%{endif}") + "\nE\n",
		fill("{", "", ""), "(\n" + fill("!\n", "true", "") + ")", fill(`"${`, "", ""), fill("<<A\n", "", ""),
	}
	places := []string{
		"when = %s == 1\n to = [channel.lobby]", "when = event.kind == %s\n to = [channel.lobby]", "to = %s", "to = [channel.lobby]\n card { title = %s }",
		"when = try(true, event.kind == %s)\n to = [channel.lobby]", // which nobody has evaluated before
		"to = [channel.lobby]\n card {\n dynamic \"section\" {\n for_each = %s\n content {}\n }\n }",
	}
	for i, v := range values {
		for j, place := range places {
			if j > 0 && (i+j)%4 != 0 { // each meets the first, and one of the others
				continue
			}
			text := "route {\n" + fmt.Sprintf(place, v) + "\n}"
			before := allocated()
			r, flaws := draft(text)
			if s := stack(); s > mostStack {
				t.Errorf("%.60s: the stack is %d MB", text, s>>20)
			}
			if len(flaws) > mostDraftFlaws || len(flaws) > 0 && flaws[0].Summary == "Too long" {
				t.Errorf("%.60s: %d flaws", text, len(flaws))
			}
			if r != nil {
				r.Apply("ci", event.Event{Kind: "push", Card: card.Card{Title: "t"}, Data: []byte(`{}`)})
			}
			if bytes := allocated() - before; bytes > most {
				t.Errorf("%.60s: allocated %d MB", text, bytes>>20)
			}
		}
	}
}

// TestADraftCostsNoMoreForATypeWithManyKinds: all samples share one budget.
func TestADraftCostsNoMoreForATypeWithManyKinds(t *testing.T) {
	text := "route {\n when = length([for a in range(100) : [for b in range(100) : event.kind]]) > 0\n to = [channel.lobby]\n}"
	costs := func(kinds int) uint64 {
		samples := make([]event.Event, kinds)
		before := allocated()
		if r, flaws := Draft(text, []string{"lobby"}, "ci", nil, samples); r == nil || len(flaws) > 0 {
			t.Errorf("%v, %+v", r, flaws)
		}
		return allocated() - before
	}
	if few, many := costs(3), costs(300); many > 2*few {
		t.Errorf("it allocates %d MB for 3 kinds, and %d MB for 300", few>>20, many>>20)
	}
}

// stack is how many bytes of stacks the process has.
func stack() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
