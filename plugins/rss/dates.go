package rss

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/mmcdole/gofeed"
	"golang.org/x/text/unicode/norm"
)

// published is when an item appeared; zero if it has no readable date. gofeed's own
// reading counts only where [parseDate] fails: gofeed tries fixed layouts, takes
// unknown zones for UTC and knows only English.
func published(it *gofeed.Item) time.Time {
	for _, s := range datesOf(it) {
		if at, ok := parseDate(s); ok {
			return at
		}
	}
	for _, at := range []*time.Time{it.PublishedParsed, it.UpdatedParsed} {
		if at != nil && sane(*at) {
			return at.UTC()
		}
	}
	return time.Time{}
}

// datesOf returns an item's dates, best first.
func datesOf(it *gofeed.Item) []string {
	dates := []string{it.Published}
	if it.DublinCoreExt != nil {
		dates = append(dates, it.DublinCoreExt.Date...)
	}
	for _, space := range []string{"dcterms", "atom", "dc"} {
		for _, name := range []string{"issued", "published", "created", "available", "date", "modified", "updated"} {
			for _, e := range it.Extensions[space][name] {
				dates = append(dates, e.Value)
			}
		}
	}
	dates = append(dates, it.Updated)
	for _, name := range []string{"published", "issued", "created", "date", "updated", "modified"} {
		dates = append(dates, it.Custom[name])
	}
	return dates[:min(len(dates), 20)]
}

// sane reports whether a time can be an item's date: programs write the year 1 for
// none, and years after 9999 have no JSON form.
func sane(at time.Time) bool {
	year := at.UTC().Year()
	return year >= 1900 && year <= 9999
}

var (
	inBrackets = regexp.MustCompile(`\([^)]*\)`)
	clock      = regexp.MustCompile(`(^|[^0-9])([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2}))?(?:[.,][0-9]+)?`)
	// clockISO has no colons, clockHour only an hour.
	clockISO  = regexp.MustCompile(`([0-9])t([0-9]{2})([0-9]{2})([0-9]{2})?(?:[.,][0-9]+)?`)
	halfOfDay = regexp.MustCompile(`(^|[^a-z])([ap])\.? ?m\b\.?`)
	offset    = regexp.MustCompile(`([+-])([0-9]{1,2}):?([0-9]{2})?(?::[0-9]{2})?\b`)
	region    = regexp.MustCompile(`[A-Z][A-Za-z]+/[A-Z][A-Za-z_+-]+(/[A-Z][A-Za-z_]+)?`)
	yearFirst = regexp.MustCompile(`(^|[^0-9])([0-9]{4})[-/.](0?[0-9]{1,2})(?:[-/.]([0-9]{1,2}))?($|[^0-9])`)
	compact   = regexp.MustCompile(`^[0-9]{8}\b`)
	ordinal   = regexp.MustCompile(`^([0-9]{4})-([0-9]{3})$`)
	yearLast  = regexp.MustCompile(`(^|[^0-9])([0-9]{1,2})([-/.])([0-9]{1,2})[-/.]([0-9]{4}|[0-9]{2})($|[^0-9])`)
	numeral   = regexp.MustCompile(`^([0-9]+)(st|nd|rd|th|er|e|o|a)?$`)
)

// maxDate bounds a date's text.
const maxDate = 100

// parseDate reads a date as feeds write it. It finds the parts wherever they are: a
// clock, a zone behind it, and a day, in numbers or with the name of a month. It
// ignores weekdays, which are often wrong.
func parseDate(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxDate {
		return time.Time{}, false
	}
	if at, ok := parseDigits(s); ok {
		return at, true
	}
	place := time.UTC
	if name := region.FindString(s); name != "" {
		s = strings.Replace(s, name, "", 1)
		if l, err := time.LoadLocation(name); err == nil {
			place = l
		}
	}
	text := inBrackets.ReplaceAllString(simplify(s), " ")
	day, rest := text, ""
	hour, minute, second := 0, 0, 0
	m := clock.FindStringSubmatchIndex(text)
	if m == nil {
		m = clockISO.FindStringSubmatchIndex(text)
	}
	if m != nil {
		day, rest = text[:m[4]], text[m[1]:]
		hour, minute, second = numberAt(text, m, 2), numberAt(text, m, 3), numberAt(text, m, 4)
	}
	half := halfOfDay.FindStringSubmatch(text)
	if half != nil && hour <= 12 {
		hour = hour%12 + 12*strings.Index("ap", half[2])
		day, rest = halfOfDay.ReplaceAllString(day, " "), halfOfDay.ReplaceAllString(rest, " ")
	}
	place, rest = zone(rest, place)
	year, month, date, ok := parseDay(strings.TrimSuffix(strings.TrimSpace(day), "t")+" "+rest, half != nil)
	if !ok || hour > 24 || minute > 59 || second > 60 {
		return time.Time{}, false
	}
	at := time.Date(year, month, date, 0, 0, 0, 0, time.UTC)
	if at.Day() != date || at.Month() != month {
		return time.Time{}, false
	}
	at = time.Date(year, month, date, hour, minute, second, 0, place).UTC()
	return at, sane(at)
}

// numberAt is the number in a submatch, or 0.
func numberAt(s string, m []int, i int) int {
	if m[2*i] < 0 {
		return 0
	}
	n, _ := strconv.Atoi(s[m[2*i]:m[2*i+1]]) // digits only
	return n
}

