package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/connector-relay/relay/plugins"
	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/teams"
	"github.com/connector-relay/relay/relay/secret"
)

// drawn is what a person can see of a card and do with it.
type drawn struct {
	Complaints []string    `json:"complaints"`
	Text       string      `json:"text"`
	Links      []string    `json:"links"`
	Facts      []card.Fact `json:"facts"`
	Images     []string    `json:"images"`
	// Opened are the buttons, with what they open.
	Opened []struct {
		Title string `json:"title"`
		URL   string `json:"url"`
	} `json:"opened"`
}

// TestTheOfficialRendererDrawsEveryCard draws the Adaptive Cards that the relay makes
// of real cards in a real Chromium with the official renderer: without a warning,
// and so that a person reads what was meant.
func TestTheOfficialRendererDrawsEveryCard(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(filepath.Join(npmModules(t), "node_modules"))))
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join("testdata", "npm", "page.html"))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	// The pictures are other people's.
	w := startBrowser(t, chromedp.Flag("blink-settings", "imagesEnabled=false")).open(t, desktop(), server.URL+"/")
	eventually(t, "the renderer is loaded", func() bool { return ask[string](w, "typeof meant") == "function" }, w.text)

	for name, c := range cardsToDraw(t) {
		want := meant(t, w, c)
		for _, version := range []string{"1.2", "1.4", "1.5"} {
			t.Run(name+"/"+version, func(t *testing.T) {
				set := chat.Settings{"card_version": secret.New(version)}
				p, err := teams.System().Forms[1].Render(t.Context(), c, chat.Options{Settings: set})
				if err != nil {
					t.Fatal(err)
				}
				d := ask[drawn](w, "JSON.parse(draw("+string(p.Body)+"))")
				judgeMarks(t, want, d)
				if len(p.Omitted) == 0 {
					judgeWhole(t, want, d)
					judgeActions(t, allActions(c), d)
				}
				if t.Failed() {
					t.Logf("the card: %s\nis drawn as: %s", p.Body, d.Text)
				}
			})
		}
	}
}

