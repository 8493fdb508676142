package api

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/operator"
)

// schema is an object of the description: a JSON Schema, or anything around one.
type schema = map[string]any

// catalogue describes Go types as encoding/json writes them, each struct once and by name.
type catalogue struct {
	words   map[string]string
	schemas schema
	named   map[string]reflect.Type
}

// of returns the schema of a type.
func (c *catalogue) of(t reflect.Type) schema {
	if s := special(t); s != nil {
		return s
	}
	switch t.Kind() {
	case reflect.Pointer:
		return c.of(t.Elem())
	case reflect.Slice:
		return schema{"type": "array", "items": c.of(t.Elem())}
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": c.of(t.Elem())}
	case reflect.Struct:
		return c.object(t)
	case reflect.String:
		return schema{"type": "string"}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Float64:
		return schema{"type": "number"}
	case reflect.Int, reflect.Int64:
		return schema{"type": "integer", "format": "int64"}
	}
	panic("the API has no way to describe " + t.String())
}

// special returns the schema of a type that is not written as what it is made of, or that
// has only some values.
func special(t reflect.Type) schema {
	switch t {
	case reflect.TypeFor[time.Time]():
		return schema{"type": "string", "format": "date-time"}
	case reflect.TypeFor[[]byte]():
		return schema{"type": "string", "contentEncoding": "base64", "format": "byte"}
	case reflect.TypeFor[json.RawMessage](), reflect.TypeFor[any]():
		return schema{}
	case reflect.TypeFor[card.Card]():
		return schema{"type": "object", "description": "A Connector Card: Microsoft's MessageCard."}
	case reflect.TypeFor[delivery.State]():
		return schema{"type": "string", "enum": delivery.States()}
	case reflect.TypeFor[delivery.Verdict]():
		return schema{"type": "string", "enum": delivery.Verdicts()}
	case reflect.TypeFor[delivery.LaneState]():
		return schema{"type": "string", "enum": delivery.LaneStates()}
	case reflect.TypeFor[event.Fate]():
		return schema{"type": "string", "enum": event.Fates()}
	case reflect.TypeFor[access.Scope]():
		return schema{"type": "string", "enum": access.Everything()}
	}
	return nil
}

// object files a struct under its name, and returns a reference to it.
func (c *catalogue) object(t reflect.Type) schema {
	name := []rune(t.Name())
	if len(name) == 0 {
		return schema{"type": "object"}
	}
	name[0] = unicode.ToUpper(name[0])
	switch known := c.named[string(name)]; known {
	case t:
	case nil:
		s := schema{"type": "object", "additionalProperties": false}
		c.named[string(name)], c.schemas[string(name)] = t, s // first, because it may contain itself
		properties, required := schema{}, []string{}
		c.fields(t, properties, &required)
		if t == reflect.TypeFor[operator.Change]() { // it writes this one itself
			properties["change"] = schema{"type": "string", "description": "The change in one line."}
		}
		s["properties"] = properties
		if words := c.said(t, ""); words != "" {
			s["description"] = words
		}
		if len(required) > 0 {
			s["required"] = required
		}
	default:
		panic(fmt.Sprintf("the API has two types of one name: %s and %s", known, t))
	}
	return schema{"$ref": "#/components/schemas/" + string(name)}
}

// fields adds a struct's fields, and those of the structs within it that have no name.
func (c *catalogue) fields(t reflect.Type, properties schema, required *[]string) {
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			c.fields(f.Type, properties, required)
			continue
		case name == "-" || !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		s := c.of(f.Type)
		if words := c.said(t, "."+f.Name); words != "" {
			s["description"] = words
		}
		properties[name] = s
		if !strings.Contains(options, "omit") {
			*required = append(*required, name)
		}
	}
}

// said returns what package operator says about one of its types, or about a field of it.
func (c *catalogue) said(t reflect.Type, field string) string {
	if t.PkgPath() != reflect.TypeFor[operator.Status]().PkgPath() {
		return ""
	}
	return c.words[t.Name()+field]
}
