package rss

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	tree "github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/systems"
	"github.com/connector-relay/relay/relay/chat/teams"
)

// atomOf and jsonOf are feeds with one item, whose elements they are given; rssItem is
// one of RSS.
func atomOf(inner string) string {
	return `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"><title>A &lt;feed&gt;</title><link href="https://site.example/"/><entry><id>urn:1</id>` + inner + `</entry></feed>`
}

func jsonOf(inner string) string {
	return `{"version":"https://jsonfeed.org/version/1.1","title":"A <feed>","home_page_url":"https://site.example/","items":[{"id":"1",` + inner + `}]}`
}

func rssItem(inner string) string {
	return `<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">` +
		`<channel><title>Site</title><link>https://site.example/</link><item>` + inner + `</item></channel></rss>`
}

func described(s string) string {
	return rssItem("<title>T</title><description><![CDATA[" + s + "]]></description>")
}

// shown is a card as its readers see it.
type shown struct{ Title, Text, Link, Picture, By string }

func show(t testing.TB, feed string, summary int) shown {
	t.Helper()
	a := read(question{Body: []byte(feed), Address: "https://site.example/feed", First: true, Initial: 1, Summary: summary, Picture: true})
	if err := a.problem(); err != nil || len(a.Posts) != 1 {
		t.Fatalf("%d items: %v", len(a.Posts), err)
	}
	c := a.Source.card(a.Posts[0])
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return shownOf(c)
}

func shownOf(c card.Card) shown {
	parse := func(s string) tree.Text { return tree.NewParser().Parse(s, nil) }
	s := shown{Title: tree.Bare(parse(c.Title))}
	for _, section := range c.Sections {
		s.Text = tree.PlainText().Write(parse(section.Text))
		s.By, _, _ = strings.Cut(tree.Bare(parse(section.ActivitySubtitle)), " · ")
		if section.HeroImage != nil {
			s.Picture = section.HeroImage.URL
		}
	}
	for _, a := range c.Actions {
		s.Link = a.Targets[0].URI
	}
	return s
}

