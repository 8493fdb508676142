package route

import (
	"strings"
	"testing"
)

func TestConditionsWithoutARoute(t *testing.T) {
	c := NewConditions()
	add := func(text string) int {
		t.Helper()
		n, err := c.Add(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	kind := add(`event.kind == "release"`)
	data := add(`event.data.release.prerelease`)
	text := add(`contains(event.card.title, "v9")`)
	missing := add(`event.data.pull_request.draft`)
	holds := c.Over("ci", release())
	for n, want := range map[int]bool{kind: true, data: false, text: false} {
		if got, err := holds(n); got != want || err != nil {
			t.Errorf("condition %d: %v, %v", n, got, err)
		}
	}
	if got, err := holds(missing); got || err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("a member that is missing: %v, %v", got, err)
	}
	if got, err := holds(kind); !got || err != nil {
		t.Errorf("a condition that failed spoils the next: %v, %v", got, err)
	}
}

func TestConditionsThatAreRefused(t *testing.T) {
	t.Setenv("TOKEN", "canary")
	for text, says := range map[string]string{
		"":                        "",
		"event.kind ==":           "",
		"event.kind = 1":          "",
		`"release"`:               "A condition is true or false",
		"event.sort == 1":         `There is no "sort" in event`,
		"channel.lobby":           `There is nothing called "channel" here`,
		`env("TOKEN") == "x"`:     `There is no function "env"`,
		`file("/etc/passwd") > 1`: `There is no function "file"`,
		strings.Repeat("(", 1000): "Nested too deeply",
		// Each try doubles the work of the one around it, and takes down how it failed.
		strings.Repeat("try(", 400) + "true" + strings.Repeat(")", 400): "Nested too deeply",
		// While it is compiled, it must not cost more than an event may.
		`length([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]]) < 0`: "Too costly",
	} {
		_, err := NewConditions().Add(text)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestConditionsShareOneBudget: however many there are, an event costs no more than one
// route's conditions may.
func TestConditionsShareOneBudget(t *testing.T) {
	c := NewConditions()
	const many = 200
	for range many {
		if _, err := c.Add(`length([for a in event.data.list : a]) < 0`); err != nil {
			t.Fatal(err)
		}
	}
	last, err := c.Add(`event.kind == "release"`)
	if err != nil {
		t.Fatal(err)
	}
	e := release()
	e.Data = []byte(`{"list": [1` + strings.Repeat(", 1", 2000) + `]}`)
	holds := c.Over("ci", e)
	if held, err := holds(0); held || err != nil {
		t.Errorf("the first condition: %v, %v", held, err)
	}
	for n := range many {
		if held, _ := holds(n); held {
			t.Fatalf("condition %d holds", n)
		}
	}
	if held, err := holds(last); held || err == nil || !strings.Contains(err.Error(), "budget") {
		t.Errorf("after the budget is used up: %v, %v", held, err)
	}
}
