package connector

import (
	"slices"
	"testing"
)

func TestWhatIsWrongWithArgumentsIsCollected(t *testing.T) {
	var problems Problems
	problems.If(true, "a", "is wrong")
	problems.If(false, "b", "is not")
	problems.OneOf("c", "name one", true, false)
	problems.OneOf("d", "name one", false, false)
	problems.OneOf("e", "name one", true, true)
	problems.URL("f", "https://x.example/f", "https://example.com")
	problems.URL("g", "x.example", "https://example.com")
	want := []Problem{
		{"a", "is wrong"},
		{"d", "name one"},
		{"e", "name one"},
		{"g", "Write an http or https address with a host, such as https://example.com."},
	}
	if !slices.Equal(problems, want) {
		t.Errorf("problems: %+v", problems)
	}
}
