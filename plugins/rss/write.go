package rss

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	baseplugin "github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/strikethrough"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"github.com/mmcdole/gofeed"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/idna"

	"github.com/connector-relay/relay/relay/card"
)

// The bounds of what is taken from one item, in characters or numbers.
const (
	maxTitle      = 500
	maxName       = 100
	maxAddress    = 2048
	maxAuthors    = 10
	maxCategories = 30
	maxSummary    = 10_000
)

// writer turns a feed's items into posts.
type writer struct {
	feed     *gofeed.Feed
	question question
	redactor redactor
	// base is the base of relative addresses in the feed; known says that the feed itself
	// gives it.
	base       *url.URL
	known      bool
	toMarkdown *converter.Converter
	// originals are the items in their own format, feedAuthors the authors of items that
	// name none, and form how short texts are written.
	originals   map[*gofeed.Item]any
	feedAuthors [][]text
	form        form
	// page is the page of the item being written.
	page string
}

func newWriter(feed *gofeed.Feed, q question) *writer {
	w := &writer{feed: feed, question: q, redactor: newRedactor(q.Address), originals: originals(feed), feedAuthors: feedAuthors(feed)}
	if feed.FeedType != "rss" {
		w.form = plain
	}
	w.toMarkdown = converter.NewConverter(converter.WithEscapeMode(converter.EscapeModeDisabled), converter.WithPlugins(
		baseplugin.NewBasePlugin(), commonmark.NewCommonmarkPlugin(), table.NewTablePlugin(), strikethrough.NewStrikethroughPlugin()))
	own := &url.URL{Scheme: w.redactor.own.Scheme, Host: w.redactor.own.Host, Path: "/"}
	w.base = own
	if u, err := own.Parse(feed.Link); err == nil && feed.Link != "" && u.Host != "" {
		w.base, w.known = u, true
	}
	if base := w.address(feed.Custom["base"]); isWeb(base) {
		if u, err := url.Parse(base); err == nil {
			w.base, w.known = u, true
		}
	}
	return w
}

func (w *writer) source() source {
	title := text{w.feed.Title, w.form}
	if w.feed.FeedType == "atom" {
		title = atomText(w.feed.Title, w.feed.Custom["title"])
	}
	s := source{Title: w.line(title, 2*maxName), Link: w.address(w.feed.Link)}
	if w.feed.Image != nil {
		s.Picture = secure(w.address(w.feed.Image.URL))
	}
	return s
}

func (w *writer) post(it item) post {
	e := w.article(it.Item)
	p := post{
		Known: it.known, Updated: it.updated, Title: w.title(e), Link: w.link(e), GUID: w.guid(it.GUID),
		Authors: w.authors(e), Categories: w.lines(e.categories, maxCategories), Published: published(it.Item),
	}
	w.page = p.Link
	p.Text = w.summary(e, p.Title)
	if w.question.Picture {
		p.Picture = w.picture(e)
	}
	return p
}

// size is a post's approximate size in bytes.
func (p post) size() int {
	n := len(p.Title) + len(p.Link) + len(p.GUID) + len(p.Text) + len(p.Picture)
	for _, s := range append(slices.Clip(p.Authors), p.Categories...) {
		n += len(s)
	}
	return n
}

// guid is an item's own id without secrets.
func (w *writer) guid(s string) string {
	if u, err := url.Parse(s); err == nil && u.Host != "" {
		return w.address(s)
	}
	return w.redactor.text(cut(s, maxTitle))
}

