package rss

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// The event kinds.
const (
	kindItem    = "item"
	kindUpdated = "updated"
)

// event returns an item's event.
func (s source) event(p post) event.Event {
	e := event.Event{Key: p.Known.ID, Kind: kindItem, Time: p.Published, Card: s.card(p), Data: s.data(p)}
	if p.Updated {
		e.Kind = kindUpdated
		e.Key += "/" + p.Known.Content
	}
	return e
}

// card returns an item's card: title, author, time, the beginning of its text, and a
// link.
func (s source) card(p post) card.Card {
	title, text := p.Title, p.Text
	c := card.Card{}
	if title == "" {
		title, text = headed(p)
	}
	if c.Summary = title; title == "" {
		c.Summary = card.Cut(card.Plain(firstLine(text)), maxHeadline)
	}
	c.Title = card.Escape(title)
	section := card.Section{ActivityTitle: card.Escape(s.Title), ActivitySubtitle: card.Escape(s.byline(p)), Text: text}
	if p.Picture != "" {
		section.HeroImage = &card.Image{URL: p.Picture, Title: title}
	}
	if s.Picture != "" {
		section.ActivityImage, section.ActivityImageType = s.Picture, "article"
	}
	if section.ActivityTitle != "" || section.ActivitySubtitle != "" || section.Text != "" || section.HeroImage != nil {
		c.Sections = []card.Section{section}
	}
	if isWeb(p.Link) {
		c.Actions = []card.Action{card.Open("Read more", p.Link)}
	}
	return c
}

// byline is an item's author and time. An author with the source's name is left out,
// because the card already has it.
func (s source) byline(p post) string {
	parts := slices.DeleteFunc(slices.Clone(p.Authors), func(name string) bool { return fold(name) == fold(s.Title) })
	if !p.Published.IsZero() {
		parts = append(parts, p.Published.Format("2 January 2006, 15:04 MST"))
	}
	return strings.Join(parts, " · ")
}

// headed gives an item without a title its first line as the title, if that is short
// and loses nothing by it. Otherwise there is no title, which would only repeat the
// text.
func headed(p post) (title, text string) {
	line, _, _ := strings.Cut(p.Text, "\n")
	title = card.Plain(strings.TrimLeft(line, "#> "))
	switch {
	case p.Text == "" && p.Link != "":
		return p.Link, ""
	case p.Text == "":
		return "Untitled", ""
	case title == "" || utf8.RuneCountInString(title) > maxHeadline || strings.Contains(line, "](") || strings.ContainsAny(title[:1], "|-+"):
		return "", p.Text
	}
	return title, strings.TrimSpace(strings.TrimPrefix(p.Text, line))
}

// maxHeadline bounds a line that serves as a title.
const maxHeadline = 80

// firstLine is the first line that is not blank.
func firstLine(s string) string {
	for line := range strings.Lines(s) {
		if line = strings.TrimRight(line, " \n"); card.Plain(line) != "" {
			return line
		}
	}
	return ""
}

func isWeb(s string) bool { return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") }

// data is the event's data for routes.
func (s source) data(p post) json.RawMessage {
	type feed struct {
		Title string `json:"title"`
		Link  string `json:"link"`
	}
	b, err := json.Marshal(struct {
		Title      string    `json:"title"`
		Link       string    `json:"link"`
		GUID       string    `json:"guid"`
		Authors    []string  `json:"authors"`
		Categories []string  `json:"categories"`
		Published  time.Time `json:"published,omitzero"`
		Feed       feed      `json:"feed"`
	}{p.Title, p.Link, p.GUID, append([]string{}, p.Authors...), append([]string{}, p.Categories...), p.Published, feed{s.Title, s.Link}})
	if err != nil {
		return nil
	}
	return b
}

func kinds() []connector.Kind {
	s := source{Title: "The Go Blog", Link: "https://go.dev/blog/"}
	p := post{
		Known: known{ID: hash("guid", "go.dev/blog/go1.26"), Content: hash("content", "What is new.")},
		Title: "Go 1.26 is released", Link: "https://go.dev/blog/go1.26", GUID: "https://go.dev/blog/go1.26",
		Text: "What is **new**.", Published: time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC), Authors: []string{"A. Gopher"},
	}
	changed := p
	changed.Updated = true
	return []connector.Kind{
		{Name: kindItem, Doc: "A new item.", Sample: s.event(p)},
		{Name: kindUpdated, Doc: "An item that was posted before and has changed, with on_update = \"repost\".", Sample: s.event(changed)},
	}
}
