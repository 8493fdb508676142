package webhook

import (
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
	b.heading(content.get("title").text())
	b.paragraph(content.get("subtitle").text())
	b.paragraph(content.get("text").text())
	for _, f := range content.get("facts").list() {
		b.fact(f.get("key").text(), f.get("value").text())
	}
	for _, i := range content.get("items").list() {
		b.line(i)
	}
	for _, name := range []string{"tax", "vat", "total"} {
		if sum := content.get(name).text(); sum != "" {
			b.fact(strings.ToUpper(name[:1])+name[1:], sum)
		}
	}
	for _, i := range append(content.get("images").list(), content.get("image")) {
		b.pictured(i)
	}
	for i, m := range content.get("media").list() {
		name := []string{"Play", orElse(m.get("profile").text(), "Play")}[min(i, 1)]
		b.link(name, m.get("url").text())
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
	name := orElse(i.get("title").text(), i.get("id").text())
	if i.get("type").word() == "section" {
		b.heading(name)
		return
	}
	var about []string
	if n := i.get("quantity").text(); n != "" {
		about = append(about, n+" ×")
	}
	for _, member := range []string{"price", "subtitle", "text"} {
		if text := i.get(member).text(); text != "" {
			about = append(about, text)
		}
	}
	b.fact(name, strings.Join(about, " "))
	b.action(i.get("tap"), name)
	b.image(i.get("icon").text(), name)
	b.pictured(i.get("image"))
}

func (b *botCard) pictured(i node) {
	address := orElse(i.get("url").text(), i.text())
	if address != "" {
		b.image(address, i.get("alt").text())
	}
	b.action(i.get("tap"), i.get("alt").text())
}

// action adds a button: a link if it opens something; all others want an answer.
func (b *botCard) action(a node, name string) {
	if !a.isObject() {
		return
	}
	address := a.get("value").text()
	name = orElse(a.get("title").text(), orElse(a.get("text").text(), orElse(name, "Open")))
	switch kind := a.get("type").word(); {
	case slices.Contains([]string{"openurl", "signin", "downloadfile", "showimage", "playaudio", "playvideo", "openapp"}, kind):
		b.link(name, address)
	case kind == "call":
		b.link(name, "tel:"+strings.TrimPrefix(address, "tel:"))
	default:
		b.ask(name)
	}
}
