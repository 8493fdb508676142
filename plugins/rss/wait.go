package rss

import (
	"strconv"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
	"github.com/mmcdole/gofeed/rss"
)

// feedWait is how long the feed itself asks to wait, by ttl, the syndication module's
// update period, and the hours and days to skip.
func feedWait(f *gofeed.Feed, now time.Time) time.Duration {
	wait := updatePeriod(f)
	original, ok := f.OriginalFeed().(*rss.Feed)
	if !ok {
		return wait
	}
	if n, err := strconv.Atoi(strings.TrimSpace(original.TTL)); err == nil && n > 0 {
		wait = max(wait, time.Duration(min(n, 24*60))*time.Minute)
	}
	return wait + skipped(original, now.Add(wait))
}

// updatePeriod reads sy:updatePeriod and sy:updateFrequency.
func updatePeriod(f *gofeed.Feed) time.Duration {
	sy := f.Extensions["sy"]
	if len(sy["updatePeriod"]) == 0 {
		return 0
	}
	period := map[string]time.Duration{"hourly": time.Hour, "daily": day, "weekly": 7 * day, "monthly": 30 * day, "yearly": 365 * day}
	d := period[strings.TrimSpace(sy["updatePeriod"][0].Value)]
	if len(sy["updateFrequency"]) > 0 {
		if n, err := strconv.Atoi(strings.TrimSpace(sy["updateFrequency"][0].Value)); err == nil && n > 0 {
			d /= time.Duration(n)
		}
	}
	// Many sites say hourly by default; an hour does no harm.
	return min(d, time.Hour)
}

// skipped is how long the hours and days to skip last from a time on. A feed that asks
// to skip all of them is ignored.
func skipped(f *rss.Feed, at time.Time) time.Duration {
	hours, days := set(f.SkipHours), set(f.SkipDays)
	if len(hours) == 0 && len(days) == 0 || len(hours) >= 24 || len(days) >= 7 {
		return 0
	}
	at = at.UTC()
	for wait := time.Duration(0); wait < day; wait += time.Hour {
		t := at.Add(wait)
		if !hours[strconv.Itoa(t.Hour())] && !days[strings.ToLower(t.Weekday().String())] {
			return max(0, t.Truncate(time.Hour).Sub(at))
		}
	}
	return 0
}

// set normalises values: "07" is the hour 7, and 24 is midnight.
func set(values []string) map[string]bool {
	m := make(map[string]bool)
	for _, v := range values {
		v = strings.ToLower(strings.TrimSpace(v))
		if n, err := strconv.Atoi(v); err == nil {
			v = strconv.Itoa(n % 24)
		}
		m[v] = true
	}
	return m
}
