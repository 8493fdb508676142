package markup_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/connector-relay/relay/relay/chat/markup"
)

// common writes what the parser reads: CommonMark with GitHub's tables.
func common() markup.Dialect {
	return markup.Markdown(markup.Flavour{
		Special: "\\*_[]()`~<>#|", Start: "-+=", Strong: "**", Emphasis: "*", Strike: "~~", Entities: true, Code: true, Fence: true,
		Headings: 6, Quotes: true, Tables: true, Pictures: true, Autolink: true, Rule: "---",
	})
}

// bare has no marks except those of lists.
func bare() markup.Dialect {
	return markup.Markdown(markup.Flavour{Special: "*", Strong: "*", Break: "\n\n"})
}

func known(login string) (string, bool) {
	name, ok := map[string]string{"ada": "Ada Lovelace", "bob-b": "Bob", "eve@example.com": "Eve"}[login]
	return name, ok
}

func TestTextsInEachDialect(t *testing.T) {
	p := markup.NewParser()
	tests := []struct{ name, in, common, bare, html, plain string }{
		{"emphasis", "**bold *both*** _it_ ~~no~~", "**bold *both*** *it* ~~no~~", "*bold both* it no", "<p><strong>bold <em>both</em></strong> <em>it</em> <del>no</del></p>", "bold both it no"},
		{"emphasis side by side", "*a***b**", "*a*\u200b**b**", "a*b*", "<p><em>a</em><strong>b</strong></p>", "ab"},
		{"escaped marks", `\*not bold\* a\_b`, `\*not bold\* a\_b`, `\*not bold\* a_b`, "<p>*not bold* a_b</p>", "*not bold* a_b"},
		{"code", "`a*b` and ``x`y``", "`a*b` and ``x`y``", `a\*b and x` + "`y", "<p><code>a*b</code> and <code>x`y</code></p>", "a*b and x`y"},
		{"a link", "[text](https://e.example/a_(b))", "[text](https://e.example/a_%28b%29)", "[text](https://e.example/a_%28b%29)", `<p><a href="https://e.example/a_%28b%29">text</a></p>`, "text (https://e.example/a_%28b%29)"},
		{"an address", "See https://e.example/a_b.", "See https://e.example/a_b.", "See [https://e.example/a_b](https://e.example/a_b).", `<p>See <a href="https://e.example/a_b">https://e.example/a_b</a>.</p>`, "See https://e.example/a_b."},
		{"an escaped address", `https://e.example/a\_b`, "https://e.example/a_b", "[https://e.example/a_b](https://e.example/a_b)", `<p><a href="https://e.example/a_b">https://e.example/a_b</a></p>`, "https://e.example/a_b"},
		{"a link that runs", "[x](javascript:alert(1))", "x", "x", "<p>x</p>", "x"},
		{"a picture", "![Logo](https://e.example/l.png)", "![Logo](https://e.example/l.png)", "[Logo](https://e.example/l.png)", `<p><a href="https://e.example/l.png">Logo</a></p>`, "Logo (https://e.example/l.png)"},
		{"lines", "one\ntwo\n\nthree", "one\ntwo\n\nthree", "one\n\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>", "one\ntwo\n\nthree"},
		{"a heading", "## Head *line*", "## Head *line*", "*Head line*", "<h2>Head <em>line</em></h2>", "Head line"},
		{"lists", "- one\n- two\n  1. three\n  2. four", "- one\n- two\n  1. three\n  2. four", "- one\n- two\n  1. three\n  2. four", "<ul><li>one</li><li>two\n<ol><li>three</li><li>four</li></ol></li></ul>", "- one\n- two\n  1. three\n  2. four"},
		{"a list from three", "3. c\n4. d", "3. c\n4. d", "3. c\n4. d", `<ol start="3"><li>c</li><li>d</li></ol>`, "3. c\n4. d"},
		{"tasks", "- [x] done\n- [ ] open", "- ☑ done\n- ☐ open", "- ☑ done\n- ☐ open", "<ul><li>☑ done</li><li>☐ open</li></ul>", "- ☑ done\n- ☐ open"},
		{"what begins no list", `1\. no` + "\n" + `\- no`, "1\\. no\n\\- no", "1. no\n\n- no", "<p>1. no<br>- no</p>", "1. no\n- no"},
		{"a quote", "> said\n>\n> twice", "> said\n> \n> twice", "said\n\ntwice", "<blockquote><p>said</p><p>twice</p></blockquote>", "said\n\ntwice"},
		{"a block of code", "```go\nif a < b {\n\tc\n}\n```", "```go\nif a < b {\n\tc\n}\n```", "if a < b {\n\n\u00a0c\n\n}", `<pre><code class="language-go">if a &lt; b {` + "\n\tc\n}</code></pre>", "if a < b {\n\tc\n}"},
		{"a table", "| a | b |\n|---|---|\n| **1** | 2 \\| 3 |", "| a | b |\n| --- | --- |\n| **1** | 2 \\| 3 |", "*a* | *b*\n\n*1* | 2 | 3", "<table><tr><th>a</th><th>b</th></tr><tr><td><strong>1</strong></td><td>2 | 3</td></tr></table>", "a  b\n-  -----\n1  2 | 3"},
		{"a rule", "a\n\n---\n\nb", "a\n\n---\n\nb", "a\n\n———\n\nb", "<p>a</p><hr><p>b</p>", "a\n\n———\n\nb"},
		{"HTML", "a <b onclick=x>b</b> &amp; &lt;", `a **b** & \<`, "a *b* & <", "<p>a <strong>b</strong> &amp; &lt;</p>", "a b & <"},
		{"line breaks of HTML", "a<br>b<br/>\nc\n\n<br>d", "a\nb\nc\n\nd", "a\n\nb\n\nc\n\nd", "<p>a<br>b<br>c</p><p>d</p>", "a\nb\nc\n\nd"},
		{"entities", "&copy; &copy 2026 &timestamp; &#65; &amp;lt; \\&lt;", "© &copy 2026 &timestamp; A &amp;lt; &amp;lt;", "© &copy 2026 &timestamp; A &lt; &lt;", "<p>© &amp;copy 2026 &amp;timestamp; A &amp;lt; &amp;lt;</p>", "© &copy 2026 &timestamp; A &lt; &lt;"},
		{"an address with names of entities in it", "[x](https://e.example/?a=1&timestamp=5&region=eu)", "[x](https://e.example/?a=1&timestamp=5&region=eu)", "[x](https://e.example/?a=1&timestamp=5&region=eu)", `<p><a href="https://e.example/?a=1&amp;timestamp=5&amp;region=eu">x</a></p>`, "x (https://e.example/?a=1&timestamp=5&region=eu)"},
		{"emphasis over lines", "**a *b\nc*** [d\ne](https://e.example/)", "**a *b***\n***c*** [d e](https://e.example/)", "*a b*\n\n*c* [d e](https://e.example/)", `<p><strong>a <em>b</em></strong><br><strong><em>c</em></strong> <a href="https://e.example/">d e</a></p>`, "a b\nc d e (https://e.example/)"},
		{"a heading of marks", `# 5 \* **3**`, `# 5 \* **3**`, `*5 \* 3*`, "<h1>5 * <strong>3</strong></h1>", "5 * 3"},
		{"a fence that would not end", "~~~ a`\nx\n~~~", "```\nx\n```", "x", "<pre><code>x</code></pre>", "x"},
		{"right to left", "**שלום** עולם", "**שלום** עולם", "*שלום* עולם", "<p><strong>שלום</strong> עולם</p>", "שלום עולם"},
		{"people", "@ada, (@bob-b) x@ada.example @adam [You](mention:eve%40example.com) @eve@example.com.", "Ada Lovelace, \\(Bob\\) x@ada.example @adam You Eve.", "Ada Lovelace, (Bob) x@ada.example @adam You Eve.", "<p>Ada Lovelace, (Bob) x@ada.example @adam You Eve.</p>", "Ada Lovelace, (Bob) x@ada.example @adam You Eve."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := p.Parse(test.in, known)
			for dialect, pair := range map[string][2]string{
				"CommonMark": {common().Write(text), test.common}, "bare": {bare().Write(text), test.bare},
				"HTML": {markup.HTML().Write(text), test.html}, "plain": {markup.PlainText().Write(text), test.plain},
			} {
				if diff := cmp.Diff(pair[1], pair[0]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", dialect, diff)
				}
			}
		})
	}
}

