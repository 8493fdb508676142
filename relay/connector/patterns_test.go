package connector

import "testing"

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
		if got := Matches([]string{"nothing", test.pattern}, test.name); got != test.want {
			t.Errorf("%q is like %q: %t, want %t", test.name, test.pattern, got, test.want)
		}
	}
	if Matches(nil, "x") {
		t.Error("no pattern matches")
	}
}
