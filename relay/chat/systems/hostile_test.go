package systems_test

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
)

// mostWork bounds what writing a card may allocate, all tries at making it small
// enough together, whatever the card is.
const mostWork = 512 << 20

// repeated is a text of n bytes.
func repeated(s string, n int) string { return strings.Repeat(s, n/len(s)+1)[:n] }

// tables are as many tables in one text as fit, of so many columns and rows.
func tables(columns, rows, n int) string {
	return repeated(strings.Repeat("|a", columns)+"|\n"+strings.Repeat("|-", columns)+"|\n"+strings.Repeat("|\n", rows)+"\n", n)
}

// hostileTexts are texts of n bytes that ask for more than they are worth.
func hostileTexts(n int) map[string]string {
	return map[string]string{
		"quotes":          repeated(">", n) + " x",
		"quoted tabs":     repeated(">\t", n) + "x",
		"quoted lines":    repeated(strings.Repeat(">", 100)+"\n", n),
		"a deep quote":    strings.Repeat(">", n/10) + "x\n" + repeated("y\n", n),
		"lists":           repeated("- ", n) + "x",
		"stairs":          stairs(n),
		"emphasis":        repeated("*a **b ", n/2) + repeated("c** d*", n/2),
		"crossed marks":   repeated("*_", n),
		"stars in words":  repeated("a*_", n),
		"stars at starts": repeated("\n*a _", n),
		"brackets":        repeated("[", n) + "x" + strings.Repeat("](https://e.example/)", 100),
		"closed brackets": repeated("](", n),
		"bracket lines":   repeated("[\n", n),
		"pictures":        repeated("![](", n),
		"open tags":       repeated("<a", n),
		"tags":            repeated("<a href='x'>", n),
		"comments":        repeated("<!--", n),
		"elements":        repeated("<div><b><ul><li>", n) + "x",
		"marks":           repeated("<b>", n/2) + "x" + repeated("</b>", n/2),
		"tables of tags":  repeated("<table><tr><td>a<td>b<tr>", n),
		"wide tags":       "<table><tr>" + repeated("<td>a", n/2) + repeated("<tr><td>b", n/2),
		"never closed":    repeated("<pre><code>", n),
		"open quotes":     repeated(`<a href="`, n),
		"closing tags":    repeated("</b></p>", n),
		"ticks":           repeated("`a", n),
		"growing ticks":   growing("`", n),
		"growing tildes":  growing("~", n),
		"tables":          tables(100, 100, n),
		"small tables":    tables(2, 2, n),
		"wide":            strings.Repeat("|a", n/8) + "|\n" + strings.Repeat("|-", n/8) + "|\n" + strings.Repeat("|\n", n/4),
		"wide in quotes":  strings.Repeat("> |a", n/16) + "|\n> " + strings.Repeat("|-", n/8) + "|\n" + strings.Repeat("> |\n", n/8),
		"schemes":         repeated("http://a ", n),
		"bad schemes":     repeated("http://%", n),
		"closed":          "https://e.example/" + repeated(")", n),
		"tildes":          repeated("a~~ b ", n),
		"entities":        repeated("&amp;", n),
		"ampersands":      repeated("&", n),
		"at signs":        repeated("@a@", n),
		"definitions":     definitions(n),
		"one definition":  "[a]: https://e.example/" + strings.Repeat("a", n/2) + "\n\n" + repeated("[a]\n\n", n/2),
		"escapes":         repeated("\\*", n),
		"paragraphs":      repeated("a\n\n", n),
		"lines":           repeated("a\n", n),
		"empty lines":     repeated("\n", n) + "a",
		"rules":           repeated("---\n", n),
		"headings":        repeated("# a\n", n),
		"one word":        repeated("a", n),
		"joined":          repeated("👩‍", n/7*7),
		"accents":         "a" + repeated("\u0301", n/2*2),
	}
}

func growing(mark string, n int) string {
	var b strings.Builder
	for i := 1; b.Len() < n; i++ {
		b.WriteString(strings.Repeat(mark, i) + " a ")
	}
	return b.String()
}

func stairs(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(strings.Repeat("  ", i) + "- a\n")
	}
	return b.String()
}

func definitions(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "[%d]: https://e.example/\n[%d]\n", i, i)
	}
	return b.String()
}

const inMany = " in many texts"