// words returns pieces of text with a special meaning in one dialect or another.
func words() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{
		"word", " ", "*", "_", "**", "~~", "`", "[", "](", ")", "<", ">", "&", "&amp;", "lt;", "#", "- ", "1. ", "|", "\\", "!", "\n", "\n\n", "@ada", "日本", "😀", "=", "+ ", "---", "\t", "https://e.example/ ", "{{",
	})
}

// TestALineMeansTheSameAloneAndBeforeARule: a line without a mark is read without the
// parser when it is alone, and with the parser when it precedes a rule.
func TestALineMeansTheSameAloneAndBeforeARule(t *testing.T) {
	p := markup.NewParser()
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.SampledFrom([]string{"", "1. ", "23) ", "1.2", "# ", "#", "> ", "- ", "+ ", "---"}).Draw(t, "start")
		pieces := rapid.SliceOf(rapid.SampledFrom([]string{
			"a", "b c", " ", "1", "23", ".", ")", "(", "!", "#", ">", "+", "-", "=", ":", "@ada", "@eve@example.com", "http://a.b/c", "https://",
			"www.a.b", "mailto:a@b.c", "{", "}", "/", ",", "\"", "'", "é", "א", "🙂", ";", "?", "%", "$", "^", "*", "_", "&amp;", "\\",
		})).Draw(t, "pieces")
		line := start + strings.Join(pieces, "")
		read := p.Parse("a\n\n"+line+"\n\n***", known)
		if len(read) == 0 || read[len(read)-1].Kind != markup.Rule {
			t.Fatalf("%q: the rule is read as %+v", line, read)
		}
		want := read[1 : len(read)-1]
		if markup.Bare(want) == "" {
			want = markup.Literal(strings.TrimSpace(line)) // nothing but marks
		}
		if diff := cmp.Diff(want, p.Parse(line, known), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q: -with the parser +alone\n%s", line, diff)
		}
	})
}

