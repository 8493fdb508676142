package shrink

import (
	"slices"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
)

// A reduction goes through the parts of one kind in a draft. It says how much there was,
// in parts or in the characters of the longest, reduces that to at most the given number,
// and says what was lost.
type reduction func(d *draft.Draft, most int) (was int, lost loss)

// keepImages keeps this many pictures, the first ones.
func keepImages(d *draft.Draft, most int) (was int, lost loss) {
	dropped := dropImages(d, func(string) bool {
		was++
		return was > most
	})
	return was, leftOut(dropped, "picture")
}

// dropImages drops the pictures whose addresses drop selects, and returns how many there
// were.
func dropImages(d *draft.Draft, drop func(address string) bool) int {
	dropped := 0
	gone := func(address string) bool {
		if !drop(address) {
			return false
		}
		dropped++
		return true
	}
	for i := range d.Sections {
		s := &d.Sections[i]
		if s.Avatar != "" && gone(s.Avatar) {
			s.Avatar = ""
		}
		if s.Hero != nil && gone(s.Hero.URL) {
			s.Hero = nil
		}
		s.Images = slices.DeleteFunc(s.Images, func(img card.Image) bool { return gone(img.URL) })
	}
	return dropped
}

// shortenFacts cuts the names and values of facts.
func shortenFacts(d *draft.Draft, most int) (was int, lost loss) {
	n := 0
	for i := range d.Sections {
		for j := range d.Sections[i].Facts {
			f := &d.Sections[i].Facts[j]
			longest, shorter := shorten(most, markup.Text.Head, &f.Name, &f.Value)
			was = max(was, longest)
			if shorter {
				n++
			}
		}
	}
	return was, loss{n, "fact", cut}
}

// keepFacts keeps this many facts, over all sections.
func keepFacts(d *draft.Draft, most int) (was int, lost loss) {
	dropped := 0
	for i := range d.Sections {
		facts := &d.Sections[i].Facts
		dropped += cutTo(facts, max(0, most-was))
		was += len(*facts)
	}
	return was + dropped, leftOut(dropped, "fact")
}

// shortenTexts takes the middle out of the running texts.
func shortenTexts(d *draft.Draft, most int) (was int, lost loss) {
	was, shorter := shorten(most, markup.Text.Middle, texts(d)...)
	return was, middleGone().provided(shorter)
}

// texts returns all running texts of a draft.
func texts(d *draft.Draft) []*markup.Text {
	list := []*markup.Text{&d.Text}
	for i := range d.Sections {
		s := &d.Sections[i]
		list = append(list, &s.Text, &s.ActivityText)
	}
	return list
}

// keepSections keeps this many sections. A link in a section that is dropped moves to the
// card when the card has none.
func keepSections(d *draft.Draft, most int) (was int, lost loss) {
	was = len(d.Sections)
	if was <= most {
		return was, loss{}
	}
	dropped := d.Sections[most:]
	d.Sections = d.Sections[:most:most]
	for _, s := range dropped {
		for _, a := range s.Actions {
			if leads(a) && d.FirstLink() == "" {
				d.Actions = append(d.Actions, a)
			}
		}
	}
	return was, leftOut(len(dropped), "section")
}

// actionLists returns the lists of a draft's actions.
func actionLists(d *draft.Draft) []*[]card.Action {
	lists := []*[]card.Action{&d.Actions}
	for i := range d.Sections {
		lists = append(lists, &d.Sections[i].Actions)
	}
	return lists
}

// keepActions keeps this many actions, links first, because a person can always follow a
// link to the rest.
func keepActions(d *draft.Draft, most int) (was int, lost loss) {
	for _, links := range []bool{true, false} {
		for _, list := range actionLists(d) {
			*list = slices.DeleteFunc(*list, func(a card.Action) bool {
				if leads(a) != links {
					return false
				}
				was++
				return was > most
			})
		}
	}
	return was, leftOut(max(0, was-most), "action")
}

// leads reports whether an action is a link, or a form with one.
func leads(a card.Action) bool {
	links, _ := draft.Split([]card.Action{a})
	return len(links) > 0
}

// shortenNames cuts the names of actions.
func shortenNames(d *draft.Draft, most int) (was int, lost loss) {
	for _, list := range actionLists(d) {
		for i := range *list {
			a := &(*list)[i]
			length := utf8.RuneCountInString(a.Name)
			was = max(was, length)
			if length > most {
				a.Name = markup.End(a.Name, most)
			}
		}
	}
	return was, namesCut().provided(was > most)
}

// shortenTitles cuts the texts of one line, and the summary, which nobody misses.
func shortenTitles(d *draft.Draft, most int) (was int, lost loss) {
	summary := utf8.RuneCountInString(d.Summary)
	d.Summary = markup.End(d.Summary, most)
	was, shorter := shorten(most, markup.Text.Head, titles(d)...)
	return max(was, summary), titlesCut().provided(shorter)
}

// titles returns the texts of one line, the card's own first.
func titles(d *draft.Draft) []*markup.Text {
	list := []*markup.Text{&d.Title}
	for i := range d.Sections {
		s := &d.Sections[i]
		list = append(list, &s.Title, &s.Activity, &s.Subtitle)
	}
	return list
}

// shorten cuts the texts that are longer, and says how long the longest was.
func shorten(most int, cut func(markup.Text, int) markup.Text, texts ...*markup.Text) (longest int, shorter bool) {
	for _, t := range texts {
		length := t.Len()
		longest = max(longest, length)
		if length > most {
			*t = cut(*t, most)
		}
	}
	return longest, longest > most
}
