package form_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/form"
)

// shop has an argument of every sort.
func shop() connector.Type {
	text, number, truth := connector.ValueType{Kind: connector.ValueString}, connector.ValueType{Kind: connector.ValueNumber}, connector.ValueType{Kind: connector.ValueBool}
	texts := connector.ValueType{Kind: connector.ValueList, Element: &text}
	place := connector.ValueType{Kind: connector.ValueObject, Attributes: []connector.Argument{{Name: "city", Type: text}, {Name: "floor", Type: number}}}
	return connector.Type{
		Description: connector.Description{Type: "shop"},
		Arguments: []connector.Argument{
			{Name: "url", Type: text, Required: true, Doc: "The shop's address."},
			{Name: "token", Type: text, Secret: true},
			{Name: "mode", Type: text, Allowed: []string{"fast", "slow"}, Default: `"fast"`},
			{Name: "limit", Type: number, Default: "10"},
			{Name: "signature_header", Type: text},
			{Name: "quiet", Type: truth},
			{Name: "tags", Type: texts, Default: `["a", "b"]`},
			{Name: "places", Type: connector.ValueType{Kind: connector.ValueList, Element: &place}},
			{Name: "headers", Type: connector.ValueType{Kind: connector.ValueMap, Element: &text}, Secret: true},
			{Name: "extra", Type: connector.ValueType{Kind: connector.ValueAny}},
		},
	}
}

// choosy is a shop whose source leaves kinds out.
func choosy() connector.Type {
	t := shop()
	text := connector.ValueType{Kind: connector.ValueString}
	t.Arguments = append(t.Arguments, connector.Argument{Name: "kinds", Type: connector.ValueType{Kind: connector.ValueList, Element: &text}})
	return t
}