func TestATextIsReadAsItsFormatMeansIt(t *testing.T) {
	for name, c := range map[string]struct{ feed, title, text string }{
		"an Atom text without a type is text":               {atomOf(`<title>Vector&lt;int&gt; &amp;amp; &lt;b&gt;</title>`), "Vector<int> &amp; <b>", ""},
		"an Atom text of type text is text":                 {atomOf(`<title type="text">a &lt; b</title><summary type="text">if a&lt;b and c&gt;d: vector&lt;int&gt;` + "\n\n" + `*not bold* &amp;lt;</summary>`), "a < b", "if a<b and c>d: vector<int>\n\n*not bold* &lt;"},
		"an Atom text/plain is text":                        {atomOf(`<title>T</title><content type="text/plain">&lt;i&gt;x&lt;/i&gt;</content>`), "T", "<i>x</i>"},
		"Atom HTML is HTML":                                 {atomOf(`<title type="html">Fish &amp;amp; &lt;b&gt;chips&lt;/b&gt; &amp;lt;3</title><content type="html">x&amp;lt;S&amp;gt; &lt;discard&gt;y</content>`), "Fish & chips <3", "x<S> y"},
		"Atom HTML in CDATA":                                {atomOf(`<title type="html"><![CDATA[Tom &amp; Jerry&#8217;s <b>day</b>]]></title>`), "Tom & Jerry’s day", ""},
		"Atom text in CDATA":                                {atomOf(`<title><![CDATA[<b> &amp;]]></title>`), "<b> &amp;", ""},
		"Atom text/html":                                    {atomOf(`<title type="text/html">&lt;i&gt;x&lt;/i&gt;</title>`), "x", ""},
		"Atom XHTML":                                        {atomOf(`<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Less: &lt; is <b>bold</b></div></title>`), "Less: < is bold", ""},
		"Atom XHTML with a prefix":                          {atomOf(`<title>T</title><content type="xhtml"><h:div xmlns:h="http://www.w3.org/1999/xhtml"><h:p>One</h:p><h:p>two</h:p></h:div></content>`), "T", "One\n\ntwo"},
		"an Atom picture is no text":                        {atomOf(`<title>T</title><content type="image/png">iVBORw0KGgo=</content>`), "T", ""},
		"the type of a media title is not the title's":      {atomOf(`<media:title type="html">x</media:title><title>&lt;b&gt;</title>`), "<b>", ""},
		"JSON Feed's title and text are text":               {jsonOf(`"title":"a <b> &#8217; c","content_text":"a < b\nList<String> *x*\n\n1. y"`), "a <b> &#8217; c", "a < b\nList<String> *x*\n\n1. y"},
		"JSON Feed's HTML is HTML":                          {jsonOf(`"title":"T","content_html":"<p>Hello <b>world</b> &amp; all</p>"`), "T", "Hello world & all"},
		"JSON Feed's summary is text":                       {jsonOf(`"title":"T","summary":"<3 & <i>"`), "T", "<3 & <i>"},
		"RSS titles lose tags":                              {rssItem(`<title>A &lt;b&gt;bold&lt;/b&gt; &lt;a href="x"&gt;link&lt;/a&gt;</title>`), "A bold link", ""},
		"RSS titles keep what is no tag":                    {rssItem(`<title>List&lt;String&gt; &lt;3 a&lt;b if a&lt;b and c&gt;d &lt;!channel&gt; &lt;stdio.h&gt;</title>`), "List<String> <3 a<b if a<b and c>d <!channel> <stdio.h>", ""},
		"RSS titles about HTML":                             {rssItem(`<title><![CDATA[Intent to Ship: <discard>, <dialog> and <b>]]></title>`), "Intent to Ship: <discard>, <dialog> and <b>", ""},
		"RSS titles escaped twice are resolved once":        {rssItem(`<title>Fish &amp;amp; Chips&amp;#8217; &amp;lt;discard&amp;gt;</title>`), "Fish & Chips’ <discard>", ""},
		"RSS titles of XML":                                 {rssItem(`<title><a href="/x">GAO</a> &amp; co</title>`), "GAO & co", ""},
		"breaks part words":                                 {rssItem(`<title>One&lt;br/&gt;two&lt;/p&gt;&lt;p&gt;three</title>`), "One two three", ""},
		"RSS titles hide what is hidden":                    {rssItem(`<title><![CDATA[A<script>x()</script><style>p{}</style> <span hidden>b</span>c]]></title>`), "A c", ""},
		"CDATA within CDATA":                                {rssItem(`<title>&lt;![CDATA[Title]]&gt;</title>`), "Title", ""},
		"an RSS text without tags is text":                  {rssItem("<title>T</title><description>First\nsecond a &lt; b List&lt;String&gt; x;\n\n- one &amp;amp; two</description>"), "T", "First\nsecond a < b List<String> x;\n\n- one & two"},
		"an RSS text with tags is HTML":                     {described("<p>One\ntwo</p><p>three<br>four</p>"), "T", "One two\n\nthree\nfour"},
		"an excerpt that has lost its end tags":             {described("<b>Bold text that"), "T", "Bold text that"},
		"generics in a text of HTML":                        {described("<p>Use Vec<T> and List<b></p>"), "T", "Use Vec<T> and List<b>"},
		"an RSS text escaped twice shows its tags":          {rssItem(`<title>T</title><description>&amp;lt;p&amp;gt;x</description>`), "T", "<p>x"},
		"scripts, styles, frames, forms and what is hidden": {described("<style>p{}</style><script>x()</script><p>See</p><iframe src='https://v.example/'>i</iframe><p style='color:red; Display : none'>1</p><p hidden>2</p><template>3</template><noscript>4</noscript><form>5<button>6</button></form><svg><text>7</text></svg><span class='screen-reader-text'>8</span><!-- 9 -->"), "T", "See"},
		"words that elements part":                          {described("<table><tr><td>One</td><td>two<br>three</td></tr></table><details><summary>Four</summary>five</details><p>\u200b</p><dl><dt>Six</dt><dd>seven</dd></dl>"), "T", "One two\nthree\n\nFour\n\nfive\n\nSix\n\nseven"},
		"what elements say":                                 {described("<p>10<sup>6</sup> H<sub>2</sub>O<sup><a href='#1'>[1]</a></sup> <q>quoted</q></p>"), "T", "10⁶ H₂O[1] “quoted”"},
		"a comic says what its picture says":                {described("<img src='https://site.example/c.png' title='A joke &amp; more' alt='Comic'>"), "T", "A joke & more"},
		"Atom 0.3 in base64":                                {atomOf(`<title>T</title><content type="text/html" mode="base64">PHA+U29tZSA8Yj50ZXh0PC9iPjwvcD4=</content>`), "T", "Some text"},
		"an emoji that is a picture is its letter":          {described("Hi <img src='https://s.w.org/images/core/emoji/1f600.png' alt='😀' class='wp-smiley'> there <img src='https://site.example/p.jpg' alt='A photo'>"), "T", "Hi 😀 there"},
		"a media title and description where nothing else":  {rssItem(`<media:group><media:title>A &lt;film&gt;</media:title><media:description>Line` + "\n" + `*two*</media:description></media:group>`), "A <film>", "Line\n*two*"},
		"and only there":                                    {rssItem(`<title>T</title><description>Text</description><media:title>M</media:title><media:description>D</media:description>`), "T", "Text"},
		"content where the description says nothing":        {rssItem(`<title>T</title><description>&lt;img src="https://a.example/x.png"&gt;</description><content:encoded>&lt;p&gt;Long&lt;/p&gt;</content:encoded>`), "T", "Long"},
		"content without tags keeps its lines":              {rssItem("<title>T</title><content:encoded>One\ntwo &amp;amp; three</content:encoded>"), "T", "One\ntwo & three"},
		"Markdown is text":                                  {described("<p>* [x](y) _a_ `b` # 1. {{now}} <at>All</at> ~~s~~ | a\\b</p>"), "T", "* [x](y) _a_ `b` # 1. {{now}} <at>All</at> ~~s~~ | a\\b"},
		"underlines make no heading":                        {rssItem("<title>T</title><description>Title\n=====\ntext\n-----\n</description>"), "T", "Title\n=====\ntext\n-----"},
	} {
		t.Run(name, func(t *testing.T) {
			got := show(t, c.feed, 500)
			if diff := cmp.Diff(shown{Title: c.title, Text: c.text}, shown{Title: got.Title, Text: got.Text}); diff != "" {
				t.Error("-want +got\n" + diff)
			}
		})
	}
}

