package shrink

import (
	"cmp"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/size"
)

// drop takes out what a chat system would not show: most drop parts beyond their counts
// without a word. An address that is too long goes as well, because shortening would
// break it.
func drop(d *draft.Draft, rules Rules) []loss {
	most := rules.Limits.Most
	// One section is reserved for the note.
	sections := loss{}
	if n := most(size.Sections); len(d.Sections) > n {
		_, sections = keepSections(d, n-1)
	}
	links := dropLinks(d, most(size.AddressLength))
	actions := dropActions(d, most(size.AddressLength))
	images := dropImages(d, func(address string) bool {
		return len(address) > most(size.AddressLength) || !rules.InlinePictures && strings.HasPrefix(strings.ToLower(address), "data:")
	})
	facts := 0
	for i := range d.Sections {
		s := &d.Sections[i]
		images += cutTo(&s.Images, most(size.SectionImages))
		facts += cutTo(&s.Facts, most(size.SectionFacts))
	}
	for _, list := range actionLists(d) {
		if len(*list) > most(size.SectionActions) {
			slices.SortStableFunc(*list, func(a, b card.Action) int { return cmp.Compare(order(a), order(b)) })
		}
		actions += cutTo(list, most(size.SectionActions))
	}
	return []loss{sections, leftOut(images, "picture"), leftOut(facts, "fact"), leftOut(links, "link"), leftOut(actions, "action")}
}

// order puts links before what no chat can do.
func order(a card.Action) int {
	if leads(a) {
		return 0
	}
	return 1
}

// cutTo shortens a list and returns by how much.
func cutTo[T any](list *[]T, most int) int {
	n := max(0, len(*list)-most)
	*list = (*list)[:len(*list)-n]
	return n
}

// dropLinks drops the links in texts whose addresses are too long.
func dropLinks(d *draft.Draft, most int) int {
	dropped := 0
	clean := func(t *markup.Text) {
		clean, n := t.WithoutLinks(func(address string) bool { return len(address) > most })
		*t = clean
		dropped += n
	}
	for _, t := range append(texts(d), titles(d)...) {
		clean(t)
	}
	for i := range d.Sections {
		for j := range d.Sections[i].Facts {
			clean(&d.Sections[i].Facts[j].Name)
			clean(&d.Sections[i].Facts[j].Value)
		}
	}
	if len(d.TitleLink) > most {
		d.TitleLink = ""
		dropped++
	}
	return dropped
}

// dropActions drops the actions whose addresses are too long, in forms as well.
func dropActions(d *draft.Draft, most int) int {
	dropped := 0
	long := func(a card.Action) bool {
		if len(a.URL()) <= most {
			return false
		}
		dropped++
		return true
	}
	for _, list := range actionLists(d) {
		*list = slices.DeleteFunc(*list, long)
		for i := range *list {
			a := &(*list)[i]
			a.Actions = slices.DeleteFunc(slices.Clone(a.Actions), long)
		}
	}
	return dropped
}