func TestFieldsFollowTheSchema(t *testing.T) {
	want := []form.Field{
		{Name: "url", Label: "URL", Doc: "The shop's address.", Input: form.Text, Required: true},
		{Name: "token", Label: "Token", Input: form.Text, Secret: true},
		{Name: "mode", Label: "Mode", Input: form.Choice, Allowed: []string{"fast", "slow"}, Default: "fast"},
		{Name: "limit", Label: "Limit", Input: form.Number, Default: "10"},
		{Name: "signature_header", Label: "Signature header", Input: form.Text},
		{Name: "quiet", Label: "Quiet", Input: form.Flag},
		{Name: "tags", Label: "Tags", Input: form.Lines, Default: "a\nb"},
		{Name: "places", Label: "Places", Input: form.Value, Example: `[{ city = "…", floor = 1 }]`},
		{Name: "headers", Label: "Headers", Input: form.Value, Secret: true, Example: `{ name = "…" }`},
		{Name: "extra", Label: "Extra", Input: form.Value, Example: `"…"`},
	}
	if diff := cmp.Diff(want, form.Fields(choosy())); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

// full fills in everything.
func full() form.Filled {
	return form.Filled{
		Type: "shop", Name: "corner", Owner: "ada@example.com", Team: "platform",
		Arguments: map[string]string{
			"url": "https://shop.example.com/?a=${b}", "token": "CANARY-token", "mode": "slow", "limit": " 1.50 ", "quiet": "false",
			"tags": "one\r\n\r\n  two \"words\"  \r\n", "places": "[{ city = \"Bonn\", floor = -1 },\n { city = null }]",
			"headers": `{ "X-Key" = "CANARY-header" }`, "extra": `{ "for" = ["%%{if}", true] }`,
		},
		Schedule: "@every 15m", MaxSilence: "2d", Path: "/webhookb2/0123456789abcdef", Expires: "2027-01-31",
		Channels: []string{"lobby", `alerts["eu west"]`}, Kinds: []string{"paid", "ret\"urned"},
		Condition: "event.data.total > 100 ||\n  event.data.vip",
	}
}

const fullHCL = `connector "shop" "corner" {
  owner = "ada@example.com"
  team  = team.platform
  url   = "https://shop.example.com/?a=$${b}"
  token = secret("corner.token")
  mode  = "slow"
  limit = 1.5
  quiet = false
  tags  = ["one", "two \"words\""]
  places = [{
    city  = "Bonn"
    floor = -1
    }, {
    city = null
  }]
  headers = jsondecode(secret("corner.headers"))
  extra = {
    "for" = ["%%{if}", true]
  }

  schedule    = "@every 15m"
  max_silence = "2d"
  path        = secret("corner.path")
  expires     = "2027-01-31"

  route {
    when = contains(["paid", "ret\"urned"], event.kind) && (event.data.total > 100 ||
    event.data.vip)
    to = [channel.lobby, channel.alerts["eu west"]]
  }
}
`

func TestAFilledInFormIsABlockThatAPersonMightHaveWritten(t *testing.T) {
	w, problems := full().Write(shop())
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	if diff := cmp.Diff(fullHCL, w.HCL); diff != "" {
		t.Errorf("HCL (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{
		"corner.token": "CANARY-token", "corner.headers": `{"X-Key":"CANARY-header"}`, "corner.path": "/webhookb2/0123456789abcdef",
	} {
		if got, _ := w.Secrets[name].Reveal(); got != want {
			t.Errorf("the secret %s is %q, want %q", name, got, want)
		}
	}
	if printed := fmt.Sprintf("%v %+v %#v %s", full(), full(), w, w.HCL); strings.Contains(printed, "CANARY") {
		t.Errorf("a secret is printed: %s", printed)
	}
}

func TestABlockBecomesTheFormThatWroteIt(t *testing.T) {
	got, err := form.Read(fullHCL, shop())
	if err != nil {
		t.Fatal(err)
	}
	want := full()
	want.Kept, want.Path = []string{"headers", "path", "token"}, ""
	want.Arguments = map[string]string{
		"url": "https://shop.example.com/?a=${b}", "mode": "slow", "limit": "1.5", "quiet": "false", "tags": "one\ntwo \"words\"",
		"places": "[{\n  city  = \"Bonn\"\n  floor = -1\n  }, {\n  city = null\n}]", "extra": "{\n  \"for\" = [\"%%{if}\", true]\n}",
	}
	want.Condition = "event.data.total > 100 ||\n    event.data.vip"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("form (-want +got):\n%s", diff)
	}
	again, problems := got.Write(shop())
	if len(problems) > 0 || len(again.Secrets) > 0 || again.HCL != fullHCL {
		t.Errorf("written again it is\n%s%v", again.HCL, problems)
	}
}

func TestKindsGoWhereTheSourceLeavesTheRestOut(t *testing.T) {
	f := form.Filled{Name: "corner", Arguments: map[string]string{"url": "u"}, Kinds: []string{"paid"}, Channels: []string{"lobby"}, Condition: "true"}
	w, _ := f.Write(choosy())
	if want := "connector \"shop\" \"corner\" {\n  url   = \"u\"\n  kinds = [\"paid\"]\n\n  route {\n    when = true\n    to   = [channel.lobby]\n  }\n}\n"; w.HCL != want {
		t.Errorf("got\n%s", w.HCL)
	}
	if got, err := form.Read(w.HCL, choosy()); err != nil || !cmp.Equal(got.Kinds, f.Kinds) || got.Condition != "true" {
		t.Errorf("read %v %q, %v", got.Kinds, got.Condition, err)
	}
}

func TestWhatAFormCannotWrite(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*form.Filled)
		field  string
	}{
		"a name that ends the label":     {func(f *form.Filled) { f.Name = "a\" {}\nconnector \"x" }, form.FieldName},
		"an empty name":                  {func(f *form.Filled) { f.Name = "" }, form.FieldName},
		"a long name":                    {func(f *form.Filled) { f.Name = strings.Repeat("a", 65) }, form.FieldName},
		"a name of a secret elsewhere":   {func(f *form.Filled) { f.Name = "a.token" }, form.FieldName},
		"a channel with a block":         {func(f *form.Filled) { f.Channels = []string{"a]\n}\nroute {"} }, form.FieldChannels},
		"a channel with a call":          {func(f *form.Filled) { f.Channels = []string{`a[env("X")]`} }, form.FieldChannels},
		"a channel with a splat":         {func(f *form.Filled) { f.Channels = []string{`a[*]`} }, form.FieldChannels},
		"a channel in quotes":            {func(f *form.Filled) { f.Channels = []string{`"a"`} }, form.FieldChannels},
		"a team with a call":             {func(f *form.Filled) { f.Team = `platform[env("X")]` }, form.FieldTeam},
		"a condition that goes on":       {func(f *form.Filled) { f.Condition = "true)\nto = [channel.secret]\nurgent = (true" }, form.FieldCondition},
		"a condition with a comment":     {func(f *form.Filled) { f.Condition = "true # " }, form.FieldCondition},
		"a condition with a heredoc":     {func(f *form.Filled) { f.Condition = "event.kind == <<EOT\nx\nEOT\n" }, form.FieldCondition},
		"a deep condition":               {func(f *form.Filled) { f.Condition = strings.Repeat("(", 1000) + "true" + strings.Repeat(")", 1000) }, form.FieldCondition},
		"a long condition":               {func(f *form.Filled) { f.Condition = strings.Repeat("!", 5000) + "true" }, form.FieldCondition},
		"a value that calls":             {func(f *form.Filled) { f.Arguments["extra"] = `file("/etc/passwd")` }, "argument.extra"},
		"a value with a name":            {func(f *form.Filled) { f.Arguments["extra"] = `[path]` }, "argument.extra"},
		"a value that computes":          {func(f *form.Filled) { f.Arguments["extra"] = `[for a in [1] : a]` }, "argument.extra"},
		"a value with a template":        {func(f *form.Filled) { f.Arguments["extra"] = `"${env("X")}"` }, "argument.extra"},
		"a value that is two":            {func(f *form.Filled) { f.Arguments["extra"] = "1\nroute {}" }, "argument.extra"},
		"a value with a member twice":    {func(f *form.Filled) { f.Arguments["extra"] = "{ a = 1, a = 2 }" }, "argument.extra"},
		"a deep value":                   {func(f *form.Filled) { f.Arguments["extra"] = strings.Repeat("[", 5000) }, "argument.extra"},
		"a long row of signs":            {func(f *form.Filled) { f.Arguments["extra"] = strings.Repeat("-", 60_000) + "1" }, "argument.extra"},
		"a huge number":                  {func(f *form.Filled) { f.Arguments["limit"] = "1e999999999" }, "argument.limit"},
		"a huge number in a value":       {func(f *form.Filled) { f.Arguments["extra"] = "[1e999999999]" }, "argument.extra"},
		"a huge number in a condition":   {func(f *form.Filled) { f.Condition = "event.data.n == 1e999999999" }, form.FieldCondition},
		"a tiny number":                  {func(f *form.Filled) { f.Arguments["limit"] = "1e-4000" }, "argument.limit"},
		"no number":                      {func(f *form.Filled) { f.Arguments["limit"] = "NaN" }, "argument.limit"},
		"a flag that is neither":         {func(f *form.Filled) { f.Arguments["quiet"] = "maybe" }, "argument.quiet"},
		"no text":                        {func(f *form.Filled) { f.Arguments["url"] = "\xff" }, "argument.url"},
		"a long text":                    {func(f *form.Filled) { f.Arguments["url"] = strings.Repeat("a", 1<<20) }, "argument.url"},
		"a required argument left out":   {func(f *form.Filled) { f.Arguments["url"] = " " }, "argument.url"},
		"an argument that is not theirs": {func(f *form.Filled) { f.Arguments["http"] = "x" }, "argument.http"},
		"a secret that is no value":      {func(f *form.Filled) { f.Arguments["headers"] = `env("PATH")` }, "argument.headers"},
		"a day that is none":             {func(f *form.Filled) { f.Expires = "soon" }, form.FieldExpires},
		"an owner that is no text":       {func(f *form.Filled) { f.Owner = "\xff" }, form.FieldOwner},
	} {
		t.Run(name, func(t *testing.T) {
			f := full()
			c.change(&f)
			w, problems := f.Write(shop())
			if len(problems) != 1 || problems[0].Field != c.field || w.HCL != "" {
				t.Errorf("problems %q, HCL %q; want one with %s", problems, w.HCL, c.field)
			}
		})
	}
}

