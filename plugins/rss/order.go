package rss

import (
	"regexp"
	"slices"
	"strconv"
	"time"
)

// learnOrder finds out at which end of its page a feed has its new items: by their
// dates, by the counters in their guids or links, or by where new items have
// appeared among known ones. What none of them tells stays as it was; at first, the
// newest is taken to stand first.
func (c *checkpoint) learnOrder(items []item) {
	for _, tell := range []func([]item) int{byDates, byCounters, byNewcomers} {
		if up := tell(items); up != 0 {
			c.Upwards = up > 0
			return
		}
	}
}

// byDates compares neighbours that are dated. It is positive when most grow.
func byDates(items []item) int {
	up, before := 0, int64(0)
	for _, it := range items {
		at := it.known.Date
		if at != 0 && before != 0 && at != before {
			up += sign(at > before)
		}
		if at != 0 {
			before = at
		}
	}
	return up
}

var counter = regexp.MustCompile(`[0-9]+(?:[^0-9]*)$`)

// byCounters compares the last numbers in guids or links. They count only when all
// go one way: others are no counters.
func byCounters(items []item) int {
	up, before := 0, int64(-1)
	for _, it := range items {
		n, ok := count(it.GUID)
		if !ok {
			n, ok = count(it.Link)
		}
		if !ok || n == before {
			return 0
		}
		if before >= 0 {
			up += sign(n > before)
		}
		before = n
	}
	if n := len(items) - 1; n < 2 || up != n && up != -n {
		return 0
	}
	return up
}

func count(s string) (int64, bool) {
	digits := counter.FindString(s)
	for len(digits) > 0 && (digits[len(digits)-1] < '0' || digits[len(digits)-1] > '9') {
		digits = digits[:len(digits)-1]
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil
}

// byNewcomers compares where new and known items stand. They must be apart.
func byNewcomers(items []item) int {
	isNew := func(it item) bool { return it.because == "" }
	isKnown := func(it item) bool { return it.because != "" }
	first, known := slices.IndexFunc(items, isNew), slices.IndexFunc(items, isKnown)
	switch {
	case first < 0 || known < 0:
		return 0
	case first < known && !slices.ContainsFunc(items[known:], isNew):
		return -1
	case known < first && !slices.ContainsFunc(items[first:], isKnown):
		return 1
	}
	return 0
}

func sign(positive bool) int {
	if positive {
		return 1
	}
	return -1
}

// oldestFirst sorts by date. One without a date stays behind the one that it
// follows on the page, from the old end on, and so do those of the same second.
func (c *checkpoint) oldestFirst(items []item) []item {
	if !c.Upwards {
		slices.Reverse(items)
	}
	type dated struct {
		item
		at time.Time
	}
	list := make([]dated, len(items))
	var last time.Time
	for i, it := range items {
		if at := published(it.Item); !at.IsZero() {
			last = at
		}
		list[i] = dated{it, last}
	}
	slices.SortStableFunc(list, func(a, b dated) int { return a.at.Compare(b.at) })
	for i, d := range list {
		items[i] = d.item
	}
	return items
}
