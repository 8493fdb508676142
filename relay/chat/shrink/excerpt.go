package shrink

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/size"
)

const (
	// mostRoom is how many bytes of a card are worth reading, however much a chat system
	// takes: nobody reads more.
	mostRoom = 64 << 10
	// leastPart is about what the smallest fact, picture, action or section takes.
	leastPart = 16
)

// Room returns how many bytes of a card are worth reading: twice what the chat system has
// room for, because not everything in a card is shown.
func Room(limits size.Limits) int {
	n := 0
	for _, limit := range limits {
		switch {
		case limit.Unit == size.Characters:
			n = max(n, limit.Most*utf8.UTFMax)
		case limit.Unit.Whole():
			n = max(n, limit.Most)
		}
	}
	return min(2*n, mostRoom)
}

// Excerpt returns the part of a card that is worth reading where there is room for about
// this many bytes, and what was left out. It looks at the card only once, and does not
// change it.
func Excerpt(c card.Card, room int) (card.Card, Losses) {
	if cardSize(c) <= room {
		return c, nil
	}
	c.Adaptive, c.ExpectedActors, c.Originator, c.CorrelationID = nil, nil, "", ""
	if s := c.Sender; s != nil {
		c.Sender = &card.Sender{Name: beginning(s.Name, min(len(s.Name), leastText))}
		if len(s.Image) <= draft.LongestPicture {
			c.Sender.Image = s.Image
		}
	}
	lost := keepFirst(&c, room)
	return c, append(lost, cutLong(&c, room)...)
}

// allowance is how many parts of a kind a card may have, how many bytes these may have
// besides their texts, and how many parts were too many.
type allowance struct{ parts, bytes, dropped int }

func (a *allowance) take(size int) bool {
	if a.parts <= 0 || size > a.bytes {
		a.dropped++
		return false
	}
	a.parts--
	a.bytes -= size
	return true
}

// taken returns the parts of a list for which there is room, as a new list.
func taken[T any](a *allowance, list []T, size func(T) int) []T {
	var kept []T
	for _, part := range list {
		if a.take(size(part)) {
			kept = append(kept, part)
		}
	}
	return kept
}

// keepFirst drops the parts of a card that come after others that fill the room.
func keepFirst(c *card.Card, room int) Losses {
	fresh := allowance{parts: room / leastPart, bytes: room}
	facts, images, actions := fresh, fresh, fresh
	most := min(len(c.Sections), fresh.parts)
	sections := leftOut(len(c.Sections)-most, "section")
	c.Sections = slices.Clone(c.Sections[:most])
	c.Actions = taken(&actions, c.Actions, actionSize)
	for i := range c.Sections {
		s := &c.Sections[i]
		if s.ActivityImage != "" && !images.take(len(s.ActivityImage)) {
			s.ActivityImage = ""
		}
		if s.HeroImage != nil && !images.take(imageSize(*s.HeroImage)) {
			s.HeroImage = nil
		}
		s.Images = taken(&images, s.Images, imageSize)
		s.Facts = taken(&facts, s.Facts, func(card.Fact) int { return 0 })
		s.Actions = taken(&actions, s.Actions, actionSize)
	}
	return Losses{}.and(sections, leftOut(facts.dropped, "fact"), leftOut(images.dropped, "picture"), leftOut(actions.dropped, "action"))
}

// cutLong cuts the texts of a card to one length, at which they fill the room: so the
// short ones stay whole. The card's lists are its own by now.
func cutLong(c *card.Card, room int) Losses {
	var lengths []int
	draft.EachText(c, func(s *string, _ draft.Part) { lengths = append(lengths, len(*s)) })
	most := level(lengths, room)
	cuts := make(map[string]int)
	var lost Losses
	draft.EachText(c, func(s *string, part draft.Part) {
		if len(*s) <= most {
			return
		}
		l := cutting(part)
		if part == draft.TextPart {
			*s = ends(*s, most)
		} else {
			*s = beginning(*s, most) + "…"
		}
		cuts[l.what]++
		if l.n > 0 && cuts[l.what] == 1 {
			lost = append(lost, l)
		}
	})
	for i := range lost {
		if lost[i].how == cut {
			lost[i].n = cuts[lost[i].what]
		}
	}
	return lost
}

