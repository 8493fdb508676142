package rss

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	baseplugin "github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"github.com/mmcdole/gofeed"
	"golang.org/x/net/html"

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

const (
	// maxHTML bounds how much of an item's text is looked at, in bytes, and maxTags
	// how many tags: of some, each makes all that follow cost more.
	maxHTML = 64 << 10
	maxTags = 2000
)

// writer makes posts of a feed's items.
type writer struct {
	feed       *gofeed.Feed
	question   question
	discretion discretion
	// base is what addresses in the feed are relative to; known says that it is the
	// feed's own word.
	base       *url.URL
	known      bool
	toMarkdown *converter.Converter
}

func newWriter(feed *gofeed.Feed, q question) *writer {
	w := &writer{feed: feed, question: q, discretion: newDiscretion(q.Address)}
	w.toMarkdown = converter.NewConverter(converter.WithPlugins(baseplugin.NewBasePlugin(), commonmark.NewCommonmarkPlugin(), table.NewTablePlugin()))
	own := &url.URL{Scheme: w.discretion.own.Scheme, Host: w.discretion.own.Host, Path: "/"}
	w.base = own
	if u, err := own.Parse(feed.Link); err == nil && feed.Link != "" && u.Host != "" {
		w.base, w.known = u, true
	}
	return w
}

func (w *writer) source() source {
	s := source{Title: w.line(w.feed.Title, 2*maxName), Link: w.address(w.feed.Link)}
	if w.feed.Image != nil {
		s.Picture = onlyHTTPS(w.address(w.feed.Image.URL))
	}
	return s
}

func (w *writer) post(it item) post {
	p := post{
		Known: it.known, Updated: it.updated, Title: w.line(it.Title, maxTitle), Link: w.address(it.Link), GUID: w.guid(it.GUID),
		Categories: w.lines(it.Categories, maxCategories), Published: published(it.Item), Text: w.summary(it.Item),
	}
	var authors []string
	for _, a := range it.Authors[:min(len(it.Authors), maxAuthors)] {
		if a != nil {
			authors = append(authors, a.Name)
		}
	}
	p.Authors = w.lines(authors, maxAuthors)
	if w.question.Picture {
		p.Picture = w.picture(it.Item)
	}
	return p
}

// size is about how many bytes a post has.
func (p post) size() int {
	n := len(p.Title) + len(p.Link) + len(p.GUID) + len(p.Text) + len(p.Picture)
	for _, s := range append(slices.Clip(p.Authors), p.Categories...) {
		n += len(s)
	}
	return n
}

// guid is an item's own id, without what it may give away.
func (w *writer) guid(s string) string {
	if u, err := url.Parse(s); err == nil && u.Host != "" {
		return w.address(s)
	}
	return w.discretion.text(cut(s, maxTitle))
}

func (w *writer) lines(list []string, most int) []string {
	var out []string
	for _, s := range list[:min(len(list), most)] {
		if line := w.line(s, maxName); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// line makes one line of plain text of what some feeds write as HTML.
func (w *writer) line(s string, most int) string {
	s = cutHTML(s, most)
	if strings.ContainsAny(s, "<&") {
		if doc, err := html.Parse(strings.NewReader(s)); err == nil {
			var b strings.Builder
			words(doc, &b)
			s = b.String()
		}
	}
	return w.discretion.text(cut(strings.Join(strings.Fields(s), " "), most))
}

func words(n *html.Node, b *strings.Builder) {
	if n.Type == html.TextNode {
		b.WriteString(n.Data)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		words(c, b)
	}
}

// cut cuts plain text.
func cut(s string, most int) string {
	at := 0
	for i := range s {
		if at++; at > most {
			return s[:i] + "…"
		}
	}
	return s
}

// summary is how an item's text begins, in the card's Markdown.
func (w *writer) summary(it *gofeed.Item) string {
	source := it.Description
	if strings.TrimSpace(source) == "" {
		source = it.Content
	}
	most := min(w.question.Summary, maxSummary)
	if strings.TrimSpace(source) == "" || most == 0 {
		return ""
	}
	// A little more than what is shown, so that it shows that there is more.
	text, err := w.toMarkdown.ConvertString(withoutPictures(cutHTML(source, most+most/4+20)), converter.WithDomain(w.base.String()))
	if err != nil {
		return ""
	}
	return w.discretion.text(neutralise(card.Cut(strings.TrimSpace(strings.ReplaceAll(text, "\r", "")), most)))
}

// cutHTML cuts HTML once it has shown so many characters, spaces not counted, or
// has become longer than any text that is worth reading. It costs no more than the
// part it returns.
func cutHTML(source string, most int) string {
	source = source[:runeStart(source, min(len(source), maxHTML))]
	z := html.NewTokenizer(strings.NewReader(source))
	read, hidden := 0, ""
	for range maxTags {
		kind := z.Next()
		length := len(z.Raw())
		switch kind {
		case html.ErrorToken:
			return source
		case html.TextToken:
			if hidden != "" {
				break
			}
			text := source[read : read+length]
			if most = spend(&text, most); most < 0 {
				return source[:read+len(text)]
			}
		case html.StartTagToken:
			if name, _ := z.TagName(); hidden == "" && isNoise(string(name)) && !isVoid(string(name)) {
				hidden = string(name)
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); hidden == string(name) {
				hidden = ""
			}
		}
		read += length
	}
	return source[:read]
}

// spend counts a text's characters down and returns how many are left to be shown;
// when they do not suffice, the result is negative and the text is cut, not within
// an entity.
func spend(text *string, most int) int {
	for i, r := range *text {
		if unicode.IsSpace(r) {
			continue
		}
		if most--; most < 0 {
			head := (*text)[:i]
			if at := strings.LastIndexByte(head, '&'); at >= 0 && i-at < 32 && !strings.Contains(head[at:], ";") {
				head = head[:at]
			}
			*text = head
			break
		}
	}
	return most
}

// withoutPictures drops what does not belong into a summary: pictures (the card
// has its own place for one), scripts, styles and frames.
func withoutPictures(source string) string {
	doc, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return ""
	}
	prune(doc)
	var b strings.Builder
	if err := html.Render(&b, doc); err != nil {
		return ""
	}
	return b.String()
}

func prune(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if c.Type == html.ElementNode && isNoise(c.Data) || c.Type == html.CommentNode {
			n.RemoveChild(c)
		} else {
			prune(c)
		}
		c = next
	}
}

