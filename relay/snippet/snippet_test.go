package snippet_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/snippet"
)

// odd is what an address may hold at worst, and card has texts that mean something in every
// one of the languages.
const odd = `/hooks/TOKEN'"$(touch${IFS}pwned)` + "`touch${IFS}pwned`" + `;&|!{1..2}[0-9]\n*?a='x'&b=$HOME`

var card = snippet.Card{
	Title: `It's "odd" $(touch pwned) ` + "`touch pwned`" + ` ‘’ \n %s {} é 🎉 </script>`,
	Text:  "Two\nlines, a tab\t and a ''' and a \"\"\"",
}

// code returns the snippet of a language.
func code(t *testing.T, language, hook string, c snippet.Card) string {
	t.Helper()
	all := snippet.All(hook, c)
	i := slices.IndexFunc(all, func(s snippet.Snippet) bool { return s.Name == language })
	if i < 0 {
		t.Fatalf("there is no snippet in %s", language)
	}
	return all[i].Code
}

// TestSnippetsPostTheCardWhateverTheAddressHolds runs each of them.
func TestSnippetsPostTheCardWhateverTheAddressHolds(t *testing.T) {
	type posted struct{ uri, kind, body string }
	var got posted
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		query, _ := url.PathUnescape(r.URL.RawQuery)
		got = posted{r.Method + " " + r.URL.Path + "?" + query, r.Header.Get("Content-Type"), string(b)}
		_, _ = io.WriteString(w, "1")
	}))
	t.Cleanup(server.Close)
	for language, run := range map[string][]string{
		"curl": {"sh", "snippet"}, "Python": {"python3", "snippet"}, "Go": {"go", "run", "snippet.go"},
	} {
		t.Run(language, func(t *testing.T) {
			hook := server.URL + odd
			dir := t.TempDir()
			for _, name := range []string{"snippet", "snippet.go"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(code(t, language, hook, card)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), run[0], run[1:]...)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s\n%s", err, out, code(t, language, hook, card))
			}
			if got.uri != "POST "+odd {
				t.Errorf("posted to %s, want %s", got.uri, odd)
			}
			var arrived snippet.Card
			if err := json.Unmarshal([]byte(got.body), &arrived); err != nil || arrived != card || !strings.HasPrefix(got.kind, "application/json") {
				t.Errorf("%s arrived as %s, %v", got.body, got.kind, err)
			}
			if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
				t.Error("the address was run")
			}
		})
	}
}

// TestPowerShellReadsItsSnippet: where there is no PowerShell, a grammar of it tells that
// the address and the texts are texts, and that nothing else is run.
func TestPowerShellReadsItsSnippet(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "read.js"} {
		b, err := os.ReadFile(filepath.Join("testdata", "powershell", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	install := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", filepath.Join(dir, "cache"))
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm is needed to install the grammar (scripts/test installs it): %v\n%s", err, out)
	}
	hook := "https://relay.example.com" + odd + "‘x’‚‛"
	cmd := exec.CommandContext(t.Context(), "node", "--liftoff-only", "read.js") // compiled well, the grammar takes seconds
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(code(t, "PowerShell", hook, card))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	var read struct {
		Broken          bool
		Commands, Texts []string
	}
	if err := json.Unmarshal(out, &read); err != nil {
		t.Fatal(err)
	}
	if read.Broken || !slices.Equal(read.Commands, []string{"ConvertTo-Json", "Invoke-RestMethod"}) {
		t.Errorf("PowerShell reads %s\n%s", out, code(t, "PowerShell", hook, card))
	}
	for i, text := range read.Texts {
		undoubled := text[1 : len(text)-1]
		for _, quote := range []string{"'", "‘", "’", "‚", "‛"} {
			undoubled = strings.ReplaceAll(undoubled, quote+quote, quote)
		}
		read.Texts[i] = undoubled
	}
	if want := []string{card.Title, card.Text, hook, "application/json; charset=utf-8"}; !slices.Equal(read.Texts, want) {
		t.Errorf("its texts are\n%q, want\n%q", read.Texts, want)
	}
}
