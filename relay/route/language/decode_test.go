package language

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"pgregory.net/rapid"
)

// TestDecode: within the bounds a value is what cty's own decoder makes of it.
func TestDecode(t *testing.T) {
	var anything func(level int) *rapid.Generator[any]
	anything = func(level int) *rapid.Generator[any] {
		list := []*rapid.Generator[any]{
			rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(), rapid.Int64().AsAny(), rapid.Float64Range(-1e300, 1e300).AsAny(),
		}
		if level < 4 {
			list = append(list,
				rapid.Deferred(func() *rapid.Generator[any] { return rapid.SliceOfN(anything(level+1), 0, 5).AsAny() }),
				rapid.Deferred(func() *rapid.Generator[any] {
					return rapid.MapOfN(rapid.StringN(0, 5, 20), anything(level+1), 0, 5).AsAny()
				}))
		}
		return rapid.OneOf(list...)
	}
	rapid.Check(t, func(t *rapid.T) {
		data, err := json.MarshalIndent(anything(0).Draw(t, "value"), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		typ, err := ctyjson.ImpliedType(data)
		if err != nil {
			return // two names that are the same to cty
		}
		want, err := ctyjson.Unmarshal(data, typ)
		if err != nil {
			return // a name that cty writes in another form, which its own reader does not find again
		}
		got, err := Decode(data, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !got.RawEquals(want) {
			t.Fatalf("%s:\n got %#v\nwant %#v", data, got, want)
		}
	})
}

func TestDecodeBounds(t *testing.T) {
	digits := strings.Repeat("9", 10_000)
	list := "[" + strings.Repeat("1,", mostMembers) + "1]"
	deepest := strings.Repeat("[", mostLevels-1) + strings.Repeat("]", mostLevels-1)
	inner := strings.Repeat("[", 9000) + strings.Repeat("]", 9000)
	nested := cty.StringVal(inner)
	for range mostLevels - 1 {
		nested = cty.TupleVal([]cty.Value{nested})
	}
	tests := map[string]struct {
		x    string
		want cty.Value
	}{
		"a tiny number":           {"1e-400000", cty.StringVal("1e-400000")},
		"a huge number":           {"1e999999999", cty.StringVal("1e999999999")},
		"many digits":             {digits, cty.StringVal(digits)},
		"a number as large as is": {"1.5e308", cty.MustParseNumberVal("1.5e308")},
		"too many members":        {list, cty.StringVal(list)},
		"too deep":                {strings.Repeat("[", mostLevels-1) + inner + strings.Repeat("]", mostLevels-1), nested},
		"the last of two":         {`1,"x":2`, cty.NumberIntVal(2)},
		"not UTF-8":               {"\"a\xff\"", cty.StringVal("a\ufffd")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Decode([]byte(`{"x":`+tt.x+`}`), nil)
			if err != nil {
				t.Fatal(err)
			}
			if !got.GetAttr("x").RawEquals(tt.want) {
				t.Errorf("got %#v", got)
			}
		})
	}
	if v, err := Decode([]byte(deepest), nil); err != nil || v.Type() == cty.String {
		t.Errorf("as deep as may be: %#v, %v", v, err)
	}
	for _, wrong := range []string{"", "[1", `{"x"}`, "[1}", `{"x":1} 2`, "nul", "[" + list[:len(list)-1]} {
		if v, err := Decode([]byte(wrong), nil); err == nil {
			t.Errorf("%.20q is %#v", wrong, v)
		}
	}
}

// TestDecodeNodes: beyond the bound for all together, lists stay text, and what stands
// beside them is still read.
func TestDecodeNodes(t *testing.T) {
	row := "[" + strings.TrimSuffix(strings.Repeat("1,", 1000), ",") + "]"
	data := `{"rows":[` + strings.TrimSuffix(strings.Repeat(row+",", 100), ",") + `],"later":[1],"branch":"main"}`
	v, err := Decode([]byte(data), nil)
	if err != nil {
		t.Fatal(err)
	}
	if branch := v.GetAttr("branch"); !branch.RawEquals(cty.StringVal("main")) {
		t.Errorf("the branch is %#v", branch)
	}
	rows := v.GetAttr("rows").AsValueSlice()
	if len(rows) != 100 || !rows[0].Type().IsTupleType() || rows[99].Type() != cty.String || v.GetAttr("later").Type() != cty.String {
		t.Errorf("%d rows, of which the last is %#v", len(rows), rows[len(rows)-1].Type())
	}
	// With the reach of a route that looks elsewhere, they cost nothing.
	v, err = Decode([]byte(data), Reach{"later": nil})
	if err != nil || !v.RawEquals(cty.ObjectVal(map[string]cty.Value{"later": cty.TupleVal([]cty.Value{cty.NumberIntVal(1)})})) {
		t.Errorf("got %#v, %v", v, err)
	}
}
