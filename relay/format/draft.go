package format

import (
	"cmp"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/format/markup"
)

// draft is a card whose texts are read: what encoders write and what shrinking
// makes smaller. Card holds what no text is; its texts, sections and actions do
// not count.
type draft struct {
	card     card.Card
	summary  string
	title    markup.Text
	text     markup.Text
	sections []section
	actions  []card.Action
	// titleLink is where a link or picture in the title led; titles are written
	// without.
	titleLink string
	// note says what was left out; empty when nothing was.
	note string
}

// section is a section of a draft. The card's holds what no text is.
type section struct {
	card         card.Section
	title        markup.Text
	text         markup.Text
	activity     markup.Text
	subtitle     markup.Text
	activityText markup.Text
	avatar       string
	hero         *card.Image
	images       []card.Image
	facts        []fact
	actions      []card.Action
}

type fact struct{ name, value markup.Text }

// newDraft reads a card. The card is not changed, nor what it leads to.
func newDraft(c card.Card, p markup.Parser, known func(string) (string, bool)) draft {
	reader := p.Reader(known)
	read := reader.Read
	d := draft{
		card: c, summary: markup.Bare(read(c.Summary)), title: read(c.Title), text: read(c.Text),
		actions: slices.Clone(c.Actions), sections: make([]section, len(c.Sections)),
	}
	for i, s := range c.Sections {
		d.sections[i] = newSection(s, reader.Section(s.Markdown))
	}
	d.title.Walk(func(n markup.Inline) {
		if n.URL != "" && d.titleLink == "" {
			d.titleLink = n.URL
		}
	})
	d.text = append(beyond(d.title), d.text...)
	d.title = linkless(d.title)
	if d.title.Empty() && d.text.Empty() && len(d.sections) == 0 {
		d.title = markup.Words(d.summary)
	}
	return d
}

func newSection(c card.Section, read func(string) markup.Text) section {
	s := section{
		card: c, title: read(c.Title), text: read(c.Text), activity: read(c.ActivityTitle), subtitle: read(c.ActivitySubtitle),
		activityText: read(c.ActivityText), avatar: c.ActivityImage, hero: c.HeroImage, images: slices.Clone(c.Images), actions: slices.Clone(c.Actions),
	}
	for _, f := range c.Facts {
		if f.Name != "" || f.Value != "" {
			s.facts = append(s.facts, newFact(read(f.Name), read(f.Value)))
		}
	}
	return s
}

// newFact is a fact whose name is a name only: what that leads to stands beside the value.
func newFact(name, value markup.Text) fact {
	if more := beyond(name); more != nil {
		value = append(slices.Clone(value), more...)
	}
	return fact{name: linkless(name), value: value}
}

// linkless leaves the words of links.
func linkless(t markup.Text) markup.Text {
	t, _ = t.WithoutLinks(func(string) bool { return true })
	return t
}

// The sender is never made smaller, so it is bounded.
const (
	longestSender  = 80
	longestPicture = 1000
)

// sender is in whose name the card is posted, as an activity that stands above all.
func (d draft) sender() (s section, ok bool) {
	if d.card.Sender == nil {
		return section{}, false
	}
	s.activity = markup.Words(end(strings.Join(strings.Fields(d.card.Sender.Name), " "), longestSender))
	if image := d.card.Sender.Image; len(image) <= longestPicture {
		s.avatar = image
	}
	return s, !s.activity.Empty() || s.avatar != ""
}

// by is the sender as a line of its own.
func (d draft) by() markup.Text {
	s, ok := d.sender()
	if !ok || s.activity.Empty() {
		return nil
	}
	return markup.Of(markup.Inline{Kind: markup.Emphasis, Inlines: s.activity.Inline()})
}

// clone copies what shrinking changes: the lists, but not the texts, which are
// replaced as a whole.
func (d draft) clone() draft {
	d.actions = slices.Clone(d.actions)
	d.sections = slices.Clone(d.sections)
	for i := range d.sections {
		s := &d.sections[i]
		s.images, s.facts, s.actions = slices.Clone(s.images), slices.Clone(s.facts), slices.Clone(s.actions)
	}
	return d
}

// longestHeadline is how much of a text, in characters, stands for a title.
const longestHeadline = 100

// headline is what a system shows that wants a title in any case; never empty.
func (d draft) headline() string {
	if line := cmp.Or(markup.Bare(d.title), d.summary); line != "" {
		return line
	}
	var names, texts []markup.Text
	texts = append(texts, d.text)
	for _, s := range d.sections {
		names, texts = append(names, s.title, s.activity), append(texts, s.text, s.activityText)
		if len(s.facts) > 0 {
			texts = append(texts, s.facts[0].line())
		}
	}
	for _, t := range append(names, texts...) {
		if line := markup.Bare(t.Head(longestHeadline)); line != "" {
			return line
		}
	}
	return "A card"
}

// said is the note as a text.
func (d draft) said() markup.Text {
	if d.note == "" {
		return nil
	}
	return markup.Of(markup.Inline{Kind: markup.Emphasis, Inlines: []markup.Inline{{Kind: markup.Plain, Text: d.note}}})
}

// link is a way out of a card.
type link struct{ name, address string }

// split tells links from what a card in a chat system cannot do. Of the latter it
// makes a sentence with the names, so that a person knows to look.
func split(actions []card.Action) (links []link, rest markup.Text) {
	var names []string
	for _, a := range actions {
		inner := len(links)
		for _, leaf := range append([]card.Action{a}, a.Actions...) {
			if u := leaf.URL(); u != "" {
				links = append(links, link{name: named(leaf), address: u})
			}
		}
		if len(links) == inner || a.Type == card.ActionCard && len(a.Inputs) > 0 {
			names = append(names, named(a))
		}
	}
	if len(names) == 0 {
		return links, nil
	}
	return links, markup.Of(markup.Inline{Kind: markup.Emphasis, Inlines: []markup.Inline{
		{Kind: markup.Plain, Text: "Not possible here: " + strings.Join(names, ", ")},
	}})
}

// named is an action's name, which is no Markdown; a button needs one.
func named(a card.Action) string {
	if name := strings.Join(strings.Fields(a.Name), " "); name != "" {
		return name
	}
	return "Open"
}

// firstLink is where the title of a card may lead.
func (d draft) firstLink() string {
	lists := [][]card.Action{d.actions}
	for _, s := range d.sections {
		lists = append(lists, s.actions)
	}
	for _, list := range lists {
		if links, _ := split(list); len(links) > 0 {
			return links[0].address
		}
	}
	return d.titleLink
}

// line joins links to a line.
func line(links []link) markup.Text {
	var inlines []markup.Inline
	for i, l := range links {
		if i > 0 {
			inlines = append(inlines, markup.Inline{Kind: markup.Plain, Text: " · "})
		}
		inlines = append(inlines, markup.Inline{Kind: markup.Link, URL: markup.Address(l.address), Inlines: []markup.Inline{{Kind: markup.Plain, Text: l.name}}})
	}
	if len(inlines) == 0 {
		return nil
	}
	return markup.Of(inlines...)
}

// pictures are a section's, the large one first.
func (s section) pictures() []card.Image {
	if s.hero == nil {
		return s.images
	}
	return append([]card.Image{*s.hero}, s.images...)
}

// article is the type of an activity's picture that is not a person.
const article = "article"

// strong makes a text's lines bold, as one paragraph.
func strong(t markup.Text) markup.Text {
	if t.Empty() {
		return nil
	}
	return markup.Of(markup.Inline{Kind: markup.Strong, Inlines: markup.Without(markup.Strong, t.Inline())})
}
