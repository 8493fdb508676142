package schedule

import (
	"strings"
	"testing"
	"time"
)

func TestSchedules(t *testing.T) {
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"@every 15m":                   at.Add(15 * time.Minute),
		"30 * * * *":                   at.Add(30 * time.Minute),
		"TZ=Europe/Berlin 0 14 * * *":  at.Add(time.Hour),
		"CRON_TZ=Asia/Tokyo 0 0 * * *": at.Add(3 * time.Hour),
	} {
		s, err := Parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if next := s.Next(at); !next.Equal(want) {
			t.Errorf("%q: next is %s, want %s", text, next, want)
		}
	}
}

func TestHostileSchedules(t *testing.T) {
	for _, text := range []string{
		"", " ", "TZ=UTC", "CRON_TZ=UTC", "TZ=", "TZ= ", "TZ=../../etc/passwd * * * * *", "* * * *", "* * * * * *", "*/0 * * * *",
		"99 * * * *", "5-1 * * * *", "@every", "@every soon", "@yearlyish", "1-99999999999999999999 * * * *", "\x00 * * * *",
		strings.Repeat("* ", 100_000), strings.Repeat("1,", 100_000) + "1 * * * *",
	} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%.40q was read as a schedule", text)
		}
	}
}

// FuzzSchedule holds that no text makes the reader panic, nor a schedule that it
// has read.
func FuzzSchedule(f *testing.F) {
	for _, seed := range []string{"TZ=UTC", "TZ=UTC * * * * *", "@every 1h", "0 0 30 2 *", "*/5,7-9 1 1 1 1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
		if next := s.Next(now); !next.IsZero() && !next.After(now) {
			t.Errorf("%q: the next time after %s is %s", text, now, next)
		}
	})
}
