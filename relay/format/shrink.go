package format

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/card"
)

// The least that shrinking leaves of a text, in characters, as long as it can.
const (
	leastFact  = 80
	leastText  = 200
	leastTitle = 60
	leastName  = 30
)

// near ends a search when it is so near to the best: closer costs more than it shows.
const near = 64

// shrinking is making one card small enough for one format.
type shrinking struct {
	ctx     context.Context
	format  Format
	limits  Limits
	options Options
}

// reduction is one way to make a draft smaller. Keep goes from most (which changes
// nothing) down to least; the reduction reports what was lost.
type reduction struct {
	most, least int
	apply       func(d *draft, keep int) loss
}

// attempt is a draft as reduced so far, with what it came to.
type attempt struct {
	draft  draft
	losses losses
	encoded
}

// shrink encodes a draft within the limits. When it is too large, the reductions
// apply one after the other, each only as far as it must, and not at all when it
// does not help; title and first link stay. Parts that are too long come first, so
// that no fact has to go for a long title. It always ends: each reduction is searched
// by halves, once.
func (s shrinking) shrink(d draft, lost losses) (encoded, []string, error) {
	lost = s.cutCounts(&d, lost)
	a, err := s.try(d, lost)
	for _, parts := range []bool{true, false} {
		for _, reduce := range reductions(parts) {
			if err != nil || s.limits.excess(a.used, parts) == 0 {
				break
			}
			a, err = s.search(a, reduce(a.draft), parts)
		}
	}
	return a.encoded, a.losses.words(), err
}

func (s shrinking) try(d draft, lost losses) (attempt, error) {
	if len(lost) > 0 {
		d.note = "Shortened: " + strings.Join(lost.words(), ", ") + "."
	}
	e, err := s.write(d)
	return attempt{draft: d, losses: lost, encoded: e}, err
}

// search applies the reduction with the largest keep that fits, but for a few parts in
// a hundred, or with the least when none does and it helps at all.
func (s shrinking) search(a attempt, r reduction, parts bool) (attempt, error) {
	try := func(keep int) (attempt, int, error) {
		smaller := a.draft.clone()
		lost := r.apply(&smaller, keep)
		tried, err := s.try(smaller, a.losses.and(lost))
		return tried, s.limits.excess(tried.used, parts), err
	}
	low, high := r.least, r.most
	best, over, err := try(low)
	switch {
	case err != nil || !s.limits.closer(best.used, a.used, parts):
		return a, err
	case over > 0:
		return best, nil
	}
	for high-low > low/near {
		middle := low + (high-low+1)/2
		candidate, over, err := try(middle)
		if err != nil {
			return best, err
		}
		if over > 0 {
			high = middle - 1
			continue
		}
		low, best = middle, candidate
	}
	return best, nil
}

// reductions are the ways to make a card smaller, in the order in which they hurt
// least: pictures, long facts, the middle of the text, facts beyond some number;
// then what is seldom too much. Those of parts only shorten.
func reductions(parts bool) []func(draft) reduction {
	images := func(d draft) reduction { return reduction{most: countImages(d), apply: keepImages} }
	facts := func(d draft) reduction { return reduction{longestFact(d), leastFact, shortenFacts}.within() }
	texts := func(d draft) reduction { return reduction{longestText(d), leastText, shortenTexts}.within() }
	names := func(d draft) reduction { return reduction{longestName(d), leastName, shortenNames}.within() }
	titles := func(d draft) reduction { return reduction{longestTitle(d), leastTitle, shortenTitles}.within() }
	if parts {
		return []func(draft) reduction{facts, texts, titles, names}
	}
	return []func(draft) reduction{
		images, facts, texts,
		func(d draft) reduction { return reduction{most: countFacts(d), apply: keepFacts} },
		func(d draft) reduction { return reduction{most: len(d.sections), apply: keepSections} },
		func(d draft) reduction { return reduction{most: countActions(d), least: 1, apply: keepActions} },
		names, titles,
		func(d draft) reduction { return reduction{most: longestText(d), apply: shortenTexts} },
		func(d draft) reduction { return reduction{most: countActions(d), apply: keepActions} },
	}
}

// within keeps the least from being more than there is.
func (r reduction) within() reduction {
	r.least = min(r.least, r.most)
	return r
}

// cutCounts drops what a chat system would not show: beyond its counts, most drop
// without a word. An address that is too long to be one goes too.
func (s shrinking) cutCounts(d *draft, lost losses) losses {
	l := s.limits
	*d = d.clone()
	// One section is kept free for the note.
	if most := l.most(Sections); len(d.sections) > most {
		lost = lost.and(keepSections(d, most-1))
	}
	most := l.most(AddressLength)
	links := dropLinks(d, most)
	actions, images := dropActions(d, most), dropImages(d, most, s.format.inlinePictures)
	facts := 0
	for i := range d.sections {
		s := &d.sections[i]
		images += cutTo(&s.images, l.most(SectionImages))
		facts += cutTo(&s.facts, l.most(SectionFacts))
	}
	for _, list := range actionLists(d) {
		if len(*list) > l.most(SectionActions) {
			slices.SortStableFunc(*list, func(a, b card.Action) int { return cmp.Compare(order(a), order(b)) })
		}
		actions += cutTo(list, l.most(SectionActions))
	}
	for _, l := range []loss{leftOut(images, "picture"), leftOut(facts, "fact"), leftOut(links, "link"), leftOut(actions, "action")} {
		lost = lost.and(l)
	}
	return lost
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
