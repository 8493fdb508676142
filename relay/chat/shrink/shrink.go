// Package shrink makes a card small enough for a chat system, and says what was lost.
//
// It happens in three steps, each of which only ever takes away:
//
//  1. [Excerpt] cuts the card to what is worth reading at all, before its texts are
//     parsed, so that a hostile card costs no more than another (excerpt.go).
//  2. What the system would drop or not take is dropped: parts beyond its counts, and
//     addresses that are too long (drop.go).
//  3. The draft is written and measured. While it is over a limit, the [steps] below
//     apply one after the other, each only as far as it must (reduce.go).
package shrink

import (
	"math"
	"strings"

	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/size"
)

// Shrinking leaves at least this much of a text, in characters, as far as it can.
const (
	leastFact  = 80
	leastText  = 200
	leastTitle = 60
	leastName  = 30
)

// near ends a search this close to the best result: searching further costs more than it
// gains.
const near = 64

// step is one way to make a draft smaller.
type step struct {
	// parts says that the step is for texts that are too long for their place; else it is
	// for the payload as a whole.
	parts  bool
	reduce reduction
	// least is how much the step leaves in any case.
	least int
}

// steps returns every step, in the order in which they hurt least. The title and the
// first link stay.
func steps() []step {
	const part, whole = true, false
	return []step{
		// First the texts that are too long for their place, so that no fact has to go
		// because of a long title.
		{part, shortenFacts, leastFact},
		{part, shortenTexts, leastText},
		{part, shortenTitles, leastTitle},
		{part, shortenNames, leastName},
		// Then the whole payload.
		{whole, keepImages, 0},
		{whole, shortenFacts, leastFact},
		{whole, shortenTexts, leastText},
		{whole, keepFacts, 0},
		{whole, keepSections, 0},
		{whole, keepActions, 1},
		// Then what is seldom the problem.
		{whole, shortenNames, leastName},
		{whole, shortenTitles, leastTitle},
		{whole, shortenTexts, 0},
		{whole, keepActions, 0},
	}
}

// Rules are what a draft has to become small enough for.
type Rules struct {
	Limits size.Limits
	// InlinePictures says that a picture may be a data: URL.
	InlinePictures bool
}

// Fit writes a draft within the limits. Lost is what the card has lost already; Fit
// returns all that it lost, and the draft's note says the same. It always ends, because
// each step is one binary search.
func Fit(d draft.Draft, lost Losses, rules Rules, write func(draft.Draft) (draft.Written, error)) (draft.Written, Losses, error) {
	d = d.Clone()
	lost = lost.and(drop(&d, rules)...)
	f := fitting{limits: rules.Limits, write: write}
	a, err := f.try(d, lost)
	for _, s := range steps() {
		if err == nil && f.excess(a, s.parts) > 0 {
			a, err = f.search(a, s)
		}
	}
	return a.Written, a.lost, err
}

// fitting is the work of making one draft small enough.
type fitting struct {
	limits size.Limits
	write  func(draft.Draft) (draft.Written, error)
}

// attempt is a draft as reduced so far, with what it came to.
type attempt struct {
	draft draft.Draft
	lost  Losses
	draft.Written
}

func (f fitting) try(d draft.Draft, lost Losses) (attempt, error) {
	if len(lost) > 0 {
		d.Note = "Shortened: " + strings.Join(lost.Words(), ", ") + "."
	}
	written, err := f.write(d)
	return attempt{draft: d, lost: lost, Written: written}, err
}

// search takes a step no further than it must: it keeps the most that fits, but for a few
// in a hundred, or the least when nothing fits and that helps at all.
func (f fitting) search(a attempt, s step) (attempt, error) {
	try := func(keep int) (attempt, int, error) {
		smaller := a.draft.Clone()
		_, lost := s.reduce(&smaller, keep)
		tried, err := f.try(smaller, a.lost.and(lost))
		return tried, f.excess(tried, s.parts), err
	}
	whole := a.draft.Clone()
	high, _ := s.reduce(&whole, math.MaxInt)
	low := min(s.least, high)
	best, over, err := try(low)
	switch {
	case err != nil || !f.closer(best, a, s.parts):
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

// excess returns by how much an attempt is over all limits together, or, with parts, over
// those of its parts only.
func (f fitting) excess(a attempt, parts bool) int {
	n := 0
	for _, l := range f.limits {
		if l.Unit.Part() || !parts {
			n += max(0, a.Used[l.Unit]-l.Most)
		}
	}
	return n
}

// closer reports whether an attempt is less over one of the limits than another, even if
// it should be more over others: the note has a size of its own.
func (f fitting) closer(a, than attempt, parts bool) bool {
	for _, l := range f.limits {
		if l.Unit.Part() || !parts {
			if over := than.Used[l.Unit] - l.Most; over > 0 && a.Used[l.Unit] < than.Used[l.Unit] {
				return true
			}
		}
	}
	return false
}
