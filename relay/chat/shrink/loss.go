package shrink

import (
	"fmt"
	"slices"
)

// loss is what a card lost in one respect, such as 3 pictures left out.
type loss struct {
	// n is how many parts; 0 means that nothing was lost.
	n int
	// what is a part, and how it was lost. What is not counted has no how.
	what, how string
}

// gone and cut are how parts are lost: as a whole, or in part.
const (
	gone = "left out"
	cut  = "cut short"
)

// What is lost without being counted.
func middleGone() loss { return loss{n: 1, what: "the middle of the text left out"} }
func titlesCut() loss  { return loss{n: 1, what: "titles cut short"} }
func namesCut() loss   { return loss{n: 1, what: "the names of actions cut short"} }

func leftOut(n int, what string) loss { return loss{n, what, gone} }

// provided returns a loss, if it happened.
func (l loss) provided(happened bool) loss {
	if !happened {
		return loss{}
	}
	return l
}

func (l loss) String() string {
	switch {
	case l.how == "":
		return l.what
	case l.n == 1:
		return "1 " + l.what + " " + l.how
	}
	return fmt.Sprintf("%d %ss %s", l.n, l.what, l.how)
}

// Losses lists everything that a card lost, in the order in which it did.
type Losses []loss

// and returns the losses with more added. Parts left out add up; texts that were cut
// twice are mostly the same.
func (ls Losses) and(more ...loss) Losses {
	ls = slices.Clone(ls)
	for _, l := range more {
		if l.n == 0 {
			continue
		}
		i := slices.IndexFunc(ls, func(o loss) bool { return o.what == l.what && o.how == l.how })
		switch {
		case i < 0:
			ls = append(ls, l)
		case l.how == gone:
			ls[i].n += l.n
		default:
			ls[i].n = max(ls[i].n, l.n)
		}
	}
	return ls
}

// Words writes them for a person, one entry each.
func (ls Losses) Words() []string {
	var list []string
	for _, l := range ls {
		list = append(list, l.String())
	}
	return list
}
