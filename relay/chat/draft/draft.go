// Package draft is a card on its way to a chat system: its texts are parsed, and nothing
// in it is specific to one system yet.
//
// A chat system's writer takes a [Draft] and picks what suits it: the parts one by one,
// the whole as one running text ([Draft.Document]), or a list of blocks with an author
// and a picture each ([Draft.Blocks]). Package shrink makes drafts smaller.
package draft

import (
	"cmp"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/size"
)

// Draft is a card whose texts are parsed.
type Draft struct {
	// Card holds what is neither text nor list, such as the colour; its texts, sections
	// and actions do not count.
	Card     card.Card
	Summary  string
	Title    markup.Text
	Text     markup.Text
	Sections []Section
	Actions  []card.Action
	// TitleLink is where a link or picture in the title led; titles are written without links.
	TitleLink string
	// Note says what was left out; it is empty when nothing was.
	Note string
}

// Section is a section of a draft. Its Card, too, holds only what is neither text nor list.
type Section struct {
	Card         card.Section
	Title        markup.Text
	Text         markup.Text
	Activity     markup.Text
	Subtitle     markup.Text
	ActivityText markup.Text
	Avatar       string
	Hero         *card.Image
	Images       []card.Image
	Facts        []Fact
	Actions      []card.Action
}

// Fact is a name and its value.
type Fact struct{ Name, Value markup.Text }

// Written is a draft in the form of a chat system.
type Written struct {
	Body []byte
	// Used is how much it uses of each limit that the system's writer measures. The bytes
	// of the whole are measured for all.
	Used size.Used
}

// New reads a card, which stays as it is. Known names the person who has a login, so that
// "@login" in a text is a mention; nil knows nobody.
func New(c card.Card, p markup.Parser, known func(string) (string, bool)) Draft {
	reader := p.Reader(known)
	read := reader.Read
	d := Draft{
		Card: c, Summary: markup.Bare(read(c.Summary)), Title: read(c.Title), Text: read(c.Text),
		Actions: slices.Clone(c.Actions), Sections: make([]Section, len(c.Sections)),
	}
	for i, s := range c.Sections {
		d.Sections[i] = newSection(s, reader.Section(s.Markdown))
	}
	d.Title.Walk(func(n markup.Inline) {
		if n.URL != "" && d.TitleLink == "" {
			d.TitleLink = n.URL
		}
	})
	d.Text = append(Beyond(d.Title), d.Text...)
	d.Title = linkless(d.Title)
	if d.Title.Empty() && d.Text.Empty() && len(d.Sections) == 0 {
		d.Title = markup.Words(d.Summary)
	}
	return d
}

func newSection(c card.Section, read func(string) markup.Text) Section {
	s := Section{
		Card: c, Title: read(c.Title), Text: read(c.Text), Activity: read(c.ActivityTitle), Subtitle: read(c.ActivitySubtitle),
		ActivityText: read(c.ActivityText), Avatar: c.ActivityImage, Hero: c.HeroImage, Images: slices.Clone(c.Images), Actions: slices.Clone(c.Actions),
	}
	for _, f := range c.Facts {
		if f.Name != "" || f.Value != "" {
			s.Facts = append(s.Facts, newFact(read(f.Name), read(f.Value)))
		}
	}
	return s
}

// newFact returns a fact whose name is only a name: a link in it moves to the value.
func newFact(name, value markup.Text) Fact {
	if more := Beyond(name); more != nil {
		value = append(slices.Clone(value), more...)
	}
	return Fact{Name: linkless(name), Value: value}
}

// linkless leaves the words of links.
func linkless(t markup.Text) markup.Text {
	t, _ = t.WithoutLinks(func(string) bool { return true })
	return t
}

// The sender is never made smaller, so it is bounded.
const (
	longestSender = 80
	// LongestPicture is how long the address of the sender's picture may be.
	LongestPicture = 1000
)

