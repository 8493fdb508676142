package prose_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/card/prose"
	"github.com/connector-relay/relay/relay/chat/markup"
)

func TestWhatPeopleWroteBecomesACardsMarkdown(t *testing.T) {
	for _, test := range []struct{ is, written, want string }{
		{"marks stay what they are", "**b** _e_ ~~s~~ `c`", "**b** *e* ~~s~~ `c`"},
		{"a heading is one", "## What changed\r\n\r\nMuch.", "## What changed\n\nMuch."},
		{"an underlined one, too", "Changed\n===", "# Changed"},
		{"a fence keeps its language and its code", "```go\nif a < b { c[0] = *d }\n```", "```go\nif a < b { c[0] = *d }\n```"},
		{"a list keeps its items, a task its box", "* a\n* [x] b\n* [ ] c\n  1. d", "- a\n- ☑ b\n- ☐ c\n  1. d"},
		{"a table is one", "a|b\n-|-\n1|2", "| a | b |\n| --- | --- |\n| 1 | 2 |"},
		{"a line break breaks", "one\ntwo", "one\ntwo"},
		{"a link leads on", "[notes](https://e.example/n(1) \"t\")", "[notes](https://e.example/n%281%29)"},
		{"so does an address alone, exactly", "see https://e.example/a_b_c?x=1&y=2.", `see [https://e.example/a\_b\_c?x=1&y=2](https://e.example/a_b_c?x=1&y=2).`},
		{"and one of Trello's smart links", `[https://e.example/a](https://e.example/a "smartCard-inline")`, "[https://e.example/a](https://e.example/a)"},
		{"a place within the repository is no address", "[doc](docs/a.md) [top](#top) [x](/acme/relay)", "doc top x"},
		{"people and numbers are text", "@ada fixed #17", `@ada fixed \#17`},
		{"a comment is not seen", "<!-- What went\n\n- wrong? -->\nIt stops.<!-- x -->", "It stops."},
		{"one without an end hides the rest", "It stops.\n\n<!-- never\nended", "It stops."},
		{"in code it is text", "`<!-- a -->` and\n\n```html\n<!-- b -->\n<details>\n```", "`<!-- a -->` and\n\n```html\n<!-- b -->\n<details>\n```"},
		{"what is folded up is not seen, but its title", "A\n\n<details><summary>Release <i>notes</i></summary>\n\n- x\n\n<details><summary>more</summary>y</details>\n\n```\n</details>\n```\n</details>\n\nB", "A\n\n▸ Release *notes*\n\nB"},
		{"what is unfolded is seen", "<details open><summary>S</summary>\n\nshown\n\n</details>", "▸ S\n\nshown"},
		{"HTML says what its Markdown says", `<h3>T</h3><p align="center"><b>b</b> <kbd>k</kbd> <a href="https://e.example/?a=1&amp;b=2">l</a><br/>n</p><ul><li>i</li></ul>`, "### T\n\n**b** `k` [l](https://e.example/?a=1&b=2)\nn\n\n- i"},
		{"a picture is a link to it", `![shot](https://e.example/s.png) <img width="3" src="https://e.example/t.png">`, "[shot](https://e.example/s.png) [picture](https://e.example/t.png)"},
		{"a badge is a link to what it leads to", "[![build](https://e.example/b.svg)](https://ci.example/1)", "[build](https://ci.example/1)"},
		{"what is no tag of HTML's is text", "List<String> when a < b", `List&lt;String\> when a &lt; b`},
		{"an alert has its title", "> [!WARNING]\n> Hot.", "> **Warning**\n> Hot."},
		{"an emoji's name is the emoji, where it is one", "Out :tada::+1: at 10:100:20 :octocat: `:tada:` a::b :", "Out 🎉👍 at 10:100:20 :octocat: `:tada:` a::b :"},
		{"a quote is one", "> earlier\n\nNo.", "> earlier\n\nNo."},
		{"nothing is nothing", "<!-- template -->\n", ""},
	} {
		if got := prose.Markdown(test.written, 400); got != test.want {
			t.Errorf("%s:\n%s\nwant:\n%s", test.is, got, test.want)
		}
	}
}

