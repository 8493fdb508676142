package format

import (
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/card"
)

// The least that shrinking leaves of a text, in bytes.
const (
	leastFact  = 80
	leastText  = 200
	leastTitle = 120
	// longestURL is how long the address of a link may be to count as one that
	// must stay; browsers and chat systems cut longer ones anyway.
	longestURL = 2000
)

// reduction is one way to make a card smaller. Keep goes from most (which changes
// nothing) down to least; the reduction reports what it left out.
type reduction struct {
	most, least int
	apply       func(c *card.Card, keep int) string
}

// shrink encodes a card within a format's limits. When it is too large, the
// reductions apply one after the other, each only as far as it must; title and
// first link stay. It always ends: each reduction is searched by halves, once.
func shrink(c card.Card, f Format, budget int) ([]byte, []string, error) {
	c = c.Clone()
	omitted := cutCounts(&c, f.Limit)
	body, err := f.encode(noted(c, omitted))
	if err != nil || budget <= 0 || len(body) <= budget {
		return body, omitted, err
	}
	for _, r := range reductions(c) {
		c, body, omitted, err = r.search(c, f, budget, omitted)
		if err != nil || len(body) <= budget {
			return body, omitted, err
		}
	}
	return body, omitted, nil
}

// search applies the reduction with the largest keep that fits the budget, or
// with the least when none does.
func (r reduction) search(c card.Card, f Format, budget int, omitted []string) (card.Card, []byte, []string, error) {
	low, high := r.least, r.most
	try := func(keep int) (card.Card, []byte, []string, error) {
		smaller := c.Clone()
		said := omitted
		if what := r.apply(&smaller, keep); what != "" {
			said = append(slices.Clone(omitted), what)
		}
		body, err := f.encode(noted(smaller, said))
		return smaller, body, said, err
	}
	best, body, said, err := try(low)
	if err != nil || len(body) > budget {
		return best, body, said, err
	}
	for low < high {
		middle := low + (high-low+1)/2
		candidate, b, s, err := try(middle)
		if err != nil {
			return best, body, said, err
		}
		if len(b) > budget {
			high = middle - 1
			continue
		}
		low, best, body, said = middle, candidate, b, s
	}
	return best, body, said, nil
}

// reductions are the ways to make a card smaller, in the order in which they hurt
// least.
func reductions(c card.Card) []reduction {
	longest, facts := 0, 0
	for _, s := range c.Sections {
		facts += len(s.Facts)
		for _, fact := range s.Facts {
			longest = max(longest, len(fact.Value), len(fact.Name))
		}
	}
	text := longestText(c)
	return []reduction{
		{most: countImages(c), least: 0, apply: keepImages},
		{most: longest, least: min(leastFact, longest), apply: shortenFacts},
		{most: text, least: min(leastText, text), apply: shortenTexts},
		{most: facts, least: 0, apply: keepFacts},
		{most: len(c.Sections), least: 0, apply: keepSections},
		{most: countActions(c), least: 1, apply: keepActions},
		{most: longestName(c), least: leastTitle, apply: shortenNames},
		{most: text, least: 0, apply: shortenTexts},
	}
}

// noted adds what was left out to the card, as its last words.
func noted(c card.Card, omitted []string) card.Card {
	if len(omitted) == 0 {
		return c
	}
	c.Sections = append(slices.Clip(c.Sections), card.Section{Text: "*Shortened: " + strings.Join(omitted, ", ") + ".*"})
	return c
}

// cutCounts drops what a chat system would not show: beyond its counts, it drops
// without a word.
func cutCounts(c *card.Card, l Limit) []string {
	var omitted []string
	// One section is kept free for the note.
	if l.Sections > 0 && len(c.Sections) > l.Sections {
		omitted = append(omitted, keepSections(c, l.Sections-1))
	}
	images, actions := 0, 0
	for i := range c.Sections {
		s := &c.Sections[i]
		if n := len(s.Images) - l.Images; l.Images > 0 && n > 0 {
			s.Images, images = s.Images[:l.Images], images+n
		}
		if n := len(s.Actions) - l.Actions; l.Actions > 0 && n > 0 {
			s.Actions, actions = s.Actions[:l.Actions], actions+n
		}
	}
	if n := len(c.Actions) - l.Actions; l.Actions > 0 && n > 0 {
		c.Actions, actions = c.Actions[:l.Actions], actions+n
	}
	return keepSaid(append(omitted, said(images, "picture"), said(actions, "action")))
}

// keepSaid drops what says nothing.
func keepSaid(list []string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}
