package quiet

import (
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata"
)

func daily() (d [7]bool) {
	for i := range d {
		d[i] = true
	}
	return d
}

func on(days ...time.Weekday) (d [7]bool) {
	for _, day := range days {
		d[day] = true
	}
	return d
}

func clock(h, m int) Clock { return Clock(60*h + m) }

func place(t *testing.T, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// at reads a time with its offset: on some nights the clock shows one twice.
func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.Parse("2006-01-02 15:04:05 -0700", text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func TestQuietHoursFollowTheClockOnTheWall(t *testing.T) {
	night := Hours{From: clock(22, 0), To: clock(7, 0), Days: daily()}
	at230 := Hours{From: clock(22, 0), To: clock(2, 30), Days: daily()}
	at130 := Hours{From: clock(22, 0), To: clock(1, 30), Days: daily()}
	for _, test := range []struct {
		name, place string
		hours       Hours
		// begin is the first moment of the period, end the first after it.
		begin, end string
		lasts      time.Duration
	}{
		{"an ordinary night", "Europe/Berlin", night, "2026-06-10 22:00:00 +0200", "2026-06-11 07:00:00 +0200", 9 * time.Hour},
		{"within a day", "Europe/Berlin", Hours{From: clock(12, 0), To: clock(13, 30), Days: daily()}, "2026-06-10 12:00:00 +0200", "2026-06-10 13:30:00 +0200", 90 * time.Minute},

		{"Berlin's shorter night", "Europe/Berlin", night, "2026-03-28 22:00:00 +0100", "2026-03-29 07:00:00 +0200", 8 * time.Hour},
		{"Berlin's longer night", "Europe/Berlin", night, "2026-10-24 22:00:00 +0200", "2026-10-25 07:00:00 +0100", 10 * time.Hour},
		{"New York's shorter night", "America/New_York", night, "2026-03-07 22:00:00 -0500", "2026-03-08 07:00:00 -0400", 8 * time.Hour},
		{"New York's longer night", "America/New_York", night, "2026-10-31 22:00:00 -0400", "2026-11-01 07:00:00 -0500", 10 * time.Hour},

		{"Berlin's clock never shows the end", "Europe/Berlin", at230, "2026-03-28 22:00:00 +0100", "2026-03-29 03:00:00 +0200", 4 * time.Hour},
		{"Berlin's clock shows the end twice", "Europe/Berlin", at230, "2026-10-24 22:00:00 +0200", "2026-10-25 02:30:00 +0100", 5*time.Hour + 30*time.Minute},
		{"New York's clock never shows the end", "America/New_York", at230, "2026-03-07 22:00:00 -0500", "2026-03-08 03:00:00 -0400", 4 * time.Hour},
		{"New York's clock shows the end twice", "America/New_York", at130, "2026-10-31 22:00:00 -0400", "2026-11-01 01:30:00 -0500", 4*time.Hour + 30*time.Minute},
		{
			"Berlin's clock never shows the beginning", "Europe/Berlin",
			Hours{From: clock(2, 30), To: clock(4, 0), Days: daily()},
			"2026-03-29 03:00:00 +0200", "2026-03-29 04:00:00 +0200", time.Hour,
		},
		{
			"Berlin's clock shows the beginning twice", "Europe/Berlin",
			Hours{From: clock(2, 30), To: clock(4, 0), Days: daily()},
			"2026-10-25 02:30:00 +0200", "2026-10-25 04:00:00 +0100", 2*time.Hour + 30*time.Minute,
		},
		{
			"the hour that comes twice", "Europe/Berlin",
			Hours{From: clock(2, 0), To: clock(3, 0), Days: daily()},
			"2026-10-25 02:00:00 +0200", "2026-10-25 03:00:00 +0100", 2 * time.Hour,
		},

		{"a whole day", "Europe/Berlin", Hours{Days: on(time.Sunday)}, "2026-06-14 00:00:00 +0200", "2026-06-15 00:00:00 +0200", 24 * time.Hour},
		{"a whole weekend", "Europe/Berlin", Hours{Days: on(time.Saturday, time.Sunday)}, "2026-03-28 00:00:00 +0100", "2026-03-30 00:00:00 +0200", 47 * time.Hour},
		{
			"a night that begins on a Saturday", "Europe/Berlin",
			Hours{From: clock(22, 0), To: clock(7, 0), Days: on(time.Saturday)},
			"2026-06-13 22:00:00 +0200", "2026-06-14 07:00:00 +0200", 9 * time.Hour,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := test.hours
			h.Location = place(t, test.place)
			begin, end := at(t, test.begin), at(t, test.end)
			if h.Contains(begin.Add(-time.Second)) || h.Contains(end) {
				t.Error("it is quiet before the beginning, or at the end")
			}
			for moment := begin; moment.Before(end); moment = moment.Add(5 * time.Minute) {
				if !h.Contains(moment) || !h.End(moment).Equal(end) {
					t.Fatalf("at %s: quiet %t until %s, want until %s", moment.In(h.Location), h.Contains(moment), h.End(moment), end)
				}
			}
			if got := h.Next(begin.Add(-time.Second)); !got.Equal(begin) {
				t.Errorf("the next begins at %s, want %s", got, begin)
			}
			if got := end.Sub(begin); got != test.lasts {
				t.Errorf("the test is wrong: it lasts %s", got)
			}
		})
	}
}

// TestAPeriodThatTheClockLeavesOut does not take place, and the next one does.
func TestAPeriodThatTheClockLeavesOut(t *testing.T) {
	h := Hours{From: clock(2, 0), To: clock(3, 0), Days: daily(), Location: place(t, "Europe/Berlin")}
	before := at(t, "2026-03-28 12:00:00 +0100")
	next := h.Next(before)
	if want := at(t, "2026-03-30 02:00:00 +0200"); !next.Equal(want) {
		t.Errorf("the next begins at %s, want %s", next, want)
	}
	if left := at(t, "2026-03-29 03:00:00 +0200"); h.Contains(left) || h.Contains(left.Add(-time.Second)) {
		t.Error("it is quiet when the clock is put forward")
	}
}

func TestOutsideOfQuietHoursTheEndIsNow(t *testing.T) {
	h := Hours{From: clock(22, 0), To: clock(7, 0), Days: on(time.Saturday), Location: place(t, "Europe/Berlin")}
	for _, text := range []string{"2026-06-12 23:00:00 +0200", "2026-06-13 21:59:59 +0200", "2026-06-13 03:00:00 +0200", "2026-06-14 23:00:00 +0200"} {
		moment := at(t, text)
		if h.Contains(moment) || !h.End(moment).Equal(moment) {
			t.Errorf("%s: quiet %t until %s", moment, h.Contains(moment), h.End(moment))
		}
	}
	if next := (Hours{Location: time.UTC}).Next(time.Now()); !next.IsZero() {
		t.Errorf("hours without a day begin at %s", next)
	}
	always := Hours{Days: daily(), Location: time.UTC}
	if now := time.Now(); !always.End(now).After(now) {
		t.Error("hours that are always ended")
	}
}

// Whatever the hours and the place, a period begins outside of one and ends outside
// of one, and everything in between is quiet.
func TestPeriodsHaveNoHoles(t *testing.T) {
	places := []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata", "America/St_Johns", "UTC"}
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		h := Hours{From: Clock(random.IntN(1440)), To: Clock(random.IntN(1440)), Location: place(t, places[random.IntN(len(places))])}
		for i := range h.Days {
			h.Days[i] = random.IntN(2) == 0
		}
		moment := time.Date(2026, 1, 1, 0, random.IntN(366*24*60), 0, 0, time.UTC)
		begin := h.Next(moment)
		if begin.IsZero() {
			continue
		}
		end := h.End(begin)
		if !begin.After(moment) || !end.After(begin) {
			t.Fatalf("%+v: after %s it is quiet from %s to %s", h, moment, begin, end)
		}
		for range 20 {
			within := begin.Add(time.Duration(random.Int64N(int64(end.Sub(begin)))))
			if !h.Contains(within) || !h.End(within).Equal(end) {
				t.Fatalf("%+v: %s is within %s and %s, but quiet %t until %s", h, within, begin, end, h.Contains(within), h.End(within))
			}
		}
	}
}
