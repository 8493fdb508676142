package shrink

import (
	"slices"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
)

// Each kind of reduction is two functions: how much there is, and reducing it to so much.

func countImages(d *draft.Draft) int {
	n := 0
	for _, s := range d.Sections {
		n += len(s.Pictures())
		if s.Avatar != "" {
			n++
		}
	}
	return n
}

// keepImages keeps that many pictures, first come, first kept.
func keepImages(d *draft.Draft, keep int) loss {
	dropped := 0
	take := func() bool {
		if keep > 0 {
			keep--
			return true
		}
		dropped++
		return false
	}
	for i := range d.Sections {
		s := &d.Sections[i]
		if s.Avatar != "" && !take() {
			s.Avatar = ""
		}
		if s.Hero != nil && !take() {
			s.Hero = nil
		}
		s.Images = slices.DeleteFunc(s.Images, func(card.Image) bool { return !take() })
	}
	return leftOut(dropped, "picture")
}

func longestFact(d *draft.Draft) int {
	n := 0
	for _, s := range d.Sections {
		for _, f := range s.Facts {
			n = max(n, f.Name.Len(), f.Value.Len())
		}
	}
	return n
}

// shortenFacts cuts the names and values of facts to a length in characters.
func shortenFacts(d *draft.Draft, keep int) loss {
	n := 0
	for i := range d.Sections {
		for j := range d.Sections[i].Facts {
			f := &d.Sections[i].Facts[j]
			if f.Name.Len() > keep || f.Value.Len() > keep {
				f.Name, f.Value = f.Name.Head(keep), f.Value.Head(keep)
				n++
			}
		}
	}
	return loss{n, "fact", cut}
}

func countFacts(d *draft.Draft) int {
	n := 0
	for _, s := range d.Sections {
		n += len(s.Facts)
	}
	return n
}

// keepFacts keeps that many facts, over all sections.
func keepFacts(d *draft.Draft, keep int) loss {
	dropped := 0
	for i := range d.Sections {
		n := min(keep, len(d.Sections[i].Facts))
		dropped += cutTo(&d.Sections[i].Facts, n)
		keep -= n
	}
	return leftOut(dropped, "fact")
}

// texts are all running texts of a draft.
func texts(d *draft.Draft) []*markup.Text {
	list := []*markup.Text{&d.Text}
	for i := range d.Sections {
		s := &d.Sections[i]
		list = append(list, &s.Text, &s.ActivityText)
	}
	return list
}

func longestText(d *draft.Draft) int {
	n := 0
	for _, t := range texts(d) {
		n = max(n, t.Len())
	}
	return n
}

// shortenTexts takes the middle out of texts longer than keep characters.
func shortenTexts(d *draft.Draft, keep int) loss {
	shorter := false
	for _, t := range texts(d) {
		if t.Len() > keep {
			*t, shorter = t.Middle(keep), true
		}
	}
	return middleGone().provided(shorter)
}

func countSections(d *draft.Draft) int { return len(d.Sections) }

// keepSections keeps that many sections. A link in a section that goes moves to
// the card when the card has none.
func keepSections(d *draft.Draft, keep int) loss {
	if keep >= len(d.Sections) {
		return loss{}
	}
	dropped := d.Sections[keep:]
	d.Sections = d.Sections[:keep:keep]
	for _, s := range dropped {
		for _, a := range s.Actions {
			if leads(a) && d.FirstLink() == "" {
				d.Actions = append(d.Actions, a)
			}
		}
	}
	return leftOut(len(dropped), "section")
}

// actionLists are the lists of a draft's actions.
func actionLists(d *draft.Draft) []*[]card.Action {
	lists := []*[]card.Action{&d.Actions}
	for i := range d.Sections {
		lists = append(lists, &d.Sections[i].Actions)
	}
	return lists
}

func countActions(d *draft.Draft) int {
	n := 0
	for _, list := range actionLists(d) {
		n += len(*list)
	}
	return n
}

// keepActions keeps that many actions, links first, because a person can always
// follow a link to the rest.
func keepActions(d *draft.Draft, keep int) loss {
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
	links, _ := draft.Split([]card.Action{a})
	return len(links) > 0
}

func longestName(d *draft.Draft) int {
	n := 0
	for _, list := range actionLists(d) {
		for _, a := range *list {
			n = max(n, utf8.RuneCountInString(a.Name))
		}
	}
	return n
}

// shortenNames cuts the names of actions.
func shortenNames(d *draft.Draft, keep int) loss {
	shorter := false
	for _, list := range actionLists(d) {
		for i := range *list {
			if a := &(*list)[i]; utf8.RuneCountInString(a.Name) > keep {
				a.Name, shorter = markup.End(a.Name, keep), true
			}
		}
	}
	return namesCut().provided(shorter)
}

// titles are the texts of one line, the card's own first.
func titles(d *draft.Draft) []*markup.Text {
	list := []*markup.Text{&d.Title}
	for i := range d.Sections {
		s := &d.Sections[i]
		list = append(list, &s.Title, &s.Activity, &s.Subtitle)
	}
	return list
}

func longestTitle(d *draft.Draft) int {
	n := utf8.RuneCountInString(d.Summary)
	for _, t := range titles(d) {
		n = max(n, t.Len())
	}
	return n
}

// shortenTitles cuts titles, and the summary, which nobody misses.
func shortenTitles(d *draft.Draft, keep int) loss {
	d.Summary = markup.End(d.Summary, keep)
	shorter := false
	for _, t := range titles(d) {
		if t.Len() > keep {
			*t, shorter = t.Head(keep), true
		}
	}
	return titlesCut().provided(shorter)
}
