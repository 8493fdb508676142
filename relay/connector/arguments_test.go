package connector

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type shared struct {
	Token string `relay:"token,secret" doc:"A token."`
}

type server1 struct {
	Host string `relay:"host,required" doc:"Where it is."`
	Port uint16 `relay:"port" default:"443"`
}

// endless has no end, so it has no type in the configuration.
type endless struct {
	Next []*endless `relay:"next"`
}

type every struct {
	shared
	ignored string //nolint:unused // it has no tag, so it is no argument

	Text   string            `relay:"text,required" doc:"A text."`
	Order  string            `relay:"order" default:"new" allowed:"new,old"`
	On     bool              `relay:"on" default:"true"`
	Count  int               `relay:"count"`
	Small  int8              `relay:"small"`
	Ratio  float64           `relay:"ratio"`
	Every  time.Duration     `relay:"every" default:"1m30s"`
	Maybe  *bool             `relay:"maybe"`
	List   []string          `relay:"list" default:"[\"a\"]"`
	Labels map[string]string `relay:"labels"`
	Server server1           `relay:"server"`
	More   []server1         `relay:"more"`
	Any    any               `relay:"any"`
	Raw    json.RawMessage   `relay:"raw"`
}

func (*every) Describe() Description { return Description{Type: "every"} }

func every2(t *testing.T) []field {
	t.Helper()
	fields, err := schemaOf(reflect.TypeFor[*every]())
	if err != nil {
		t.Fatal(err)
	}
	return fields
}

func TestTheSchemaIsReadFromTheTags(t *testing.T) {
	var got []Argument
	for _, f := range every2(t) {
		got = append(got, f.Argument)
	}
	text, number, truth, anything := ValueType{Kind: ValueString}, ValueType{Kind: ValueNumber}, ValueType{Kind: ValueBool}, ValueType{Kind: ValueAny}
	server := ValueType{Kind: ValueObject, Attributes: []Argument{
		{Name: "host", Type: text, Required: true, Doc: "Where it is."},
		{Name: "port", Type: number, Default: "443"},
	}}
	want := []Argument{
		{Name: "token", Type: text, Secret: true, Doc: "A token."},
		{Name: "text", Type: text, Required: true, Doc: "A text."},
		{Name: "order", Type: text, Default: `"new"`, Allowed: []string{"new", "old"}},
		{Name: "on", Type: truth, Default: "true"},
		{Name: "count", Type: number},
		{Name: "small", Type: number},
		{Name: "ratio", Type: number},
		{Name: "every", Type: text, Default: `"1m30s"`},
		{Name: "maybe", Type: truth},
		{Name: "list", Type: ValueType{Kind: ValueList, Element: &text}, Default: `["a"]`},
		{Name: "labels", Type: ValueType{Kind: ValueMap, Element: &text}},
		{Name: "server", Type: server},
		{Name: "more", Type: ValueType{Kind: ValueList, Element: &server}},
		{Name: "any", Type: anything},
		{Name: "raw", Type: anything},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
}

func TestATypeIsShownAsTheConfigurationHasIt(t *testing.T) {
	shown := make(map[string]string)
	for _, f := range every2(t) {
		shown[f.Name] = f.Type.String()
	}
	for name, want := range map[string]string{
		"text": "string", "every": "string", "on": "bool", "count": "number", "any": "any", "list": "list(string)", "labels": "map(string)",
		"server": "object({host=string,port=optional(number)})", "more": "list(object({host=string,port=optional(number)}))",
	} {
		if shown[name] != want {
			t.Errorf("%s is shown as %s, want %s", name, shown[name], want)
		}
	}
}

func TestAnAuthorsMistakesAreFound(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{struct{}{}, "must be a pointer to a struct"},
		{&struct {
			A string `relay:"a,needed"`
		}{}, `"needed" is neither required nor secret`},
		{&struct {
			A chan int `relay:"a"`
		}{}, "cannot be of type chan int"},
		{&struct {
			a string `relay:"a"`
		}{}, "must be exported"},
		{&struct {
			A int `relay:"a" default:"x"`
		}{}, "the default is not valid JSON"},
		{&struct {
			A int8 `relay:"a" default:"300"`
		}{}, "the default must be a whole number of at most 8 bits"},
		{&struct {
			A time.Duration `relay:"a" default:"5"`
		}{}, "the default must be a duration"},
		{&struct {
			A string `relay:"a" default:"x" allowed:"y,z"`
		}{}, "the default must be one of y, z"},
		{&struct {
			A string `relay:"a,required" default:"x"`
		}{}, "cannot have a default"},
		{&struct {
			A int `relay:"a" allowed:"1,2"`
		}{}, "only a string can have allowed values"},
		{&struct {
			A struct{} `relay:"a"`
		}{}, "has no field with a relay tag"},
		{&struct {
			A endless `relay:"a"`
		}{}, "cannot contain itself"},
		{&struct {
			A string `relay:"a"`
			B string `relay:"a"`
		}{}, `two arguments "a"`},
	} {
		if _, err := schemaOf(reflect.TypeOf(c.v)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T: got %v, want %q", c.v, err, c.want)
		}
	}
}

