package connector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// decodeArguments fills the struct behind c from a JSON object. A problem never
// holds a value: it may be a secret.
func decodeArguments(fields []field, raw []byte, c Connector) []Problem {
	var given map[string]json.RawMessage
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &given); err != nil {
			return []Problem{{Message: "the arguments are not a JSON object"}}
		}
	}
	return decodeFields(fields, given, reflect.ValueOf(c).Elem(), "")
}

func decodeFields(fields []field, given map[string]json.RawMessage, into reflect.Value, path string) []Problem {
	var problems []Problem
	for _, f := range fields {
		raw := given[f.Name]
		delete(given, f.Name)
		if isNull(raw) && f.Default != "" {
			raw = json.RawMessage(f.Default)
		}
		a := f.Argument
		a.Name = path + f.Name
		problems = append(problems, decodeArgument(a, raw, into.FieldByIndex(f.index))...)
	}
	for name := range given {
		problems = append(problems, Problem{Argument: path + name, Message: "this argument does not exist; remove it"})
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return strings.Compare(a.Argument, b.Argument) })
	return problems
}

func isNull(raw json.RawMessage) bool {
	return len(raw) == 0 || bytes.Equal(raw, []byte("null"))
}

func decodeArgument(a Argument, raw json.RawMessage, into reflect.Value) []Problem {
	if isNull(raw) {
		if a.Required {
			return []Problem{{Argument: a.Name, Message: "is required"}}
		}
		return nil
	}
	if problems := decodeValue(a.Name, raw, into); len(problems) > 0 {
		return problems
	}
	if len(a.Allowed) > 0 && !slices.Contains(a.Allowed, into.String()) {
		return []Problem{{Argument: a.Name, Message: "must be one of " + strings.Join(a.Allowed, ", ")}}
	}
	return nil
}

// decodeValue is not encoding/json's Unmarshal because that knows neither the
// tags nor durations, and because its errors do not name the argument.
func decodeValue(path string, raw json.RawMessage, into reflect.Value) []Problem {
	wrong := func(what string) []Problem { return []Problem{{Argument: path, Message: "must be " + what}} }
	if isNull(raw) {
		return nil
	}
	switch into.Type() {
	case reflect.TypeFor[json.RawMessage]():
		into.SetBytes(slices.Clone(raw))
		return nil
	case reflect.TypeFor[time.Duration]():
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return wrong(`a duration such as "30s" or "1h30m"`)
		}
		d, err := time.ParseDuration(text)
		if err != nil {
			return wrong(`a duration such as "30s" or "1h30m"`)
		}
		into.SetInt(int64(d))
		return nil
	}
	switch into.Kind() {
	case reflect.String, reflect.Bool, reflect.Interface:
		if json.Unmarshal(raw, into.Addr().Interface()) != nil {
			return wrong(map[reflect.Kind]string{reflect.String: "text", reflect.Bool: "true or false"}[into.Kind()])
		}
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		return decodeValue(path, raw, into.Elem())
	case reflect.Slice:
		return decodeList(path, raw, into)
	case reflect.Map:
		return decodeMap(path, raw, into)
	case reflect.Struct:
		return decodeStruct(path, raw, into)
	default:
		if what := decodeNumber(raw, into); what != "" {
			return wrong(what)
		}
	}
	return nil
}

// decodeNumber returns what the number should have been, or an empty string when it is right.
func decodeNumber(raw json.RawMessage, into reflect.Value) string {
	var n json.Number
	if raw[0] == '"' || json.Unmarshal(raw, &n) != nil {
		return "a number"
	}
	f, err := n.Float64()
	if err != nil {
		return "a number"
	}
	whole, err := strconv.ParseInt(n.String(), 10, 64)
	if err != nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		whole, err = int64(f), nil
	}
	switch {
	case into.CanFloat():
		if into.OverflowFloat(f) {
			return "a smaller number"
		}
		into.SetFloat(f)
	case err != nil:
		return "a whole number"
	case into.CanInt():
		if into.OverflowInt(whole) {
			return fmt.Sprintf("a whole number of at most %d bits", into.Type().Bits())
		}
		into.SetInt(whole)
	case whole < 0:
		return "a whole number that is not negative"
	default:
		if into.OverflowUint(uint64(whole)) {
			return fmt.Sprintf("a whole number of at most %d bits", into.Type().Bits())
		}
		into.SetUint(uint64(whole))
	}
	return ""
}

func decodeList(path string, raw json.RawMessage, into reflect.Value) []Problem {
	var elements []json.RawMessage
	if json.Unmarshal(raw, &elements) != nil {
		return []Problem{{Argument: path, Message: "must be a list"}}
	}
	var problems []Problem
	list := reflect.MakeSlice(into.Type(), len(elements), len(elements))
	for i, element := range elements {
		problems = append(problems, decodeValue(fmt.Sprintf("%s[%d]", path, i), element, list.Index(i))...)
	}
	into.Set(list)
	if p, ok := reflect.TypeAssert[Patterns](list); ok && !p.Valid() {
		problems = append(problems, Problem{Argument: path, Message: "One of the patterns is not valid: a [ is never closed."})
	}
	return problems
}

func decodeMap(path string, raw json.RawMessage, into reflect.Value) []Problem {
	var elements map[string]json.RawMessage
	if json.Unmarshal(raw, &elements) != nil {
		return []Problem{{Argument: path, Message: "must be a map"}}
	}
	var problems []Problem
	m := reflect.MakeMapWithSize(into.Type(), len(elements))
	for key, element := range elements {
		v := reflect.New(into.Type().Elem()).Elem()
		problems = append(problems, decodeValue(path+"."+key, element, v)...)
		m.SetMapIndex(reflect.ValueOf(key).Convert(into.Type().Key()), v)
	}
	into.Set(m)
	return problems
}

func decodeStruct(path string, raw json.RawMessage, into reflect.Value) []Problem {
	var given map[string]json.RawMessage
	if json.Unmarshal(raw, &given) != nil {
		return []Problem{{Argument: path, Message: "must be an object"}}
	}
	fields, err := fieldsOf(into.Type(), nil, 0)
	if err != nil {
		return []Problem{{Argument: path, Message: err.Error()}}
	}
	return decodeFields(fields, given, into, path+".")
}
