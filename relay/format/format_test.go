package format_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/format"
)

var update = flag.Bool("update", false, "write the golden files anew")

func formats() []format.Format {
	return []format.Format{format.Office365(), format.TeamsMessage(), format.TeamsCard(), format.TeamsConnectorCard(), format.Webhook()}
}

func link(name, uri string) card.Action {
	return card.Action{Type: card.OpenURI, Name: name, Targets: []card.Target{{OS: "default", URI: uri}}}
}

// full is a card with everything in it.
func full() card.Card {
	return card.Card{
		Summary: "A release", Title: "Release *1.0* of relay", Text: "# What is new\n\nIt is **out**, with `code`, a [link](https://example.com/a_(b)) and\n\n- one\n- two\n\n> quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nx < y\n```",
		ThemeColor: "2DA44E",
		Sections: []card.Section{{
			ActivityTitle: "Ada", ActivitySubtitle: "an hour ago", ActivityImage: "https://example.com/ada.png", ActivityText: "published it",
			Facts:     []card.Fact{{Name: "Tag", Value: "v1.0"}, {Name: "By_name", Value: "a*b"}},
			HeroImage: &card.Image{URL: "https://example.com/hero.png", Title: "A hero"},
			Images:    []card.Image{{URL: "https://example.com/1.png", Title: "One"}},
			Actions:   []card.Action{link("Diff", "https://example.com/diff")},
		}},
		Actions: []card.Action{link("Notes", "https://example.com/notes"), {Type: card.HTTPPost, Name: "Approve", Target: card.Destination{URL: "https://example.com/approve"}}},
	}
}

func TestEachFormatOfAFullCard(t *testing.T) {
	for _, f := range formats() {
		t.Run(f.Name, func(t *testing.T) {
			p, err := f.Render(full(), 1)
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Omitted) != 0 {
				t.Errorf("left out: %v", p.Omitted)
			}
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, p.Body, "", "  "); err != nil {
				t.Fatal(err)
			}
			pretty.WriteByte('\n')
			file := filepath.Join("testdata", strings.ReplaceAll(f.Name, " ", "-")+".golden.json")
			if *update {
				if err := os.WriteFile(file, pretty.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), pretty.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAnyCardFits is the promise of shrinking: whatever the card, each format
// makes one payload of it, within its limits, that is valid, keeps the title and
// a link, and says what is missing.
func TestAnyCardFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCard(t)
		f := rapid.SampledFrom(formats()).Draw(t, "format")
		fraction := rapid.SampledFrom([]float64{1, 0.5}).Draw(t, "fraction")
		before := c.Clone()
		p, err := f.Render(c, fraction)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, c); diff != "" {
			t.Fatalf("the card itself was changed:\n%s", diff)
		}
		if !json.Valid(p.Body) || !utf8.Valid(p.Body) {
			t.Fatalf("not valid: %q", p.Body)
		}
		if limit := int(float64(f.Limit.Bytes) * fraction); len(p.Body) > limit {
			t.Fatalf("%d bytes, the limit is %d", len(p.Body), limit)
		}
		if len(p.Omitted) > 0 && !bytes.Contains(p.Body, []byte("Shortened")) {
			t.Fatal("something was left out and the card does not say so")
		}
		if !bytes.Contains(p.Body, []byte("the-title")) {
			t.Fatalf("the title is gone: %s", p.Body)
		}
		if len(c.Actions) > 0 && !bytes.Contains(p.Body, []byte("https://link.example/0")) {
			t.Fatalf("the link is gone: %s", p.Body)
		}
	})
}

