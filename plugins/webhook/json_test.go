package webhook

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestWhatIsNotQuiteJSONIsRead(t *testing.T) {
	tests := []struct{ name, in, want, mended string }{
		{"what Microsoft tells people to type on Windows", `{'text':'Hello World'}`, `{"text":"Hello World"}`, "single quotes"},
		{"a single quote within", `{'text':'it\'s "so"'}`, `{"text":"it's \"so\""}`, "single quotes, an escaped single quote"},
		{"a single quote that needs no escape", `{"text":"it\'s"}`, `{"text":"it's"}`, "an escaped single quote"},
		{"names without quotes", `{text: "a", $b_2: 1, größe: 2, 3: 4}`, `{"text":"a","$b_2":1,"größe":2,"3":4}`, "names without quotes"},
		{"commas at the end", `{"a":[1,2,],"b":{"c":3,},}`, `{"a":[1,2],"b":{"c":3}}`, "a comma after the last member"},
		{"comments", "// by hand\n{/* a */\"a\" // b\n:1}// end", `{"a":1}`, "a comment"},
		{"what looks like comments in texts", `{'a':'http://b/*c*/'}`, `{"a":"http://b/*c*/"}`, "single quotes"},
		{"raw line breaks and tabs", "{\"a\":\"b\nc\r\nd\re\tf\"}", `{"a":"b\nc\nd\ne\tf"}`, "line breaks in a string, tabs in a string"},
		{"other control characters", "{\"a\":\"\x1b[31mred\x00\"}", `{"a":"[31mred"}`, "control characters in a string"},
		{"the path of a file in Windows", `{"a":"C:\disk\x, \u12"}`, `{"a":"C:\\disk\\x, \\u12"}`, "a lone backslash"},
		{"escapes that are right", `{'a':'\u00e9\n\\\/\ud83d\ude00'}`, `{"a":"é\n\\/😀"}`, "single quotes"},
		{"NULs at the end", "{\"a\":1}\x00\x00 \x00", `{"a":1}`, "a NUL at the end"},
		{"what Python prints", `{'a': True, 'b': None, 'c': False}`, `{"a":true,"b":null,"c":false}`, "single quotes, True for true, None for null, False for false"},
		{"numbers of other languages", `{"a":.5,"b":+1,"c":0x1F,"d":007,"e":NaN,"f":-Infinity,}`, `{"a":".5","b":"+1","c":"0x1F","d":"007","e":"NaN","f":"-Infinity"}`, "a number in a form that JSON does not have, a comma after the last member"},
		{"a blank that does not break", "{\"a\":\u00a01,}", `{"a":1}`, "a comma after the last member"},
		{"an empty list with a comma of its own", `{"a":[]}`, `{"a":[]}`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, mended, err := asJSON([]byte(test.in))
			if err != nil {
				t.Fatal(err)
			}
			var want, have any
			if err := json.Unmarshal([]byte(test.want), &want); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(got, &have); err != nil {
				t.Fatalf("it became no JSON: %v\n%s", err, got)
			}
			if diff := cmp.Diff(want, have); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if list := strings.Join(mended, ", "); list != test.mended {
				t.Errorf("mended %q, not %q", list, test.mended)
			}
		})
	}
}

func TestWhatIsNotNearlyJSONIsRefusedAtItsPlace(t *testing.T) {
	for in, want := range map[string]string{
		`{"a": }`:                       "line 1, column 7: a value is missing",
		"{\"a\": 1\n \"b\": 2}":         "line 2, column 2: a comma or } is missing",
		`{"a" 1}`:                       "line 1, column 6: a colon is missing",
		`{,}`:                           "line 1, column 2: a name is missing",
		`[1 2]`:                         "line 1, column 4: a comma or ] is missing",
		`[,]`:                           "line 1, column 2: a value is missing",
		`{"text": Hello}`:               "line 1, column 10: a string needs quotes",
		`{"text": "say "hi" to all"}`:   "line 1, column 16: a comma or } is missing",
		`{"text": "a`:                   "line 1, column 12: it ends too early",
		`{'a':1]`:                       "line 1, column 7: a comma or } is missing",
		`{/* a`:                         "line 1, column 2: a comment has no end",
		`{'é':1} x`:                     "line 1, column 9: there is more after the end of the JSON",
		"{'a':1}\x00{'b':1}":            "line 1, column 9: there is more after the end of the JSON",
		strings.Repeat("['a',", 10_000): "line 1, column 2562: it is nested too deeply",
		"[" + strings.Repeat("/", 2):    "line 1, column 4: it ends too early",
		`{'text': "a"`:                  "line 1, column 13: it ends too early",
	} {
		if _, _, err := asJSON([]byte(in)); err == nil || err.Error() != "The body is not JSON: "+want+"." {
			t.Errorf("%.40s: %v, not %s", in, err, want)
		}
	}
}

