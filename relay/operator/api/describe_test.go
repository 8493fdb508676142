package api_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/operator/api"
)

// TestTheDescriptionIsSoundAndTellsOfEveryQuestion, in words.
func TestTheDescriptionIsSoundAndTellsOfEveryQuestion(t *testing.T) {
	description, err := api.Describe()
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(description)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	described := make(map[string]bool)
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			described[strings.ToLower(o.OperationID)] = true
			if o.Description == "" {
				t.Errorf("%s %s has no word of what it does: give the method of operator.Relay a comment", method, path)
			}
		}
	}
	for m := range reflect.TypeFor[operator.Relay]().Methods() {
		if !described[strings.ToLower(m.Name)] {
			t.Errorf("%s is not described", m.Name)
		}
	}
}
