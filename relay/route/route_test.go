package route

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/route/language"
)

// compile makes a route of the inside of a route block.
func compile(t testing.TB, inside string) (*Route, hcl.Diagnostics) {
	t.Helper()
	source := []byte("route {\n" + inside + "\n}\n")
	file, diags := hclsyntax.ParseConfig(source, "relay.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return Compile(file.Body.(*hclsyntax.Body).Blocks[0], Options{
		Channels: language.NewReferences("channel", []string{"a", "b"}),
		Scope:    &hcl.EvalContext{Functions: language.Functions(t.TempDir())},
		Source:   source,
	})
}

func mustCompile(t testing.TB, inside string) *Route {
	t.Helper()
	r, diags := compile(t, inside)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return r
}

// release is an event with everything.
func release() event.Event {
	return event.Event{
		Key: "k1", Kind: "release", Time: time.Date(2026, 10, 5, 12, 0, 0, 0, time.FixedZone("", 7200)),
		Card: card.Card{
			Title: "v1.2", Text: "text", Summary: "summary", ThemeColor: "112233",
			Sections: []card.Section{
				{Title: "one", Facts: []card.Fact{{Name: "Tag", Value: "v1.2"}, {Name: "By", Value: "me"}}},
				{Title: "two", Facts: []card.Fact{{Name: "Size", Value: "1"}}, Images: []card.Image{{URL: "https://example.com/i.png"}}},
			},
			Actions: []card.Action{{Type: card.OpenURI, Name: "Open", Targets: []card.Target{{OS: "default", URI: "https://example.com/old"}}}},
		},
		Data: json.RawMessage(`{"release": {"tag_name": "v1.2", "prerelease": false, "draft": null, "assets": [{"name": "x", "size": 1}, {"name": "y", "size": 2}]}, "n": 12345678901234567890, "s": "*bold* [x](y)"}`),
	}
}

func TestCondition(t *testing.T) {
	tests := map[string]struct {
		when    string
		matched bool
		failed  bool
		reason  string
	}{
		"kind":                             {`event.kind == "release"`, true, false, ""},
		"the design's":                     {`event.kind == "release" && !event.data.release.prerelease`, true, false, ""},
		"contains":                         {`contains(["push", "pull_request"], event.kind)`, false, false, `the condition is false: contains(["push", "pull_request"], event.kind)`},
		"all members":                      {`event.key == "k1" && event.connector == "c" && event.time == "2026-10-05T10:00:00Z" && event.card.title == "v1.2"`, true, false, ""},
		"facts of the card":                {`[for f in event.card.facts : f.value if f.name == "Size"][0] == "1"`, true, false, ""},
		"sections and actions of the card": {`event.card.sections[1].images[0].url == "https://example.com/i.png" && event.card.actions[0].url == "https://example.com/old"`, true, false, ""},
		"a hero image that is not there":   {`event.card.sections[0].hero_image == null`, true, false, ""},
		"a text's part":                    {`contains(event.card.title, "1.") && startswith(event.card.title, "v")`, true, false, ""},
		"a big number":                     {`event.data.n == 12345678901234567890`, true, false, ""},
		"a splat":                          {`sort(event.data.release.assets[*].name)[1] == "y" && length(event.data.release.assets) == 2`, true, false, ""},
		"the whole event":                  {`keys(event)[0] == "card" && event["data"].n > 1`, true, false, ""},
		"what is not evaluated":            {`event.kind == "push" && event.data.commits > 1`, false, false, `the condition is false: event.kind == "push" && event.data.commits > 1`},
		"or":                               {`event.kind == "release" || event.data.commits > 1`, true, false, ""},
		"try":                              {`try(event.data.pull_request.draft, false)`, false, false, `the condition is false: try(event.data.pull_request.draft, false)`},
		"can":                              {`can(event.data.pull_request) || can(event.data.release)`, true, false, ""},
		"lookup":                           {`lookup(event.data, "pull_request", null) == null`, true, false, ""},
		"a missing member":                 {`event.data.pull_request.draft`, false, true, `the condition could not be evaluated: line 2: Unsupported attribute: This object does not have an attribute named "pull_request".`},
		"null":                             {`event.data.release.draft`, false, true, "the condition could not be evaluated: it is null, not true or false"},
		"a text":                           {`event.data.s`, false, true, "the condition could not be evaluated: it is a text, not true or false"},
		"a list":                           {`event.data.release.assets`, false, true, "the condition could not be evaluated: it is a list, not true or false"},
		"an index that is too high":        {`event.data.release.assets[7].name == "x"`, false, true, ""},
		"a failing function":               {`parseint(event.data.s, 10) > 1`, false, true, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := mustCompile(t, "when = "+test.when+"\nto = [channel.a]")
			if !r.Conditional() {
				t.Error("not conditional")
			}
			got := r.Apply("c", release())
			if got.Matched != test.matched || got.Failed != test.failed || got.Card != nil {
				t.Errorf("got %+v", got)
			}
			if test.reason != "" && got.Reason != test.reason {
				t.Errorf("reason %q, want %q", got.Reason, test.reason)
			}
			if got.Failed == (got.Reason == "") && !got.Matched && got.Reason == "" || strings.Contains(got.Reason, "\n") {
				t.Errorf("reason %q", got.Reason)
			}
		})
	}
}