func drawCard(t *rapid.T) card.Card {
	size := rapid.SampledFrom([]int{0, 1, 10, 300, 5000, 25_000})
	unit := rapid.SampledFrom([]string{"word ", "日本語", "😀", "עברית ", "<at>x</at>", "\n\n", "_*[", "&<>\"", "\\"})
	text := func(label string) string {
		n := size.Draw(t, label)
		u := unit.Draw(t, label+" of")
		return strings.Repeat(u, n/len(u)+min(n, 1))
	}
	c := card.Card{Title: "the-title" + text("title"), Text: text("text"), Summary: text("summary")}
	for i := range rapid.SampledFrom([]int{0, 1, 3, 12}).Draw(t, "sections") {
		s := card.Section{Text: text("section text"), ActivityTitle: text("activity")}
		value := strings.Repeat("v ", rapid.SampledFrom([]int{0, 5, 400}).Draw(t, "value"))
		for j := range rapid.SampledFrom([]int{0, 2, 40}).Draw(t, "facts") {
			s.Facts = append(s.Facts, card.Fact{Name: fmt.Sprintf("fact %d", j), Value: value})
		}
		for j := range rapid.SampledFrom([]int{0, 1, 60}).Draw(t, "images") {
			s.Images = append(s.Images, card.Image{URL: fmt.Sprintf("https://pictures.example/%d/%d.png", i, j)})
		}
		c.Sections = append(c.Sections, s)
	}
	for i := range rapid.SampledFrom([]int{0, 1, 9}).Draw(t, "actions") {
		c.Actions = append(c.Actions, link("Open "+text("name"), fmt.Sprintf("https://link.example/%d", i)))
	}
	return c
}

// TestWhatSplittersChokedOn are cards on which other senders lost the card, looped
// or sent one that was refused.
func TestWhatSplittersChokedOn(t *testing.T) {
	tests := map[string]card.Card{
		"15 kB and no section":  {Title: "t", Text: strings.Repeat("x ", 7500), Actions: []card.Action{link("Open", "https://e.example/")}},
		"15 kB and one section": {Title: "t", Text: strings.Repeat("x ", 7500), Sections: []card.Section{{Text: "s"}}},
		"one section of 40 kB":  {Title: "t", Sections: []card.Section{{Text: strings.Repeat("é", 20_000)}}},
		"one fact of 40 kB":     {Title: "t", Sections: []card.Section{{Facts: []card.Fact{{Name: "n", Value: strings.Repeat("v", 40_000)}}}}},
		"10,000 facts":          {Title: "t", Sections: []card.Section{{Facts: manyFacts(10_000)}}},
		"a title of 30 kB":      {Title: strings.Repeat("t", 30_000)},
		"only a summary":        {Summary: "s"},
	}
	for name, c := range tests {
		for _, f := range formats() {
			t.Run(name+"/"+f.Name, func(t *testing.T) {
				start := time.Now()
				p, err := f.Render(c, 1)
				if err != nil || len(p.Body) == 0 || len(p.Body) > f.Limit.Bytes {
					t.Fatalf("%d bytes, %v", len(p.Body), err)
				}
				t.Logf("%d bytes in %v: %v", len(p.Body), time.Since(start), p.Omitted)
			})
		}
	}
}

func manyFacts(n int) []card.Fact {
	facts := make([]card.Fact, n)
	for i := range facts {
		facts[i] = card.Fact{Name: fmt.Sprintf("Fact %d", i), Value: "a value of some length, as values are"}
	}
	return facts
}

// TestTextFromStrangersStaysText: what would be a mention, a function or emphasis
// in Teams is shown as it was written.
func TestTextFromStrangersStaysText(t *testing.T) {
	hostile := "<at>everyone</at> {{DATE(2026)}} *bold* _it_ [x](https://evil.example)"
	c := card.Card{Title: card.Escape(hostile), Text: card.Escape(hostile)}
	p, err := format.TeamsCard().Render(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<at>", "{{", "[x](https://evil", " *bold*"} {
		if bytes.Contains(p.Body, []byte(bad)) {
			t.Errorf("%q came through: %s", bad, p.Body)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	for _, f := range formats() {
		b.Run(strings.ReplaceAll(f.Name, " ", "-"), func(b *testing.B) {
			c := full()
			for b.Loop() {
				if _, err := f.Render(c, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("10000-facts", func(b *testing.B) {
		c := card.Card{Title: "t", Sections: []card.Section{{Facts: manyFacts(10_000)}}}
		for b.Loop() {
			if _, err := format.TeamsMessage().Render(c, 1); err != nil {
				b.Fatal(err)
			}
		}
	})
}