func (w *writer) lines(list []text, most int) []string {
	var out []string
	for _, t := range list[:min(len(list), most)] {
		if line := w.line(t, maxName); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// line returns a text as one line of plain text.
func (w *writer) line(t text, most int) string {
	s := t.value
	if t.form == plain {
		s = s[:runeStart(s, min(len(s), maxHTML))]
	} else if strings.ContainsAny(s, "<&") {
		s = wordsOf(parseHTML(t.html(most, true)))
	}
	return w.redactor.text(cut(strings.Join(strings.Fields(s), " "), most))
}

// title is an item's title, or empty.
func (w *writer) title(e article) string {
	return firstOf(e.titles, func(t text) string { return w.line(t, maxTitle) })
}

// link is the address of an item's page.
func (w *writer) link(e article) string {
	return firstOf(e.links, func(l string) string {
		if at := w.address(l); isWeb(at) {
			return at
		}
		return ""
	})
}

// firstOf is what the first of a list comes to that comes to anything.
func firstOf[T any](list []T, say func(T) string) string {
	for _, one := range list {
		if said := say(one); said != "" {
			return said
		}
	}
	return ""
}

// summary is the beginning of an item's text in the card's Markdown: of the first text
// that says more than the title.
func (w *writer) summary(e article, title string) string {
	most := min(w.question.Summary, maxSummary)
	if most == 0 {
		return ""
	}
	tries := 0
	for _, t := range e.texts {
		if strings.TrimSpace(t.value) == "" || tries == maxTexts {
			continue
		}
		tries++
		if s := withoutTitle(w.markdown(t, most), title); s != "" {
			return s
		}
	}
	return withoutTitle(w.markdown(caption(e), most), title)
}

// maxTexts bounds how many of an item's texts are tried.
const maxTexts = 4

func (w *writer) markdown(t text, most int) string {
	// A little more than is shown, so that the cut is visible.
	doc := parseHTML(t.html(most+most/4+20, false))
	cutTree(doc, most)
	w.ready(doc)
	b, err := w.toMarkdown.ConvertNode(doc)
	if err != nil {
		return ""
	}
	return w.redactor.text(neutralise(unmasked(strings.TrimSpace(strings.ReplaceAll(string(b), "\r", "")))))
}

// withoutTitle drops a text's first line if it repeats the title.
func withoutTitle(s, title string) string {
	line, rest, _ := strings.Cut(s, "\n")
	said, title := fold(card.Plain(strings.TrimLeft(line, "#> "))), fold(title)
	start, more := strings.CutSuffix(said, "…")
	if said == "" || title == "" {
		return s
	}
	if said == title || more && rest == "" && strings.HasPrefix(title, strings.TrimSpace(start)) {
		return strings.TrimSpace(rest)
	}
	return s
}

// ready prepares a tree for the library that writes Markdown: with literal words and
// absolute links.
func (w *writer) ready(n *html.Node) {
	children(n, func(c *html.Node) {
		switch {
		case c.Type == html.TextNode && within(c, "pre"), c.Type == html.TextNode && within(c, "code"):
			c.Data = w.redactor.text(c.Data)
		case c.Type == html.TextNode:
			c.Data = masked(card.Escape(w.redactor.text(collapse(c.Data))))
		case c.Type == html.ElementNode && c.Data == "a":
			address := w.contentAddress(attribute(c.Attr, "href"))
			c.Attr = []html.Attribute{{Key: "href", Val: address}}
			if !isWeb(address) {
				c.Data, c.DataAtom, c.Attr = "span", atom.Span, nil
			}
		}
		w.ready(c)
	})
}

// maskPlane is where literal words hide from the library, which escapes for another
// reader than ours.
const maskPlane = 0xF0000

func isMasked(r rune) bool { return r >= maskPlane && r < maskPlane+utf8.RuneSelf }

// masked hides the marks of a text, all of which are escaped.
func masked(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case isMasked(r):
			return -1
		case r < utf8.RuneSelf && (unicode.IsPunct(r) || unicode.IsSymbol(r)):
			return maskPlane + r
		}
		return r
	}, s)
}

func unmasked(s string) string {
	return strings.Map(func(r rune) rune {
		if isMasked(r) {
			return r - maskPlane
		}
		return r
	}, s)
}

// neutralise breaks up what a chat system would take for a mention or a function, in
// code too.
func neutralise(s string) string {
	return strings.NewReplacer("<at>", "&lt;at>", "</at>", "&lt;/at>", "{{", "{\u200b{").Replace(s)
}

// address is an absolute address that may be shown, or empty. Addresses relative to the
// feed's own, which may be secret, are not shown.
func (w *writer) address(s string) string {
	if s = strings.TrimSpace(s); noAddress.MatchString(s) {
		return ""
	}
	if strings.HasPrefix(strings.ToLower(s), "www.") {
		s = "https://" + s
	}
	s = twice.ReplaceAllString(s, "$1")
	if u, err := url.Parse(s); err == nil && !w.known && !u.IsAbs() && !strings.HasPrefix(s, "/") {
		return ""
	}
	return encoded(w.redactor.resolve(w.base, s))
}

// encoded is an address with all other characters percent-encoded, as everything that
// handles a card expects; empty without a host.
func encoded(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	if host := u.Hostname(); host != "" {
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil && strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r >= utf8.RuneSelf }) {
			return ""
		}
		if err == nil {
			u.Host = strings.Replace(u.Host, host, ascii, 1)
		}
	}
	var b strings.Builder
	for _, c := range []byte(u.String()) {
		if c <= ' ' || c >= utf8.RuneSelf || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// contentAddress is an address in an item's text, which is relative to the item's page,
// unless that is somebody else's page.
func (w *writer) contentAddress(s string) string {
	if page, err := url.Parse(w.page); err == nil && w.known && page.Host == w.base.Host && !strings.HasPrefix(s, "#") {
		if u, err := page.Parse(strings.TrimSpace(s)); err == nil {
			s = u.String()
		}
	}
	return w.address(s)
}

// maxTaken bounds the list of items that counted as known.
const maxTaken = 100

func (w *writer) taken(items []item) []taken {
	var list []taken
	for _, it := range items[:min(len(items), maxTaken)] {
		title := w.title(w.article(it.Item))
		if title == "" {
			title = cmp.Or(w.address(it.Link), w.guid(it.GUID), "an item without a title")
		}
		list = append(list, taken{Key: it.known.ID, Title: title, Why: string(it.because)})
	}
	return list
}

// twice matches a doubled scheme, as templates produce.
var twice = regexp.MustCompile(`(?i)^https?://(https?://)`)

// noAddress matches what feeds write when they have no address.
var noAddress = regexp.MustCompile(`(?i)^(|#.*|-|n/?a|none|null|nil|undefined|false|https?:/*|https?:///.*|(about|javascript|vbscript|data|blob|file):.*)$`)