// judgeMarks checks that the renderer finds no fault, that no marks of Markdown are
// left but what strangers wrote, and that nothing of theirs has power.
func judgeMarks(t *testing.T, want meaning, d drawn) {
	for _, complaint := range d.Complaints {
		t.Errorf("the renderer complains: %s", complaint)
	}
	all := strings.Join(slices.Concat(want.blocks, want.facts), "\n")
	for _, mark := range []string{"**", `\`, "](", "&lt;", "&amp;", "[object", "mention:"} {
		if strings.Contains(d.Text, mark) && !strings.Contains(all, mark) {
			t.Errorf("a person reads %q", mark)
		}
	}
	for _, power := range []string{"<at>", "</at>", "{{"} {
		if strings.Contains(d.Text, power) {
			t.Errorf("Teams makes more of %q than text", power)
		}
	}
	for _, link := range d.Links {
		if !strings.HasPrefix(link, "https://") && !strings.HasPrefix(link, "http://") && !strings.HasPrefix(link, "mailto:") {
			t.Errorf("a link leads to %q", link)
		}
	}
}

// judgeWhole checks that everything in a card can be read and reached.
func judgeWhole(t *testing.T, want meaning, d drawn) {
	text := flat(d.Text)
	for _, block := range want.blocks {
		if !strings.Contains(text, block) {
			t.Errorf("nobody reads %q", block)
		}
	}
	var facts []string
	for _, f := range d.Facts {
		facts = append(facts, flat(f.Name)+": "+flat(f.Value))
	}
	for _, fact := range want.facts {
		if !slices.Contains(facts, fact) {
			t.Errorf("nobody reads the fact %q among %q", fact, facts)
		}
	}
	for _, link := range want.links {
		if !slices.ContainsFunc(d.Links, func(l string) bool { return samePlace(l, link) }) {
			t.Errorf("nothing leads to %s, but to %q", link, d.Links)
		}
	}
	for _, image := range want.images {
		if !slices.Contains(d.Images, image) {
			t.Errorf("there is no picture %s among %q", image, d.Images)
		}
	}
}

// judgeActions checks that each link is behind a button with its name, and that what
// is no link is spoken of.
func judgeActions(t *testing.T, actions []card.Action, d drawn) {
	for _, a := range actions {
		if a.URL() == "" {
			if !strings.Contains(flat(d.Text), flat(a.Name)) {
				t.Errorf("nobody reads of the action %q", a.Name)
			}
			continue
		}
		found := false
		for _, o := range d.Opened {
			found = found || flat(o.Title) == flat(a.Name) && samePlace(o.URL, a.URL())
		}
		if !found {
			t.Errorf("no button %q opens %s, but there are %v", a.Name, a.URL(), d.Opened)
		}
	}
}

// allActions are a card's actions, with the links of its forms.
func allActions(c card.Card) []card.Action {
	list := slices.Clone(c.Actions)
	for _, s := range c.Sections {
		list = append(list, s.Actions...)
	}
	for _, form := range slices.Clone(list) {
		for _, a := range form.Actions {
			if a.URL() != "" {
				list = append(list, a)
			}
		}
	}
	return list
}

// meaning is what a person should read of a card: the blocks of its texts, its facts
// as "name: value", where its links lead, and its pictures.
type meaning struct{ blocks, facts, links, images []string }

// meant reads a card's texts with a parser of Markdown that is not the relay's.
func meant(t *testing.T, w *window, c card.Card) meaning {
	t.Helper()
	var m meaning
	texts, facts := []string{c.Title, c.Text}, []card.Fact{}
	for _, s := range c.Sections {
		texts = append(texts, s.Title, s.ActivityTitle, s.ActivitySubtitle, s.ActivityText, s.Text)
		facts = append(facts, s.Facts...)
		m.images = append(m.images, s.ActivityImage)
		if s.HeroImage != nil {
			m.images = append(m.images, s.HeroImage.URL)
		}
		for _, image := range s.Images {
			m.images = append(m.images, image.URL)
		}
	}
	m.images = slices.DeleteFunc(m.images, func(url string) bool { return url == "" })
	last := len(texts)
	for _, f := range facts {
		texts = append(texts, f.Name, f.Value)
	}
	list, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	read := ask[[]struct{ Blocks, Links []string }](w, "JSON.parse(meant("+string(list)+"))")
	for i, r := range read {
		for _, link := range r.Links {
			if strings.HasPrefix(link, "http") {
				m.links = append(m.links, link)
			}
		}
		switch {
		case i < last:
			for _, block := range r.Blocks {
				m.blocks = append(m.blocks, flat(block))
			}
		case (i-last)%2 == 1:
			name, value := flat(strings.Join(read[i-1].Blocks, " ")), flat(strings.Join(r.Blocks, " "))
			if name+value != "" {
				m.facts = append(m.facts, name+": "+value)
			}
		}
	}
	return m
}

// flat folds white space, which no browser draws as it stands, and drops what is
// invisible.
func flat(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\u200b", "")), " ")
}

// samePlace compares addresses however they are escaped.
func samePlace(a, b string) bool {
	plainA, errA := url.PathUnescape(a)
	plainB, errB := url.PathUnescape(b)
	return a == b || errA == nil && errB == nil && plainA == plainB
}

// cardsToDraw are the samples of every kind of event that a bundled connector knows,
// all cards in the tests of the project, and texts that are hard to draw.
func cardsToDraw(t *testing.T) map[string]card.Card {
	cards := map[string]card.Card{
		"hostile": {Title: card.Escape("*a* _b_ `c` [d](e) 1. # <at>x</at>"), Text: card.Escape("<b>bold?</b> - no\n+ list # here > quote 100% ~~x~~ R&D;")},
		"markdown": {
			Title: "All of **Markdown**", ThemeColor: "D73A49",
			Text: "# Head\n\nText with *emphasis*, **strong** and [a link](https://example.com/a_(b)_c).\nSecond line\n\n- one\n  - inner\n- two\n\n3. three\n4. four\n\n> quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n" +
				"```\ncode * here\n```\n\nhttps://example.com/x_y_z",
			Sections: []card.Section{{Title: "Facts", Facts: []card.Fact{{Name: "A_b", Value: "**x**"}, {Name: "Right to left", Value: "שלום"}}}},
			Actions: []card.Action{{Type: card.ActionCard, Name: "Comment", Inputs: []card.Input{{Type: card.TextInput, ID: "c", Title: "Your words"}}, Actions: []card.Action{
				{Type: card.OpenURI, Name: "Open", Targets: []card.Target{{OS: "default", URI: "https://example.com/"}}},
			}}},
		},
		"too much": {Title: "Long", Text: strings.Repeat("Many *words* and [links](https://example.com/).\n\n", 2000)},
	}
	for name, newConnector := range plugins.Bundled() {
		for _, k := range newConnector().Describe().Kinds {
			cards[name+" "+k.Name] = k.Sample.Card
		}
	}
	for _, pattern := range []string{"relay/card/testdata/cards/*", "relay/chat/systems/testdata/webhook*", "plugins/*/testdata/*", "plugins/*/testdata/cards/*"} {
		files, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, file := range files {
			for i, c := range cardsIn(t, file) {
				cards[fmt.Sprintf("%s %d", strings.TrimPrefix(file, "../../"), i)] = c
				found++
			}
		}
		if found == 0 {
			t.Fatalf("no cards in %s", pattern)
		}
	}
	return cards
}

// cardsIn finds the Connector Cards in a file, whatever else it holds: JSON objects
// of their own, or in a member "card".
func cardsIn(t *testing.T, file string) []card.Card {
	b, err := os.ReadFile(file)
	if errors.Is(err, syscall.EISDIR) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var cards []card.Card
	for {
		start := bytes.IndexByte(b, '{')
		if start < 0 {
			return cards
		}
		b = b[start:]
		d := json.NewDecoder(bytes.NewReader(b))
		var object map[string]json.RawMessage
		if d.Decode(&object) != nil {
			return cards
		}
		whole := b[:d.InputOffset()]
		b = b[d.InputOffset():]
		if inner, ok := object["card"]; ok {
			whole, object = inner, nil
			if err := json.Unmarshal(inner, &object); err != nil {
				t.Fatal(err)
			}
		}
		if string(object["@type"]) != `"MessageCard"` {
			continue
		}
		c, err := card.Parse(whole)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		c.Adaptive = nil // it would leave as it came
		cards = append(cards, c)
	}
}

// npmModules installs what testdata/npm pins, and returns where.
func npmModules(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json"} {
		b, err := os.ReadFile(filepath.Join("testdata", "npm", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", filepath.Join(dir, "cache"))
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm is needed to install the official renderer (scripts/test installs it): %v\n%s", err, out)
	}
	return dir
}
