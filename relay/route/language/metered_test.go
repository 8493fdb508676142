package language

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// kinds are expressions of every kind that the language has.
func kinds() []string {
	return []string{
		`(1)`, `"a"`, `x.y`, `f(x)[0].y`, `upper(x)`, `x ? y : z`, `x[y]`, `[x, y]`, `{ a = x, (y) = z, "b" = 1 }`, `[for k, v in x : v if k]`, `{for k, v in x : k => v...}`,
		`x[*].y`, `x.*.y`, `x + y`, `-x`, `!x`, `"a${x}b"`, `"${x}"`, `"%{for v in x}${v}%{endfor}"`, `"%{if x}a%{else}b%{endif}"`, "<<-E\n  a${x}\nE\n",
	}
}

// TestMeteredEverywhere: of every kind of expression that HCL has, each part is
// metered. It fails when a new version of HCL has a new kind.
func TestMeteredEverywhere(t *testing.T) {
	found := make(map[string]bool)
	for _, text := range kinds() {
		expr, diags := hclsyntax.ParseExpression([]byte(text), "x.hcl", hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatal(text, diags)
		}
		_ = hclsyntax.VisitAll(expr, func(n hclsyntax.Node) hcl.Diagnostics { found[fmt.Sprintf("%T", n)] = true; return nil })
		_ = hclsyntax.VisitAll(Metered(expr), func(n hclsyntax.Node) hcl.Diagnostics {
			switch n := n.(type) {
			case metered, hclsyntax.ChildScope:
			case *hclsyntax.ScopeTraversalExpr: // the name of an object's member
			case *hclsyntax.AnonSymbolExpr: // what a splat puts into its own part
			default:
				t.Errorf("%s: a part is a bare %T", text, n)
			}
			return nil
		})
	}
	for _, kind := range []string{
		"ParenthesesExpr", "LiteralValueExpr", "ScopeTraversalExpr", "RelativeTraversalExpr", "FunctionCallExpr", "ConditionalExpr", "IndexExpr", "TupleConsExpr",
		"ObjectConsExpr", "ObjectConsKeyExpr", "ForExpr", "SplatExpr", "AnonSymbolExpr", "BinaryOpExpr", "UnaryOpExpr", "TemplateExpr", "TemplateJoinExpr", "TemplateWrapExpr",
	} {
		if !found["*hclsyntax."+kind] {
			t.Errorf("no expression here has a %s", kind)
		}
	}
}

// TestMeteredIsTheSame: metering changes no value.
func TestMeteredIsTheSame(t *testing.T) {
	for _, text := range []string{
		`(list[1] + 2) * -n`, `{ a = list, (text) = n, "b" = 1 }`, `[for i, v in list : "${i}=${v}" if v > 1]`, `{for v in list : "k" => v...}`, `objects[*].id`, `objects.*.id[0]`,
		`"%{for v in list}<${v}>%{endfor}%{if n > 1}y%{endif}"`, `n > 1 ? upper(text) : null`, `try(list[9], text)`, `can(list[9])`, `max(list...)`, `format("%s: %d %5.1f%%", text, n, n)`,
		`format("%s", "4e123456")`, `text == "4e123456"`, `jsondecode("{\"a\": [1, null]}").a[0]`, `merge({ a = 1 }, { b = 2 }).b`, `lookup({ a = 1 }, "a", 2)`,
		`regexreplace(text, "(t)", "<$1>")`, `join("-", split("e", text))`, `sort(distinct(["b", "a", "b"]))`, `setproduct(["a"], ["b", "c"])`, `text[0]`, `nothing.here`, `unknown(1)`,
	} {
		expr, diags := hclsyntax.ParseExpression([]byte(text), "x.hcl", hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatal(text, diags)
		}
		base := &hcl.EvalContext{Functions: Functions(t.TempDir())}
		variables := map[string]cty.Value{
			"list": cty.TupleVal([]cty.Value{cty.NumberIntVal(1), cty.NumberIntVal(2)}), "n": cty.NumberIntVal(3), "text": cty.StringVal("text"),
			"objects": cty.TupleVal([]cty.Value{cty.ObjectVal(map[string]cty.Value{"id": cty.NumberIntVal(1)})}),
		}
		plain := base.NewChild()
		plain.Variables = variables
		want, wantDiags := expr.Value(plain)
		m := NewMeter()
		got, gotDiags := Metered(expr).Value(m.Scope(base, variables))
		if !got.RawEquals(want) || gotDiags.Error() != wantDiags.Error() {
			t.Errorf("%s:\n got %#v, %v\nwant %#v, %v", text, got, gotDiags, want, wantDiags)
		}
		if m.left == evaluationUnits {
			t.Errorf("%s: nothing was charged", text)
		}
	}
}

// TestMeterClock: what a unit fails to measure, the clock does.
func TestMeterClock(t *testing.T) {
	m := NewMeter()
	m.end = time.Now()
	err := m.Bound(func() error {
		for range 2 * clockEvery {
			m.Charge(0)
		}
		return nil
	})
	if !errors.Is(err, errTooSlow) {
		t.Errorf("got %v", err)
	}
}

// TestOutrageous: what is read as a number is one that costs nothing.
func TestOutrageous(t *testing.T) {
	for text, want := range map[string]bool{
		"1": false, "-1.5e300": false, "1e-400": false, "1e401": true, "1e-400000": true, "1E+999999999": true, "1p-2000000000": true, "1e0000000000000000001": false,
		"1e99999999999999999999999": true, "release": false, "1e5x": false, "": false, strings.Repeat("9", 500): true,
	} {
		if got := outrageous(text); got != want {
			t.Errorf("%.30q: %t", text, got)
		}
	}
}
