package systems_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"
	"pgregory.net/rapid"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/chattest"
)

func link(name, uri string) card.Action {
	return card.Action{Type: card.OpenURI, Name: name, Targets: []card.Target{{OS: "default", URI: uri}}}
}

// full is a card with everything in it.
func full() card.Card {
	return card.Card{
		Summary: "A release", Title: "Release *1.0* of relay",
		Text: "# What is new\n\nIt is **out**, with `code`, a [link](https://example.com/a_(b)) and\n\n- one\n- two *and* **three**\n  1. nested\n- [x] done\n\n" +
			"> quoted\n\n| a | b |\n|---|---|\n| 1 | 2 \\| 3 |\n\n```go\nx < y\n```\n\nشكرا ~~old~~ 😀 https://example.com/x_y. Thanks to [Ada Lovelace](mention:ada), @ada and [Bob](mention:bob)",
		ThemeColor: "2DA44E", Sender: &card.Sender{Name: "CI @here *x*", Image: "https://ci.example.com/logo.png"},
		Sections: []card.Section{{
			ActivityTitle: "Ada", ActivitySubtitle: "an hour ago", ActivityImage: "https://example.com/ada.png", ActivityText: "published it",
			Facts:     []card.Fact{{Name: "Tag", Value: "v1.0"}, {Name: "By_name", Value: card.Escape("a*b <at>x</at> {{y}} @all")}},
			HeroImage: &card.Image{URL: "https://example.com/hero.png", Title: "A hero"},
			Images:    []card.Image{{URL: "https://example.com/1.png", Title: "One"}},
			Actions:   []card.Action{link("Diff", "https://example.com/diff")},
		}, {StartGroup: true, Title: "More", Text: "Second"}},
		Actions: []card.Action{
			link("Notes", "https://example.com/notes"),
			{Type: card.HTTPPost, Name: "Approve", Target: card.Destination{URL: "https://example.com/approve"}},
			{Type: card.ActionCard, Name: "Comment", Inputs: []card.Input{{Type: card.TextInput, ID: "c", Title: "Your comment"}}, Actions: []card.Action{link("Open form", "https://example.com/form")}},
		},
	}
}

// ada is known to every chat system, each by its own kind of id.
func ada(login string) (chat.Person, bool) {
	return chat.Person{ID: "ada@example.com", Name: "Ada Lovelace"}, login == "ada"
}

func TestEachFormatOfAFullCard(t *testing.T) {
	for _, f := range forms() {
		t.Run(f.Name, func(t *testing.T) {
			p, err := f.Render(t.Context(), full(), chat.Options{Person: ada, Thread: "pull/1"})
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Omitted) != 0 {
				t.Errorf("left out: %v", p.Omitted)
			}
			if err := chattest.Judge(f.Name, p.Body); err != nil {
				t.Error(err)
			}
			golden.Assert(t, string(readable(t, p)), strings.ReplaceAll(f.Name, " ", "-")+".golden.json")
		})
	}
}

// readable lays a payload out for people. Texts are shown as lines.
func readable(t interface{ Fatal(...any) }, p chat.Payload) []byte {
	if !strings.HasPrefix(p.ContentType, "application/json") {
		form, err := url.ParseQuery(string(p.Body))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		for _, key := range []string{"type", "to", "topic", "content"} {
			fmt.Fprintf(&b, "%s: %s\n", key, form.Get(key))
		}
		return b.Bytes()
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, p.Body, "", "  "); err != nil {
		t.Fatal(err)
	}
	pretty.WriteByte('\n')
	return pretty.Bytes()
}