// Sender returns the person or thing in whose name the card is posted, as an activity
// above everything else.
func (d Draft) Sender() (s Section, ok bool) {
	if d.Card.Sender == nil {
		return Section{}, false
	}
	s.Activity = markup.Words(markup.End(strings.Join(strings.Fields(d.Card.Sender.Name), " "), longestSender))
	if image := d.Card.Sender.Image; len(image) <= LongestPicture {
		s.Avatar = image
	}
	return s, !s.Activity.Empty() || s.Avatar != ""
}

// By returns the sender as a line of its own.
func (d Draft) By() markup.Text {
	s, ok := d.Sender()
	if !ok || s.Activity.Empty() {
		return nil
	}
	return markup.Of(markup.Inline{Kind: markup.Emphasis, Inlines: s.Activity.Inline()})
}

// Clone copies what shrinking changes: the lists, but not the texts, which are
// replaced as a whole.
func (d Draft) Clone() Draft {
	d.Actions = slices.Clone(d.Actions)
	d.Sections = slices.Clone(d.Sections)
	for i := range d.Sections {
		s := &d.Sections[i]
		s.Images, s.Facts, s.Actions = slices.Clone(s.Images), slices.Clone(s.Facts), slices.Clone(s.Actions)
	}
	return d
}

// longestHeadline is how much of a text, in characters, replaces a title.
const longestHeadline = 100

// Headline returns the title for a system that always needs one; it is never empty.
func (d Draft) Headline() string {
	if line := cmp.Or(markup.Bare(d.Title), d.Summary); line != "" {
		return line
	}
	var names, texts []markup.Text
	texts = append(texts, d.Text)
	for _, s := range d.Sections {
		names, texts = append(names, s.Title, s.Activity), append(texts, s.Text, s.ActivityText)
		if len(s.Facts) > 0 {
			texts = append(texts, s.Facts[0].Line())
		}
	}
	for _, t := range append(names, texts...) {
		if line := markup.Bare(t.Head(longestHeadline)); line != "" {
			return line
		}
	}
	return "A card"
}

// Said returns the note as a text.
func (d Draft) Said() markup.Text {
	if d.Note == "" {
		return nil
	}
	return markup.Remark(d.Note)
}

// Link is a way out of a card.
type Link struct{ Name, Address string }

// Split separates links from actions that are impossible in a chat system. It makes a
// sentence from the names of the latter, so that a person knows to look elsewhere.
func Split(actions []card.Action) (links []Link, rest markup.Text) {
	var names []string
	for _, a := range actions {
		inner := len(links)
		for _, leaf := range append([]card.Action{a}, a.Actions...) {
			if u := leaf.URL(); u != "" {
				links = append(links, Link{Name: Named(leaf), Address: u})
			}
		}
		if len(links) == inner || a.Type == card.ActionCard && len(a.Inputs) > 0 {
			names = append(names, Named(a))
		}
	}
	if len(names) == 0 {
		return links, nil
	}
	return links, markup.Remark("Not possible here: " + strings.Join(names, ", "))
}

// Named returns an action's name, which is not Markdown; a button needs one.
func Named(a card.Action) string {
	if name := strings.Join(strings.Fields(a.Name), " "); name != "" {
		return name
	}
	return "Open"
}

// FirstLink returns where the title of a card may lead.
func (d Draft) FirstLink() string {
	lists := [][]card.Action{d.Actions}
	for _, s := range d.Sections {
		lists = append(lists, s.Actions)
	}
	for _, list := range lists {
		if links, _ := Split(list); len(links) > 0 {
			return links[0].Address
		}
	}
	return d.TitleLink
}

// Pictures returns a section's pictures, the large one first.
func (s Section) Pictures() []card.Image {
	if s.Hero == nil {
		return s.Images
	}
	return append([]card.Image{*s.Hero}, s.Images...)
}

// Article is the type of an activity's picture that is not a person.
const Article = "article"

// Strong makes a text's lines bold, as one paragraph.
func Strong(t markup.Text) markup.Text {
	if t.Empty() {
		return nil
	}
	return markup.Of(markup.Inline{Kind: markup.Strong, Inlines: markup.Without(markup.Strong, t.Inline())})
}
