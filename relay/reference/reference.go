// Package reference is what Relay says about itself to whoever writes its configuration:
// connector types, with their arguments and the data of their events; the functions of
// relay.hcl; and the blocks of a card. Everything is read from the code that it
// describes.
//
// `relay docs` prints it. A form or a page about a connector type would start here, too.
package reference

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/route/language"
)

// Type is a connector type as it describes itself.
type Type struct {
	Type      string     `json:"type"`
	Title     string     `json:"title"`
	Summary   string     `json:"summary"`
	Polls     bool       `json:"polls"`
	Receives  bool       `json:"receives"`
	SignsIn   bool       `json:"signs_in"`
	Arguments []Argument `json:"arguments"`
	Kinds     []Kind     `json:"kinds"`
}

// Argument is one argument of a connector type.
type Argument struct {
	Name     string          `json:"name"`
	Type     string          `json:"type"`
	Required bool            `json:"required"`
	Secret   bool            `json:"secret"`
	Default  json.RawMessage `json:"default,omitempty"`
	Allowed  []string        `json:"allowed,omitempty"`
	Doc      string          `json:"doc"`
}

// Kind is one kind of a connector type's events.
type Kind struct {
	Kind string          `json:"kind"`
	Doc  string          `json:"doc"`
	Card json.RawMessage `json:"card,omitempty"`
	// Data is a sample of event.data; nothing when it may be anything.
	Data json.RawMessage `json:"data,omitempty"`
}

// Describe returns a connector type for the reference.
func Describe(t connector.Type) Type {
	d := Type{
		Type: t.Type, Title: t.Title, Summary: t.Summary, Polls: t.Polls, Receives: t.Receives, SignsIn: t.SignsIn,
		Arguments: []Argument{}, Kinds: []Kind{},
	}
	for _, a := range t.Arguments {
		d.Arguments = append(d.Arguments, Argument{
			Name: a.Name, Type: a.Type.String(), Required: a.Required, Secret: a.Secret, Default: json.RawMessage(a.Default), Allowed: a.Allowed, Doc: a.Doc,
		})
	}
	for _, k := range t.Kinds {
		kind := Kind{Kind: k.Name, Doc: k.Doc, Data: k.Sample.Data}
		if b, err := k.Sample.Card.MarshalJSON(); err == nil {
			kind.Card = b
		}
		d.Kinds = append(d.Kinds, kind)
	}
	return d
}

// Modes says in sentences how events come.
func (t Type) Modes() string {
	var list []string
	if t.Polls {
		list = append(list, "It is polled.")
	}
	if t.Receives {
		list = append(list, "It has a hook URL to which its source posts.")
	}
	if t.SignsIn {
		list = append(list, "A person can sign in: relay login.")
	}
	return strings.Join(list, " ")
}

// Holds says in words what an argument holds.
func (a Argument) Holds() string {
	parts := []string{a.Type}
	if a.Secret {
		parts = append(parts, "a secret")
	}
	switch {
	case a.Required:
		parts = append(parts, "required")
	case len(a.Default) > 0:
		parts = append(parts, "default "+string(a.Default))
	}
	if len(a.Allowed) > 0 {
		parts = append(parts, "one of "+strings.Join(a.Allowed, " "))
	}
	return strings.Join(parts, ", ")
}

// Member is one value of event.data: as a route names it, and as JSON.
type Member struct{ Path, Value string }

// Members lists what routes can read from the sample; it is empty when the data may be anything.
func (k Kind) Members() []Member {
	var data any
	d := json.NewDecoder(bytes.NewReader(k.Data))
	d.UseNumber()
	if d.Decode(&data) != nil {
		return nil
	}
	return members("event.data", data)
}

func members(path string, v any) []Member {
	var list []Member
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			list = append(list, members(language.Member(path, name), v[name])...)
		}
	case []any:
		if len(v) == 0 {
			return []Member{{path, "[]"}}
		}
		return members(path+"[0]", v[0])
	default:
		b, _ := json.Marshal(v)
		return []Member{{path, string(b)}}
	}
	return list
}