// TestAnyCardFits is the promise of shrinking: whatever the card, each format
// makes one payload of it, within each of its limits, that is valid, keeps the
// title and a link, and says what is missing.
func TestAnyCardFits(t *testing.T) {
	all := forms()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCard(t)
		f := rapid.SampledFrom(all).Draw(t, "format")
		fraction := rapid.SampledFrom([]float64{1, 0.5}).Draw(t, "fraction")
		before := c.Clone()
		p, err := f.Render(t.Context(), c, chat.Options{Fraction: fraction, Person: ada})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, c); diff != "" {
			t.Fatalf("the card itself was changed:\n%s", diff)
		}
		shown := readable(t, p)
		if !utf8.Valid(shown) {
			t.Fatalf("not valid: %q", p.Body)
		}
		if err := chattest.Judge(f.Name, p.Body); err != nil {
			t.Fatalf("%s would not take it: %v\n%s", f.Name, err, shown)
		}
		for _, u := range p.Used {
			if u.Used > u.Most {
				t.Fatalf("%s: %d %s, the limit is %d", f.Name, u.Used, u.Unit, u.Most)
			}
		}
		if len(p.Used) == 0 {
			t.Fatal("nothing was measured")
		}
		if len(p.Omitted) > 0 && !bytes.Contains(shown, []byte("Shortened")) {
			t.Fatalf("%v was left out and the card does not say so: %s", p.Omitted, shown)
		}
		if !bytes.Contains(shown, []byte("the-title")) {
			t.Fatalf("the title is gone: %s", shown)
		}
		if address := firstLink(c); !bytes.Contains(shown, []byte(address)) {
			t.Fatalf("the link %s is gone: %s", address, shown)
		}
	})
}

func drawCard(t *rapid.T) card.Card {
	size := rapid.SampledFrom([]int{0, 1, 10, 300, 5000, 25_000})
	unit := rapid.SampledFrom([]string{
		"word ", "日本語", "😀", "👩‍👩‍👧", "עברית ", "<at>x</at>", "\n\n", "_*[", "&<>\"", "\\", "- item\n", "> quote\n", "| a | b |\n|---|---|\n| c | d |\n\n",
		"```\ncode\n```\n", "**bold** ", "[text](https://e.example/) ", "@ada ", "[Ada](mention:ada) ",
	})
	text := func(label string) string {
		n := size.Draw(t, label)
		u := unit.Draw(t, label+" of")
		return strings.Repeat(u, n/len(u)+min(n, 1))
	}
	title := rapid.SampledFrom([]string{"the-title", "[the-title](https://link.example/t)", "[the-title](https://e.example/" + strings.Repeat("a", 30_000) + ")", "![the-title](data:image/png;base64," + strings.Repeat("a", 30_000) + ")"})
	c := card.Card{Title: title.Draw(t, "a title") + text("title"), Text: text("text"), Summary: text("summary"), ThemeColor: rapid.SampledFrom([]string{"", "2DA44E"}).Draw(t, "colour")}
	c.Sender = rapid.SampledFrom([]*card.Sender{nil, {Name: "CI"}, {Image: "https://ci.example.com/a.png"}, {Name: strings.Repeat("@everyone \n", 200), Image: "https://ci.example.com/" + strings.Repeat("a", 5_000)}}).Draw(t, "sender")
	for i := range rapid.SampledFrom([]int{0, 1, 3, 12}).Draw(t, "sections") {
		s := card.Section{Text: text("section text"), ActivityTitle: text("activity"), StartGroup: i%2 == 0}
		value := strings.Repeat("v ", rapid.SampledFrom([]int{0, 5, 400}).Draw(t, "value"))
		for j := range rapid.SampledFrom([]int{0, 2, 40}).Draw(t, "facts") {
			s.Facts = append(s.Facts, card.Fact{Name: fmt.Sprintf("fact %d", j), Value: value})
		}
		for j := range rapid.SampledFrom([]int{0, 1, 60}).Draw(t, "images") {
			s.Images = append(s.Images, card.Image{URL: fmt.Sprintf("https://pictures.example/%d/%d.png", i, j)})
		}
		s = rapid.SampledFrom([]card.Section{s, {}, {Title: "only a title"}, {ActivityImage: "https://pictures.example/a.png"}, {HeroImage: &card.Image{URL: "data:image/png;base64," + strings.Repeat("A", 3_500)}}}).Draw(t, "section")
		c.Sections = append(c.Sections, s)
	}
	for i := range rapid.SampledFrom([]int{0, 1, 9}).Draw(t, "actions") {
		c.Actions = append(c.Actions, rapid.SampledFrom([]card.Action{
			link("Open "+strings.TrimSpace(text("name")), fmt.Sprintf("https://link.example/%d", i)),
			{Type: card.HTTPPost, Name: "Post", Target: card.Destination{URL: "https://post.example/"}},
			{Type: card.ActionCard, Name: "Form", Actions: []card.Action{link("Long", "https://e.example/"+strings.Repeat("a", 30_000))}},
		}).Draw(t, "action"))
	}
	return c
}