func TestArgumentsAreDecoded(t *testing.T) {
	var got every
	problems := decodeArguments(every2(t), []byte(`{
		"text": "x", "token": "t", "order": null, "count": 5.0, "small": -128, "ratio": 1e-3, "every": "2h", "maybe": false,
		"labels": {"a": "b"}, "server": {"host": "h"}, "more": [{"host": "i", "port": 1}], "any": {"a": [1]}, "raw": [1, 2]
	}`), &got)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	no := false
	want := every{
		shared: shared{Token: "t"}, Text: "x", Order: "new", On: true, Count: 5, Small: -128, Ratio: .001, Every: 2 * time.Hour, Maybe: &no,
		List: []string{"a"}, Labels: map[string]string{"a": "b"}, Server: server1{"h", 443}, More: []server1{{"i", 1}},
		Any: map[string]any{"a": []any{1.0}}, Raw: json.RawMessage("[1, 2]"),
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(every{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestProblemsNameTheArgumentAndNotTheValue(t *testing.T) {
	const secret = "s3cr3t"
	for given, want := range map[string]Problem{
		`[]`:                                           {"", "the arguments are not a JSON object"},
		`{}`:                                           {"text", "is required"},
		`{"text":"x","nope":"s3cr3t"}`:                 {"nope", "this argument does not exist; remove it"},
		`{"text":["s3cr3t"]}`:                          {"text", "must be text"},
		`{"text":"x","on":"s3cr3t"}`:                   {"on", "must be true or false"},
		`{"text":"x","count":"5"}`:                     {"count", "must be a number"},
		`{"text":"x","count":5.5}`:                     {"count", "must be a whole number"},
		`{"text":"x","small":200}`:                     {"small", "must be a whole number of at most 8 bits"},
		`{"text":"x","every":"s3cr3t"}`:                {"every", `must be a duration such as "30s" or "1h30m"`},
		`{"text":"x","order":"s3cr3t"}`:                {"order", "must be one of new, old"},
		`{"text":"x","list":{}}`:                       {"list", "must be a list"},
		`{"text":"x","list":["a",3]}`:                  {"list[1]", "must be text"},
		`{"text":"x","labels":{"a":1}}`:                {"labels.a", "must be text"},
		`{"text":"x","server":{}}`:                     {"server.host", "is required"},
		`{"text":"x","server":3}`:                      {"server", "must be an object"},
		`{"text":"x","more":[{"port":1}]}`:             {"more[0].host", "is required"},
		`{"text":"x","more":[{"host":"h","port":-1}]}`: {"more[0].port", "must be a whole number that is not negative"},
	} {
		problems := decodeArguments(every2(t), []byte(given), &every{})
		if len(problems) != 1 || problems[0] != want {
			t.Errorf("%s: got %v, want %v", given, problems, want)
		}
		if strings.Contains(problems[0].Message, secret) {
			t.Errorf("%s: the problem shows the value", given)
		}
	}
}

func FuzzArguments(f *testing.F) {
	f.Add([]byte(`{"text":"x","more":[{"host":"h"}],"any":null,"count":1e99,"small":-0.0,"labels":{"":""}}`))
	f.Add([]byte(`{"text":"x","raw":`))
	fields, err := schemaOf(reflect.TypeFor[*every]())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if problems := decodeArguments(fields, raw, &every{}); len(problems) == 0 && !json.Valid(raw) && len(raw) > 0 {
			t.Error("invalid JSON was taken")
		}
	})
}
