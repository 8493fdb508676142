package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay"
	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/channel"
)

// rendererPage draws Adaptive Cards with Microsoft's own renderer, as its users set
// it up. It collects all that the renderer has to say about a card.
const rendererPage = `<!doctype html><meta charset="utf-8"><title>cards</title><link rel="icon" href="data:,">
<script src="/adaptivecards/dist/adaptivecards.min.js"></script>
<script src="/markdown-it/dist/markdown-it.min.js"></script>
<body><script>
const md = markdownit();
AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => { result.outputHtml = md.render(text); result.didProcess = true };
const complaints = [];
for (const level of ["warn", "error"]) console[level] = (...words) => complaints.push(level + ": " + words.join(" "));
function draw(json) {
  complaints.length = 0;
  const c = new AdaptiveCards.AdaptiveCard(), context = new AdaptiveCards.SerializationContext(AdaptiveCards.Versions.v1_4);
  c.parse(json, context);
  for (let i = 0; i < context.eventCount; i++) complaints.push(context.getEventAt(i).message);
  for (const e of c.validateProperties().validationEvents) complaints.push(e.message);
  const element = c.render();
  document.body.replaceChildren(element);
  return JSON.stringify({
    complaints, text: element.innerText, links: [...element.querySelectorAll("a")].map(a => a.getAttribute("href")),
    buttons: [...element.querySelectorAll("button")].map(b => b.innerText), images: element.querySelectorAll("img").length,
  });
}
</script>`

// drawn is what came of drawing a card.
type drawn struct {
	Complaints []string `json:"complaints"`
	Text       string   `json:"text"`
	Links      []string `json:"links"`
	Buttons    []string `json:"buttons"`
	Images     int      `json:"images"`
}

// TestTheOfficialRendererDrawsEveryCard draws the Adaptive Cards that the relay makes
// of real cards in a real Chromium with the official renderer: without a warning,
// and so that a person reads what was meant.
func TestTheOfficialRendererDrawsEveryCard(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(filepath.Join(rendererModules(t), "node_modules"))))
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(rendererPage))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	b := startBrowser(t, server.URL+"/")
	eventually(t, "the renderer is loaded", func() bool { return b.evaluate("typeof draw") == "function" }, b.text)

	// What strangers wrote looks as they wrote it; of everything else no mark is left.
	for name, c := range cardsToDraw(t) {
		p, err := channel.Render("teams", "card", c)
		if err != nil {
			t.Fatal(err)
		}
		var d drawn
		if err := json.Unmarshal([]byte(b.evaluate("draw("+string(p.Body)+")")), &d); err != nil {
			t.Fatalf("%s is not drawn: %v\n%s", name, err, p.Body)
		}
		for _, complaint := range d.Complaints {
			t.Errorf("%s: %s\n%s", name, complaint, p.Body)
		}
		if title := card.Plain(c.Title); !strings.Contains(flat(d.Text), flat(title)) {
			t.Errorf("%s: nobody reads the title %q in %q", name, title, d.Text)
		}
		for _, mark := range []string{"**", `\`, "](", "&lt;", "&amp;", "<at>", "[object", "mention:"} {
			if strings.Contains(d.Text, mark) && name != "hostile" {
				t.Errorf("%s: a person reads %q in %q", name, mark, d.Text)
			}
		}
		for _, s := range c.Sections {
			for _, f := range s.Facts {
				if !strings.Contains(flat(d.Text), flat(card.Plain(f.Name))) {
					t.Errorf("%s: the fact %q is not there: %q", name, f.Name, d.Text)
				}
			}
		}
		for _, a := range c.Actions {
			if a.URL() != "" && !strings.Contains(strings.Join(d.Buttons, "\n"), flat(a.Name)) {
				t.Errorf("%s: there is no button %q: %q", name, a.Name, d.Buttons)
			}
		}
	}
	for _, fault := range b.faults() {
		if !strings.Contains(fault, "net::ERR_NAME_NOT_RESOLVED") { // the pictures of the samples
			t.Errorf("the browser complains: %s", fault)
		}
	}
}

// flat folds white space, which no browser draws as it stands, and drops what is
// invisible.
func flat(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\u200b", "")), " ")
}

// cardsToDraw are the samples of every kind of event that a bundled connector knows,
// those of the card model, and texts that are hard to draw.
func cardsToDraw(t *testing.T) map[string]card.Card {
	cards := map[string]card.Card{
		"hostile": {Title: card.Escape("*a* _b_ `c` [d](e) 1. # <at>x</at>"), Text: card.Escape("<b>bold?</b> - no\n+ list # here > quote 100% ~~x~~ R&D; &lt;")},
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
	for name, newConnector := range relay.Bundled() {
		for _, k := range newConnector().Describe().Kinds {
			cards[name+" "+k.Name] = k.Sample.Card
		}
	}
	files, err := filepath.Glob("../../relay/card/testdata/cards/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sample cards: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if cards[filepath.Base(file)], err = card.Parse(b); err != nil {
			t.Fatal(err)
		}
	}
	return cards
}

// rendererModules installs the renderer, whose versions testdata/renderer pins, and
// returns where.
func rendererModules(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json"} {
		b, err := os.ReadFile(filepath.Join("testdata", "renderer", name))
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
