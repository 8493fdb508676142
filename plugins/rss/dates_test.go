package rss

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mmcdole/gofeed"
	ext "github.com/mmcdole/gofeed/extensions"
)

// TestDatesAreRead covers the forms that the tests of miniflux and feedparser cover,
// and the specifications.
func TestDatesAreRead(t *testing.T) {
	tests := map[string]string{
		// RFC 822, 1123, 2822, 850 and asctime.
		"Tue, 03 Mar 2026 09:05:07 GMT":                                      "2026-03-03T09:05:07Z",
		"Tue, 3 Mar 2026 09:05:07 +0200":                                     "2026-03-03T07:05:07Z",
		"3 Mar 26 09:05 EST":                                                 "2026-03-03T14:05:00Z",
		"03 Mar 99 09:05 UT":                                                 "1999-03-03T09:05:00Z",
		"Tuesday, 03-Mar-26 09:05:07 GMT":                                    "2026-03-03T09:05:07Z",
		"Tue Mar  3 09:05:07 2026":                                           "2026-03-03T09:05:07Z",
		"Tue Mar 3 09:05:07 PST 2026":                                        "2026-03-03T17:05:07Z",
		"Tue Mar 03 09:05:07 +0000 2026":                                     "2026-03-03T09:05:07Z",
		"Tue Mar 03 2026 09:05:07 GMT+0100 (Central European Standard Time)": "2026-03-03T08:05:07Z",
		"Tue, 03 Mar 2026":                                                   "2026-03-03T00:00:00Z",
		"Tue,03 Mar 2026 09:05:07 -0000":                                     "2026-03-03T09:05:07Z",
		"Mon, 03 Mar 2026 09:05:07 GMT":                                      "2026-03-03T09:05:07Z", // it is a Tuesday
		"Tue, 03 Mar 2026 24:00:00 GMT":                                      "2026-03-04T00:00:00Z",
		"Tue, 03 Mar 2026 9:5 GMT":                                           "2026-03-03T09:05:00Z",
		// Zones.
		"Tue, 03 Mar 2026 09:05:07 CEST":             "2026-03-03T07:05:07Z",
		"Tue, 03 Mar 2026 09:05:07 JST":              "2026-03-03T00:05:07Z",
		"Tue, 03 Mar 2026 09:05:07 ET":               "2026-03-03T14:05:07Z",
		"Tue, 03 Mar 2026 09:05:07 MESZ":             "2026-03-03T07:05:07Z",
		"Tue, 03 Mar 2026 09:05:07 GMT-7":            "2026-03-03T16:05:07Z",
		"Tue, 03 Mar 2026 09:05:07 GMT+05:30":        "2026-03-03T03:35:07Z",
		"Tue, 03 Mar 2026 09:05:07 \u22120700":       "2026-03-03T16:05:07Z",
		"Tue, 03 Mar 2026 09:05:07 XYZ":              "2026-03-03T09:05:07Z",
		"Tue, 03 Mar 2026 09:05:07 +9900":            "2026-03-03T09:05:07Z",
		"Tue, 03 Mar 2026 09:05:07 Europe/Berlin":    "2026-03-03T08:05:07Z",
		"Tue, 03 Mar 2026 09:05:07 America/New_York": "2026-03-03T14:05:07Z",
		// ISO 8601 and RFC 3339.
		"2026-03-03T09:05:07Z":             "2026-03-03T09:05:07Z",
		"2026-03-03t09:05:07z":             "2026-03-03T09:05:07Z",
		"2026-03-03T09:05:07.123456+02:00": "2026-03-03T07:05:07Z",
		"2026-03-03T09:05:07,5+0200":       "2026-03-03T07:05:07Z",
		"2026-03-03T09:05+02":              "2026-03-03T07:05:00Z",
		"2026-03-03T09:05:07 +0200":        "2026-03-03T07:05:07Z",
		"2026-03-03T09:05:07-05:00Z":       "2026-03-03T14:05:07Z",
		"2026-03-03 09:05:07 UTC":          "2026-03-03T09:05:07Z",
		"2026-03-03 09:05":                 "2026-03-03T09:05:00Z",
		"20260303T090507Z":                 "2026-03-03T09:05:07Z",
		"20260303":                         "2026-03-03T00:00:00Z",
		"2026-03-03":                       "2026-03-03T00:00:00Z",
		"26-03-03":                         "2026-03-03T00:00:00Z",
		"2026-062":                         "2026-03-03T00:00:00Z",
		"2026062":                          "2026-03-03T00:00:00Z",
		"2026-03":                          "2026-03-01T00:00:00Z",
		"2026":                             "2026-01-01T00:00:00Z",
		"2026-3-3T9:5:7Z":                  "2026-03-03T09:05:07Z",
		// As people write.
		"March 3, 2026":                       "2026-03-03T00:00:00Z",
		"Mar. 3, 2026, 9:05 p.m.":             "2026-03-03T21:05:00Z",
		"Tuesday, March 3, 2026 - 9:05am":     "2026-03-03T09:05:00Z",
		"Tue, March 3, 2026 at 12:05 AM EST":  "2026-03-03T05:05:00Z",
		"3rd March 2026":                      "2026-03-03T00:00:00Z",
		"Mar 2026":                            "2026-03-01T00:00:00Z",
		"2026/03/03 09:05:07":                 "2026-03-03T09:05:07Z",
		"03/13/2026 9:05:07 PM":               "2026-03-13T21:05:07Z",
		"3/4/2026 9:05:07 AM":                 "2026-03-04T09:05:07Z",
		"13/03/2026":                          "2026-03-13T00:00:00Z",
		"13.03.26":                            "2026-03-13T00:00:00Z",
		"3.3.2026 09:05":                      "2026-03-03T09:05:00Z",
		"1772528707":                          "2026-03-03T09:05:07Z",
		"1772528707000":                       "2026-03-03T09:05:07Z",
		"  Tue,  03 Mar  2026 09:05:07 GMT\n": "2026-03-03T09:05:07Z",
		// Other languages.
		"Di, 03 Mär 2026 09:05:07 +0100":     "2026-03-03T08:05:07Z",
		"mar., 03 févr. 2026 09:05:07 +0000": "2026-02-03T09:05:07Z",
		"Mardi, 3. Mars 2026 - 09:05":        "2026-03-03T09:05:00Z",
		"mer, 5 ago 2026 09:05:07 +0200":     "2026-08-05T07:05:07Z",
		"5 de agosto de 2026":                "2026-08-05T00:00:00Z",
		"Вт, 03 мар 2026 09:05:07 +0300":     "2026-03-03T06:05:07Z",
		"3 мая 2026":                         "2026-05-03T00:00:00Z",
		"wt., 3 paź 2026 09:05":              "2026-10-03T09:05:00Z",
		"Τρί, 03 Μάρ 2026 09:05:07 EET":      "2026-03-03T07:05:07Z",
		"Κυρ, 11 Ιούλ 2026":                  "2026-07-11T00:00:00Z",
		"2026-július-13T9:15-05:00":          "2026-07-13T14:15:00Z",
		"3 Ekim 2026":                        "2026-10-03T00:00:00Z",
		"2026년 03월 03일 오후 9:05:07":           "2026-03-03T21:05:07Z",
		"2026年3月3日 09:05":                    "2026-03-03T09:05:00Z",
		// Not dates.
		"":                              "",
		"yesterday":                     "",
		"0001-01-01T00:00:00Z":          "",
		"Tue, 31 Feb 2026 09:05:07 GMT": "",
		"Tue, 99 Mar 2026":              "",
		"2026-03-03T25:05:07Z":          "",
		"2026-13-03":                    "",
		"3 zzz 2026":                    "",
		"12":                            "",
	}
	for in, want := range tests {
		at, ok := parseDate(in)
		got := ""
		if ok {
			got = at.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestADateIsFoundWhereverItStands(t *testing.T) {
	const bad, good = "sometime", "2026-03-03T09:05:07Z"
	extension := func(space, name string) ext.Extensions {
		return ext.Extensions{space: {name: {{Value: good}}}}
	}
	tests := map[string]*gofeed.Item{
		"pubDate":               {Published: good},
		"updated":               {Updated: good},
		"dc:date":               {DublinCoreExt: &ext.DublinCoreExtension{Date: []string{good}}},
		"dcterms:created":       {Extensions: extension("dcterms", "created")},
		"dcterms:modified":      {Extensions: extension("dcterms", "modified")},
		"an unreadable one":     {Published: bad, DublinCoreExt: &ext.DublinCoreExtension{Date: []string{bad, good}}},
		"an element of its own": {Published: bad, Custom: map[string]string{"created": good}},
	}
	for name, it := range tests {
		if diff := cmp.Diff(good, published(it).Format(time.RFC3339)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// FuzzDate: whatever is written there, reading it ends, and what comes out can be
// written as JSON.
func FuzzDate(f *testing.F) {
	f.Add("Tue, 03 Mar 2026 09:05:07 GMT")
	f.Add("2026-03-03T09:05:07.5+02:00")
	f.Add("9999-12-31T23:59:59-14:00")
	f.Fuzz(func(t *testing.T, s string) {
		if at, ok := parseDate(s); ok {
			if _, err := at.MarshalJSON(); err != nil {
				t.Errorf("%q: %v", s, err)
			}
		}
	})
}
