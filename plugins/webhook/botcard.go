package webhook

import (
	"cmp"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/card"
)

// botCard reads the other cards of the Bot Framework, which incoming webhooks take too
// (https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference):
// hero, thumbnail, receipt, list, sign-in, and those that play something. Their members
// have the same names in all of them.
type botCard struct{ builder }

func fromBotCard(content node) (card.Card, error) {
	var b botCard
	b.heading(content.string("title"))
	b.paragraph(content.string("subtitle"))
	b.paragraph(content.string("text"))
	for _, f := range content.get("facts").list() {
		b.fact(f.string("key"), f.string("value"))
	}
	for _, i := range content.get("items").list() {
		b.line(i)
	}
	for _, name := range []string{"tax", "vat", "total"} {
		if sum := content.string(name); sum != "" {
			b.fact(strings.ToUpper(name[:1])+name[1:], sum)
		}
	}
	for _, i := range append(content.get("images").list(), content.get("image")) {
		b.pictured(i)
	}
	for i, m := range content.get("media").list() {
		name := "Play"
		if i > 0 {
			name = cmp.Or(m.string("profile"), name)
		}
		b.link(name, m.string("url"))
	}
	for _, a := range append(content.get("buttons").list(), content.get("tap")) {
		b.action(a, "")
	}
	c := b.done()
	if !shows(c) {
		return c, errEmptyCard
	}
	return c, nil
}

// line adds an item of a receipt or a list.
func (b *botCard) line(i node) {
	name := i.string("title", "id")
	if i.kind() == "section" {
		b.heading(name)
		return
	}
	var about []string
	if n := i.string("quantity"); n != "" {
		about = append(about, n+" ×")
	}
	for _, member := range []string{"price", "subtitle", "text"} {
		if text := i.string(member); text != "" {
			about = append(about, text)
		}
	}
	b.fact(name, strings.Join(about, " "))
	b.action(i.get("tap"), name)
	b.image(i.string("icon"), name)
	b.pictured(i.get("image"))
}

func (b *botCard) pictured(i node) {
	address := cmp.Or(i.string("url"), i.text())
	if address != "" {
		b.image(address, i.string("alt"))
	}
	b.action(i.get("tap"), i.string("alt"))
}

// action adds a button: a link if it opens something; all others want an answer.
func (b *botCard) action(a node, name string) {
	if !a.isObject() {
		return
	}
	address := a.string("value")
	name = cmp.Or(a.string("title", "text"), name, "Open")
	switch kind := a.kind(); {
	case slices.Contains([]string{"openurl", "signin", "downloadfile", "showimage", "playaudio", "playvideo", "openapp"}, kind):
		b.link(name, address)
	case kind == "call":
		b.link(name, "tel:"+strings.TrimPrefix(address, "tel:"))
	default:
		b.ask(name)
	}
}