func isNoise(tag string) bool {
	switch tag {
	case "img", "picture", "video", "audio", "iframe", "script", "style", "noscript", "object", "embed", "form", "svg":
		return true
	}
	return false
}

// isVoid reports whether there is no end tag.
func isVoid(tag string) bool { return tag == "img" || tag == "embed" }

// neutralise breaks what a chat system would take for a mention or a function.
func neutralise(s string) string {
	return strings.NewReplacer("<at>", "&lt;at>", "</at>", "&lt;/at>", "{{", "{\u200b{").Replace(s)
}

// picture finds an item's picture: what the feed says is it, else the first in
// its text.
func (w *writer) picture(it *gofeed.Item) string {
	for _, candidate := range w.candidates(it) {
		if at := onlyHTTPS(w.address(candidate)); at != "" {
			return at
		}
	}
	return ""
}

// maxPictures is how many pictures of an item are looked at.
const maxPictures = 20

func (w *writer) candidates(it *gofeed.Item) []string {
	var list []string
	for _, name := range []string{"content", "thumbnail"} {
		elements := it.Extensions["media"][name]
		for _, e := range elements[:min(len(elements), maxPictures)] {
			if t := e.Attrs["type"]; e.Attrs["url"] != "" && (t == "" || strings.HasPrefix(t, "image/")) && e.Attrs["medium"] != "video" {
				list = append(list, e.Attrs["url"])
			}
		}
	}
	if it.Image != nil {
		list = append(list, it.Image.URL)
	}
	for _, e := range it.Enclosures[:min(len(it.Enclosures), maxPictures)] {
		if e != nil && strings.HasPrefix(e.Type, "image/") {
			list = append(list, e.URL)
		}
	}
	return append(list, firstPicture(it.Content), firstPicture(it.Description))
}

func firstPicture(source string) string {
	if !strings.Contains(source, "<img") {
		return ""
	}
	z := html.NewTokenizer(strings.NewReader(source[:runeStart(source, min(len(source), maxHTML))]))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			if t.Data != "img" {
				continue
			}
			for _, a := range t.Attr {
				if a.Key == "src" {
					return a.Val
				}
			}
		}
	}
}

// address is an absolute address that may be shown, or empty. What is relative to
// the feed's own address, which nobody may know, is none.
func (w *writer) address(s string) string {
	s = strings.TrimSpace(s)
	if u, err := url.Parse(s); err == nil && !w.known && !u.IsAbs() && !strings.HasPrefix(s, "/") {
		return ""
	}
	return w.discretion.resolve(w.base, s)
}

func onlyHTTPS(s string) string {
	if strings.HasPrefix(s, "https://") {
		return s
	}
	return ""
}

func runeStart(s string, i int) int {
	for i > 0 && i < len(s) && !utf8.RuneStart(s[i]) {
		i--
	}
	return i
}

// maxTaken is how many items that were taken for known ones are told of.
const maxTaken = 100

func (w *writer) taken(items []item) []taken {
	var list []taken
	for _, it := range items[:min(len(items), maxTaken)] {
		title := w.line(it.Title, maxName)
		if title == "" {
			title = cmp.Or(w.address(it.Link), w.guid(it.GUID), "an item without a title")
		}
		list = append(list, taken{Title: title, Why: string(it.because)})
	}
	return list
}
