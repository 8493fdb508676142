package markup_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/chat/markup"
)

// TestTheTagsOfTheRetiredConnectorsAreRead covers the table in Microsoft's "Format sample
// for HTML connector cards" and what accompanies such tags, within Markdown and alone.
func TestTheTagsOfTheRetiredConnectorsAreRead(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"bold", "some <b>bold</b> and <strong>strong</strong>", "some **bold** and **strong**"},
		{"italic", "some <i>slanted</i> and <em>meant</em>", "some *slanted* and *meant*"},
		{"struck", "<s>a</s> <strike>b</strike> <del>c</del>", "~~a~~ ~~b~~ ~~c~~"},
		{"capitals", "<B>a</B><BR />b", "**a**\nb"},
		{"headings", "<h1>One</h1>\r<h2>Two</h2>\r <h3>Three</h3>after", "# One\n\n## Two\n\n### Three\n\nafter"},
		{"bullets", "list <ul><li>a</li><li>b</li></ul> end", "list\n\n- a\n- b\n\nend"},
		{"bullets that are not closed", "<ul><li>a<li>b</ul>", "- a\n- b"},
		{"numbers", `<ol start="3"><li>c</li>` + "\n" + `<li>d</li></ol>`, "3. c\n4. d"},
		{"lists in lists", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"},
		{"a link", `to <a href="https://e.example/?a=1&amp;b=2">the page</a>`, "to [the page](https://e.example/?a=1&b=2)"},
		{"a link in single quotes", `<a target=_blank href='https://e.example/1'>x</a>`, "[x](https://e.example/1)"},
		{"a link that runs", `<a href="javascript:alert(1)">x</a>`, "x"},
		{"a link that rings", `<a href="tel:+4930">Call</a>`, `Call \(tel:+4930\)`},
		{"a picture", `<img src="https://e.example/d.png" alt="Duck"></img>`, "![Duck](https://e.example/d.png)"},
		{"preformatted", "see <pre>a *b*\n  c &lt; d</pre> end", "see\n\n```\na *b*\n  c < d\n```\n\nend"},
		{"code", "run <code>a *b* &amp;&amp; c</code>", "run `a *b* && c`"},
		{"paragraphs", "<p>a</p><p>b</p>c", "a\n\nb\n\nc"},
		{"a quotation", "<blockquote>said</blockquote>", "> said"},
		{"a line across", "a<hr>b", "a\n\n---\n\nb"},
		{"a table", "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>", "| A | B |\n| --- | --- |\n| 1 | 2 |"},
		{"a table of one row", "<table><tr><td>cellA</td><td>cellB</td></tr></table>", `cellA \| cellB`},
		{"marks over paragraphs", "<b><p>a</p><p>b</p></b>", "**a**\n\n**b**"},
		{"what is never shown", "a<!-- secret --><style>p{}</style><script>x()</script>b", "ab"},
		{"what changes nothing", `<span style="color:red">red</span> <u>line</u> <font size=2>f</font>`, "red line f"},
		{"comparisons", "a < b and c > d", `a \< b and c \> d`},
		{"types", "List<String> and Map<K, V> and List<A>", `List\<String\> and Map\<K, V\> and List\<A\>`},
		{"a type that is called as a tag is", "vector<i> of x", `vector\<i\> of x`},
		{"entities", "caf&eacute; &lt;b&gt; &#233;&nbsp;x", "café \\<b\\> é\u00a0x"},
		{"a link in a mark", `<b><a href="https://e.example/">x</a></b>`, "**[x](https://e.example/)**"},
		{"an address", "<i>see</i> https://e.example/a_b", "*see* https://e.example/a_b"},
		{"break after break", "a<br><br>b", "a\n\nb"},
	} {
		t.Run(test.name, func(t *testing.T) {
			reader := markup.NewParser().Reader(nil)
			for name, read := range map[string]func(string) markup.Text{"Markdown": reader.Read, "HTML": reader.HTML} {
				if diff := cmp.Diff(test.want, common().Write(read(test.in))); diff != "" {
					t.Errorf("as %s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

// TestMarkdownMeansNothingInHTML also shows that line breaks stay.
func TestMarkdownMeansNothingInHTML(t *testing.T) {
	read := markup.NewParser().Reader(nil).HTML
	for in, want := range map[string]string{
		"*too high* on web_01 [10.0.0.1]":      `\*too high\* on web\_01 \[10.0.0.1\]`,
		"a<br>\nb\nc\n\nd":                     "a\nb\nc\n\nd",
		"Host: a<br>Severity: <b>High</b><br>": "Host: a\nSeverity: **High**",
		`C:\new\*.log`:                         `C:\\new\\\*.log`,
	} {
		if diff := cmp.Diff(want, common().Write(read(in))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

// TestMarkdownIsReadBetweenTags.
func TestMarkdownIsReadBetweenTags(t *testing.T) {
	read := markup.NewParser().Reader(nil).Read
	for in, want := range map[string]string{
		"<p>**a** [b](https://e.example/)</p>": "**a** [b](https://e.example/)",
		"- one <b>two</b>\n- three":            "- one **two**\n- three",
		"`<b>` and\n\n```\n<pre>x</pre>\n```":  "`<b>` and\n\n```\n<pre>x</pre>\n```",
		"**a <i>b</i>**":                       "**a *b***",
		"# <u>Head</u>":                        "# Head",
		"<b>a\n\nb</b>":                        "**a**\n\n**b**",
		"*****":                                `\*\*\*\*\*`,
		"---":                                  `\---`,
		"#":                                    `\#`,
		"-":                                    `\-`,
		"[web01]: https://e.example/":          `\[web01\]: https://e.example/`,
		"a\rb":                                 "a\nb",
		"- Bullet \r- List \r":                 "- Bullet\n- List",
	} {
		if diff := cmp.Diff(want, common().Write(read(in))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}