// TestLiteralTextStaysLiteral: whatever a stranger writes, a reader of CommonMark sees
// those characters and no markup.
func TestLiteralTextStaysLiteral(t *testing.T) {
	p := markup.NewParser()
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(words(), 0, 12).Draw(t, "pieces"), "")
		written := common().Write(markup.Literal(s))
		read := p.Parse(written, nil)
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
		if got, want := squeeze(markup.PlainText().Write(read)), squeeze(s); got != want {
			t.Fatalf("%q is written as %q, which says %q", s, written, got)
		}
		read.Walk(func(n markup.Inline) {
			switch n.Kind {
			case markup.Plain, markup.Break:
			case markup.Link:
				if !strings.HasPrefix(n.URL, "https://e.example/") {
					t.Fatalf("%q is written as %q and makes a link", s, written)
				}
			default:
				t.Fatalf("%q is written as %q and makes marks of kind %d", s, written, n.Kind)
			}
		})
	})
}

// TestCutting: what is left is no longer than asked for, is a beginning (and an
// end), and the text itself is not changed.
func TestCutting(t *testing.T) {
	p := markup.NewParser()
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(words(), 0, 60).Draw(t, "pieces"), "") +
			rapid.SampledFrom([]string{"", "\n\n- a\n- b\n  - c", "\n\n| a | b |\n|---|---|\n| c | d |\n| e | f |", "\n\n```\ncode code\ncode\n```", "\n\n> quote"}).Draw(t, "end")
		n := rapid.IntRange(0, 80).Draw(t, "n")
		text, again := p.Parse(s, nil), p.Parse(s, nil)
		head, middle := text.Head(n), text.Middle(n)
		if head.Len() > n {
			t.Fatalf("%q cut to %d characters has %d", s, n, head.Len())
		}
		if middle.Len() > n+2 {
			t.Fatalf("%q without its middle, of %d characters, has %d", s, n, middle.Len())
		}
		if diff := cmp.Diff(again, text, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("cutting changed the text:\n%s", diff)
		}
		if whole := markup.PlainText().Write(text); text.Len() <= n && (markup.PlainText().Write(head) != whole || markup.PlainText().Write(middle) != whole) {
			t.Fatalf("%q was cut, though it has %d characters only", s, text.Len())
		}
	})
}

