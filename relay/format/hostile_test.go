package format_test

import (
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/format"
)

// TestDeepTextsAreFlat: texts that are nested on purpose cost no more than others;
// the test's own time limit is what fails it.
func TestDeepTextsAreFlat(t *testing.T) {
	const n = 20_000
	tests := map[string]string{
		"quotes":   strings.Repeat(">", n) + " x",
		"lists":    strings.Repeat("- ", n) + "x",
		"emphasis": strings.Repeat("*a **b ", n/8) + strings.Repeat("c** d*", n/8),
		"brackets": strings.Repeat("[", n) + "x" + strings.Repeat("](https://e.example/)", 100),
		"ticks":    strings.Repeat("`a", n),
		"tables":   "|" + strings.Repeat("a|", 2000) + "\n|" + strings.Repeat("-|", 2000) + "\n|b|\n",
		"rows":     strings.Repeat("|a", n/4) + "|\n" + strings.Repeat("|-", n/4) + "|\n" + strings.Repeat("|\n", n),
		"schemes":  strings.Repeat("http://a ", n),
		"closed":   "https://e.example/" + strings.Repeat(")", 5*n),
		"tildes":   strings.Repeat("a~~ b ", n),
		"entities": strings.Repeat("&amp;", n/5),
		"at signs": strings.Repeat("@a@", n/3),
	}
	for name, text := range tests {
		for _, f := range formats() {
			t.Run(name+"/"+f.Name, func(t *testing.T) {
				p, err := f.Render(card.Card{Title: "t", Text: text}, format.Options{Person: ada})
				if err != nil || len(p.Body) == 0 {
					t.Fatalf("%d bytes, %v", len(p.Body), err)
				}
			})
		}
	}
}