func TestNothingIsSaidTwice(t *testing.T) {
	for name, c := range map[string]struct{ feed, title, text string }{
		"a text that is the title":                 {rssItem("<title>Same words</title><description>Same  words</description>"), "Same words", ""},
		"a first line that is the title":           {rssItem("<title>Same &amp; words</title><description>&lt;h1&gt;Same &amp;amp; words&lt;/h1&gt;&lt;p&gt;More&lt;/p&gt;</description>"), "Same & words", "More"},
		"a text that is the title's beginning":     {rssItem("<title>Same words again</title><description>Same words…</description>"), "Same words again", ""},
		"a description that is the title":          {rssItem("<title>Same</title><description>Same</description><content:encoded>&lt;p&gt;Long&lt;/p&gt;</content:encoded>"), "Same", "Long"},
		"no title, one line":                       {jsonOf(`"content_html":"<p>Hello <b>world</b></p>"`), "Hello world", ""},
		"no title, some lines":                     {jsonOf(`"content_text":"Hello\nworld *x* <b>"`), "Hello", "world *x* <b>"},
		"no title, a long line":                    {jsonOf(`"content_text":"` + strings.Repeat("word ", 30) + `"`), "", strings.TrimSpace(strings.Repeat("word ", 30))},
		"no title, code":                           {jsonOf(`"content_html":"<pre>a &lt; b\nc</pre><p>x</p>"`), "", "a < b\nc\n\nx"},
		"no title, a list":                         {jsonOf(`"content_text":"- a\n- b"`), "", "- a\n- b"},
		"neither title nor text":                   {rssItem("<link>https://site.example/1</link>"), "https://site.example/1", ""},
		"nothing at all":                           {rssItem("<guid>1</guid>"), "Untitled", ""},
		"the caption of a picture":                 {described(`<figure><img src="https://site.example/p.jpg" alt="A cat"><figcaption>A cat</figcaption></figure>`), "T", "A cat"},
		"the address of a linked picture":          {described(`<a href="https://site.example/p.jpg"><img src="https://site.example/p.jpg"></a>text`), "T", "text"},
		"where it appeared first":                  {described(`<p>Text.</p><p>The post <a href="https://site.example/1">T</a> appeared first on <a href="https://site.example/">Site</a>.</p>`), "T", "Text."},
		"how to go on reading":                     {described(`<p>Text […] <a href="https://site.example/1">Continue reading <span>T</span> →</a></p>`), "T", "Text […]"},
		"a forum's footer":                         {described(`<p>Text</p><p><a href="https://site.example/t/1">Read full topic</a></p>`), "T", "Text"},
		"Medium's footer":                          {described(`<p>Text</p><hr><p><a href="https://site.example/1">T</a> was originally published in <a href="https://site.example/">Site</a> on Medium.</p>`), "T", "Text\n\n———"},
		"reading more is a text when more follows": {described(`<p><a href="https://site.example/1">Read more</a> books.</p>`), "T", "Read more (https://site.example/1) books."},
		"buttons to share":                         {described(`<p>Text</p><p><a href="https://twitter.com/intent/tweet?u=x">Tweet</a> <a href="https://www.facebook.com/sharer.php?u=x">Share</a></p>`), "T", "Text"},
		"Reddit's footer":                          {described(`<div class="md"><p>Text</p></div> &#32; submitted by &#32; <a href="https://www.reddit.com/user/x"> /u/x </a> &#32; to &#32; <a href="https://www.reddit.com/r/golang/"> r/golang </a> <br/> <span><a href="https://site.example/">[link]</a></span> &#32; <span><a href="https://www.reddit.com/r/golang/comments/1/">[comments]</a></span>`), "T", "Text"},
		"Reddit's footer in a table":               {described(`<table><tr><td><a href="https://www.reddit.com/1"><img src="https://site.example/x.jpg"></a></td><td> submitted by <a href="https://www.reddit.com/user/x"> /u/x </a><br><span><a href="https://i.example/">[link]</a></span> <span><a href="https://www.reddit.com/r/a/comments/1/">[comments]</a></span></td></tr></table>`), "T", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := show(t, c.feed, 500)
			if diff := cmp.Diff(shown{Title: c.title, Text: c.text}, shown{Title: got.Title, Text: got.Text}); diff != "" {
				t.Error("-want +got\n" + diff)
			}
		})
	}
}