// level returns the length to which texts must be cut to fill the room; those that are
// shorter leave theirs to the others.
func level(lengths []int, room int) int {
	slices.Sort(lengths)
	for i, n := range lengths {
		share := room / (len(lengths) - i)
		if n > share {
			return share
		}
		room -= n
	}
	return math.MaxInt
}

// cutting returns what is lost when a text is cut.
func cutting(part draft.Part) loss {
	switch part {
	case draft.TitlePart:
		return titlesCut()
	case draft.TextPart:
		return middleGone()
	case draft.FactPart:
		return loss{1, "fact", cut}
	case draft.ActionPart:
		return namesCut()
	default:
		return loss{} // nobody will miss the summary
	}
}

// cardSize returns about how many bytes of JSON a card is.
func cardSize(c card.Card) int {
	n := 0
	if c.Sender != nil {
		n = len(c.Sender.Name) + len(c.Sender.Image)
	}
	n += len(c.Originator) + len(c.CorrelationID) + leastPart*len(c.ExpectedActors)
	for _, actor := range c.ExpectedActors {
		n += len(actor)
	}
	draft.EachText(&c, func(s *string, _ draft.Part) { n += len(*s) })
	n += actionsSize(c.Actions)
	for _, s := range c.Sections {
		n += leastPart*(1+len(s.Facts)) + len(s.ActivityImage) + actionsSize(s.Actions)
		if s.HeroImage != nil {
			n += imageSize(*s.HeroImage)
		}
		for _, image := range s.Images {
			n += imageSize(image)
		}
	}
	return n
}

func imageSize(i card.Image) int { return leastPart + len(i.URL) + len(i.Title) }

func actionsSize(list []card.Action) int {
	n := 0
	for _, a := range list {
		n += actionSize(a)
	}
	return n
}

// actionSize does not count the name of the action itself.
func actionSize(a card.Action) int {
	n := leastPart + len(a.Target.URL) + len(a.Body) + len(a.BodyContentType)
	for _, target := range a.Targets {
		n += leastPart + len(target.URI)
	}
	for _, address := range a.Target.List {
		n += leastPart + len(address)
	}
	for _, h := range a.Headers {
		n += leastPart + len(h.Name) + len(h.Value)
	}
	for _, in := range a.Inputs {
		n += leastPart + len(in.ID) + len(in.Title) + len(in.Value)
		for _, choice := range in.Choices {
			n += leastPart + len(choice.Display) + len(choice.Value)
		}
	}
	for _, inner := range a.Actions {
		n += len(inner.Name)
	}
	return n + actionsSize(a.Actions)
}

// nearby is how far from a cut to look for a space.
const nearby = 100

// ends returns the beginning and the end of a text, about n bytes together.
func ends(s string, n int) string {
	front := beginning(s, n/2)
	at := len(s) - n/2
	for at < len(s) && !utf8.RuneStart(s[at]) {
		at++
	}
	s = s[at:]
	// The end of an address without its beginning says nothing.
	if i := strings.IndexAny(s, " \n()"); i >= 0 && s[i] == ')' {
		s = s[i+1:]
	} else if i := strings.IndexAny(s[:min(nearby, len(s))], " \n"); i >= 0 {
		s = s[i+1:]
	}
	return front + "\n\n…\n\n" + s
}

// beginning returns at most n bytes of the beginning of a text. Of a link in which it
// would end, only the text stays.
func beginning(s string, n int) string {
	if n == len(s) {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	s = s[:n]
	if open := strings.LastIndexByte(s, '['); open > strings.LastIndexByte(s, ')') {
		if label, _, inside := strings.Cut(s[open+1:], "]("); inside {
			return strings.TrimSuffix(s[:open], "!") + label
		}
	}
	if i := strings.LastIndexAny(s[max(0, n-nearby):], " \n"); i >= 0 {
		s = s[:max(0, n-nearby)+i]
	}
	return s
}