func TestWhatAFormCannotRead(t *testing.T) {
	block := func(inside string) string { return "connector \"shop\" \"corner\" {\n" + inside + "\n}\n" }
	for name, src := range map[string]string{
		"another block":               block("") + "channel \"x\" {}\n",
		"two blocks":                  block("") + block(""),
		"another type":                `connector "rss" "corner" {}`,
		"an http block":               block("http { allow = [\"10.0.0.0/8\"] }"),
		"two routes":                  block("route { to = [channel.a] }\nroute { to = [channel.b] }"),
		"a card":                      block("route {\n to = [channel.a]\n card { title = \"x\" }\n}"),
		"an urgent route":             block("route {\n to = [channel.a]\n urgent = true\n}"),
		"computed channels":           block("route { to = concat([channel.a], []) }"),
		"a text from the environment": block(`url = env("URL")`),
		"a template":                  block(`url = "${1 + 1}"`),
		"another connector's secret":  block(`token = secret("other.token")`),
		"a secret in an open field":   block(`url = secret("corner.token")`),
		"a secret that is written":    block(`token = "abcdef"`),
		"a literal path":              block(`path = "/x"`),
		"a comment":                   block("# mine\nurl = \"x\""),
		"a line in a line":            block(`tags = ["a\nb"]`),
		"blanks around a line":        block(`tags = [" a "]`),
		"a computed owner":            block(`owner = "${"a"}b"`),
		"a timeout":                   block(`timeout = "10s"`),
		"enabled, which is usual":     block(`enabled = true`),
		"an empty text":               block(`url = ""`),
		"null":                        block(`url = null`),
		"nothing":                     "",
		"a deep text":                 block("extra = " + strings.Repeat("[", 60_000)),
		"four megabytes of brackets":  block("extra = " + strings.Repeat("[", 4<<20)),
		"no HCL":                      "connector {",
	} {
		t.Run(name, func(t *testing.T) {
			if f, err := form.Read(src, shop()); err == nil {
				t.Errorf("it was read as %+v", f.Arguments)
			}
		})
	}
}