func TestACharacterIsNotCutApart(t *testing.T) {
	family := "👩‍👩‍👧" // five code points
	text := markup.Words("ab" + family + "cd")
	for n, want := range map[int]string{3: "ab…", 5: "ab…", 7: "ab…", 8: "ab" + family + "…", 9: "ab" + family + "cd"} {
		if got := markup.Bare(text.Head(n)); got != want {
			t.Errorf("%d characters: %q, want %q", n, got, want)
		}
	}
}

// TestAWideCellFillsNoOtherLine: aligning would make a large table of a small one.
func TestAWideCellFillsNoOtherLine(t *testing.T) {
	rows := strings.Repeat("|a|b|\n", 100)
	table := "|a|b|\n|---|---|\n|" + strings.Repeat("x", 10_000) + "|b|\n" + rows
	for name, d := range map[string]markup.Dialect{"plain": markup.PlainText(), "light HTML": markup.LightHTML(), "bare": bare()} {
		if got := len(d.Write(markup.NewParser().Parse(table, nil))); got > 3*len(table)+10_000 {
			t.Errorf("%s: %d bytes make %d", name, len(table), got)
		}
	}
}

// TestATableOfTooManyCellsIsNone: a row of one mark has as many cells as the head, so
// that a few kilobytes could ask for gigabytes.
func TestATableOfTooManyCellsIsNone(t *testing.T) {
	bomb := strings.Repeat("|a", 5_000) + "|\n" + strings.Repeat("|-", 5_000) + "|\n" + strings.Repeat("|\n", 5_000)
	if got := markup.NewParser().Parse("before\n\n"+bomb, nil); got[1].Kind != markup.Paragraph {
		t.Errorf("it is read as a table of %d rows", len(got[1].Rows))
	}
	if got := markup.NewParser().Parse("|a|b|\n|-|-|\n"+strings.Repeat("|1|2|\n", 1_000), nil); got[0].Kind != markup.Table {
		t.Error("a long table is none")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"**a** `b` [c](https://d.example)", "- a\n  - b\n\n1. c", "| a |\n|---|\n| b |", "<script>", "@ada [x](mention:%zz)", "https://[", "```"} {
		f.Add(s)
	}
	p := markup.NewParser()
	f.Fuzz(func(t *testing.T, s string) {
		text := p.Parse(s, known)
		for _, d := range []markup.Dialect{common(), bare(), markup.HTML(), markup.LightHTML(), markup.PlainText()} {
			d.Write(text.Middle(50))
			if out := d.Write(text); strings.Contains(out, "javascript:") && !strings.Contains(s, "javascript:") {
				t.Fatal(out)
			}
		}
		if n := text.Head(10).Len(); n > 10 {
			t.Fatalf("cut to 10, has %d", n)
		}
	})
}
