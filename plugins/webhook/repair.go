package webhook

import (
	"cmp"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/card"
)

// repairs mends a card, so that a wrong colour or a broken button does not keep an
// alarm from arriving: it removes what no chat system shows, and the card says what.
type repairs struct {
	// rest becomes the card's last section, which says what could not stay.
	rest builder
}

// repair removes what no chat system shows and names it at the card's end.
func repair(c *card.Card) {
	var r repairs
	c.ThemeColor = hexColor(c.ThemeColor)
	for i := range c.Sections {
		s := &c.Sections[i]
		if !r.shown(card.Image{URL: s.ActivityImage}) {
			s.ActivityImage = ""
		}
		if s.ActivityImageType != "avatar" && s.ActivityImageType != "article" {
			s.ActivityImageType = ""
		}
		if s.HeroImage != nil && (s.HeroImage.URL == "" || !r.shown(*s.HeroImage)) {
			s.HeroImage = nil
		}
		s.Images = slices.DeleteFunc(s.Images, func(image card.Image) bool { return image.URL == "" || !r.shown(image) })
		s.Facts = repairedFacts(s.Facts)
		s.Actions = r.actions(s.Actions)
	}
	c.Actions = r.actions(c.Actions)
	r.rest.paragraph(notPossible(r.rest.asks))
	r.rest.flush()
	c.Sections = append(c.Sections, r.rest.card.Sections...)
}

// shown reports whether a picture can be shown, and names it if not.
func (r *repairs) shown(image card.Image) bool {
	if isPicture(image.URL) {
		return true
	}
	r.leave("picture " + cmp.Or(image.Title, image.URL))
	return false
}

func (r *repairs) leave(name string) { r.rest.ask(card.Cut(oneLine(name), longestGone)) }

// longestGone bounds the name of what was removed, in characters.
const longestGone = 200

func isPicture(address string) bool {
	return address == "" || isWeb(address) || strings.HasPrefix(address, "data:image/")
}

func repairedFacts(list []card.Fact) []card.Fact {
	var facts []card.Fact
	for _, f := range list {
		if f.Name != "" || f.Value != "" {
			facts = append(facts, card.Fact{Name: cmp.Or(f.Name, "–"), Value: cmp.Or(f.Value, "–")})
		}
	}
	return facts
}

// actions keeps the valid actions and mends others where possible.
func (r *repairs) actions(list []card.Action) []card.Action {
	var actions []card.Action
	for _, a := range list {
		a.Name = cmp.Or(strings.TrimSpace(a.Name), "Open")
		if a.Type == card.ActionCard {
			a.Inputs = slices.DeleteFunc(slices.Clone(a.Inputs), func(in card.Input) bool {
				return !isValid(card.Action{Type: card.ActionCard, Name: a.Name, Inputs: []card.Input{in}})
			})
			nested := slices.DeleteFunc(slices.Clone(a.Actions), func(inner card.Action) bool { return inner.Type == card.ActionCard })
			a.Actions = r.actions(nested)
			if len(nested) < len(a.Actions) || len(a.Inputs)+len(a.Actions) == 0 {
				r.leave(a.Name)
				continue
			}
		}
		if isValid(a) {
			actions = append(actions, a)
			continue
		}
		if at := slices.IndexFunc(addresses(a), isWeb); at >= 0 {
			actions = appendLink(actions, a.Name, addresses(a)[at])
			continue
		}
		r.way(a)
	}
	return actions
}

func isValid(a card.Action) bool {
	return card.Card{Text: "-", Actions: []card.Action{a}}.Validate() == nil
}

// addresses returns the addresses that an action opens, the one for all systems first.
func addresses(a card.Action) []string {
	list := []string{a.URL()}
	for _, t := range a.Targets {
		list = append(list, t.URI)
	}
	if a.Type != card.HTTPPost { // which a person cannot open
		list = append(append(list, a.Target.URL), a.Target.List...)
	}
	return list
}

// way shows the address of an action that cannot be a button, or names it.
func (r *repairs) way(a card.Action) {
	for _, address := range addresses(a) {
		if text := readable(a.Name, address); text != "" && len(r.rest.text) < maxLinks {
			r.rest.paragraph(text)
			return
		}
	}
	r.leave(a.Name)
}

// hexColor is a colour as six digits without '#', or empty.
func hexColor(s string) string {
	s = strings.TrimPrefix(strings.TrimSpace(s), "#")
	if strings.Trim(s, "0123456789abcdefABCDEF") != "" {
		return ""
	}
	switch len(s) {
	case 3:
		return string([]byte{s[0], s[0], s[1], s[1], s[2], s[2]})
	case 6:
		return s
	case 8:
		return s[2:] // with the opacity first, as .NET writes it
	}
	return ""
}