// parseDigits reads a date of digits only: Unix time, or ISO 8601 without hyphens.
func parseDigits(s string) (time.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return time.Time{}, false
	}
	layouts := map[int]string{4: "2006", 6: "060102", 7: "2006002", 8: "20060102", 14: "20060102150405"}
	if layout, ok := layouts[len(s)]; ok {
		at, err := time.Parse(layout, s)
		return at, err == nil && sane(at)
	}
	switch {
	case len(s) == 13:
		return time.UnixMilli(n).UTC(), true
	case len(s) == 9 || len(s) == 10:
		return time.Unix(n, 0).UTC(), true
	}
	return time.Time{}, false
}

// simplify returns a text in lower case without accents, and with the characters
// between the parts of Korean, Chinese and Japanese dates replaced by usual ones.
func simplify(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0 {
		return strings.ReplaceAll(strings.ToLower(s), "- ", "-")
	}
	s = strings.NewReplacer("년", "-", "年", "-", "월", "-", "月", "-", "일", " ", "日", " ", "오후", " pm ", "오전", " am ",
		"下午", " pm ", "上午", " am ", "午後", " pm ", "午前", " am ", "\u2212", "-", "\u2013", "-", "\u00a0", " ").Replace(strings.ToLower(s))
	s = strings.ReplaceAll(s, "- ", "-")
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// zone finds the zone in the text after a clock, and returns the rest of the text.
func zone(s string, place *time.Location) (*time.Location, string) {
	if m := offset.FindStringSubmatchIndex(s); m != nil {
		minutes := 60*numberAt(s, m, 2) + numberAt(s, m, 3)
		if m[6] < 0 && m[5]-m[4] == 2 && numberAt(s, m, 2) > 14 {
			minutes = -1
		}
		if minutes >= 0 && minutes <= 14*60+59 {
			if s[m[2]] == '-' {
				minutes = -minutes
			}
			place = time.FixedZone("", 60*minutes)
		}
		return place, s[:m[0]] + " " + s[m[1]:]
	}
	for _, word := range runs(s) {
		if minutes, ok := zones()[word]; ok {
			return time.FixedZone("", 60*minutes), s
		}
	}
	return place, s
}

// runs returns the runs of letters and of digits.
func runs(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// parseDay finds the day in a text without a clock. With a 12-hour clock, a date with
// slashes has the month first.
func parseDay(s string, halved bool) (year int, month time.Month, day int, ok bool) {
	s = strings.TrimSpace(s)
	if m := ordinal.FindStringSubmatch(s); m != nil {
		at, err := time.Parse("2006-002", s)
		return at.Year(), at.Month(), at.Day(), err == nil
	}
	if digits := compact.FindString(s); digits != "" {
		at, err := time.Parse("20060102", digits)
		return at.Year(), at.Month(), at.Day(), err == nil
	}
	if m := yearFirst.FindStringSubmatchIndex(s); m != nil {
		return numberAt(s, m, 2), time.Month(numberAt(s, m, 3)), max(numberAt(s, m, 4), 1), true
	}
	if m := yearLast.FindStringSubmatchIndex(s); m != nil {
		a, b := numberAt(s, m, 2), numberAt(s, m, 4)
		if m[11]-m[10] == 2 && a > 12 && b > 12 {
			return 0, 0, 0, false
		}
		if m[11]-m[10] == 2 && s[m[6]] == '-' && b <= 12 && numberAt(s, m, 5) <= 31 && a > 0 && numberAt(s, m, 5) > 0 {
			return full(s[m[4]:m[5]]), time.Month(b), numberAt(s, m, 5), len(s[m[4]:m[5]]) == 2 // ISO 8601 without a century
		}
		// If both can be the month, the day comes first, as everywhere but in America.
		if b > 12 || halved && a <= 12 && s[m[6]] == '/' {
			a, b = b, a
		}
		return full(s[m[10]:m[11]]), time.Month(b), a, true
	}
	return parseNames(runs(s))
}

// parseNames finds a day whose month has a name. The last name is the month: in French,
// mar. may be Tuesday before the month.
func parseNames(list []string) (year int, month time.Month, day int, ok bool) {
	var numbers []string
	for _, w := range list {
		if m := numeral.FindStringSubmatch(w); m != nil {
			numbers = append(numbers, m[1])
		} else if m := monthOf(w); m != 0 {
			month = m
		}
	}
	years := 0
	for _, n := range numbers {
		switch {
		case len(n) == 4:
			year = full(n)
			years++
		case day == 0:
			day, _ = strconv.Atoi(n)
		case month == 0:
			m, _ := strconv.Atoi(n)
			month = time.Month(m)
		case years == 0 && len(n) == 2:
			year = full(n)
			years++
		}
	}
	if years == 1 && day == 0 && len(numbers) == 1 {
		day = 1
	}
	return year, month, day, years > 0 && day > 0 && month >= 1 && month <= 12
}

// full completes a year of two digits (RFC 2822, 4.3).
func full(s string) int {
	n, _ := strconv.Atoi(s) // digits only
	switch {
	case len(s) == 2 && n < 50:
		return 2000 + n
	case len(s) == 2:
		return 1900 + n
	}
	return n
}

// monthOf is the month whose name starts with a word, in any of the languages, or 0.
func monthOf(word string) time.Month {
	if len([]rune(word)) < 3 {
		return 0
	}
	for _, names := range months() {
		for i, name := range strings.Fields(names) {
			if strings.HasPrefix(name, word) || len([]rune(name)) == 3 && name == word {
				return time.Month(i + 1)
			}
		}
	}
	return 0
}
