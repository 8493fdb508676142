package connector

import (
	"reflect"
	"testing"
)

func TestPatternsAreThoseOfFileNames(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"main", "main", true},
		{"Main", "mAIN", true},
		{"release/*", "release/1.0", true},
		{"release*", "release/1.0/hotfix", true},
		{"*", "a/b", true},
		{"a?c", "abc", true},
		{"[ab]*", "bug", true},
		{"main", "maintain", false},
		{"", "x", false},
		{"[", "[", false},
	} {
		if got := (Patterns{"nothing", test.pattern}).Match(test.name); got != test.want {
			t.Errorf("%q is like %q: %t, want %t", test.name, test.pattern, got, test.want)
		}
	}
	if Patterns(nil).Match("x") {
		t.Error("no pattern matches")
	}
}

// choosing is a connector with patterns.
type choosing struct {
	echo
	Branches Patterns `relay:"branches" default:"[\"main\"]"`
}

func TestAPatternThatCannotBeReadIsAProblemOfItsArgument(t *testing.T) {
	c := &choosing{}
	fields, err := schemaOf(reflect.TypeOf(c))
	if err != nil {
		t.Fatal(err)
	}
	if problems := decodeArguments(fields, []byte(`{"branches": ["main", "[a"]}`), c); len(problems) != 1 || problems[0].Argument != "branches" {
		t.Errorf("problems: %+v", problems)
	}
	if problems := decodeArguments(fields, nil, c); len(problems) > 0 || !c.Branches.Match("MAIN") || !c.Branches.Valid() {
		t.Errorf("by default they are %q, with problems %+v", c.Branches, problems)
	}
}