func TestAPlaceInTheBlockBelongsToAField(t *testing.T) {
	for text, want := range map[string]string{
		`"corner"`: "name", `secret("corner.token")`: "argument.token", "@every": "schedule", "team.platform": "team",
		"channel.lobby": "channels", "event.kind": "condition", "route {": "", `"shop"`: "",
	} {
		if got := form.At(fullHCL, shop(), strings.Index(fullHCL, text)); got != want {
			t.Errorf("at %s there is the field %q, want %q", text, got, want)
		}
	}
}

// FuzzText holds that a text in any field is data: the block has no more than the form
// says, and holds exactly the text.
func FuzzText(f *testing.F) {
	for _, seed := range []string{
		"plain", `"`, "${x}", "$${x}", "$$${x}", "%{if}", "%%{", "$", "$$", "\\", "\\n", "a\nb", "\"\n}\nroute {\n", "<<EOT\nx\nEOT", "\x00", "\u2028", "é", "e\u0301", "\ufeff", "*/", "#",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		f := form.Filled{
			Name: "corner", Owner: text, Schedule: text, MaxSilence: text, Channels: []string{"lobby"}, Kinds: []string{text},
			Arguments: map[string]string{"url": text, "tags": text, "token": text},
		}
		w, problems := f.Write(shop())
		if len(problems) > 0 {
			return
		}
		body := parse(t, w.HCL)
		if strings.TrimSpace(text) == "" {
			return
		}
		value := func(name string) cty.Value {
			v, diags := body.Attributes[name].Expr.Value(nil)
			if diags.HasErrors() {
				t.Fatalf("%s: %s\n%s", name, diags, w.HCL)
			}
			return v
		}
		want := strings.ReplaceAll(text, "\r\n", "\n")
		if got := value("url"); !got.RawEquals(cty.StringVal(want)) {
			t.Errorf("url is %#v, want %q\n%s", got, want, w.HCL)
		}
		if got := value("owner"); !got.RawEquals(cty.StringVal(strings.TrimSpace(text))) {
			t.Errorf("owner is %#v, want %q\n%s", got, text, w.HCL)
		}
		if got, _ := w.Secrets["corner.token"].Reveal(); got != cty.StringVal(strings.Trim(want, "\r\n")).AsString() {
			t.Errorf("the token is %q, want %q", got, want)
		}
		if len(body.Blocks) != 1 || len(body.Blocks[0].Body.Attributes) > 2 || len(body.Blocks[0].Body.Blocks) > 0 {
			t.Errorf("the block has more than a route:\n%s", w.HCL)
		}
		for name := range body.Attributes {
			if !strings.Contains(" owner url tags token schedule max_silence ", " "+name+" ") {
				t.Errorf("the block has an attribute %s:\n%s", name, w.HCL)
			}
		}
	})
}