func TestATextIsCutWithoutBreakingMarks(t *testing.T) {
	for written, want := range map[string]string{
		"It stops at tabs.":                         "It stops …",
		"**bold words that go on** and on":          "**bold words** …",
		"[a link that goes on](https://e.example/)": "[a link that](https://e.example/)…",
		"```go\nfunc main() {}\n```":                "```go\nfunc main()\n```\n\n…",
		"- one\n- two\n- three":                     "- one\n- two\n- th\n\n…",
	} {
		if got := prose.Markdown(written, 12); got != want {
			t.Errorf("%q:\n%s\nwant:\n%s", written, got, want)
		}
	}
	if got := prose.Markdown(strings.Repeat("<!-- a long template -->\n", 2000)+"It stops.", 400); got != "It stops." {
		t.Errorf("behind a long template: %q", got)
	}
}

// hostile are texts that would do harm, or cost much.
func hostile() []string {
	return []string{
		"<at>everyone</at> `<at>all</at>` [x](mention:ada) [y](javascript:alert(1)) <a href=\"javascript:alert(1)\">z</a> ![p](file:///etc/passwd)",
		"[![<at>x</at>](https://e.example/a)](mention:ada) [<img src=\"mention:ada\">](mention:ada)",
		"```<at>\n<at>x</at> {{y}}\n```\n\n~~~" + strings.Repeat("language", 1500) + "\nx\n~~~",
		"a\u202eb\u2066c\x00d&#x202e;e &lt;at&gt; &#60;at&#62;",
		strings.Repeat("[x](https://e.example/"+strings.Repeat("y", 300)+") ", 200),
		strings.Repeat("[x] ", 4000) + "\n\n[x]: https://e.example/" + strings.Repeat("y", 1000),
		strings.Repeat("```\n```\n", 8000), strings.Repeat("***\n", 9000), strings.Repeat("- \n", 20000), strings.Repeat("> ", 30000) + "x",
		strings.Repeat("<", 1<<20) + ">", strings.Repeat("<b", 1<<19), strings.Repeat("<!--", 1<<18), strings.Repeat("` `` ", 1<<18), strings.Repeat("[", 1<<20),
		strings.Repeat("<details>", 1<<17) + strings.Repeat("</details>", 1<<17) + "x", strings.Repeat("|", 1<<16) + "\n" + strings.Repeat("|-", 1<<15), strings.Repeat("&amp;", 1<<18),
		strings.Repeat("\\", 1<<20), "\xff\xfe<b>\xff", strings.Repeat("*_", 1<<19),
	}
}

// harmless checks what holds for every text.
func harmless(t *testing.T, s string) {
	t.Helper()
	got := prose.Markdown(s, 400)
	if len(got) > 8000 || !utf8.ValidString(got) {
		t.Errorf("%.60q gives %d bytes", s, len(got))
	}
	if strings.Contains(got, "<at>") || strings.ContainsAny(got, "\u202e\u2066\x00\r") {
		t.Errorf("%.60q gives %q", s, got)
	}
	nobody := func(string) (string, bool) { return "", false }
	text := markup.NewParser().Parse(got, nobody)
	text.Walk(func(n markup.Inline) {
		if n.Kind == markup.Mention || n.Kind == markup.Picture {
			t.Errorf("%.60q gives %+v", s, n)
		}
	})
	if err := (card.Card{Title: "t", Text: got}).Validate(); err != nil {
		t.Errorf("%.60q: %v", s, err)
	}
}

func TestHostileTextsComeOutHarmlessAndShort(t *testing.T) {
	for _, s := range hostile() {
		harmless(t, s)
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range hostile() {
		f.Add(s[:min(len(s), 4096)])
	}
	f.Add("# T\n\n<details open><summary>a</summary>`b`\n\n|c|d|\n|-|-|\n|e|f|</details>")
	f.Fuzz(harmless)
}
