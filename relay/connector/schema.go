package connector

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/connector/wire"
)

// field is one argument and where it is in the struct.
type field struct {
	Argument
	index []int
}

// schemaOf reads the arguments from a connector's struct type.
func schemaOf(t reflect.Type) ([]field, error) {
	if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("a connector must be a pointer to a struct, and %s is not", t)
	}
	return fieldsOf(t.Elem(), nil, 0)
}

// fieldsOf lists a struct's arguments. Those of an embedded struct count as its own, so
// that connectors can share some.
func fieldsOf(t reflect.Type, at []int, depth int) ([]field, error) {
	var list []field
	for f := range t.Fields() {
		index := append(slices.Clone(at), f.Index...)
		tag, tagged := f.Tag.Lookup("relay")
		if !tagged {
			if f.Anonymous && f.Type.Kind() == reflect.Struct {
				inner, err := fieldsOf(f.Type, index, depth+1)
				if err != nil {
					return nil, err
				}
				list = append(list, inner...)
			}
			continue
		}
		a, err := argumentOf(f, tag, depth)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t, f.Name, err)
		}
		if slices.ContainsFunc(list, func(other field) bool { return other.Name == a.Name }) {
			return nil, fmt.Errorf("%s.%s: there are two arguments %q", t, f.Name, a.Name)
		}
		list = append(list, field{Argument: a, index: index})
	}
	return list, nil
}

// argumentOf reads one field's tags.
func argumentOf(f reflect.StructField, tag string, depth int) (Argument, error) {
	name, options, _ := strings.Cut(tag, ",")
	a := Argument{Name: name, Doc: f.Tag.Get("doc")}
	if !f.IsExported() {
		return a, fmt.Errorf("the field of argument %q must be exported", name)
	}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "":
		case "required":
			a.Required = true
		case "secret":
			a.Secret = true
		default:
			return a, fmt.Errorf("the tag's option %q is neither required nor secret", option)
		}
	}
	var err error
	if a.Type, err = typeOf(f.Type, depth); err != nil {
		return a, err
	}
	if allowed := f.Tag.Get("allowed"); allowed != "" {
		if f.Type.Kind() != reflect.String {
			return a, fmt.Errorf("only a string can have allowed values")
		}
		a.Allowed = strings.Split(allowed, ",")
	}
	text, ok := f.Tag.Lookup("default")
	if !ok {
		return a, nil
	}
	if a.Required {
		return a, fmt.Errorf("a required argument cannot have a default")
	}
	if a.Default, err = defaultOf(f.Type, text); err != nil {
		return a, err
	}
	v := reflect.New(f.Type).Elem()
	if problems := decodeArgument(a, json.RawMessage(a.Default), v); len(problems) > 0 {
		return a, fmt.Errorf("the default %s", problems[0].Message)
	}
	return a, nil
}

// defaultOf turns a default tag into JSON. Text is written as it is; everything else is
// already JSON.
func defaultOf(t reflect.Type, text string) (string, error) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.String || t == reflect.TypeFor[time.Duration]() {
		b, err := json.Marshal(text)
		return string(b), err
	}
	if !json.Valid([]byte(text)) {
		return "", fmt.Errorf("the default is not valid JSON")
	}
	return text, nil
}

// typeOf returns the type of argument that a Go type stands for.
func typeOf(t reflect.Type, depth int) (ValueType, error) {
	if depth >= wire.MaxTypeDepth {
		return ValueType{}, errors.New("an argument cannot contain itself, nor be nested as deep as this one")
	}
	switch t {
	case reflect.TypeFor[time.Duration]():
		return ValueType{Kind: ValueString}, nil
	case reflect.TypeFor[json.RawMessage]():
		return ValueType{Kind: ValueAny}, nil
	}
	switch t.Kind() {
	case reflect.String:
		return ValueType{Kind: ValueString}, nil
	case reflect.Bool:
		return ValueType{Kind: ValueBool}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return ValueType{Kind: ValueNumber}, nil
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return ValueType{Kind: ValueAny}, nil
		}
	case reflect.Pointer:
		return typeOf(t.Elem(), depth+1)
	case reflect.Slice:
		element, err := typeOf(t.Elem(), depth+1)
		return ValueType{Kind: ValueList, Element: &element}, err
	case reflect.Map:
		if t.Key().Kind() == reflect.String {
			element, err := typeOf(t.Elem(), depth+1)
			return ValueType{Kind: ValueMap, Element: &element}, err
		}
	case reflect.Struct:
		return objectOf(t, depth)
	}
	return ValueType{}, fmt.Errorf("an argument cannot be of type %s", t)
}

func objectOf(t reflect.Type, depth int) (ValueType, error) {
	fields, err := fieldsOf(t, nil, depth+1)
	if err != nil {
		return ValueType{}, err
	}
	if len(fields) == 0 {
		return ValueType{}, fmt.Errorf("the struct %s has no field with a relay tag", t)
	}
	object := ValueType{Kind: ValueObject}
	for _, f := range fields {
		object.Attributes = append(object.Attributes, f.Argument)
	}
	return object, nil
}