// FuzzCode holds the same of what is written in HCL: a value and a condition, which adds
// nothing but itself.
func FuzzCode(f *testing.F) {
	for _, seed := range []string{
		"true", "[1, -2.5e3, null]", `{ a = { "for" = [], if = "x${1}" } }`, "true || false", "a\n&& b", "true\n}", "true) || (true", "x # y", "<<E\nE\n", `"${"${1}"}"`, "{", "a ? b : c",
		`contains(["a"], event.kind)`, `contains(["a"], event.kind) && (true)`, "\ufefftrue", "event.data[\"x\"]", "[for a in b : c]", "1e400", "-0", "(1)", "!true", "{ (a) = 1 }", "{ true = 1 }",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, code string) {
		f := form.Filled{Name: "corner", Arguments: map[string]string{"url": "x", "extra": code, "headers": code}, Channels: []string{"lobby"}}
		if w, problems := f.Write(shop()); len(problems) == 0 {
			body := parse(t, w.HCL)
			if strings.TrimSpace(code) != "" {
				v, diags := body.Attributes["extra"].Expr.Value(nil)
				stored, _ := w.Secrets["corner.headers"].Reveal()
				decoded, err := ctyjson.Unmarshal([]byte(stored), v.Type())
				if diags.HasErrors() || err != nil || !decoded.RawEquals(v) {
					t.Errorf("extra is %#v (%s), and the secret %q (%v)\n%s", v, diags, stored, err, w.HCL)
				}
			}
			again(t, w.HCL)
		}
		f.Arguments, f.Condition, f.Kinds = map[string]string{"url": "x"}, code, []string{"paid"}
		w, problems := f.Write(shop())
		if len(problems) > 0 || strings.TrimSpace(code) == "" {
			return
		}
		body := parse(t, w.HCL)
		if len(body.Attributes) != 1 || len(body.Blocks) != 1 || len(body.Blocks[0].Body.Attributes) != 2 || len(body.Blocks[0].Body.Blocks) != 0 {
			t.Errorf("the condition added something:\n%s", w.HCL)
		}
		both, ok := body.Blocks[0].Body.Attributes["when"].Expr.(*hclsyntax.BinaryOpExpr)
		if !ok || both.Op != hclsyntax.OpLogicalAnd {
			t.Errorf("the condition escaped the kinds:\n%s", w.HCL)
		}
		again(t, w.HCL)
	})
}

// again holds that a block which a form wrote is one that it can read, and writes again.
func again(t *testing.T, src string) {
	t.Helper()
	read, err := form.Read(src, shop())
	if err != nil {
		t.Errorf("the form cannot read what it wrote: %v\n%s", err, src)
		return
	}
	if w, problems := read.Write(shop()); len(problems) > 0 || w.HCL != src {
		t.Errorf("it wrote\n%sand then\n%s%v", src, w.HCL, problems)
	}
}

// parse returns the body of the one block in a text.
func parse(t *testing.T, src string) *hclsyntax.Body {
	t.Helper()
	file, diags := hclsyntax.ParseConfig([]byte(src), "", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%s\n%s", diags, src)
	}
	body := file.Body.(*hclsyntax.Body)
	if len(body.Blocks) != 1 || len(body.Attributes) != 0 || body.Blocks[0].Type != "connector" || body.Blocks[0].Labels[1] != "corner" {
		t.Fatalf("it is not the one block:\n%s", src)
	}
	return body.Blocks[0].Body
}
