package language

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/connector-relay/relay/relay/card"
)

// Functions returns the functions of relay.hcl by name. Paths are relative to dir. The
// functions are safe for concurrent use.
func Functions(dir string) map[string]function.Function {
	functions := PureFunctions()
	functions["env"], functions["file"], functions["secret"] = envFunction(), fileFunction(dir), SecretFunction(nil)
	return functions
}

// PureFunctions returns the functions that read nothing but their arguments: all except
// env, file and secret.
func PureFunctions() map[string]function.Function {
	functions := map[string]function.Function{
		"escape": textFunction("Makes text literal in a card's Markdown.", func(s string) (string, error) { return card.Escape(s), nil }),
		"try":    tryfunc.TryFunc,
		"can":    tryfunc.CanFunc,
	}
	for _, more := range []map[string]function.Function{texts(), collections(), numbers(), encodings(), conversions()} {
		maps.Copy(functions, more)
	}
	for name, doc := range descriptions() {
		functions[name] = functions[name].WithNewDescriptions(doc, make([]string, len(functions[name].Params())))
	}
	return functions
}

// descriptions describe the functions that have no description of their own.
func descriptions() map[string]string {
	return map[string]string{
		"can":        "Whether an expression can be evaluated, such as can(event.data.branch).",
		"contains":   "Whether a list contains an element, or a text another text.",
		"endswith":   "Whether a text ends with another.",
		"length":     "The number of elements of a collection, or of characters of a text.",
		"lookup":     "A member of an object or map by name, or the default when there is none.",
		"startswith": "Whether a text starts with another.",
		"try":        "The first argument that can be evaluated, such as try(event.data.branch, \"none\").",
	}
}

func texts() map[string]function.Function {
	return map[string]function.Function{
		"chomp":        stdlib.ChompFunc,
		"endswith":     compareFunction("suffix", strings.HasSuffix),
		"format":       stdlib.FormatFunc,
		"formatdate":   stdlib.FormatDateFunc,
		"formatlist":   stdlib.FormatListFunc,
		"indent":       stdlib.IndentFunc,
		"join":         stdlib.JoinFunc,
		"lower":        stdlib.LowerFunc,
		"regex":        stdlib.RegexFunc,
		"regexall":     stdlib.RegexAllFunc,
		"regexreplace": stdlib.RegexReplaceFunc,
		"replace":      stdlib.ReplaceFunc,
		"split":        stdlib.SplitFunc,
		"startswith":   compareFunction("prefix", strings.HasPrefix),
		"strlen":       stdlib.StrlenFunc,
		"strrev":       stdlib.ReverseFunc,
		"substr":       stdlib.SubstrFunc,
		"timeadd":      stdlib.TimeAddFunc,
		"title":        stdlib.TitleFunc,
		"trim":         stdlib.TrimFunc,
		"trimprefix":   stdlib.TrimPrefixFunc,
		"trimspace":    stdlib.TrimSpaceFunc,
		"trimsuffix":   stdlib.TrimSuffixFunc,
		"upper":        stdlib.UpperFunc,
	}
}

func collections() map[string]function.Function {
	return map[string]function.Function{
		"chunklist":       stdlib.ChunklistFunc,
		"coalesce":        stdlib.CoalesceFunc,
		"coalescelist":    stdlib.CoalesceListFunc,
		"compact":         stdlib.CompactFunc,
		"concat":          stdlib.ConcatFunc,
		"contains":        containsFunction(),
		"distinct":        stdlib.DistinctFunc,
		"element":         stdlib.ElementFunc,
		"flatten":         stdlib.FlattenFunc,
		"index":           stdlib.IndexFunc,
		"keys":            stdlib.KeysFunc,
		"length":          lengthFunction(),
		"lookup":          lookupFunction(),
		"merge":           stdlib.MergeFunc,
		"range":           stdlib.RangeFunc,
		"reverse":         stdlib.ReverseListFunc,
		"setintersection": stdlib.SetIntersectionFunc,
		"setproduct":      stdlib.SetProductFunc,
		"setsubtract":     stdlib.SetSubtractFunc,
		"setunion":        stdlib.SetUnionFunc,
		"slice":           stdlib.SliceFunc,
		"sort":            stdlib.SortFunc,
		"values":          stdlib.ValuesFunc,
		"zipmap":          stdlib.ZipmapFunc,
	}
}

func numbers() map[string]function.Function {
	return map[string]function.Function{
		"abs":      stdlib.AbsoluteFunc,
		"ceil":     stdlib.CeilFunc,
		"floor":    stdlib.FloorFunc,
		"int":      stdlib.IntFunc,
		"log":      stdlib.LogFunc,
		"max":      stdlib.MaxFunc,
		"min":      stdlib.MinFunc,
		"parseint": stdlib.ParseIntFunc,
		"pow":      stdlib.PowFunc,
		"signum":   stdlib.SignumFunc,
	}
}

