package rss

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/xml"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mmcdole/gofeed"
	"github.com/mmcdole/gofeed/atom"
	ext "github.com/mmcdole/gofeed/extensions"
	"github.com/mmcdole/gofeed/json"
	"github.com/mmcdole/gofeed/rss"
	"golang.org/x/net/html/charset"
)

// article is an item's content, read by the rules of the feed's own format. gofeed's
// common form loses whether texts are plain or HTML, which link is the page, whether
// GUIDs are addresses, and all authors but one. Only this file looks behind that form.
type article struct {
	// titles, texts and links are each best first.
	titles, texts []text
	links         []string
	// authors are the item's authors from each place that names any, best first, then the
	// feed's.
	authors    [][]text
	categories []text
	// pictures are those that the feed gives for the item.
	pictures []picture
}

// article reads an item together with its original.
func (w *writer) article(it *gofeed.Item) article {
	var e article
	switch original := w.originals[it].(type) {
	case *atom.Entry:
		e = atomArticle(original, it.Custom)
	case *json.Item:
		e = jsonArticle(original)
	default:
		o, _ := original.(*rss.Item)
		e = rssArticle(it, o)
	}
	e.authors = append(e.authors, w.feedAuthors...)
	e.categories = texts(w.form, it.Categories, maxCategories)
	media := mediaOf(it.Extensions["media"])
	e.titles, e.texts = append(e.titles, media.titles...), append(e.texts, media.texts...)
	e.pictures = append(e.pictures, media.pictures...)
	for _, c := range it.Enclosures[:min(len(it.Enclosures), maxPictures)] {
		if c != nil {
			e.links = append(e.links, c.URL)
			e.pictures = append(e.pictures, picture{address: c.URL, kind: c.Type})
		}
	}
	return e
}

// originals maps a feed's items from the common form to their own format.
func originals(feed *gofeed.Feed) map[*gofeed.Item]any {
	found := make(map[*gofeed.Item]any)
	switch original := feed.OriginalFeed().(type) {
	case *atom.Feed:
		pair(found, feed.Items, original.Entries)
	case *json.Feed:
		pair(found, feed.Items, original.Items)
	case *rss.Feed:
		pair(found, feed.Items, original.Items)
	}
	return found
}

func pair[T any](found map[*gofeed.Item]any, items []*gofeed.Item, originals []*T) {
	for i, it := range items[:min(len(items), len(originals))] {
		if originals[i] != nil {
			found[it] = originals[i]
		}
	}
}

// feedAuthors are the authors of items that name none.
func feedAuthors(feed *gofeed.Feed) [][]text {
	switch original := feed.OriginalFeed().(type) {
	case *atom.Feed:
		return [][]text{atomAuthors(original.Authors)}
	case *json.Feed:
		return [][]text{jsonAuthors(original.Authors, original.Author)}
	case *rss.Feed:
		list := extensionAuthors(original.DublinCoreExt, original.Extensions)
		if show := original.ITunesExt; show != nil {
			list = append(list, []text{{show.Author, either}})
			if show.Owner != nil {
				list = append(list, []text{{show.Owner.Name, either}})
			}
		}
		return append(list, []text{{original.ManagingEditor, either}})
	}
	return nil
}

func atomArticle(o *atom.Entry, types map[string]string) article {
	e := article{titles: []text{atomText(o.Title, types["title"])}, texts: []text{atomText(o.Summary, types["summary"])}, authors: [][]text{atomAuthors(o.Authors)}}
	e.links = alternates(o.Links)
	if o.Content != nil {
		e.texts = append(e.texts, atomText(o.Content.Value, types["content"]))
		e.links = append(e.links, o.Content.Src)
		e.pictures = append(e.pictures, picture{address: o.Content.Src, kind: o.Content.Type, sure: true})
	}
	if isWeb(o.ID) {
		e.links = append(e.links, o.ID)
	}
	if o.Source != nil {
		e.authors = append(e.authors, atomAuthors(o.Source.Authors))
	}
	return e
}

// alternates returns the addresses at which an entry can be read, pages first.
func alternates(links []*atom.Link) []string {
	var pages, others []string
	for _, l := range links {
		rel := strings.TrimPrefix(strings.ToLower(l.Rel), "http://www.iana.org/assignments/relation/")
		switch kind, _, _ := strings.Cut(strings.ToLower(l.Type), ";"); {
		case rel != "alternate":
		case kind == "" || strings.Contains(kind, "html"):
			pages = append(pages, l.Href)
		default:
			others = append(others, l.Href)
		}
	}
	return append(pages, others...)
}

