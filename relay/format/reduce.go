package format

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/format/markup"
)

func countImages(d draft) int {
	n := 0
	for _, s := range d.sections {
		n += len(s.pictures())
		if s.avatar != "" {
			n++
		}
	}
	return n
}

// keepImages keeps that many pictures, first come, first kept.
func keepImages(d *draft, keep int) loss {
	dropped := 0
	take := func() bool {
		if keep > 0 {
			keep--
			return true
		}
		dropped++
		return false
	}
	for i := range d.sections {
		s := &d.sections[i]
		if s.avatar != "" && !take() {
			s.avatar = ""
		}
		if s.hero != nil && !take() {
			s.hero = nil
		}
		s.images = slices.DeleteFunc(s.images, func(card.Image) bool { return !take() })
	}
	return leftOut(dropped, "picture")
}

func longestFact(d draft) int {
	n := 0
	for _, s := range d.sections {
		for _, f := range s.facts {
			n = max(n, f.name.Len(), f.value.Len())
		}
	}
	return n
}

// shortenFacts cuts the names and values of facts to a length in characters.
func shortenFacts(d *draft, keep int) loss {
	n := 0
	for i := range d.sections {
		for j := range d.sections[i].facts {
			f := &d.sections[i].facts[j]
			if f.name.Len() > keep || f.value.Len() > keep {
				f.name, f.value = f.name.Head(keep), f.value.Head(keep)
				n++
			}
		}
	}
	return loss{n, "fact", cut}
}

func countFacts(d draft) int {
	n := 0
	for _, s := range d.sections {
		n += len(s.facts)
	}
	return n
}

// keepFacts keeps that many facts, over all sections.
func keepFacts(d *draft, keep int) loss {
	dropped := 0
	for i := range d.sections {
		n := min(keep, len(d.sections[i].facts))
		dropped += cutTo(&d.sections[i].facts, n)
		keep -= n
	}
	return leftOut(dropped, "fact")
}

// texts are all running texts of a draft.
func texts(d *draft) []*markup.Text {
	list := []*markup.Text{&d.text}
	for i := range d.sections {
		s := &d.sections[i]
		list = append(list, &s.text, &s.activityText)
	}
	return list
}

func longestText(d draft) int {
	n := 0
	for _, t := range texts(&d) {
		n = max(n, t.Len())
	}
	return n
}

// shortenTexts takes the middle out of texts longer than keep characters.
func shortenTexts(d *draft, keep int) loss {
	shorter := false
	for _, t := range texts(d) {
		if t.Len() > keep {
			*t, shorter = t.Middle(keep), true
		}
	}
	return middleGone().provided(shorter)
}

// keepSections keeps that many sections. A link in a section that goes moves to
// the card when the card has none.
func keepSections(d *draft, keep int) loss {
	if keep >= len(d.sections) {
		return loss{}
	}
	dropped := d.sections[keep:]
	d.sections = d.sections[:keep:keep]
	for _, s := range dropped {
		for _, a := range s.actions {
			if leads(a) && d.firstLink() == "" {
				d.actions = append(d.actions, a)
			}
		}
	}
	return leftOut(len(dropped), "section")
}

// actionLists are the lists of a draft's actions.
func actionLists(d *draft) []*[]card.Action {
	lists := []*[]card.Action{&d.actions}
	for i := range d.sections {
		lists = append(lists, &d.sections[i].actions)
	}
	return lists
}

func countActions(d draft) int {
	n := 0
	for _, list := range actionLists(&d) {
		n += len(*list)
	}
	return n
}

// keepActions keeps that many actions, links first, because a person can always
// follow a link to the rest.
func keepActions(d *draft, keep int) loss {
	dropped := 0
	for _, links := range []bool{true, false} {
		for _, list := range actionLists(d) {
			*list = slices.DeleteFunc(*list, func(a card.Action) bool {
				if leads(a) != links {
					return false
				}
				if keep > 0 {
					keep--
					return false
				}
				dropped++
				return true
			})
		}
	}
	return leftOut(dropped, "action")
}

// leads reports whether an action is a link, or a form with one.
func leads(a card.Action) bool {
	links, _ := split([]card.Action{a})
	return len(links) > 0
}

func longestName(d draft) int {
	n := 0
	for _, list := range actionLists(&d) {
		for _, a := range *list {
			n = max(n, utf8.RuneCountInString(a.Name))
		}
	}
	return n
}

// shortenNames cuts the names of actions.
func shortenNames(d *draft, keep int) loss {
	shorter := false
	for _, list := range actionLists(d) {
		for i := range *list {
			if a := &(*list)[i]; utf8.RuneCountInString(a.Name) > keep {
				a.Name, shorter = end(a.Name, keep), true
			}
		}
	}
	return namesCut().provided(shorter)
}

// titles are the texts of one line, the card's own first.
func titles(d *draft) []*markup.Text {
	list := []*markup.Text{&d.title}
	for i := range d.sections {
		s := &d.sections[i]
		list = append(list, &s.title, &s.activity, &s.subtitle)
	}
	return list
}

func longestTitle(d draft) int {
	n := utf8.RuneCountInString(d.summary)
	for _, t := range titles(&d) {
		n = max(n, t.Len())
	}
	return n
}

// shortenTitles cuts titles, and the summary, which nobody misses.
func shortenTitles(d *draft, keep int) loss {
	d.summary = end(d.summary, keep)
	shorter := false
	for _, t := range titles(d) {
		if t.Len() > keep {
			*t, shorter = t.Head(keep), true
		}
	}
	return titlesCut().provided(shorter)
}

// end cuts a line to n characters, with an ellipsis.
func end(s string, n int) string {
	return strings.TrimSpace(markup.Bare(markup.Words(s).Head(n)))
}

// middle cuts the middle out of a line of more than n characters.
func middle(s string, n int) string {
	if text := markup.Words(s); text.Len() > n {
		return markup.Bare(text.Middle(n - 2))
	}
	return strings.TrimSpace(s)
}
