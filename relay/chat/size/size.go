// Package size says how large a card may be in a chat system: its limits, each with its
// source, and how much of them a payload uses.
package size

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

// Whole reports whether a unit measures how large the payload is as a whole, as opposed
// to a part of it, or to how many of something there are.
func (u Unit) Whole() bool { return u == Bytes || u == MessageBytes || u == Characters }

// Part reports whether a unit measures a text that is a part of the payload.
func (u Unit) Part() bool {
	switch u {
	case TitleLength, TextLength, AuthorLength, FactName, FactValue, ButtonLength:
		return true
	default:
		return false
	}
}

// Limit is how much of something a chat system takes.
type Limit struct {
	Unit Unit
	Most int
	// Source says where the figure comes from.
	Source string
}

// AtMost returns a limit of the unit.
func (u Unit) AtMost(n int, source string) Limit { return Limit{Unit: u, Most: n, Source: source} }

// Limits are a chat system's limits; a unit that is not named has none.
type Limits []Limit

// Most returns a limit; what has none may be as large as a number can be.
func (l Limits) Most(u Unit) int {
	for _, limit := range l {
		if limit.Unit == u {
			return limit.Most
		}
	}
	return math.MaxInt
}

// Scaled multiplies the limits of the whole payload. How many of something there may be,
// and how long a part, stays.
func (l Limits) Scaled(fraction float64) Limits {
	if fraction >= 1 {
		return l
	}
	scaled := make(Limits, len(l))
	for i, limit := range l {
		if limit.Unit.Whole() {
			limit.Most = int(float64(limit.Most) * fraction)
		}
		scaled[i] = limit
	}
	return scaled
}

// Used is how much a payload uses of each unit.
type Used map[Unit]int

// Note keeps the largest value that it gets for a unit.
func (u Used) Note(unit Unit, n int) { u[unit] = max(u[unit], n) }

// Usage is how much of a limit is used.
type Usage struct {
	Limit
	Used int
}

// Of returns how much is used of each limit that has been measured.
func (u Used) Of(limits Limits) []Usage {
	var list []Usage
	for _, l := range limits {
		if used, measured := u[l.Unit]; measured {
			list = append(list, Usage{Limit: l, Used: used})
		}
	}
	return list
}