// hostileCards are cards of about n bytes: each hostile text alone, in many parts,
// and parts without number.
func hostileCards(n int) map[string]card.Card {
	cards := make(map[string]card.Card)
	for name, text := range hostileTexts(n) {
		cards[name] = card.Card{Title: "the-title", Text: text}
	}
	for name, text := range hostileTexts(2000) {
		c := card.Card{Title: "the-title"}
		for i := range n / 6000 {
			html := i%2 == 1
			c.Sections = append(c.Sections, card.Section{Markdown: &html, Text: text, ActivityTitle: text, Facts: []card.Fact{{Name: "n", Value: text}}})
		}
		cards[name+inMany] = c
	}
	var s card.Section
	parts := n / 10
	cards["titles"] = card.Card{Title: "the-title" + repeated("t", n), Summary: repeated("s", n)}
	for range parts {
		s.Facts = append(s.Facts, card.Fact{Name: "a", Value: "b"})
		s.Images = append(s.Images, card.Image{URL: "https://e.example/a.png"})
		s.Actions = append(s.Actions, link("a", "https://e.example/"))
	}
	cards["facts"] = card.Card{Title: "the-title", Sections: []card.Section{{Facts: s.Facts}}}
	cards["pictures in a list"] = card.Card{Title: "the-title", Sections: []card.Section{{Images: s.Images}}}
	cards["actions"] = card.Card{Title: "the-title", Actions: s.Actions}
	cards["a form"] = card.Card{Title: "the-title", Actions: []card.Action{{Type: card.ActionCard, Name: "a", Actions: s.Actions}}}
	cards["sections"] = card.Card{Title: "the-title", Sections: make([]card.Section, parts)}
	sections := make([]card.Section, parts)
	for i := range sections {
		sections[i] = card.Section{Title: "a", Text: "*a*", Actions: []card.Action{link("a", "https://e.example/")}}
	}
	cards["full sections"] = card.Card{Title: "the-title", Sections: sections}
	return cards
}

// TestHostileCardsCostNoMoreThanTheyAreWorth: a card is written within the limits,
// and what that takes is bounded.
func TestHostileCardsCostNoMoreThanTheyAreWorth(t *testing.T) {
	all := forms()
	next := 0
	cards := hostileCards(600_000)
	for _, name := range slices.Sorted(maps.Keys(cards)) {
		c := cards[name]
		// All formats share the reading and the shrinking: each gets some of the cards.
		for range 3 {
			f := all[next%len(all)]
			next++
			t.Run(name+"/"+f.Name, func(t *testing.T) {
				p, work := measured(t, f, c)
				if work > mostWork {
					t.Errorf("it allocated %d MB", work>>20)
				}
				for _, u := range p.Used {
					if u.Used > u.Most {
						t.Errorf("%d %s, the limit is %d", u.Used, u.Unit, u.Most)
					}
				}
				if !strings.Contains(string(p.Body), "the-title") {
					t.Error("the title is gone")
				}
			})
		}
	}
}

// measured writes a card and says how many bytes that allocated, those included that
// were free again soon.
func measured(t *testing.T, f form, c card.Card) (chat.Payload, uint64) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p, err := f.Render(t.Context(), c, chat.Options{Person: ada})
	runtime.ReadMemStats(&after)
	if err != nil || len(p.Body) == 0 {
		t.Fatalf("%d bytes, %v", len(p.Body), err)
	}
	return p, after.TotalAlloc - before.TotalAlloc
}

// FuzzRender: whatever the card, each format writes it within its limits, for a
// bounded amount of memory.
func FuzzRender(f *testing.F) {
	f.Add([]byte(`{"title":"t","text":"**a**","sections":[{"facts":[{"name":"n","value":"v"}]}]}`), "|a|b|\n|-|-|\n|\n", uint16(100))
	f.Add([]byte(`{"text":""}`), "*_[", uint16(5000))
	f.Fuzz(func(t *testing.T, data []byte, unit string, times uint16) {
		c, err := card.Parse(data)
		if err != nil {
			return
		}
		if len(unit)*int(times) < 1<<20 {
			c.Text += strings.Repeat(unit, int(times))
		}
		for _, f := range forms() {
			if p, work := measured(t, f, c); work > mostWork {
				t.Errorf("%s: %d bytes came of %d MB", f.Name, len(p.Body), work>>20)
			}
		}
	})
}
