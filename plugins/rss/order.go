package rss

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strconv"
)

// learnOrder learns at which end of the page new items are: by dates, by counters in
// guids or links, or by where new items appeared among known ones. If none of these
// tells, the order stays as it was; initially the newest is assumed to be first.
func (c *checkpoint) learnOrder(items []item) {
	for _, tell := range []func([]item) int{byDates, byCounters, byNewcomers} {
		if up := tell(items); up != 0 {
			c.Upwards = up > 0
			return
		}
	}
}

// byDates compares the dates of neighbours. It is positive if most increase.
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

var counter = regexp.MustCompile(`([0-9]+)[^0-9]*$`)

// byCounters compares the last numbers in guids or links, which are counters only if
// all go one way.
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
	m := counter.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	return n, err == nil
}

// byNewcomers compares the places of new and known items, which must not be mixed.
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

// oldestFirst sorts by date. From the old end of the page on, an item without a date,
// or of the same second, stays behind the one before it.
func (c *checkpoint) oldestFirst(items []item) []item {
	if !c.Upwards {
		slices.Reverse(items)
	}
	at := make(map[string]int64)
	last := int64(math.MinInt64)
	for _, it := range items {
		if it.known.Date != 0 {
			last = it.known.Date
		}
		at[it.known.ID] = last
	}
	slices.SortStableFunc(items, func(a, b item) int { return cmp.Compare(at[a.known.ID], at[b.known.ID]) })
	return items
}