func TestATextIsCutBetweenItsMarks(t *testing.T) {
	words := strings.Repeat("word ", 9) // 45 characters
	rows := strings.Repeat("<tr><td>one</td><td>two</td></tr>", 20)
	for name, c := range map[string]struct{ html, text string }{
		"at a word":               {"<p>" + words + "and longer than that</p>", words + "and …"},
		"before a link":           {"<p>" + words + `<a href="https://site.example/">a link</a> more</p>`, strings.TrimSpace(words) + " …"},
		"before code":             {"<p>" + words + "<code>a = b + c</code> more</p>", strings.TrimSpace(words) + " …"},
		"within bold":             {"<p>" + strings.Repeat("word ", 5) + "<b>" + words + "</b></p>", strings.Repeat("word ", 5) + "**" + strings.TrimSpace(strings.Repeat("word ", 5)) + " …**"},
		"at a line of code":       {"<pre><code>" + strings.Repeat("line of code\n", 9) + "</code></pre>", "```\n" + strings.Repeat("line of code\n", 3) + "…\n```"},
		"after a row":             {"<table><tr><th>A</th><th>B</th></tr>" + rows + "</table>", "| A   | B   |\n|-----|-----|\n" + strings.Repeat("| one | two |\n", 7) + "\n…"},
		"before an entry":         {"<ul><li>" + words + "</li><li>another entry</li><li>third</li></ul>", "- " + strings.TrimSpace(words) + "\n\n…"},
		"nothing where it fits":   {"<p>" + words + "</p>", strings.TrimSpace(words)},
		"a text without spaces":   {"<p>" + strings.Repeat("語", 60) + "</p>", strings.Repeat("語", 50) + " …"},
		"a link that comes first": {`<p><a href="https://site.example/">` + words + "and longer than that</a></p>", "[" + words + "and …](https://site.example/)"},
	} {
		t.Run(name, func(t *testing.T) {
			a := read(question{Body: []byte(described(c.html)), First: true, Initial: 1, Summary: 50})
			if diff := cmp.Diff(c.text, a.Posts[0].Text); diff != "" {
				t.Error("-want +got\n" + diff)
			}
		})
	}
}

