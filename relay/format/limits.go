package format

import "math"

// Unit is what a limit counts.
type Unit string

// The units. Those of a part are counted at its largest.
const (
	Bytes          Unit = "bytes"                       // of the payload
	MessageBytes   Unit = "bytes of the message"        // of its text alone
	Characters     Unit = "characters"                  // of all texts
	Blocks         Unit = "blocks"                      // or widgets, or attachments
	TitleLength    Unit = "characters of a title"       //
	TextLength     Unit = "characters of a text"        //
	AuthorLength   Unit = "characters of an author"     //
	FactName       Unit = "characters of a fact's name" //
	FactValue      Unit = "characters of a fact"        // its value, or name and value where they are one
	ButtonLength   Unit = "characters of a button"      //
	AddressLength  Unit = "characters of an address"    //
	Sections       Unit = "sections"                    // of a card
	SectionFacts   Unit = "facts"                       // of a section
	SectionImages  Unit = "pictures"                    // of a section
	SectionActions Unit = "actions"                     // of a section, and of the card
)

// Limit is how much of something a chat system takes.
type Limit struct {
	Unit Unit
	Most int
	// Source says where the figure comes from.
	Source string
}

// Limits are a chat system's; what is not named has no limit.
type Limits []Limit

// most returns a limit; what has none may be as large as a number can be.
func (l Limits) most(u Unit) int {
	for _, limit := range l {
		if limit.Unit == u {
			return limit.Most
		}
	}
	return math.MaxInt
}

// scaled returns the limits with their sizes multiplied; how many of something
// there may be, and how long a part, stays.
func (l Limits) scaled(fraction float64) Limits {
	if fraction >= 1 {
		return l
	}
	scaled := make(Limits, len(l))
	for i, limit := range l {
		if limit.Unit.Size() {
			limit.Most = int(float64(limit.Most) * fraction)
		}
		scaled[i] = limit
	}
	return scaled
}

// Size reports whether a unit measures how large the whole payload is, as opposed to
// a part of it, or to how many of something there are.
func (u Unit) Size() bool { return u == Bytes || u == MessageBytes || u == Characters }

// part reports whether a unit measures a part of the payload, as opposed to the
// whole of it.
func (u Unit) part() bool {
	switch u {
	case TitleLength, TextLength, AuthorLength, FactName, FactValue, ButtonLength:
		return true
	default:
		return false
	}
}

// excess is by how much a payload is over its limits, all together; with parts, over
// those of its parts only.
func (l Limits) excess(used map[Unit]int, parts bool) int {
	n := 0
	for _, limit := range l {
		if limit.Unit.part() || !parts {
			n += max(0, used[limit.Unit]-limit.Most)
		}
	}
	return n
}

// closer reports whether a payload is less over one of its limits than another, even
// if it should be more over others: what says that something was left out has a size
// of its own.
func (l Limits) closer(used, than map[Unit]int, parts bool) bool {
	for _, limit := range l {
		if limit.Unit.part() || !parts {
			if over := than[limit.Unit] - limit.Most; over > 0 && used[limit.Unit] < than[limit.Unit] {
				return true
			}
		}
	}
	return false
}

// longest keeps the largest of what it is told.
type longest map[Unit]int

func (l longest) note(u Unit, n int) { l[u] = max(l[u], n) }