func TestConditionOnStrangeData(t *testing.T) {
	r := mustCompile(t, `when = event.data.a
to = [channel.a]`)
	for _, data := range []string{"", " ", "null", "[]", "1", "{", `{"a": true} x`, `{"a": true, "a": {}}`, "\xff", `{"a":` + strings.Repeat("[", 3000) + strings.Repeat("]", 3000) + "}", `{"": 1}`, `{"a": 1e999999}`} {
		if got := r.Apply("c", event.Event{Data: []byte(data)}); !got.Failed || got.Reason == "" {
			t.Errorf("%.20q: %+v", data, got)
		}
	}
	if got := r.Apply("c", event.Event{Data: []byte(`{"a": true}`)}); !got.Matched {
		t.Errorf("%+v", got)
	}
}

func TestUrgent(t *testing.T) {
	for name, test := range map[string]struct {
		inside string
		want   Result
	}{
		"not said":       {`when = true`, Result{Matched: true}},
		"true":           {`urgent = event.kind == "release"`, Result{Matched: true, Urgent: true}},
		"false":          {`urgent = event.data.release.prerelease`, Result{Matched: true}},
		"always":         {`urgent = true`, Result{Matched: true, Urgent: true}},
		"does not match": {"when = event.kind == \"push\"\nurgent = true", Result{Reason: `the condition is false: event.kind == "push"`}},
		"nobody knows": {`urgent = event.data.release.draft`, Result{
			Matched: true, Urgent: true, unsure: true, Reason: "the event counts as urgent, because urgent could not be evaluated: it is null, not true or false",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := mustCompile(t, test.inside+"\nto = [channel.a]")
			if got := r.Apply("c", release()); got != test.want || !r.Conditional() {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
	both := mustCompile(t, "urgent = true\nto = [channel.a]\ncard {\ntitle = event.data.nothing\n}").Apply("c", release())
	if !both.Urgent || both.Card != nil || !strings.HasPrefix(both.Reason, "the card block was not applied: ") {
		t.Errorf("with a card block that fails: %+v", both)
	}
}

func TestUnconditional(t *testing.T) {
	for _, inside := range []string{"to = [channel.a]", "to = [channel.a]\ncard {\n}"} {
		r := mustCompile(t, inside)
		if r.Conditional() {
			t.Error("conditional")
		}
		if got := r.Apply("c", event.Event{Data: []byte("{")}); got != (Result{Matched: true}) {
			t.Errorf("got %+v", got)
		}
		if n := testing.AllocsPerRun(10, func() { r.Apply("c", event.Event{}) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

func TestCardOverrides(t *testing.T) {
	untouched := release().Card
	tests := map[string]struct {
		inside string
		change func(*card.Card)
	}{
		"the design's": {`theme_color = "2DA44E"
			title = "Shipped: ${event.card.title}"
			fact "Tag" { value = event.data.release.tag_name }`, func(c *card.Card) { c.ThemeColor, c.Title = "2DA44E", "Shipped: v1.2" }},
		"a colour with a hash": {`theme_color = "#2DA44E"`, func(c *card.Card) { c.ThemeColor = "2DA44E" }},
		"null leaves it":       {`title = null`, func(*card.Card) {}},
		"empty clears it":      {`summary = ""`, func(c *card.Card) { c.Summary = "" }},
		"a number as text":     {`title = event.data.release.assets[1].size`, func(c *card.Card) { c.Title = "2" }},
		"escaped data":         {`text = escape(event.data.s)`, func(c *card.Card) { c.Text = card.Escape("*bold* [x](y)") }},
		"Outlook's own": {"correlation_id = \"c\"\noriginator = \"o\"\nexpected_actors = [\"a\", \"b\"]\nhide_original_body = true", func(c *card.Card) {
			c.CorrelationID, c.Originator, c.ExpectedActors, c.HideOriginalBody = "c", "o", []string{"a", "b"}, true
		}},
		"a fact anywhere": {`fact "Size" { value = 2 }`, func(c *card.Card) { c.Sections[1].Facts[0].Value = "2" }},
		"a new fact": {`fact "New" { value = "n" }`, func(c *card.Card) {
			c.Sections[0].Facts = append(c.Sections[0].Facts, card.Fact{Name: "New", Value: "n"})
		}},
		"a fact left out":    {`fact "By" { value = try(event.data.nobody, null) }`, func(c *card.Card) { c.Sections[0].Facts = c.Sections[0].Facts[:1] }},
		"an action replaced": {`action "Open" { url = "https://example.com/new" }`, func(c *card.Card) { c.Actions[0].Targets[0].URI = "https://example.com/new" }},
		"an action left out": {`action "Open" { url = null }`, func(c *card.Card) { c.Actions = nil }},
		"an action by system": {`action "Open" { urls = { iOS = "https://example.com/i", default = "https://example.com/d" } }`, func(c *card.Card) {
			c.Actions[0].Targets = []card.Target{{OS: "default", URI: "https://example.com/d"}, {OS: "iOS", URI: "https://example.com/i"}}
		}},
		"an action that posts": {"action \"Post\" {\ntarget = \"https://example.com/p\"\nbody = jsonencode({ a = 1 })\nbody_content_type = \"application/json\"\nheaders = { B = \"2\", A = \"1\" }\n}", func(c *card.Card) {
			c.Actions = append(c.Actions, card.Action{Type: card.HTTPPost, Name: "Post", Target: card.Destination{URL: "https://example.com/p"}, Body: `{"a":1}`, BodyContentType: "application/json", Headers: []card.Header{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}}})
		}},
		"an add-in": {"action \"Add\" {\nadd_in_id = \"i\"\ndesktop_command_id = \"d\"\ninitialization_context = { a = [1] }\n}", func(c *card.Card) {
			c.Actions = append(c.Actions, card.Action{Type: card.InvokeAddInCommand, Name: "Add", AddInID: "i", DesktopCommandID: "d", InitializationContext: json.RawMessage(`{"a":[1]}`)})
		}},
		"pictures": {"image {\nurl = \"https://example.com/a.png\"\ntitle = \"A\"\n}\nhero_image { url = \"https://example.com/h.png\" }", func(c *card.Card) {
			c.Sections[0].Images = []card.Image{{URL: "https://example.com/a.png", Title: "A"}}
			c.Sections[0].HeroImage = &card.Image{URL: "https://example.com/h.png"}
		}},
		"a section more": {"section {\ntitle = \"s\"\ntext = \"t\"\nstart_group = true\nmarkdown = false\nfact \"F\" { value = true }\nimage { url = \"https://example.com/i\" }\naction \"A\" { url = \"https://example.com/a\" }\n}", func(c *card.Card) {
			no := false
			c.Sections = append(c.Sections, card.Section{Title: "s", Text: "t", StartGroup: true, Markdown: &no, Facts: []card.Fact{{Name: "F", Value: "true"}}, Images: []card.Image{{URL: "https://example.com/i"}}, Actions: []card.Action{{Type: card.OpenURI, Name: "A", Targets: []card.Target{{OS: "default", URI: "https://example.com/a"}}}}})
		}},
		"a section changed": {"section {\nat = 1\nactivity_title = \"a\"\nactivity_subtitle = \"s\"\nactivity_text = \"t\"\nactivity_image = \"https://example.com/i\"\nactivity_image_type = \"article\"\nfact \"By\" { value = \"you\" }\n}", func(c *card.Card) {
			s := &c.Sections[0]
			s.ActivityTitle, s.ActivitySubtitle, s.ActivityText, s.ActivityImage, s.ActivityImageType = "a", "s", "t", "https://example.com/i", "article"
			s.Facts[1].Value = "you"
		}},
		"everything anew": {"replace = true\ntitle = event.card.title\nfact \"F\" { value = 1 }", func(c *card.Card) {
			*c = card.Card{Title: "v1.2", Sections: []card.Section{{Facts: []card.Fact{{Name: "F", Value: "1"}}}}}
		}},
		"dynamic facts": {"dynamic \"fact\" {\nfor_each = event.data.release.assets\niterator = asset\nlabels = [\"${asset.key}: ${asset.value.name}\"]\ncontent { value = asset.value.size }\n}", func(c *card.Card) {
			c.Sections[0].Facts = append(c.Sections[0].Facts, card.Fact{Name: "0: x", Value: "1"}, card.Fact{Name: "1: y", Value: "2"})
		}},
		"dynamic in a section": {"dynamic \"section\" {\nfor_each = event.data.release.assets\ncontent {\ntitle = section.value.name\ndynamic \"fact\" {\nfor_each = [section.value.size]\nlabels = [section.value.name]\ncontent { value = fact.value }\n}\n}\n}", func(c *card.Card) {
			c.Sections = append(c.Sections, card.Section{Title: "x", Facts: []card.Fact{{Name: "x", Value: "1"}}}, card.Section{Title: "y", Facts: []card.Fact{{Name: "y", Value: "2"}}})
		}},
		"a variable": {`title = "from ${env("ROUTE_HOST")}"`, func(c *card.Card) { c.Title = "from here" }},
		"inputs": {"action \"Answer\" {\ninput \"text\" \"why\" {\ntitle = \"Why?\"\nrequired = true\nmultiline = true\nmax_length = 100\n}\ninput \"date\" \"when\" { include_time = true }\ninput \"choice\" \"what\" {\nstyle = \"expanded\"\nmulti_select = true\nvalue = \"1\"\nchoice \"One\" { value = 1 }\nchoice \"Two\" {}\n}\naction \"Send\" { target = \"https://example.com/answer\" }\n}", func(c *card.Card) {
			c.Actions = append(c.Actions, card.Action{
				Type: card.ActionCard, Name: "Answer",
				Inputs: []card.Input{
					{Type: card.TextInput, ID: "why", Title: "Why?", IsRequired: true, IsMultiline: true, MaxLength: 100},
					{Type: card.DateInput, ID: "when", IncludeTime: true},
					{Type: card.MultichoiceInput, ID: "what", Style: "expanded", IsMultiSelect: true, Value: "1", Choices: []card.Choice{{Display: "One", Value: "1"}, {Display: "Two", Value: "Two"}}},
				},
				Actions: []card.Action{{Type: card.HTTPPost, Name: "Send", Target: card.Destination{URL: "https://example.com/answer"}}},
			})
		}},
	}
	t.Setenv("ROUTE_HOST", "here")
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := mustCompile(t, "to = [channel.a]\ncard {\n"+test.inside+"\n}")
			e := release()
			got := r.Apply("c", e)
			if !got.Matched || got.Card == nil || got.Reason != "" {
				t.Fatalf("got %+v", got)
			}
			want := release().Card
			test.change(&want)
			if diff := cmp.Diff(want, *got.Card, cmp.Transformer("empty", func(a []card.Action) []card.Action {
				if len(a) == 0 {
					return nil
				}
				return a
			})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(untouched, e.Card); diff != "" {
				t.Errorf("the event's own card has changed:\n%s", diff)
			}
		})
	}
}

// TestAFailingAttributeCostsOnlyItself, and is named.
func TestAFailingAttributeCostsOnlyItself(t *testing.T) {
	for name, test := range map[string]struct {
		inside string
		named  []string
	}{
		"a missing member":      {`text = event.data.nothing.here`, []string{`line 5: Unsupported attribute: This object does not have an attribute named "nothing".`}},
		"a list as text":        {`summary = event.data.release.assets`, []string{"line 5: Wrong value: summary is a list, not a text"}},
		"two of them":           {"text = event.data.nothing\nsummary = event.data.nobody", []string{"line 5: ", `"nothing"`, "line 6: ", `"nobody"`}},
		"a colour that is none": {`theme_color = event.data.s`, []string{"themeColor: want six hexadecimal digits"}},
		"a fact":                {`fact "By" { value = event.data.nothing }`, []string{`"nothing"`}},
		"an action's address":   {`action "Open" { url = event.data.nothing }`, []string{`"nothing"`}},
		"an unsafe address":     {`action "Open" { url = event.data.s }`, []string{"want an http or https address"}},
		"a picture":             {`image { url = event.data.s }`, []string{"want an http or https address"}},
		"a section's text":      {"section {\ntext = event.data.nothing\n}", []string{`"nothing"`}},
		"a dynamic block":       {"dynamic \"fact\" {\nfor_each = event.data.s\nlabels = [fact.key]\ncontent { value = 1 }\n}", []string{"for_each"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := mustCompile(t, "to = [channel.a]\ncard {\ntitle = \"Shipped\"\n"+test.inside+"\n}")
			got := r.Apply("c", release())
			if !got.Matched || !got.Flawed || got.Card == nil || !strings.HasPrefix(got.Reason, "part of the card block was not applied: ") {
				t.Fatalf("got %+v", got)
			}
			want := release().Card
			want.Title = "Shipped"
			if diff := cmp.Diff(want, *got.Card); diff != "" {
				t.Errorf("the card (-want +got):\n%s", diff)
			}
			for _, word := range test.named {
				if !strings.Contains(got.Reason, word) {
					t.Errorf("%q is not in %q", word, got.Reason)
				}
			}
		})
	}
}

func TestCardThatCannotBeMade(t *testing.T) {
	t.Setenv("ROUTE_SECRET", "canary-route")
	for name, inside := range map[string]string{
		"a missing member":             `title = event.data.pull_request.title`,
		"a list as text":               `title = event.data.release.assets`,
		"a dynamic label that is null": "dynamic \"fact\" {\nfor_each = [1]\nlabels = [event.data.release.draft]\ncontent { value = 1 }\n}",
		"for_each of a text":           "dynamic \"fact\" {\nfor_each = event.data.s\nlabels = [fact.key]\ncontent { value = 1 }\n}",
		"a section that is not there":  "section {\nat = 9\ntitle = \"x\"\n}",
		"half a section":               "section {\nat = 0.5\ntitle = \"x\"\n}",
		"an invalid card":              `theme_color = event.data.s`,
		"an unsafe address":            `action "Open" { url = event.data.s }`,
		"an empty card":                `replace = event.kind == "release"`,
		"a null among the actors":      `expected_actors = [event.data.release.draft]`,
		"a secret":                     `title = {}["${env("ROUTE_SECRET")}${event.kind}"]`,
	} {
		t.Run(name, func(t *testing.T) {
			r := mustCompile(t, "to = [channel.a]\ncard {\n"+inside+"\n}")
			got := r.Apply("c", release())
			if !got.Matched || got.Failed || got.Card != nil || !strings.HasPrefix(got.Reason, "the card block was not applied: ") || strings.ContainsAny(got.Reason, "\n") {
				t.Errorf("got %+v", got)
			}
			if strings.Contains(got.Reason, "canary") {
				t.Errorf("a secret is shown: %s", got.Reason)
			}
		})
	}
}

func TestApplyConcurrently(t *testing.T) {
	r := mustCompile(t, `when = length([for a in event.data.release.assets : a if a.size > 0]) == 2 && (event.data.release.assets[*].name)[0] == "x"
to = [channel.b, channel.a]
card {
  title = "T ${event.data.n}"
  dynamic "fact" {
    for_each = event.data.release.assets
    labels   = [fact.value.name]
    content { value = fact.value.size }
  }
}`)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 25 {
				if got := r.Apply("c", release()); got.Card == nil || len(got.Card.Sections[0].Facts) != 4 {
					t.Errorf("got %+v", got)
				}
			}
		})
	}
	group.Wait()
	if diff := cmp.Diff([]string{"b", "a"}, r.To); diff != "" {
		t.Error(diff)
	}
}

func TestCheckKinds(t *testing.T) {
	kinds := []string{"release", "push"}
	bare := event.Event{Kind: "push", Card: card.Card{Title: "x"}}
	for name, test := range map[string]struct {
		inside  string
		samples []event.Event
		want    string
	}{
		"fine":                        {"when = event.data.release.prerelease", []event.Event{release()}, ""},
		"fails on some only":          {"when = event.data.release.prerelease", []event.Event{release(), {Kind: "push", Data: []byte(`{"a": 1}`)}}, ""},
		"fails on all":                {"when = event.data.commits > 1", []event.Event{release()}, "Condition fails on every sample"},
		"one kind's data is anything": {"when = event.data.commits > 1", []event.Event{release(), bare}, ""},
		"samples without data":        {"when = event.data.commits > 1", []event.Event{bare}, ""},
		"no samples":                  {"when = event.data.commits > 1", nil, ""},
		"a card on what matches":      {"when = event.kind == \"release\"\ncard {\ntitle = event.data.nothing\n}", []event.Event{release(), {Kind: "push", Data: []byte(`{"nothing": "x"}`)}}, "Card block fails on every sample"},
		"a card that never is made":   {"when = event.kind == \"push\"\ncard {\ntitle = event.data.nothing\n}", []event.Event{release()}, ""},
		"an unknown kind":             {"when = \"relese\" != event.kind", nil, "Unknown event kind"},
		"a kind by some computation":  {"when = event.kind == lower(\"PUSH\")", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := mustCompile(t, "to = [channel.a]\n"+test.inside)
			diags := r.CheckKinds("c", kinds, test.samples)
			var got []string
			for _, d := range diags {
				got = append(got, d.Summary)
				if d.Severity != hcl.DiagWarning || d.Subject == nil {
					t.Errorf("%v", d)
				}
			}
			if strings.Join(got, ",") != test.want {
				t.Errorf("got %v", diags)
			}
		})
	}
}

// FuzzApply holds any data against conditions and cards that look at all of it.
func FuzzApply(f *testing.F) {
	f.Add("release", "a title", []byte(release().Data))
	f.Add("", "", []byte(`{"a": [1, null, {"b": "c"}]}`))
	f.Add("x", "\xff\x00", []byte(`{"release": {"prerelease": "true", "assets": {"a": {"size": []}}}}`))
	r := mustCompile(f, `when = try(event.data.release.prerelease, false) == false || event.kind != ""
to = [channel.a]
card {
  title = "${event.card.title} ${try(event.data.release.tag_name, jsonencode(event.data))}"
  dynamic "fact" {
    for_each = event.data.release.assets
    labels   = [fact.key]
    content { value = fact.value.size }
  }
  action "Open" { url = event.data.release.html_url }
}`)
	f.Fuzz(func(t *testing.T, kind, title string, data []byte) {
		got := r.Apply("c", event.Event{Kind: kind, Card: card.Card{Title: title}, Data: data})
		if got.Failed && (got.Matched || got.Reason == "") || strings.Contains(got.Reason, "\n") || len(got.Reason) > 2000 {
			t.Errorf("got %+v", got)
		}
		if got.Card != nil {
			if err := got.Card.Validate(); err != nil {
				t.Error(err)
			}
		}
	})
}
