package language

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

func parse(t *testing.T, text string) hclsyntax.Expression {
	t.Helper()
	expr, diags := hclsyntax.ParseExpression([]byte(text), "x", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return expr
}

func TestFunctions(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte("content\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LANGUAGE_TEST", "value")
	t.Setenv("LANGUAGE_EMPTY", "")
	ctx := &hcl.EvalContext{Functions: Functions(dir)}
	for text, want := range map[string]string{
		`env("LANGUAGE_TEST")`: `"value"`, `env("LANGUAGE_NONE", "d")`: `"d"`, `env("LANGUAGE_TEST", "d")`: `"value"`, `env("LANGUAGE_EMPTY", "d")`: `""`,
		`env("LANGUAGE_NONE", null)`: `null`, `file("f")`: `"content"`, `file("` + dir + `/f")`: `"content"`,
		`upper("a")`: `"A"`, `lower("A")`: `"a"`, `title("a b")`: `"A B"`, `trimspace(" a ")`: `"a"`, `trim("xax", "x")`: `"a"`,
		`trimprefix("ab", "a")`: `"b"`, `trimsuffix("ab", "b")`: `"a"`, `replace("aba", "a", "x")`: `"xbx"`, `regex("[0-9]+", "a12")`: `"12"`,
		`regexall("[0-9]", "a12")[1]`: `"2"`, `split(",", "a,b")[1]`: `"b"`, `join("-", ["a", "b"])`: `"a-b"`, `format("%s %d", "a", 1)`: `"a 1"`,
		`formatlist("%s!", ["a"])[0]`: `"a!"`, `formatdate("YYYY", "2026-01-02T03:04:05Z")`: `"2026"`, `substr("abc", 1, 1)`: `"b"`, `strlen("é")`: `1`,
		`length("abc")`: `3`, `length(["a"])`: `1`, `length({ a = 1 })`: `1`, `contains(["a"], "a")`: `true`, `contains("abc", "b")`: `true`, `contains("abc", "d")`: `false`,
		`keys({ a = 1 })[0]`: `"a"`, `values({ a = 1 })[0]`: `1`, `lookup({ a = 1 }, "b", 2)`: `2`, `lookup({ a = 1 }, "a")`: `1`, `lookup(tomap({ a = 1 }), "a", 2)`: `1`, `lookup(tomap({ a = 1 }), "b", null)`: `null`, `merge({ a = 1 }, { b = 2 }).b`: `2`, `concat(["a"], ["b"])[1]`: `"b"`,
		`length(distinct(["a", "a"]))`: `1`, `flatten([["a"]])[0]`: `"a"`, `compact(["", "a"])[0]`: `"a"`, `coalesce(null, "a")`: `"a"`, `element(["a", "b"], 3)`: `"b"`,
		`slice(["a", "b"], 1, 2)[0]`: `"b"`, `sort(["b", "a"])[0]`: `"a"`, `reverse(["b", "a"])[0]`: `"a"`, `range(3)[2]`: `2`, `min(1, 2)`: `1`, `max(1, 2)`: `2`,
		`abs(-1)`: `1`, `ceil(1.1)`: `2`, `floor(1.9)`: `1`, `jsonencode({ a = 1 })`: `"{\"a\":1}"`, `jsondecode("[1]")[0]`: `1`, `base64encode("é")`: `"w6k="`, `base64decode("w6k=")`: `"é"`,
		`urlencode("a b&c")`: `"a+b%26c"`, `startswith("ab", "a")`: `true`, `endswith("ab", "a")`: `false`, `try(nothing.x, "d")`: `"d"`, `can(parseint("x", 10))`: `false`,
		`tostring(1)`: `"1"`, `tonumber("1")`: `1`, `tobool("true")`: `true`, `length(toset(["a", "a"]))`: `1`, `tolist(["a"])[0]`: `"a"`, `tomap({ a = "b" }).a`: `"b"`,
		`escape("plain")`: `"plain"`, `strrev("ab")`: `"ba"`, `zipmap(["a"], [1]).a`: `1`, `timeadd("2026-01-02T03:04:05Z", "1h")`: `"2026-01-02T04:04:05Z"`,
	} {
		v, diags := parse(t, text).Value(ctx)
		if diags.HasErrors() {
			t.Errorf("%s: %v", text, diags)
			continue
		}
		v, _ = Reveal(v)
		if got := shown(v); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

// shown writes a value as HCL would.
func shown(v cty.Value) string {
	switch {
	case v.IsNull():
		return "null"
	case v.Type() == cty.String:
		return Quoted([]string{v.AsString()})[0]
	case v.Type() == cty.Number:
		return v.AsBigFloat().Text('f', -1)
	case v.Type() == cty.Bool && v.True():
		return "true"
	default:
		return "false"
	}
}

// What came from env or file stays hidden through whatever is made of it, and no
// error shows it, nor the name or path if that was hidden.
func TestHiddenValues(t *testing.T) {
	t.Setenv("LANGUAGE_TEST", "canary")
	ctx := &hcl.EvalContext{Functions: Functions(t.TempDir())}
	for _, text := range []string{
		`env("LANGUAGE_TEST")`, `upper(env("LANGUAGE_TEST"))`, `"a ${env("LANGUAGE_TEST")}"`, `[env("LANGUAGE_TEST")]`, `{ a = [env("LANGUAGE_TEST")] }`,
		`{ "${env("LANGUAGE_TEST")}" = 1 }`, `split("n", env("LANGUAGE_TEST"))`, `[for c in split("n", env("LANGUAGE_TEST")) : c]`, `length(env("LANGUAGE_TEST"))`,
		`env("LANGUAGE_TEST") == "x" ? 1 : 2`, `base64encode(env("LANGUAGE_TEST"))`, `jsonencode({ a = env("LANGUAGE_TEST") })`, `env("LANGUAGE_NONE", env("LANGUAGE_TEST"))`,
		`contains(["a"], env("LANGUAGE_TEST"))`, `try(env("LANGUAGE_TEST"), "")`, `coalesce(env("LANGUAGE_TEST"))`,
	} {
		v, diags := Evaluate(parse(t, text), ctx, false)
		if diags.HasErrors() {
			t.Errorf("%s: %v", text, diags)
			continue
		}
		if _, hidden := Reveal(v); !hidden {
			t.Errorf("%s is not hidden", text)
		}
	}
	for _, text := range []string{
		`tonumber(env("LANGUAGE_TEST"))`, `jsondecode(env("LANGUAGE_TEST"))`, `file(env("LANGUAGE_TEST"))`, `env(env("LANGUAGE_TEST"))`, `env("LANGUAGE_TEST").x`,
		`regex(env("LANGUAGE_TEST"), "x")`, `regex("(", env("LANGUAGE_TEST"))`, `formatdate("YYYY", env("LANGUAGE_TEST"))`, `parseint(env("LANGUAGE_TEST"), 10)`,
		`{ a = 1 }[env("LANGUAGE_TEST")]`, `[for x in split(",", env("LANGUAGE_TEST")) : x.y]`, `-env("LANGUAGE_TEST")`, `timeadd(env("LANGUAGE_TEST"), "1h")`,
		`try(tonumber(env("LANGUAGE_TEST")), file(env("LANGUAGE_TEST")))`, `base64decode(env("LANGUAGE_TEST"))`, `format("%d", env("LANGUAGE_TEST"))`, `csvdecode("a\n\"${env("LANGUAGE_TEST")}")`,
		`{ for x in [1, 2] : env("LANGUAGE_TEST") => x }`,
	} {
		_, diags := Evaluate(parse(t, text), ctx, false)
		if !diags.HasErrors() {
			t.Errorf("%s succeeds", text)
		}
		var b strings.Builder
		if err := hcl.NewDiagnosticTextWriter(&b, nil, 78, false).WriteDiagnostics(diags); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String()+diags.Error()+OneLine(diags), "canary") {
			t.Errorf("%s shows the secret: %s", text, b.String())
		}
	}
}

func TestCanonical(t *testing.T) {
	same := [][]string{
		{`a && (b)`, `a&&b`, "(a\n&&b)"},
		{`[1, 2]`, "[\n1,\n2,\n]"},
		{`{ a = 1, b = 2 }`, "{\na: 1\nb: 2\n}"},
		{`"x ${a} y"`, `"x ${ a } y"`},
		{`f(a, 1.0)`, `f( a , 1 )`},
	}
	seen := make(map[string]string)
	for _, group := range same {
		first := CanonicalExpression(parse(t, group[0]), nil)
		for _, text := range group[1:] {
			if got := CanonicalExpression(parse(t, text), nil); got != first {
				t.Errorf("%q: %s, but %q: %s", group[0], first, text, got)
			}
		}
	}
	for _, text := range []string{
		"a", "b", "a.b", "a.c", "a[0]", "a[1]", `a["x"]`, "!a", "-a", "a+b", "a-b", "a*b", "a/b", "a%b", "a<b", "a>b", "a<=b", "a>=b", "a==b", "a!=b", "a&&b", "a||b",
		"(a||b)&&c", "a||b&&c", "f(a)", "g(a)", "f(a...)", "f(a, b)", "[a, b]", "[b, a]", "{a=b}", "{(a)=b}", "{b=a}", `"a"`, `"b"`, `"a${b}"`, "null", "true", "false", "1", "2", `"1"`,
		"a ? b : c", "a ? c : b", "[for x in a : x]", "[for y in a : y]", "{for k, v in a : k => v}", "{for k, v in a : k => v...}", "[for x in a : x if b]", "a[*].b", "a[b]", "f().x", "f().y",
	} {
		got := CanonicalExpression(parse(t, text), nil)
		if other, ok := seen[got]; ok {
			t.Errorf("%q and %q are both %s", text, other, got)
		}
		seen[got] = text
	}
}
