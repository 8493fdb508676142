package card_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/card"
)

// samples are cards of every documented shape.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/cards/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	list := make(map[string][]byte)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		list[filepath.Base(f)] = bytes.TrimSpace(b)
	}
	return list
}

func TestADocumentedCardComesThroughUnchanged(t *testing.T) {
	for name, b := range samples(t) {
		t.Run(name, func(t *testing.T) {
			c, err := card.Parse(b)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Validate(); err != nil {
				t.Error(err)
			}
			out, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(generic(t, b), generic(t, out)); diff != "" {
				t.Errorf("something was lost or added (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(c, c.Clone()); diff != "" {
				t.Errorf("the clone differs:\n%s", diff)
			}
		})
	}
}

func generic(t *testing.T, b []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestEncodingKeepsMarkupBytesShort(t *testing.T) {
	b, err := card.Card{Text: "a < b & c > d"}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), "a < b & c > d") {
		t.Errorf("escaped for HTML: %s", b)
	}
}

func TestAMistakeIsNamedWithItsPlace(t *testing.T) {
	tests := map[string]string{
		`{"title": 5}`:                          "title: want a string, found a number",
		`{"sections": {}}`:                      "sections: want an array, found an object",
		"{\"text\": \"hi\",\n \"title\": }":     "not JSON: line 2, column",
		`[1]`:                                   "the card: want an object, found an array",
		``:                                      "not JSON: line 1, column 1",
		`{"text": "hi"} x`:                      "not JSON: line 1",
		`{"sections":[{"facts":[{"name":1}]}]}`: "sections[0].facts[0].name: want a string, found a number",
	}
	for in, want := range tests {
		if _, err := card.Parse([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
}

func TestSendersMayLeaveOutWhatTheRetiredEndpointsDidNotInsistOn(t *testing.T) {
	for _, in := range []string{`{"text":"hi"}`, `{"type":"MessageCard","text":"hi"}`, `{"@type":"MessageCard","@context":"http://schema.org/extensions","text":"hi"}`, `{"text":"hi","unknown":{"a":1}}`} {
		c, err := card.Parse([]byte(in))
		if err != nil || c.Text != "hi" {
			t.Errorf("%s: %+v, %v", in, c, err)
		}
	}
}

func TestValidateNamesThePath(t *testing.T) {
	link := func(uri string) card.Action {
		return card.Action{Type: card.OpenURI, Name: "Open", Targets: []card.Target{{OS: "default", URI: uri}}}
	}
	tests := map[string]card.Card{
		"the card is empty":                               {},
		"themeColor: want six hexadecimal digits":         {Text: "t", ThemeColor: "red"},
		"potentialAction[0].targets[0].uri: want an http": {Text: "t", Actions: []card.Action{link("javascript:alert(1)")}},
		"potentialAction[0].targets: is missing":          {Text: "t", Actions: []card.Action{{Type: card.OpenURI, Name: "Open"}}},
		"potentialAction[0].name: is missing":             {Text: "t", Actions: []card.Action{{Type: card.OpenURI, Targets: []card.Target{{OS: "default", URI: "https://a.example/"}}}}},
		`there is no action type "Explode"`:               {Text: "t", Actions: []card.Action{{Type: "Explode", Name: "x"}}},
		"sections[1].heroImage.image: is missing":         {Sections: []card.Section{{Text: "a"}, {HeroImage: &card.Image{}}}},
		"sections[0].images[0].image: want an http":       {Sections: []card.Section{{Images: []card.Image{{URL: "ftp://a"}}}}},
		"sections[0].activityImageType":                   {Sections: []card.Section{{ActivityImageType: "round"}}},
		"an ActionCard cannot contain an ActionCard":      {Text: "t", Actions: []card.Action{{Type: card.ActionCard, Name: "a", Actions: []card.Action{{Type: card.ActionCard, Name: "b"}}}}},
		"potentialAction[0].inputs[0].id: is missing":     {Text: "t", Actions: []card.Action{{Type: card.ActionCard, Name: "a", Inputs: []card.Input{{Type: card.TextInput}}}}},
	}
	for want, c := range tests {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, found %v", want, err)
		}
	}
}

func TestEscapeMakesTextLiteral(t *testing.T) {
	tests := map[string]string{
		"a\u202eb\u2066c שלום":     "abc שלום",
		"&lt;at>":                  "&amp;lt;at\\>",
		"R&D; a&b":                 "R&amp;D; a&b",
		"plain words, 3.5 and a-b": "plain words, 3.5 and a-b",
		"*bold* _it_ `code`":       "\\*bold\\* \\_it\\_ \\`code\\`",
		"[x](https://e.example)":   `\[x\]\(https://e.example\)`,
		"<at>Ada</at>":             `&lt;at\>Ada&lt;/at\>`,
		"{{title}}":                `\{\{title\}\}`,
		"- item":                   `\- item`,
		"1. first":                 `1\. first`,
		"a\x00b":                   "ab",
		"naïve 日本 😀":               "naïve 日本 😀",
	}
	for in, want := range tests {
		if got := card.Escape(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestAHeadlineIsPlainAndOneLine(t *testing.T) {
	tests := []struct {
		card card.Card
		want string
	}{
		{card.Card{Title: "**Bold** and [a link](https://e.example/x)"}, "Bold and a link"},
		{card.Card{Title: card.Escape("<at>*x*</at>")}, "<at>*x*</at>"},
		{card.Card{Summary: "Summary", Text: "Text"}, "Summary"},
		{card.Card{Sections: []card.Section{{ActivityTitle: "Ada"}}}, "Ada"},
		{card.Card{Text: "first\nsecond"}, "first"},
		{card.Card{}, ""},
	}
	for _, test := range tests {
		if got := test.card.Headline(); got != test.want {
			t.Errorf("%+v: %q, want %q", test.card, got, test.want)
		}
	}
}

func TestAnActionOpensTheAddressForAllSystems(t *testing.T) {
	a := card.Action{Type: card.OpenURI, Targets: []card.Target{{OS: "iOS", URI: "https://i.example/"}, {OS: "default", URI: "https://d.example/"}}}
	if got := a.URL(); got != "https://d.example/" {
		t.Error(got)
	}
	a.Targets = a.Targets[:1]
	if got := a.URL(); got != "https://i.example/" {
		t.Error(got)
	}
	if got := (card.Action{Type: card.HTTPPost, Target: card.Destination{URL: "https://p.example/"}}).URL(); got != "" {
		t.Error(got)
	}
}

func FuzzParse(f *testing.F) {
	for _, b := range samples(f) {
		f.Add(b)
	}
	f.Add([]byte(`{"potentialAction":[{"target":["a"]}],"sections":[{"markdown":null}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := card.Parse(b)
		if err != nil {
			return
		}
		_ = c.Validate()
		_ = c.Headline()
		out, err := c.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := card.Parse(out)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, out)
		}
		twice, err := again.MarshalJSON()
		if err != nil || !bytes.Equal(out, twice) {
			t.Fatalf("it changes when written again:\n%s\n%s", out, twice)
		}
	})
}

func FuzzEscape(f *testing.F) {
	f.Add("<at>x</at> {{y}} *z*")
	f.Fuzz(func(t *testing.T, s string) {
		if out := card.Escape(s); strings.Contains(out, "<at>") || strings.Contains(out, "{{") {
			t.Fatalf("%q still says %q", s, out)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	in := samples(b)["trello.json"]
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if _, err := card.Parse(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMarshal(b *testing.B) {
	c, err := card.Parse(samples(b)["trello.json"])
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := c.MarshalJSON(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestACutNeverBreaksALinkOrARune(t *testing.T) {
	text := "Read [the notes about the release](https://example.com/a/long/address) 日本語 today"
	for n := 1; n < 80; n++ {
		got := card.Cut(text, n)
		if strings.Count(got, "[") != strings.Count(got, "](") || strings.Count(got, "](") != strings.Count(got, ")") {
			t.Errorf("%d: %q", n, got)
		}
		if strings.ContainsRune(got, '\uFFFD') {
			t.Errorf("%d: %q breaks a rune", n, got)
		}
	}
}

func TestTextFromStrangersStandsLiterally(t *testing.T) {
	for got, want := range map[string]string{
		card.Line("  two\n words *bold* ", 50):                                               "two words \\*bold\\*",
		card.Line(strings.Repeat("word ", 50), 20):                                           "word word word word …",
		card.Excerpt("first\r\nsecond\n", 50):                                                "first\nsecond",
		card.Counted([]string{"a", "b", "", "b", "b (2)"}):                                   "b (2), a (1), b (2) (1)",
		card.Link("a (b)", "https://a.example/(x)"):                                          "[a \\(b\\)](https://a.example/%28x%29)",
		card.Link("a", "javascript:alert(1)"):                                                "a",
		card.Web("https://%zz") + card.Web("https:a") + card.Web("HTTPS://a.example/\n"):     "",
		card.Link("", "https://a.example/"):                                                  "",
		card.Link("a", "https://a.example/ \"x"):                                             "a",
		card.FromHTML("<title>T</title><p>One</p><style>x{}</style><div>T&amp;o<br>3</div>"): "One\nT&o\n3\n",
		card.FromHTML("<script>a</script></script>b<"):                                       "b<",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestTheHeadlineOfJSONIsTheCards, whether there is a title or not.
func TestTheHeadlineOfJSONIsTheCards(t *testing.T) {
	for body, want := range map[string]string{
		`{"sections":[{"title":"s"}],"Title":"[a](https://e.example/) *b*"}`: "a b",
		`{"title":"","summary":"s"}`:                                         "s",
		`{"title":" ","text":"first\nsecond"}`:                               "first",
		`{"title":7}`:                                                        "",
		`{"title":"cut`:                                                      "",
		`[]`:                                                                 "",
		``:                                                                   "",
	} {
		if got := card.ReadHeadline([]byte(body)); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}
