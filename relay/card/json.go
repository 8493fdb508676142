package card

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	jsonv2 "github.com/go-json-experiment/json" // the second version of encoding/json, twice as fast
	"github.com/go-json-experiment/json/jsontext"
)

// The values of the members that say what the JSON is.
const (
	typeMember    = "MessageCard"
	contextMember = "https://schema.org/extensions"
)

// plain is a Card without its methods, so that encoding it does not recurse.
type plain Card

// MarshalJSON implements [json.Marshaler]. '<', '>' and '&' stay as they are: six
// bytes for each would come off the size that chat systems allow.
func (c Card) MarshalJSON() ([]byte, error) {
	return JSON(struct {
		Type    string `json:"@type"`
		Context string `json:"@context"`
		plain
	}{typeMember, contextMember, plain(c)})
}

// JSON writes JSON in which '<', '>' and '&' stay as they are: six bytes for each would
// come off the size that chat systems allow.
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Holds returns what tells whether a card, as JSON, holds a text, in capitals or not. That
// takes time in proportion to the card, whatever the text is.
func Holds(text string) func(body []byte) bool {
	b, _ := JSON(text) // a text can always be written
	b = bytes.ToLower(b[1 : len(b)-1])
	return func(body []byte) bool { return bytes.Contains(bytes.ToLower(body), b) }
}

// UnmarshalJSON implements [json.Unmarshaler]; see [Parse].
func (c *Card) UnmarshalJSON(b []byte) error {
	parsed, err := Parse(b)
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}

// Parse reads a Connector Card. Like the retired endpoints it does not insist on
// "@type" and "@context", nor on how names are capitalised. Its errors name the place
// in the JSON.
func Parse(b []byte) (Card, error) {
	var p plain
	err := jsonv2.Unmarshal(b, &p,
		jsonv2.MatchCaseInsensitiveNames(true), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return Card{}, explain(b, err)
	}
	return Card(p), nil
}

// explain says what is wrong and where, for whoever wrote the JSON.
func explain(b []byte, err error) error {
	if e, ok := errors.AsType[*jsonv2.SemanticError](err); ok {
		return fmt.Errorf("%s: want %s, found %s", path(e.JSONPointer), wanted(e.GoType), found(b, e))
	}
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		line, column := position(b, e.ByteOffset)
		return fmt.Errorf("not JSON: line %d, column %d: %w", line, column, e.Err)
	}
	return fmt.Errorf("not JSON: %w", err)
}

// path writes a JSON pointer as people write it: "sections[0].facts".
func path(p jsontext.Pointer) string {
	var b strings.Builder
	for token := range p.Tokens() {
		switch {
		case token != "" && strings.Trim(token, "0123456789") == "":
			b.WriteString("[" + token + "]")
		case b.Len() > 0:
			b.WriteString("." + token)
		default:
			b.WriteString(token)
		}
	}
	if b.Len() == 0 {
		return "the card"
	}
	return b.String()
}

func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "an array"
	case reflect.Int:
		return "a whole number"
	default:
	}
	if t == reflect.TypeFor[Destination]() {
		return "a string"
	}
	return "an object"
}

// found says what is at the error's place.
func found(b []byte, e *jsonv2.SemanticError) string {
	kind := e.JSONKind
	if kind == 0 && int(e.ByteOffset) < len(b) { // a type that reads itself does not say
		kind = jsontext.Kind(b[e.ByteOffset])
	}
	switch kind {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a number"
}

// position converts an offset to a line and a column, both from 1.
func position(b []byte, offset int64) (line, column int) {
	before := b[:min(int(offset), len(b))]
	line = bytes.Count(before, []byte("\n")) + 1
	return line, max(1, len(before)-bytes.LastIndexByte(before, '\n')-1)
}

// MarshalJSON implements [json.Marshaler].
func (d Destination) MarshalJSON() ([]byte, error) {
	if d.URL == "" {
		return JSON(d.List)
	}
	return JSON(d.URL)
}

// UnmarshalJSON implements [json.Unmarshaler].
func (d *Destination) UnmarshalJSON(b []byte) error {
	if b[0] == '[' {
		return json.Unmarshal(b, &d.List)
	}
	return json.Unmarshal(b, &d.URL)
}

// IsZero reports whether there is no address.
func (d Destination) IsZero() bool { return d.URL == "" && len(d.List) == 0 }

// URL returns the address an action opens: of an OpenURI the one for all systems,
// else the first; empty for actions that open none.
func (a Action) URL() string {
	switch a.Type {
	case OpenURI:
		for _, t := range a.Targets {
			if strings.EqualFold(t.OS, "default") {
				return t.URI
			}
		}
		if len(a.Targets) > 0 {
			return a.Targets[0].URI
		}
	case ViewAction:
		if len(a.Target.List) > 0 {
			return a.Target.List[0]
		}
		return a.Target.URL
	}
	return ""
}