func atomAuthors(people []*atom.Person) []text {
	var list []text
	for _, p := range people[:min(len(people), maxAuthors)] {
		list = append(list, text{cmp.Or(strings.TrimSpace(p.Name), p.Email), plain})
	}
	return list
}

func atomText(value, kind string) text {
	kind, _, _ = strings.Cut(strings.ToLower(kind), ";")
	switch kind = strings.TrimSpace(kind); {
	case kind == "base64":
		b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value), ""))
		if err != nil || !utf8.Valid(b) {
			return text{}
		}
		return text{string(b), either}
	case strings.Contains(kind, "xhtml"):
		return text{prefixed.ReplaceAllString(value, "$1"), markup}
	case strings.Contains(kind, "html") || strings.HasSuffix(kind, "xml"):
		return text{value, markup}
	case kind == "" || kind == "text" || strings.HasPrefix(kind, "text/"):
		return text{value, plain}
	}
	return text{} // such as a picture
}

// prefixed matches the start of a tag with a namespace prefix. In XML, "<" starts
// nothing else.
var prefixed = regexp.MustCompile(`(</?)[\w.-]+:`)

// keepOriginal keeps what gofeed drops, in the fields for custom values: the types of
// Atom entries' texts and, as "base", the base of all addresses in the feed.
func keepOriginal(feed *gofeed.Feed, body []byte) {
	if feed.FeedType == "json" {
		return
	}
	// Read it as gofeed does.
	d := xml.NewDecoder(bytes.NewReader(slices.DeleteFunc(bytes.Clone(body), func(c byte) bool {
		return c < ' ' && c != '\t' && c != '\n' && c != '\r'
	})))
	d.Strict, d.CharsetReader = false, charset.NewReaderLabel
	var within []string
	for at := -1; at < len(feed.Items); {
		token, err := d.Token()
		if err != nil {
			return
		}
		switch t := token.(type) {
		case xml.StartElement:
			name := atomName(t.Name)
			if within = append(within, name); len(within) == 2 && name == "entry" {
				at++
			}
			switch {
			case feed.FeedType == "rss" && name == "item":
				return // RSS has nothing more
			case len(within) == 1, name == "channel":
				keep(&feed.Custom, "base", baseOf(t, feed.Custom["base"]))
			case len(within) == 2 && name == "title":
				keep(&feed.Custom, name, typeOf(t))
			case len(within) == 3 && within[1] == "entry" && at < len(feed.Items) && name != "":
				keep(&feed.Items[at].Custom, name, typeOf(t))
			}
		case xml.EndElement:
			within = within[:max(len(within)-1, 0)]
		}
	}
}

// atomName is the name of one of Atom's elements, else empty.
func atomName(n xml.Name) string {
	switch n.Space {
	case "", "http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#", "http://purl.org/rss/1.0/":
		return strings.ToLower(n.Local)
	}
	return ""
}

// keep sets a named value; the last one counts.
func keep(in *map[string]string, name, value string) {
	if *in == nil {
		*in = make(map[string]string)
	}
	(*in)[name] = value
}

// typeOf is the declared type of an element's text. In Atom 0.3, a mode can declare it
// too.
func typeOf(e xml.StartElement) string {
	kind := ""
	for _, a := range e.Attr {
		switch {
		case a.Name.Local == "mode" && a.Value == "base64":
			return a.Value
		case a.Name.Local == "type" && len(a.Value) <= maxName:
			kind = a.Value
		}
	}
	return kind
}

func baseOf(e xml.StartElement, other string) string {
	for _, a := range e.Attr {
		if a.Name.Local == "base" && a.Name.Space != "" && len(a.Value) <= maxAddress {
			return a.Value
		}
	}
	return other
}

func jsonArticle(o *json.Item) article {
	e := article{
		titles:   []text{{o.Title, plain}},
		texts:    []text{{o.Summary, plain}, {o.ContentHTML, markup}, {o.ContentText, plain}},
		links:    []string{o.URL, o.ExternalURL},
		authors:  [][]text{jsonAuthors(o.Authors, o.Author)},
		pictures: []picture{{address: o.Image, sure: true}, {address: o.BannerImage, sure: true}},
	}
	if isWeb(o.ID) {
		e.links = append(e.links, o.ID)
	}
	return e
}