func TestWhereAnItemCanBeRead(t *testing.T) {
	atomLinks := func(links ...string) string {
		return atomOf("<title>T</title>" + strings.Join(links, ""))
	}
	for name, c := range map[string]struct{ feed, want string }{
		"RSS":                                    {rssItem("<link>https://a.example/1</link><guid>https://a.example/guid</guid>"), "https://a.example/1"},
		"a permalink where there is no link":     {rssItem("<guid>https://a.example/guid</guid>"), "https://a.example/guid"},
		"a GUID that is none":                    {rssItem(`<guid isPermaLink="false">https://a.example/guid</guid>`), ""},
		"a GUID that is no address":              {rssItem(`<guid>4711</guid>`), ""},
		"a link that is a script":                {rssItem("<link>javascript:alert(1)</link><guid>https://a.example/guid</guid>"), "https://a.example/guid"},
		"a link that is none":                    {rssItem("<link>N/A</link>"), ""},
		"a link to nowhere":                      {rssItem("<link>#</link>"), ""},
		"a link without a host":                  {rssItem("<link>https:///x</link>"), ""},
		"a link within spaces":                   {rssItem("<link>\n https://a.example/a b?q=ü c \n</link>"), "https://a.example/a%20b?q=%C3%BC%20c"},
		"a link with an international host":      {rssItem("<link>https://münchen.example/</link>"), "https://xn--mnchen-3ya.example/"},
		"a link with two schemes":                {rssItem("<link>http://https://a.example/1</link>"), "https://a.example/1"},
		"a link without a scheme":                {rssItem("<link>//a.example/1</link>"), "https://a.example/1"},
		"a link of www":                          {rssItem("<link>www.a.example/1</link>"), "https://www.a.example/1"},
		"a relative link":                        {rssItem("<link>news/1</link>"), "https://site.example/news/1"},
		"a link with an ampersand":               {rssItem("<link>https://a.example/?a=1&b=2&copy=3</link>"), "https://a.example/?a=1&b=2&copy=3"},
		"an Atom link in RSS":                    {rssItem(`<atom:link rel="self" href="https://a.example/self"/><atom:link href="https://a.example/1"/>`), "https://a.example/1"},
		"an enclosure":                           {rssItem(`<guid isPermaLink="false">1</guid><enclosure url="https://a.example/1.mp3" type="audio/mpeg"/>`), "https://a.example/1.mp3"},
		"the original of what FeedBurner counts": {rssItem(`<link>https://feedproxy.example/~r/1</link><feedburner:origLink>https://a.example/1</feedburner:origLink>`), "https://a.example/1"},
		"the page of several alternates":         {atomLinks(`<link rel="alternate" type="application/atom+xml" href="https://a.example/1.xml"/>`, `<link rel="alternate" type="text/html" href="https://a.example/1"/>`), "https://a.example/1"},
		"an alternate after others":              {atomLinks(`<link rel="self" href="https://a.example/self"/>`, `<link rel="enclosure" href="https://a.example/e"/>`, `<link href="/1"/>`), "https://site.example/1"},
		"an alternate of no page":                {atomLinks(`<link rel="alternate" type="application/pdf" href="https://a.example/1.pdf"/>`), "https://a.example/1.pdf"},
		"content elsewhere":                      {atomLinks(`<link rel="self" href="https://a.example/self"/>`, `<content type="text/html" src="https://a.example/page"/>`), "https://a.example/page"},
		"an id that is an address":               {strings.Replace(atomLinks(), "urn:1", "https://a.example/id", 1), "https://a.example/id"},
		"a base of XML":                          {strings.Replace(atomLinks(`<link href="1"/>`), "<entry", `<entry xml:base="https://b.example/blog/"`, 1), "https://b.example/blog/1"},
		"a base of the whole feed":               {strings.Replace(rssItem("<link>1</link>"), "<rss", `<rss xml:base="https://b.example/blog/"`, 1), "https://b.example/blog/1"},
		"JSON Feed":                              {jsonOf(`"url":"/1","external_url":"https://o.example/"`), "https://site.example/1"},
		"JSON Feed's page elsewhere":             {jsonOf(`"external_url":"https://o.example/"`), "https://o.example/"},
		"JSON Feed's attachment":                 {jsonOf(`"attachments":[{"url":"https://a.example/1.mp3","mime_type":"audio/mpeg"}]`), "https://a.example/1.mp3"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := show(t, c.feed, 500).Link; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestAnItemsPicture(t *testing.T) {
	const want = "https://a.example/p.jpg"
	for name, c := range map[string]struct{ feed, want string }{
		"media:content":                          {rssItem(`<media:content url="` + want + `" medium="image"/>`), want},
		"media:content of a type":                {rssItem(`<media:content url="https://a.example/p?x" type="image/jpeg"/>`), "https://a.example/p?x"},
		"a film with its picture":                {rssItem(`<media:group><media:content url="https://a.example/f.mp4" type="video/mp4" width="1280"/><media:thumbnail url="` + want + `" width="480" height="360"/></media:group>`), want},
		"a film":                                 {rssItem(`<media:content url="https://a.example/v" medium="video"/>`), ""},
		"a film by its name":                     {rssItem(`<media:content url="https://a.example/f.mp4"/>`), ""},
		"a sound":                                {rssItem(`<media:content url="https://a.example/a.mp3" medium="audio"/><enclosure url="https://a.example/a.mp3" type="audio/mpeg"/>`), ""},
		"the widest":                             {rssItem(`<media:content url="https://a.example/s.jpg" medium="image" width="140"/><media:content url="` + want + `" medium="image" width="700"/>`), want},
		"an author's face":                       {atomOf(`<media:thumbnail height="30" width="30" url="https://avatars.githubusercontent.com/u/1?s=60"/>`), ""},
		"a Gravatar before the picture":          {rssItem(`<media:content url="https://0.gravatar.com/avatar/x?s=96" medium="image"/><media:content url="` + want + `" medium="image"/>`), want},
		"itunes:image":                           {rssItem(`<itunes:image href="` + want + `"/>`), want},
		"an enclosure of a type":                 {rssItem(`<enclosure url="https://a.example/p" type="image/png"/>`), "https://a.example/p"},
		"an enclosure without a type":            {rssItem(`<enclosure url="` + want + `"/>`), want},
		"an enclosure of bytes":                  {rssItem(`<enclosure url="` + want + `" type="application/octet-stream"/>`), want},
		"an Atom enclosure":                      {atomOf(`<link rel="enclosure" type="image/jpeg" href="` + want + `"/>`), want},
		"JSON Feed":                              {jsonOf(`"title":"T","image":"` + want + `","banner_image":"https://a.example/b.jpg"`), want},
		"JSON Feed's banner":                     {jsonOf(`"title":"T","banner_image":"` + want + `"`), want},
		"in the text":                            {described(`<p>x</p><IMG SRC="` + want + `">`), want},
		"in the content":                         {rssItem(`<title>T</title><description>x</description><content:encoded>&lt;img src="` + want + `"&gt;</content:encoded>`), want},
		"in a text that is text":                 {jsonOf(`"content_text":"<img src='` + want + `'>"`), ""},
		"over https":                             {described(`<img src="http://a.example/p.jpg">`), want},
		"over https, where there is no port":     {described(`<img src="http://a.example:8080/p.jpg">`), ""},
		"without a scheme":                       {described(`<img src="//a.example/p.jpg">`), want},
		"relative":                               {described(`<img src="/p.jpg">`), "https://site.example/p.jpg"},
		"with spaces":                            {described(`<img src="https://a.example/my photo ü.jpg">`), "https://a.example/my%20photo%20%C3%BC.jpg"},
		"loaded late":                            {described(`<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" data-src="` + want + `"><img src="https://a.example/2.jpg">`), want},
		"loaded late, with a stand-in":           {described(`<img src="https://a.example/small.jpg" data-lazy-src="` + want + `">`), want},
		"loaded late, for those without scripts": {described(`<img class="lazy" src="data:image/gif;base64,R0lG"><noscript><img src="` + want + `"></noscript>`), want},
		"srcset":                                 {described(`<img srcset="https://a.example/s.jpg 320w, ` + want + ` 1200w, https://a.example/l.jpg 4000w">`), want},
		"srcset by density":                      {described(`<img srcset="https://a.example/s.jpg, ` + want + ` 2x">`), want},
		"a picture of the newest kind":           {described(`<picture><source srcset="https://a.example/p.webp 1x"><img src="` + want + `"></picture>`), want},
		"a picture of nothing else":              {described(`<picture><source srcset="https://a.example/p.webp 1x"></picture>`), "https://a.example/p.webp"},
		"an emoji":                               {described(`<img src="https://s.w.org/images/core/emoji/1f600.png" alt="x" class="wp-smiley"><img src="` + want + `">`), want},
		"a counter":                              {described(`<img src="https://a.example/c.gif" width="1" height="1"><img src="https://feeds.feedburner.com/~r/x/~4/y" height="1"><img src="` + want + `">`), want},
		"a counter by its style":                 {described(`<img src="https://a.example/c" style="width:1px;height:1px"><img src="https://pixel.wp.com/b.gif?x">`), ""},
		"a badge":                                {described(`<img src="https://img.shields.io/badge/x-y-green"><img src="https://a.example/logo.svg">`), ""},
		"an avatar in the text":                  {described(`<img class="avatar photo" src="https://a.example/me.jpg"><img src="` + want + `">`), want},
		"a film's poster":                        {described(`<video poster="` + want + `" src="https://a.example/f.mp4"></video>`), want},
		"a film about avatars":                   {described(`<img src="https://a.example/avatar-2-poster.jpg">`), "https://a.example/avatar-2-poster.jpg"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := show(t, c.feed, 500).Picture; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestWhoWroteAnItem(t *testing.T) {
	of := func(author string) string { return rssItem("<title>T</title><author>" + author + "</author>") }
	inChannel := func(inner string) string {
		return strings.Replace(rssItem("<title>T</title>"), "<item>", inner+"<item>", 1)
	}
	for name, c := range map[string]struct {
		feed string
		want []string
	}{
		"an address with a name":           {of("jane@x.example (Jane Doe)"), []string{"Jane Doe"}},
		"a name with an address":           {of("Example editor &lt;me@x.example&gt;"), []string{"Example editor"}},
		"a name with an address in braces": {of("Jane Doe (jane@x.example)"), []string{"Jane Doe"}},
		"a quoted name":                    {of("&quot;Doe, Jane&quot; &lt;jane@x.example&gt;"), []string{"Doe, Jane"}},
		"only an address":                  {of("me@x.example"), []string{"me@x.example"}},
		"a machine's address":              {of("noreply@x.example"), nil},
		"a machine's address with a name":  {of("noreply@x.example (Jane)"), []string{"Jane"}},
		"a name with a house":              {of("Jane Doe (Acme)"), []string{"Jane Doe (Acme)"}},
		"several addresses with names":     {of("bob@x.example (Bob), ann@x.example (Ann)"), []string{"Bob", "Ann"}},
		"a name wherever there is one":     {rssItem("<author>jane@x.example</author><dc:creator>Jane</dc:creator>"), []string{"Jane"}},
		"several creators":                 {rssItem("<dc:creator>Ann</dc:creator><dc:creator><![CDATA[O'Brien & Co]]></dc:creator><dc:creator>Ann</dc:creator>"), []string{"Ann", "O'Brien & Co"}},
		"itunes":                           {rssItem("<itunes:author>Pod Caster</itunes:author>"), []string{"Pod Caster"}},
		"Atom in RSS":                      {rssItem("<atom:author><atom:name>Ann</atom:name></atom:author><atom:author><atom:email>b@x.example</atom:email></atom:author>"), []string{"Ann"}},
		"the channel's editor":             {inChannel("<managingEditor>ed@x.example (Ed Itor)</managingEditor>"), []string{"Ed Itor"}},
		"the podcast's owner":              {inChannel("<itunes:owner><itunes:name>Jane</itunes:name><itunes:email>j@x.example</itunes:email></itunes:owner>"), []string{"Jane"}},
		"the channel's creator":            {inChannel("<dc:creator>Ann</dc:creator><managingEditor>Ed</managingEditor>"), []string{"Ann"}},
		"Atom":                             {atomOf("<author><name>Ann</name><email>ann@x.example</email></author><author><name>Bob &lt;3</name></author>"), []string{"Ann", "Bob <3"}},
		"Atom's address":                   {atomOf("<author><email>ann@x.example</email></author>"), []string{"ann@x.example"}},
		"the source's":                     {atomOf("<source><author><name>Ann</name></author></source>"), []string{"Ann"}},
		"the feed's":                       {strings.Replace(atomOf(""), "<entry>", "<author><name>Ann</name></author><entry>", 1), []string{"Ann"}},
		"JSON Feed":                        {jsonOf(`"authors":[{"name":"A"},{"name":"B"}],"author":{"name":"C"}`), []string{"A", "B"}},
		"JSON Feed 1.0":                    {jsonOf(`"author":{"name":"C"}`), []string{"C"}},
		"JSON Feed's own":                  {strings.Replace(jsonOf(`"title":"T"`), `"items"`, `"authors":[{"name":"Ann"}],"items"`, 1), []string{"Ann"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := read(question{Body: []byte(c.feed), First: true, Initial: 1})
			if diff := cmp.Diff(c.want, a.Posts[0].Authors); diff != "" {
				t.Error("-want +got\n" + diff)
			}
		})
	}
}

// TestTextComesOutAsItWentIn: whatever a plain text says, each chat system shows it.
func TestTextComesOutAsItWentIn(t *testing.T) {
	pieces := []string{"a", "word", "é", "語", "👩‍👩‍👧", " ", " ", "\n", "\n\n", "<", ">", "<b>", "</b>", "<br>", "<at>", "<!channel>", "<!--", "-->", "<mailto|y>", "&", "&amp;", "&#8217;", "&lt;", "*", "**", "_", "__", "~~", "`", "```", "[", "]", "(", ")", "[x](y)", "![x](y)", "#", "# ", "> ", "- ", "+ ", "1. ", "1) ", "===", "---", "|", "|-|", "\\", "{{x}}", "@", ":", ";", "'", "\"", "$", "%", "x_y_z", "2*3*4", "C:\\dir", "\t"}
	chats := make(map[string]chat.Form)
	for _, s := range systems.All() {
		// The others show no text in a form of their own, or show a message twice.
		if !slices.Contains([]string{"office365", "webhook", "ntfy", "inbox"}, s.Name) {
			chats[s.Name] = s.Forms[len(s.Forms)-1]
		}
	}
	chats["teams"] = teams.System().Forms[1]
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) string {
			return "z" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 12).Draw(t, label), "") + "z"
		}
		title, text := draw("title"), draw("text")
		quoted, err := json.Marshal([]string{title, text})
		if err != nil {
			t.Fatal(err)
		}
		var fields []json.RawMessage
		if err := json.Unmarshal(quoted, &fields); err != nil {
			t.Fatal(err)
		}
		for name, feed := range map[string]string{
			"Atom":      atomOf("<title>" + html.EscapeString(title) + `</title><summary type="text">` + html.EscapeString(text) + "</summary>"),
			"JSON Feed": jsonOf(fmt.Sprintf(`"title":%s,"content_text":%s`, fields[0], fields[1])),
		} {
			a := read(question{Body: []byte(feed), First: true, Initial: 1, Summary: 1000})
			c := a.Source.card(a.Posts[0])
			got := shownOf(c)
			if want := (shown{Title: folded(title), Text: folded(text)}); got.Title != want.Title || folded(got.Text) != want.Text && fold(title) != fold(text) {
				t.Fatalf("%s: %q became %q, %q became %q", name, title, got.Title, text, got.Text)
			}
			for in, form := range chats {
				p, err := form.Render(context.Background(), c, chat.Options{})
				if err != nil {
					t.Fatal(err)
				}
				said := saidIn(t, p.Body)
				for _, s := range []string{title, text} {
					// A payload's elements take Markdown, HTML or text without entities.
					if s = bare(s); !strings.Contains(said, s) && !strings.Contains(bare(html.UnescapeString(said)), s) && !strings.Contains(bare(html.UnescapeString(tag.ReplaceAllString(said, ""))), s) {
						t.Fatalf("%s in %s: %q is not in %q", name, in, s, said)
					}
				}
			}
		}
	})
}

func folded(s string) string { return strings.Join(strings.Fields(s), " ") }

// saidIn is all text of a payload as a person reads it, without the marks that chat
// systems take away.
func saidIn(t *rapid.T, body []byte) string {
	if form, err := url.ParseQuery(string(body)); err == nil && form.Has("content") {
		return bare(form.Get("topic") + form.Get("content"))
	}
	d := json.NewDecoder(bytes.NewReader(body))
	var b strings.Builder
	var inObject []bool
	name, named := "", false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return bare(b.String())
		} else if err != nil {
			t.Fatal(err)
		}
		said, isString := token.(string)
		object := len(inObject) > 0 && inObject[len(inObject)-1]
		switch {
		case token == json.Delim('{'), token == json.Delim('['):
			inObject, named = append(inObject, token == json.Delim('{')), false
			continue
		case token == json.Delim('}'), token == json.Delim(']'):
			inObject, named = inObject[:len(inObject)-1], false
			continue
		case object && !named:
			name, named = said, true
			continue
		case isString && name != "type" && name != "style":
			b.WriteString(said)
		}
		named = false
	}
}

var tag = regexp.MustCompile(`</?[a-z]+/?>`)

// bare is a text without spaces, what separates characters unseen, and the backslashes
// that keep them literal.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\\' || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
}
