package webhook

import (
	"cmp"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
)

// builder fills a card in reading order. A section shows its activity, text, facts,
// pictures and links in this order; what would break the order begins a new section.
// Everything else shares one, because Teams shows only ten.
type builder struct {
	card    card.Card
	section card.Section
	// text are the section's paragraphs.
	text []string
	// divided says that the next section begins a group.
	divided bool
	// asks are the names of inputs and other elements that cannot be shown.
	asks []string
	// unseen are the beginnings of hidden texts.
	unseen []string
}

func (b *builder) empty() bool {
	return b.card.Title == "" && len(b.card.Sections) == 0 && b.sectionEmpty()
}

func (b *builder) sectionEmpty() bool {
	return len(b.text) == 0 && !hasHead(b.section) && !hasTail(b.section)
}

// hasHead reports whether a section has something that stands above its text.
func hasHead(s card.Section) bool {
	return s.Title != "" || s.ActivityTitle != "" || s.ActivityImage != "" || s.ActivityText != ""
}

// hasTail reports whether a section has something that stands below its text.
func hasTail(s card.Section) bool { return len(s.Facts)+len(s.Images)+len(s.Actions) > 0 }

// flush ends the section.
func (b *builder) flush() {
	if b.sectionEmpty() {
		return
	}
	b.section.Text = strings.Join(b.text, "\n\n")
	b.card.Sections = append(b.card.Sections, b.section)
	b.section, b.text = card.Section{}, nil
}

// divide ends the section and separates the next one from it.
func (b *builder) divide() {
	b.flush()
	b.divided = true
}

// open begins a section, unless one is open.
func (b *builder) open() {
	if b.divided {
		b.section.StartGroup = len(b.card.Sections) > 0
		b.divided = false
	}
}

// heading adds the card's title if nothing came before, else a section's.
func (b *builder) heading(text string) {
	if text = strings.TrimSpace(text); text == "" {
		return
	}
	if b.empty() && !strings.Contains(text, "\n") {
		b.card.Title = text
		return
	}
	b.flush()
	b.open()
	b.section.Title = text
}

func (b *builder) paragraph(text string) {
	if text = strings.TrimSpace(text); text == "" {
		return
	}
	if hasTail(b.section) {
		b.flush()
	}
	b.open()
	b.text = append(b.text, text)
}

// fact adds a fact. One without a name becomes a paragraph.
func (b *builder) fact(name, value string) {
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	switch {
	case name == "":
		b.paragraph(value)
		return
	case value == "":
		value = "–"
	}
	if s := b.section; len(s.Images)+len(s.Actions) > 0 {
		b.flush()
	}
	b.open()
	b.section.Facts = append(b.section.Facts, card.Fact{Name: name, Value: value})
}

func (b *builder) image(address, title string) {
	if !isPicture(address) {
		b.ask("picture " + cmp.Or(title, address))
		return
	}
	if address == "" {
		return
	}
	if len(b.section.Actions) > 0 {
		b.flush()
	}
	b.open()
	b.section.Images = append(b.section.Images, card.Image{URL: address, Title: title})
}

// activity begins a section with who did what.
func (b *builder) activity(image, title, subtitle, text string) {
	if !isPicture(image) {
		image = ""
	}
	if title == "" && image == "" && text == "" {
		return
	}
	b.flush()
	b.open()
	b.section.ActivityImage, b.section.ActivityTitle, b.section.ActivitySubtitle, b.section.ActivityText = image, title, subtitle, text
}

// link adds a button to the section.
func (b *builder) link(name, address string) {
	if isWeb(address) {
		b.open()
		b.section.Actions = appendLink(b.section.Actions, name, address)
		return
	}
	b.way(name, address)
}

// cardLink adds a button at the card's end.
func (b *builder) cardLink(name, address string) {
	if isWeb(address) {
		b.card.Actions = appendLink(b.card.Actions, name, address)
		return
	}
	b.way(name, address)
}

// way shows an address that cannot be a button, if people can use it, and names it
// otherwise.
func (b *builder) way(name, address string) {
	if text := readable(name, address); text != "" {
		b.paragraph(text)
		return
	}
	b.ask(name)
}

