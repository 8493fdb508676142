package api

import (
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/connector-relay/relay/relay/operator"
)

// Describe returns the OpenAPI description of the API, which follows from its endpoints
// and their types.
func Describe() (any, error) {
	words, err := operator.Words()
	if err != nil {
		return nil, fmt.Errorf("read what the API's types say: %w", err)
	}
	types := catalogue{words: words, schemas: schema{}, named: map[string]reflect.Type{}}
	paths := map[string]map[string]schema{}
	for _, e := range endpoints() {
		method, path := e.route.cut()
		path = strings.TrimPrefix(path, root)
		if paths[path] == nil {
			paths[path] = map[string]schema{}
		}
		paths[path][strings.ToLower(method)] = e.describe(&types)
	}
	return schema{
		"openapi": "3.1.0",
		"info": schema{
			"title": "Relay", "version": "1", "license": schema{"name": "Apache 2.0", "identifier": "Apache-2.0"},
			"description": "What people and programs ask of a running relay, and have it do.",
		},
		"servers":  []schema{{"url": root}},
		"paths":    paths,
		"security": []schema{{"token": []string{}}},
		"components": schema{
			"responses":       types.failures(),
			"schemas":         types.schemas,
			"securitySchemes": schema{"token": schema{"type": "http", "scheme": "bearer", "description": "An API token, as `relay tokens` makes them."}},
		},
	}, nil
}

// describe returns an endpoint as an OpenAPI operation.
func (e endpoint) describe(types *catalogue) schema {
	words := types.words["Relay."+e.method]
	summary, _, _ := strings.Cut(words, ".")
	operation := schema{
		"operationId": strings.ToLower(e.method[:1]) + e.method[1:],
		"summary":     summary,
		"description": words,
		"security":    []schema{{"token": []string{string(e.scope)}}},
		"responses":   e.responses(types),
	}
	if parameters := e.parameters(); len(parameters) > 0 {
		operation["parameters"] = parameters
	}
	if e.body != nil {
		operation["requestBody"] = schema{"required": true, "content": inJSON(types.of(e.body))}
	}
	return operation
}

func (e endpoint) parameters() (list []schema) {
	switch _, path := e.route.cut(); {
	case strings.Contains(path, "{name}"):
		list = append(list, schema{"name": "name", "in": "path", "required": true, "schema": schema{"type": "string"}})
	case strings.Contains(path, "{id}"):
		list = append(list, schema{"name": "id", "in": "path", "required": true, "schema": schema{"type": "integer", "format": "int64"}})
	}
	for _, f := range e.query {
		p := schema{"name": f.name, "in": "query", "schema": f.schema}
		if f.schema["type"] == "array" {
			p["style"], p["explode"] = "form", false // separated by commas
		}
		list = append(list, p)
	}
	return list
}

// failures say what each status means that is no success.
func failures() map[int]string {
	return map[int]string{
		http.StatusUnauthorized:          "Nobody is signed in, or the token is not valid, or no longer.",
		http.StatusForbidden:             "Whoever asks may not do this.",
		http.StatusNotFound:              "There is no such thing, or none that whoever asks may see.",
		http.StatusConflict:              "What this is about has changed since it was looked at.",
		http.StatusRequestEntityTooLarge: "The body is too large.",
		http.StatusUnsupportedMediaType:  "The body is not declared to be JSON.",
		http.StatusUnprocessableEntity:   "The request is not possible as it was made; the error says why.",
		http.StatusInternalServerError:   "The relay could not do it.",
		http.StatusServiceUnavailable:    "Too many ask at once, or the relay cannot look up who asks; Retry-After says when to come back.",
	}
}

// failures describes the responses that tell what went wrong, for all endpoints.
func (c *catalogue) failures() schema {
	all := schema{}
	for status, text := range failures() {
		all[strconv.Itoa(status)] = schema{"description": text, "content": inJSON(c.of(reflect.TypeFor[failure]()))}
	}
	return all
}

// responses returns the answer of an endpoint and the failures that it may have.
func (e endpoint) responses(types *catalogue) schema {
	all := schema{"200": schema{"description": "Done.", "content": inJSON(types.of(e.answered))}}
	for status := range failures() {
		if e.body != nil || status != http.StatusRequestEntityTooLarge && status != http.StatusUnsupportedMediaType {
			all[strconv.Itoa(status)] = schema{"$ref": "#/components/responses/" + strconv.Itoa(status)}
		}
	}
	return all
}

func inJSON(s schema) schema { return schema{"application/json": schema{"schema": s}} }