func jsonAuthors(list []*json.Author, one *json.Author) []text {
	if len(list) == 0 {
		list = []*json.Author{one}
	}
	var authors []text
	for _, a := range list[:min(len(list), maxAuthors)] {
		if a != nil {
			authors = append(authors, text{a.Name, plain})
		}
	}
	return authors
}

func rssArticle(it *gofeed.Item, o *rss.Item) article {
	content := text{it.Content, markup}
	if !strings.Contains(it.Content, "<") {
		content.form = either // text with its own lines
	}
	e := article{titles: []text{{it.Title, either}}, texts: []text{{it.Description, either}, content, {it.Custom["fullitem"], markup}}}
	for _, l := range it.Extensions["feedburner"]["origLink"] {
		e.links = append(e.links, l.Value)
	}
	e.links = append(e.links, it.Links...)
	for _, l := range ofAtom(it.Extensions, "link") {
		if rel := strings.ToLower(l.Attrs["rel"]); rel == "" || rel == "alternate" {
			e.links = append(e.links, l.Attrs["href"])
		}
	}
	if o == nil {
		return e
	}
	if o.GUID != nil && !strings.EqualFold(o.GUID.IsPermalink, "false") && isWeb(o.GUID.Value) {
		e.links = append(e.links, o.GUID.Value)
	}
	for _, d := range first(it.Extensions["googleplay"]["description"]) {
		e.texts = append(e.texts, text{d.Value, either})
	}
	e.authors = append([][]text{{{o.Author, either}}}, extensionAuthors(it.DublinCoreExt, it.Extensions)...)
	if it.ITunesExt != nil {
		e.authors = append(e.authors, []text{{it.ITunesExt.Author, either}})
		e.texts = append(e.texts, text{it.ITunesExt.Subtitle, either})
		e.pictures = append(e.pictures, picture{address: it.ITunesExt.Image, sure: true})
	}
	return e
}

// ofAtom returns Atom's elements of a name in an RSS feed.
func ofAtom(extensions ext.Extensions, name string) []ext.Extension {
	return first(slices.Concat(extensions["atom"][name], extensions["atom10"][name], extensions["atom03"][name]))
}

func extensionAuthors(dc *ext.DublinCoreExtension, extensions ext.Extensions) [][]text {
	var lists [][]text
	if dc != nil {
		lists = append(lists, texts(either, dc.Creator, maxAuthors), texts(either, dc.Author, maxAuthors))
	}
	var list []text
	for _, p := range ofAtom(extensions, "author") {
		for _, name := range append(slices.Clip(p.Children["name"]), p.Children["email"]...) {
			if name.Value != "" {
				list = append(list, text{name.Value, plain})
				break
			}
		}
	}
	lists = append(lists, list)
	for _, a := range first(extensions["googleplay"]["author"]) {
		lists = append(lists, []text{{a.Value, either}})
	}
	return lists
}

// mediaOf reads Media RSS (https://www.rssboard.org/media-rss): an element means the
// same in an item, a group or a content.
func mediaOf(elements map[string][]ext.Extension) article {
	var e article
	// Elements inside a group or a content come after the others.
	for levels := []map[string][]ext.Extension{elements}; len(levels) > 0; levels = levels[1:] {
		for _, name := range []string{"content", "thumbnail"} {
			for _, c := range first(levels[0][name]) {
				kind := c.Attrs["type"]
				if medium := c.Attrs["medium"]; medium != "" && kind == "" {
					kind = medium + "/"
				}
				e.pictures = append(e.pictures, picture{
					address: c.Attrs["url"], kind: kind, sure: name == "thumbnail",
					width: number(c.Attrs["width"]), height: number(c.Attrs["height"]),
				})
			}
		}
		for _, t := range first(levels[0]["title"]) {
			e.titles = append(e.titles, mediaText(t))
		}
		for _, t := range first(levels[0]["description"]) {
			e.texts = append(e.texts, mediaText(t))
		}
		if len(levels) > maxPictures {
			break
		}
		for _, name := range []string{"group", "content"} {
			for _, inner := range first(levels[0][name]) {
				if len(inner.Children) > 0 {
					levels = append(levels, inner.Children)
				}
			}
		}
	}
	slices.SortStableFunc(e.pictures, func(a, b picture) int { return b.width - a.width })
	return e
}

func mediaText(e ext.Extension) text {
	if strings.Contains(e.Attrs["type"], "html") {
		return text{e.Value, markup}
	}
	return text{e.Value, plain}
}

func first(list []ext.Extension) []ext.Extension { return list[:min(len(list), maxPictures)] }
