package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// maxDepth is how deep types may be nested.
const maxDepth = 20

// typ is a type expression that has been read: of string, number, bool and any
// only the name counts; list, set and map have one inner type; an object has
// attributes.
type typ struct {
	name     string
	inner    *typ
	optional bool
	attrs    map[string]*typ
}

// parseType reads a type expression. It takes what plugins need of the
// configuration language's types, without tuples and defaults of attributes; the
// configuration reads it again with the language's own reader.
func parseType(text string) (*typ, error) {
	r := &typeReader{rest: text}
	t, err := r.read(0)
	if err == nil {
		r.space()
		if r.rest != "" {
			err = fmt.Errorf("%q follows it", clip(r.rest))
		}
	}
	return t, err
}

type typeReader struct{ rest string }

func (r *typeReader) space() { r.rest = strings.TrimLeft(r.rest, " \t\r\n") }

// skip passes over a token, if it comes next.
func (r *typeReader) skip(token string) bool {
	r.space()
	rest, ok := strings.CutPrefix(r.rest, token)
	if ok {
		r.rest = rest
	}
	return ok
}

func (r *typeReader) word() string {
	r.space()
	n := strings.IndexFunc(r.rest, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-'
	})
	if n < 0 {
		n = len(r.rest)
	}
	word := r.rest[:n]
	r.rest = r.rest[n:]
	return word
}

func (r *typeReader) read(depth int) (*typ, error) {
	if depth > maxDepth {
		return nil, errors.New("it is nested too deep")
	}
	t := &typ{name: r.word()}
	var err error
	switch t.name {
	case "string", "number", "bool", "any":
		return t, nil
	case "list", "set", "map":
		if !r.skip("(") {
			return nil, fmt.Errorf("%s needs a type in parentheses", t.name)
		}
		t.inner, err = r.read(depth + 1)
	case "object":
		if !r.skip("(") {
			return nil, errors.New("object needs its attributes in ({ })")
		}
		t.attrs, err = r.attributes(depth)
	default:
		return nil, fmt.Errorf("%q is not a type", clip(t.name))
	}
	if err == nil && !r.skip(")") {
		err = errors.New("a closing parenthesis is missing")
	}
	return t, err
}

func (r *typeReader) attributes(depth int) (map[string]*typ, error) {
	if !r.skip("{") {
		return nil, errors.New("object needs its attributes in ({ })")
	}
	attrs := make(map[string]*typ)
	for !r.skip("}") {
		name := r.word()
		if name == "" || !r.skip("=") {
			return nil, errors.New("an attribute of an object is a name, = and a type")
		}
		optional := false
		if rest, ok := strings.CutPrefix(strings.TrimLeft(r.rest, " \t\r\n"), "optional("); ok {
			optional, r.rest = true, rest
		}
		t, err := r.read(depth + 1)
		if err != nil {
			return nil, err
		}
		if t.optional = optional; optional && !r.skip(")") {
			return nil, errors.New("a closing parenthesis is missing")
		}
		attrs[name] = t
		r.skip(",")
	}
	return attrs, nil
}

// checkDefault says why JSON is not a value of the type.
func (t *typ) checkDefault(text string) error {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return errors.New("it is not valid JSON")
	}
	if excessive(text) {
		return errors.New("it has a number with an exponent of more than three digits")
	}
	if v != nil && !t.holds(v) {
		return fmt.Errorf("it is not %s in JSON", t.name)
	}
	return nil
}

// excessive reports whether JSON has a number that takes long to reckon with, such as
// 1e-400000. Text that looks like one is not worth telling apart.
func excessive(text string) bool {
	return regexp.MustCompile(`[0-9][eE][+-]?[0-9]{4}`).MatchString(text)
}

// holds reports whether a value out of encoding/json is of the type.
func (t *typ) holds(v any) bool {
	if v == nil {
		return true
	}
	ok := true
	switch t.name {
	case "any":
	case "string":
		_, ok = v.(string)
	case "number":
		_, ok = v.(float64)
	case "bool":
		_, ok = v.(bool)
	case "list", "set":
		list, isList := v.([]any)
		ok = isList
		for _, inner := range list {
			ok = ok && t.inner.holds(inner)
		}
	case "map":
		m, isMap := v.(map[string]any)
		ok = isMap
		for _, inner := range m {
			ok = ok && t.inner.holds(inner)
		}
	case "object":
		m, isMap := v.(map[string]any)
		return isMap && t.holdsObject(m)
	}
	return ok
}

func (t *typ) holdsObject(m map[string]any) bool {
	for name, inner := range m {
		if t.attrs[name] == nil || !t.attrs[name].holds(inner) {
			return false
		}
	}
	for name, attr := range t.attrs {
		if _, given := m[name]; !given && !attr.optional {
			return false
		}
	}
	return true
}