// firstLink is the link of a drawn card that has to stay.
func firstLink(c card.Card) string {
	for _, a := range c.Actions {
		if strings.HasPrefix(a.URL(), "https://link.example/") {
			return a.URL()
		}
	}
	return ""
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
		"only a link":           {Title: "t", Actions: []card.Action{link("", "https://e.example/")}},
	}
	for name, c := range tests {
		for _, f := range forms() {
			t.Run(name+"/"+f.Name, func(t *testing.T) {
				p, err := f.Render(t.Context(), c, chat.Options{})
				if err != nil || len(p.Body) == 0 {
					t.Fatalf("%d bytes, %v", len(p.Body), err)
				}
				for _, u := range p.Used {
					if u.Used > u.Most {
						t.Errorf("%d %s, the limit is %d", u.Used, u.Unit, u.Most)
					}
				}
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

// TestTextFromStrangersCallsNobody: what would be a mention, a function or a link
// in one system or another is shown as it was written.
func TestTextFromStrangersCallsNobody(t *testing.T) {
	hostile := "<at>everyone</at> {{DATE(2026)}} <!channel> <@U123> @everyone @here @all <users/all> @**all** <@all> [x](https://evil.example)"
	dangers := map[string][]string{
		"teams": {"<at>", "{{"}, "slack": {`"mrkdwn","text":"<`}, "mattermost": {"@all", "@here", "@everyone"},
		"rocketchat": {"@all", "@here"}, "discord": {"@everyone", "@here", " <@U123>"}, "googlechat": {"<users/all>"},
		"webex": {"<@all>"}, "zulip": {"@**all**", "[x](https://evil.example)", "<at>"}, "matrix": {"@room"}, "ntfy": nil, "office365": {"<at>", "{{"}, "webhook": nil,
	}
	c := card.Card{Title: card.Escape(hostile), Text: card.Escape(hostile), Sections: []card.Section{{
		ActivityTitle: card.Escape(hostile), Facts: []card.Fact{{Name: card.Escape(hostile), Value: card.Escape(hostile)}},
	}}}
	for _, f := range forms() {
		p, err := f.Render(t.Context(), c, chat.Options{})
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := strings.Cut(f.Name, " ")
		bad, ok := dangers[kind]
		if !ok {
			t.Fatalf("%s: what is dangerous there?", kind)
		}
		shown := string(p.Body)
		if kind == "zulip" {
			shown = string(readable(t, p))
		}
		for _, b := range bad {
			if strings.Contains(shown, b) {
				t.Errorf("%s: %q came through: %s", f.Name, b, shown)
			}
		}
	}
}

// TestPeopleAreMentionedAsEachSystemDoes: those that the chat system knows by their
// id, all others by name.
func TestPeopleAreMentionedAsEachSystemDoes(t *testing.T) {
	person := func(id string) func(string) (chat.Person, bool) {
		return func(login string) (chat.Person, bool) {
			return chat.Person{ID: id, Name: "Ada <Lovelace>"}, login == "ada"
		}
	}
	tests := []struct {
		format form
		id     string
		want   []string
	}{
		{named("teams card"), "ada@example.com", []string{"<at>Ada Lovelace</at> and Bob", `"entities":[{"type":"mention","text":"<at>Ada Lovelace</at>","mentioned":{"id":"ada@example.com","name":"Ada Lovelace"}}]`}},
		{named("slack"), "U024BE7LH", []string{`{"type":"user","user_id":"U024BE7LH"}`, "Bob"}},
		{named("mattermost"), "ada.lovelace", []string{"@ada.lovelace and Bob"}},
		{named("rocketchat"), "@ada", []string{`"text":"@ada"`, "@ada and Bob"}},
		{named("discord"), "80351110224678912", []string{`"content":"<@80351110224678912>"`, "<@80351110224678912> and Bob", `"allowed_mentions":{"parse":[],"users":["80351110224678912"]}`}},
		{named("googlechat"), "users/1234", []string{`"text":"<users/1234>"`, "Ada &lt;Lovelace&gt; and Bob"}},
		{named("webex"), "ada@example.com", []string{"<@personEmail:ada@example.com|Ada Lovelace> and Bob"}},
		{named("zulip"), "42", []string{"@**|42** and Bob"}},
		{named("matrix event"), "@ada:example.com", []string{"https://matrix.to/#/@ada:example.com", `"m.mentions":{"user_ids":["@ada:example.com"]}`, " and Bob"}},
		{named("ntfy"), "ada", []string{"Ada L. and Bob"}},
		{named("office365"), "ada", []string{"Ada L. and Bob"}},
		{named("webhook"), "ada", []string{"Ada L. and Bob"}},
	}
	c := card.Card{Title: "t", Text: card.Mention("ada", "Ada L.") + " and " + card.Mention("bob", "Bob")}
	for _, test := range tests {
		p, err := test.format.Render(t.Context(), c, chat.Options{Person: person(test.id)})
		if err != nil {
			t.Fatal(err)
		}
		shown := string(p.Body)
		if test.format.Name == "zulip" {
			shown = string(readable(t, p))
		}
		for _, want := range test.want {
			if !strings.Contains(shown, want) {
				t.Errorf("%s: no %q in %s", test.format.Name, want, shown)
			}
		}
		nobody, err := test.format.Render(t.Context(), c, chat.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if text := string(nobody.Body); strings.Contains(text, "<at>") || strings.Contains(text, test.id) && test.id != "ada" || strings.Contains(text, "mention:") {
			t.Errorf("%s mentions somebody whom it does not know: %s", test.format.Name, text)
		}
	}
}

// TestAnAdaptiveCardLeavesAsItCame, where Adaptive Cards are taken, as long as it
// is small enough.
func TestAnAdaptiveCardLeavesAsItCame(t *testing.T) {
	original := json.RawMessage(`{"type":"AdaptiveCard","version":"1.2","body":[{"type":"RichTextBlock","inlines":["kept"]}]}`)
	c := card.Card{Title: "Converted", Adaptive: original}
	for _, f := range forms() {
		p, err := f.Render(t.Context(), c, chat.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if takes := f.Name == "teams message" || f.Name == "teams card"; bytes.Contains(p.Body, original) != takes {
			t.Errorf("%s: %s", f.Name, p.Body)
		}
	}
	c.Adaptive = json.RawMessage(`{"type":"AdaptiveCard","fallbackText":"` + strings.Repeat("x", 30_000) + `"}`)
	p, err := named("teams message").Render(t.Context(), c, chat.Options{})
	if err != nil || !bytes.Contains(p.Body, []byte("Converted")) || len(p.Body) > 20_000 {
		t.Errorf("one that is too large: %d bytes, %v", len(p.Body), err)
	}
}

// TestEveryLimitHasASource: a figure that nobody can check is a guess.
func TestEveryLimitHasASource(t *testing.T) {
	for _, f := range forms() {
		for _, l := range f.Limits {
			if l.Most <= 0 || l.Source == "" {
				t.Errorf("%s: %s: %d, %q", f.Name, l.Unit, l.Most, l.Source)
			}
		}
	}
}

func BenchmarkRender(b *testing.B) {
	for _, f := range forms() {
		b.Run(strings.ReplaceAll(f.Name, " ", "-"), func(b *testing.B) {
			c := full()
			for b.Loop() {
				if _, err := f.Render(b.Context(), c, chat.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("10000-facts", func(b *testing.B) {
		f := named("teams message")
		c := card.Card{Title: "t", Sections: []card.Section{{Facts: manyFacts(10_000)}}}
		for b.Loop() {
			if _, err := f.Render(b.Context(), c, chat.Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
