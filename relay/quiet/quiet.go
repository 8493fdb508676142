// Package quiet computes quiet hours by the wall clock, so that they stay where people
// expect them when the clock is put forward or back.
package quiet

import "time"

// Clock is a time of day, in minutes since midnight.
type Clock int

// Hours are quiet periods that recur daily or on some days of the week. A period lasts
// from the first time the clock shows From until the last time it shows To, on the same
// day or, if To is not after From, on the next. If the clock is put forward over one of
// them, that moment counts. Hours never change and may be shared.
type Hours struct {
	From, To Clock
	// Days are the days on which a period begins, by [time.Weekday].
	Days [7]bool
	// Location is the clock's time zone.
	Location *time.Location
}

// Contains reports whether a time is within a quiet period.
func (h Hours) Contains(t time.Time) bool {
	_, _, ok := h.around(t)
	return ok
}

// End returns when quiet ends after a time: at the end of its period, or of the last of
// several without a gap. A time outside any period is returned unchanged.
func (h Hours) End(t time.Time) time.Time {
	t = t.In(h.Location)
	// A week of periods without a gap has no end.
	for range 8 {
		_, end, ok := h.around(t)
		if !ok {
			break
		}
		t = end
	}
	return t
}

// Next returns when the next quiet period after a time begins, or the zero time.
func (h Hours) Next(t time.Time) time.Time {
	t = t.In(h.Location)
	for day := -1; day <= 8; day++ {
		if begin, _, ok := h.period(t, day); ok && begin.After(t) {
			return begin
		}
	}
	return time.Time{}
}

// around returns the period that contains a time.
func (h Hours) around(t time.Time) (begin, end time.Time, ok bool) {
	t = t.In(h.Location)
	for day := -1; day <= 0; day++ {
		begin, end, ok = h.period(t, day)
		if ok && !t.Before(begin) && t.Before(end) {
			return begin, end, true
		}
	}
	return time.Time{}, time.Time{}, false
}

// period returns the period that begins so many days after the day of t, if any.
func (h Hours) period(t time.Time, days int) (begin, end time.Time, ok bool) {
	y, m, d := t.Date()
	if day := time.Date(y, m, d+days, 0, 0, 0, 0, time.UTC); !h.Days[day.Weekday()] {
		return time.Time{}, time.Time{}, false
	}
	begin, _ = h.shown(y, m, d+days, h.From)
	if h.To <= h.From {
		days++
	}
	_, end = h.shown(y, m, d+days, h.To)
	// A period that the clock skips entirely does not happen.
	return begin, end, begin.Before(end)
}

// shown returns the first and last moment at which the clock shows a time on a day.
// They differ if the clock is put back over it. If it is put forward over it, both are
// the moment of the change.
func (h Hours) shown(y int, m time.Month, d int, c Clock) (first, last time.Time) {
	wall := time.Date(y, m, d, 0, int(c), 0, 0, time.UTC)
	offset := func(t time.Time) time.Duration {
		_, seconds := t.In(h.Location).Zone()
		return time.Duration(seconds) * time.Second
	}
	// No time zone is more than 14 hours from UTC, so these are the offsets before and
	// after any change that matters.
	before, after := offset(wall.Add(-24*time.Hour)), offset(wall.Add(24*time.Hour))
	one, other := wall.Add(-before).In(h.Location), wall.Add(-after).In(h.Location)
	isOne, isOther := offset(one) == before, offset(other) == after
	switch {
	case isOne && isOther && one.Before(other):
		return one, other
	case isOne:
		return one, one
	case isOther:
		return other, other
	}
	change, _ := one.ZoneBounds()
	return change, change
}