// readable is a non-web address as text: a link if a chat system may open it, such as a
// mail address, else the address itself; empty if it only runs a program.
func readable(name, address string) string {
	scheme, rest, found := strings.Cut(address, ":")
	name = card.Escape(strings.TrimSpace(cmp.Or(name, "Open")))
	switch scheme = strings.ToLower(strings.TrimSpace(scheme)); {
	case !found, rest == "", isWeb(address), strings.ContainsAny(scheme, "/?#. "), scheme == "javascript", scheme == "vbscript", scheme == "data",
		scheme == "http", scheme == "https":
		return ""
	case scheme == "mailto":
		return "[" + name + "](" + linkAddress(address) + ")"
	}
	return name + ": " + card.Escape(address)
}

// notPossible names the elements of a card that a chat system cannot show or do.
func notPossible(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return emphasise("Not possible here: "+card.Escape(strings.Join(names, ", ")), "*")
}

// table adds rows as a Markdown table, which must have a header, or as lines.
func (b *builder) table(rows [][]string, header bool) {
	if !header {
		for _, row := range rows {
			b.paragraph(strings.Join(row, " | "))
		}
		return
	}
	width := 0
	for _, row := range rows {
		width = max(width, len(row))
	}
	var t strings.Builder
	for i, row := range rows {
		for c := range width {
			cell := ""
			if c < len(row) {
				cell = strings.ReplaceAll(strings.ReplaceAll(row[c], `\|`, "|"), "|", `\|`)
			}
			t.WriteString("| " + cell + " ")
		}
		t.WriteString("|\n")
		if i == 0 {
			t.WriteString(strings.Repeat("| --- ", width) + "|\n")
		}
	}
	b.paragraph(t.String())
}

// ask notes an element that asks the reader for an answer. A webhook cannot bring one
// back, so the card only names it.
func (b *builder) ask(name string) {
	name = strings.Join(strings.Fields(name), " ")
	if name != "" && len(b.asks) < maxLinks && !slices.Contains(b.asks, name) {
		b.asks = append(b.asks, name)
	}
}

// maxLinks bounds the buttons of one section. Teams shows five.
const maxLinks = 50

// appendLink adds a button unless there is the same: senders put one link behind a
// title, a picture and a button.
func appendLink(list []card.Action, name, address string) []card.Action {
	if name = strings.TrimSpace(name); name == "" {
		name = "Open"
	}
	a := card.Open(name, address)
	if len(list) >= maxLinks || slices.ContainsFunc(list, func(o card.Action) bool { return o.URL() == address && o.Name == name }) {
		return list
	}
	return append(list, a)
}

// sections ends the card and returns its sections; the last names what the others do
// not show.
func (b *builder) sections() []card.Section {
	b.flush()
	if len(b.unseen) > 0 {
		b.paragraph(emphasise("Hidden in this card: "+card.Escape(strings.Join(b.unseen, ", ")), "*"))
	}
	b.paragraph(notPossible(b.asks))
	b.flush()
	return b.card.Sections
}

// done returns the card. The text of a first section with nothing above it becomes the
// card's own.
func (b *builder) done() card.Card {
	list := b.sections()
	c := b.card
	if len(list) > 0 && !hasHead(list[0]) {
		c.Text, list[0].Text = list[0].Text, ""
		if !hasTail(list[0]) {
			c.Sections = list[1:]
		}
	}
	if len(c.Sections) == 0 {
		c.Sections = nil
	}
	return c
}

// shows reports whether there is anything to see in a card.
func shows(c card.Card) bool {
	return c.Title != "" || c.Text != "" || c.Summary != "" || slices.ContainsFunc(c.Sections, func(s card.Section) bool {
		return hasHead(s) || s.ActivitySubtitle != "" || s.Text != "" || s.HeroImage != nil || hasTail(s)
	})
}

// isWeb reports whether a chat system can open or show an address.
func isWeb(address string) bool {
	_, err := connector.ParseURL(address)
	return err == nil
}
