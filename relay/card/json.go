package card

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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
	return encode(struct {
		Type    string `json:"@type"`
		Context string `json:"@context"`
		plain
	}{typeMember, contextMember, plain(c)})
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// UnmarshalJSON implements [json.Unmarshaler]; see [Parse].
func (c *Card) UnmarshalJSON(b []byte) error {
	var p plain
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	*c = Card(p)
	return nil
}

// Parse reads a Connector Card. Like the retired endpoints it does not insist on
// "@type" and "@context". Its errors say where in the JSON the trouble is.
func Parse(b []byte) (Card, error) {
	var p plain
	if err := json.Unmarshal(b, &p); err != nil {
		return Card{}, explain(b, err)
	}
	return Card(p), nil
}

// explain says where the trouble is, in words for whoever wrote the JSON.
func explain(b []byte, err error) error {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		line, column := position(b, e.Offset)
		return fmt.Errorf("not JSON: line %d, column %d: %w", line, column, err)
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		where := e.Field
		if where == "" {
			where = "the card"
		}
		return fmt.Errorf("%s: want %s, found a %s", where, kindName(e), e.Value)
	}
	return fmt.Errorf("not JSON: %w", err)
}

func kindName(e *json.UnmarshalTypeError) string {
	switch e.Type.Kind().String() {
	case "string":
		return "a string"
	case "bool":
		return "true or false"
	case "slice":
		return "an array"
	case "int":
		return "a whole number"
	}
	return "an object"
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
		return encode(d.List)
	}
	return encode(d.URL)
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
