package rss

import (
	"encoding/json"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	baseplugin "github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"github.com/mmcdole/gofeed"
	"golang.org/x/net/html"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// The event kinds.
const (
	kindItem    = "item"
	kindUpdated = "updated"
)

// maxHTML bounds how much of an item's text is converted, in bytes: only its
// beginning is shown.
const maxHTML = 64 << 10

// event makes an event of an item.
func (f *Feed) event(feed *gofeed.Feed, it item) event.Event {
	e := event.Event{Key: it.known.ID, Kind: kindItem, Time: published(it.Item), Card: f.card(feed, it)}
	if it.updated {
		e.Kind = kindUpdated
		e.Key += "/" + it.known.Content
	}
	e.Data = data(feed, it)
	return e
}

// card makes the card of an item: what, who, when, how it begins, and a link.
func (f *Feed) card(feed *gofeed.Feed, it item) card.Card {
	base := feedAddress(feed, f.URL)
	link := absolute(base, it.Link)
	title := oneLine(it.Title)
	text := f.summary(it.Item, base)
	if title == "" {
		if title = firstWords(text, it.Item); title == text {
			text = ""
		}
	}
	c := card.Card{Summary: title, Title: card.Escape(title)}
	s := card.Section{ActivityTitle: card.Escape(oneLine(feed.Title)), ActivitySubtitle: card.Escape(byline(it.Item)), Text: text}
	if f.Picture {
		if p := picture(it.Item, base); p != "" {
			s.HeroImage = &card.Image{URL: p, Title: title}
		}
	}
	if feed.Image != nil && isHTTPS(absolute(base, feed.Image.URL)) {
		s.ActivityImage, s.ActivityImageType = absolute(base, feed.Image.URL), "article"
	}
	if s.ActivityTitle != "" || s.ActivitySubtitle != "" || s.Text != "" || s.HeroImage != nil {
		c.Sections = []card.Section{s}
	}
	if isWeb(link) {
		c.Actions = []card.Action{{Type: card.OpenURI, Name: "Read more", Targets: []card.Target{{OS: "default", URI: link}}}}
	}
	return c
}

// byline is who wrote an item and when.
func byline(it *gofeed.Item) string {
	var parts []string
	for _, a := range it.Authors {
		if a != nil && oneLine(a.Name) != "" {
			parts = append(parts, oneLine(a.Name))
		}
	}
	if at := published(it); !at.IsZero() {
		parts = append(parts, at.Format("2 January 2006, 15:04 MST"))
	}
	return strings.Join(parts, " · ")
}

// summary is how an item's text begins, in the card's Markdown.
func (f *Feed) summary(it *gofeed.Item, base *url.URL) string {
	source := it.Description
	if strings.TrimSpace(source) == "" {
		source = it.Content
	}
	if strings.TrimSpace(source) == "" || f.Summary == 0 {
		return ""
	}
	if len(source) > maxHTML {
		source = source[:runeStart(source, maxHTML)]
	}
	toMarkdown := converter.NewConverter(converter.WithPlugins(baseplugin.NewBasePlugin(), commonmark.NewCommonmarkPlugin(), table.NewTablePlugin()))
	text, err := toMarkdown.ConvertString(withoutPictures(source), converter.WithDomain(base.String()))
	if err != nil {
		return ""
	}
	return neutralise(card.Cut(strings.TrimSpace(strings.ReplaceAll(text, "\r", "")), f.Summary))
}

// neutralise breaks what a chat system would take for a mention or a function.
func neutralise(s string) string {
	return strings.NewReplacer("<at>", "&lt;at>", "</at>", "&lt;/at>", "{{", "{\u200b{").Replace(s)
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

// picture finds an item's picture: what the feed says is it, else the first in
// its text.
func picture(it *gofeed.Item, base *url.URL) string {
	var candidates []string
	for _, name := range []string{"content", "thumbnail"} {
		for _, e := range it.Extensions["media"][name] {
			if t := e.Attrs["type"]; e.Attrs["url"] != "" && (t == "" || strings.HasPrefix(t, "image/")) && e.Attrs["medium"] != "video" {
				candidates = append(candidates, e.Attrs["url"])
			}
		}
	}
	if it.Image != nil {
		candidates = append(candidates, it.Image.URL)
	}
	for _, e := range it.Enclosures {
		if e != nil && strings.HasPrefix(e.Type, "image/") {
			candidates = append(candidates, e.URL)
		}
	}
	candidates = append(candidates, firstPicture(it.Content), firstPicture(it.Description))
	for _, c := range candidates {
		if at := absolute(base, c); c != "" && isHTTPS(at) {
			return at
		}
	}
	return ""
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

// feedAddress is what relative addresses in a feed are relative to.
func feedAddress(feed *gofeed.Feed, fetched string) *url.URL {
	base, err := url.Parse(fetched)
	if err != nil {
		base = &url.URL{}
	}
	if u, err := base.Parse(feed.Link); err == nil && u.Host != "" {
		return u
	}
	return base
}

func absolute(base *url.URL, address string) string {
	u, err := base.Parse(strings.TrimSpace(address))
	if err != nil || address == "" {
		return ""
	}
	return u.String()
}

func isHTTPS(s string) bool { return strings.HasPrefix(s, "https://") }

func isWeb(s string) bool { return isHTTPS(s) || strings.HasPrefix(s, "http://") }

// oneLine makes plain text of a title, which some feeds write as HTML.
func oneLine(s string) string {
	if strings.ContainsAny(s, "<&") {
		if doc, err := html.Parse(strings.NewReader(s)); err == nil {
			var b strings.Builder
			words(doc, &b)
			s = b.String()
		}
	}
	return strings.Join(strings.Fields(s), " ")
}

func words(n *html.Node, b *strings.Builder) {
	if n.Type == html.TextNode {
		b.WriteString(n.Data)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		words(c, b)
	}
}

// firstWords stand for a title that is missing.
func firstWords(text string, it *gofeed.Item) string {
	if line := card.Plain(strings.SplitN(text, "\n", 2)[0]); line != "" {
		return card.Cut(line, 80)
	}
	if it.Link != "" {
		return it.Link
	}
	return "Untitled"
}

func runeStart(s string, i int) int {
	for i > 0 && i < len(s) && !utf8.RuneStart(s[i]) {
		i--
	}
	return i
}

// data is what routes may look at.
func data(feed *gofeed.Feed, it item) json.RawMessage {
	type source struct {
		Title string `json:"title"`
		Link  string `json:"link"`
	}
	authors := []string{}
	for _, a := range it.Authors {
		if a != nil && a.Name != "" {
			authors = append(authors, a.Name)
		}
	}
	categories := it.Categories
	if categories == nil {
		categories = []string{}
	}
	b, err := json.Marshal(struct {
		Title      string    `json:"title"`
		Link       string    `json:"link"`
		GUID       string    `json:"guid"`
		Authors    []string  `json:"authors"`
		Categories []string  `json:"categories"`
		Published  time.Time `json:"published,omitzero"`
		Feed       source    `json:"feed"`
	}{it.Title, it.Link, it.GUID, authors, categories, published(it.Item), source{feed.Title, feed.Link}})
	if err != nil {
		return nil
	}
	return b
}

func kinds() []connector.Kind {
	at := time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)
	sample := gofeed.Item{
		Title: "Go 1.26 is released", Link: "https://go.dev/blog/go1.26", GUID: "https://go.dev/blog/go1.26",
		Description: "<p>What is <b>new</b>.</p>", PublishedParsed: &at, Authors: []*gofeed.Person{{Name: "A. Gopher"}},
	}
	feed := &gofeed.Feed{Title: "The Go Blog", Link: "https://go.dev/blog/", Items: []*gofeed.Item{&sample}}
	f := &Feed{URL: "https://go.dev/blog/feed.atom", Summary: 500, Picture: true}
	it := identify(feed)[0]
	changed := it
	changed.updated = true
	return []connector.Kind{
		{Name: kindItem, Doc: "A new item.", Sample: f.event(feed, it)},
		{Name: kindUpdated, Doc: "An item that was posted before and has changed, with on_update = \"repost\".", Sample: f.event(feed, changed)},
	}
}