func encodings() map[string]function.Function {
	return map[string]function.Function{
		"base64decode": textFunction("Decodes Base64 text.", decodeBase64),
		"base64encode": textFunction("Encodes text as Base64.", func(s string) (string, error) {
			return base64.StdEncoding.EncodeToString([]byte(s)), nil
		}),
		"csvdecode":  stdlib.CSVDecodeFunc,
		"jsondecode": jsonDecodeFunction(),
		"jsonencode": stdlib.JSONEncodeFunc,
		"urlencode": textFunction("Encodes text for a URL's query.", func(s string) (string, error) {
			return url.QueryEscape(s), nil
		}),
	}
}

// jsonDecodeFunction decodes JSON within the bounds of [Decode]. It decodes twice,
// because the type of the result is known only afterwards.
func jsonDecodeFunction() function.Function {
	decode := func(args []cty.Value) (cty.Value, error) {
		v, err := Decode([]byte(args[0].AsString()), nil)
		if err != nil {
			return cty.NilVal, fmt.Errorf("it is not JSON: %w", err)
		}
		return v, nil
	}
	return function.New(&function.Spec{
		Description: "Reads JSON.",
		Params:      []function.Parameter{{Name: "text", Type: cty.String}},
		Type: func(args []cty.Value) (cty.Type, error) {
			if !args[0].IsKnown() {
				return cty.DynamicPseudoType, nil
			}
			v, err := decode(args)
			if err != nil {
				return cty.NilType, err
			}
			return v.Type(), nil
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return decode(args) },
	})
}

func conversions() map[string]function.Function {
	return map[string]function.Function{
		"tobool":   stdlib.MakeToFunc(cty.Bool),
		"tolist":   stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)),
		"tomap":    stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),
		"tonumber": stdlib.MakeToFunc(cty.Number),
		"toset":    stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)),
		"tostring": stdlib.MakeToFunc(cty.String),
	}
}

var errNotBase64 = errors.New("it is not Base64 of UTF-8 text")

func decodeBase64(s string) (string, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || !utf8.Valid(b) {
		return "", errNotBase64
	}
	return string(b), nil
}

// textFunction returns a function from one text to another.
func textFunction(description string, f func(string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Description: description,
		Params:      []function.Parameter{{Name: "text", Type: cty.String}},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := f(args[0].AsString())
			if err != nil {
				return cty.NilVal, err
			}
			return cty.StringVal(s), nil
		},
	})
}

// compareFunction returns a comparison of two texts.
func compareFunction(second string, f func(string, string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: second, Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(f(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

// lengthFunction counts the elements of a collection or the characters of a text.
func lengthFunction() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowDynamicType: true, AllowUnknown: true}},
		Type:   function.StaticReturnType(cty.Number),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v := args[0]
			switch t := v.Type(); {
			case t == cty.DynamicPseudoType:
				return cty.UnknownVal(cty.Number), nil
			case t == cty.String:
				return stdlib.Strlen(v)
			case t.IsObjectType():
				return cty.NumberIntVal(int64(len(t.AttributeTypes()))), nil
			}
			return stdlib.Length(v)
		},
	})
}

var errNoMember = errors.New("there is no such member and no default")

// lookupFunction reads a member of an object or map that may be missing. Unlike the
// usual lookup it accepts null as the default.
func lookupFunction() function.Function {
	find := func(args []cty.Value) (cty.Value, error) {
		t, key := args[0].Type(), args[1].AsString()
		switch {
		case t.IsObjectType() && t.HasAttribute(key):
			return args[0].GetAttr(key), nil
		case t.IsMapType() && args[0].HasIndex(args[1]).True():
			return args[0].Index(args[1]), nil
		case !t.IsObjectType() && !t.IsMapType():
			return cty.NilVal, function.NewArgErrorf(0, "an object or a map is required")
		case len(args) != 3:
			return cty.NilVal, errNoMember
		}
		return args[2], nil
	}
	return function.New(&function.Spec{
		Params: []function.Parameter{
			{Name: "object", Type: cty.DynamicPseudoType},
			{Name: "name", Type: cty.String},
		},
		VarParam: &function.Parameter{Name: "default", Type: cty.DynamicPseudoType, AllowNull: true, AllowDynamicType: true},
		Type: func(args []cty.Value) (cty.Type, error) {
			if len(args) > 3 {
				return cty.NilType, function.NewArgErrorf(3, "at most one default is allowed")
			}
			for _, arg := range args[:2] {
				if !arg.IsKnown() {
					return cty.DynamicPseudoType, nil
				}
			}
			v, err := find(args)
			if err != nil {
				return cty.NilType, err
			}
			return v.Type(), nil
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return find(args) },
	})
}

// containsFunction looks for an element in a collection, or for a text in another.
func containsFunction() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{
			{Name: "collection", Type: cty.DynamicPseudoType, AllowDynamicType: true},
			{Name: "value", Type: cty.DynamicPseudoType, AllowDynamicType: true},
		},
		Type: function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if args[0].Type() == cty.String && args[1].Type() == cty.String {
				return cty.BoolVal(strings.Contains(args[0].AsString(), args[1].AsString())), nil
			}
			return stdlib.Contains(args[0], args[1])
		},
	})
}
