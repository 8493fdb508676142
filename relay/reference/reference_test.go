package reference_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/reference"
)

// TestMembersAreNamedAsARouteNamesThem.
func TestMembersAreNamedAsARouteNamesThem(t *testing.T) {
	kind := reference.Kind{Data: []byte(`{"b": {"content-type": "x", "two words": 12345678901234567890}, "a": [], "c": [{"d": null}, {"e": 1}], "f": true}`)}
	want := []reference.Member{
		{Path: "event.data.a", Value: "[]"},
		{Path: "event.data.b.content-type", Value: `"x"`},
		{Path: `event.data.b["two words"]`, Value: "12345678901234567890"},
		{Path: "event.data.c[0].d", Value: "null"},
		{Path: "event.data.f", Value: "true"},
	}
	if diff := cmp.Diff(want, kind.Members()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, anything := range []string{"", "not JSON"} {
		if got := (reference.Kind{Data: []byte(anything)}).Members(); got != nil {
			t.Errorf("%q has the members %v", anything, got)
		}
	}
}