// TestJSONMeansTheSameHoweverItIsWritten writes values as JSON, which must stay what it
// is, and as a careless person would write them.
func TestJSONMeansTheSameHoweverItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := anyJSON(3).Draw(t, "value")
		valid, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if got, mended, err := asJSON(valid); err != nil || string(got) != string(valid) || mended != nil {
			t.Fatalf("%s became %s, %v, %v", valid, got, mended, err)
		}
		careless := carelessly(t, value)
		got, _, err := asJSON([]byte(careless))
		if err != nil {
			t.Fatalf("%s: %v", careless, err)
		}
		var want, have any
		if json.Unmarshal(valid, &want) != nil || json.Unmarshal(got, &have) != nil || !reflect.DeepEqual(want, have) {
			t.Fatalf("%s became %s, not %s", careless, got, valid)
		}
	})
}

func anyJSON(depth int) *rapid.Generator[any] {
	text := rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune("'\"\\/\n\t{}[]:,é😀")), rapid.RuneFrom([]rune("abc 0_")))).AsAny()
	kinds := []*rapid.Generator[any]{
		text, rapid.IntRange(-1e6, 1e6).AsAny(), rapid.Bool().AsAny(), rapid.Just(any(nil)),
	}
	if depth > 0 {
		kinds = append(kinds, rapid.SliceOfN(anyJSON(depth-1), 0, 4).AsAny(),
			rapid.MapOfN(rapid.StringMatching(`[a-z_$][a-z0-9 ']{0,5}`), anyJSON(depth-1), 0, 4).AsAny())
	}
	return rapid.OneOf(kinds...)
}

// carelessly writes a value with all that the retired connectors took.
func carelessly(t *rapid.T, v any) string {
	blank := func() string {
		return rapid.SampledFrom([]string{"", " ", "\n", "// c\n", "/* ' */", "\t"}).Draw(t, "blank")
	}
	comma := func() string { return rapid.SampledFrom([]string{"", ","}).Draw(t, "comma") }
	quoted := func(s string) string {
		quote := rapid.SampledFrom([]string{"'", `"`}).Draw(t, "quote")
		return quote + strings.NewReplacer(`\`, `\\`, quote, `\`+quote).Replace(s) + quote
	}
	var b strings.Builder
	switch v := v.(type) {
	case string:
		return quoted(v)
	case []any:
		for i, e := range v {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString(blank() + carelessly(t, e) + blank())
		}
		if len(v) > 0 {
			b.WriteString(comma())
		}
		return "[" + b.String() + blank() + "]"
	case map[string]any:
		first := true
		for name, e := range v {
			if !first {
				b.WriteString(",")
			}
			first = false
			if strings.ContainsAny(name, " '") || rapid.Bool().Draw(t, "quoted") {
				name = quoted(name)
			}
			b.WriteString(blank() + name + blank() + ":" + blank() + carelessly(t, e) + blank())
		}
		if len(v) > 0 {
			b.WriteString(comma())
		}
		return "{" + b.String() + blank() + "}"
	case nil:
		return rapid.SampledFrom([]string{"null", "None", "undefined"}).Draw(t, "null")
	}
	return fmt.Sprint(v)
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{'a':'b'}`, "{a:1,}//", "[1,/**/'\\u00e9\n']\x00", `{"a":{"b":[null,true,-1.5e3]}}`, "{'a':\"\\", "[[[["} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, mended, err := asJSON(in)
		switch {
		case json.Valid(in) && (err != nil || mended != nil || string(got) != string(in)):
			t.Errorf("JSON was changed: %q became %q, %v, %v", in, got, mended, err)
		case err == nil && !json.Valid(got):
			t.Errorf("%q became no JSON: %q", in, got)
		case len(got) > 6*len(in)+6:
			t.Errorf("%d bytes became %d", len(in), len(got))
		}
	})
}
