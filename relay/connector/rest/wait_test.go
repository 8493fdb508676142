package rest

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/connector"
)

const year = 365 * 24 * time.Hour

func TestRetryAfterIsASpanOrADate(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Duration{
		"":                               0,
		"120":                            2 * time.Minute,
		" 120 ":                          2 * time.Minute,
		"0":                              0,
		"-5":                             0,
		"soon":                           0,
		"NaN":                            0,
		"Fri, 20 Nov 2026 12:05:00 GMT":  5 * time.Minute,
		"Friday, 20-Nov-26 12:05:00 GMT": 5 * time.Minute,
		"Fri Nov 20 12:05:00 2026":       5 * time.Minute,
		"Fri, 20 Nov 2026 11:05:00 GMT":  0,
		"31536000":                       year,
		"31536001":                       year,
		"99999999999999999999999":        year,
		"Fri, 31 Dec 9999 23:59:59 GMT":  year,
	} {
		if got := RetryAfter(http.Header{"Retry-After": {in}}, now); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestALimitThatIsUsedUpIsWaitedFor(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, test := range []struct {
		what   string
		header http.Header
		want   time.Duration
	}{
		{"GitHub's", http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"1800000300"}}, 5 * time.Minute},
		{"X's", http.Header{"X-Rate-Limit-Remaining": {"0"}, "X-Rate-Limit-Reset": {"1800000300"}}, 5 * time.Minute},
		{"the IETF's draft", http.Header{"Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {"300"}}, 5 * time.Minute},
		{"something is left", http.Header{"X-Ratelimit-Remaining": {"1"}, "X-Ratelimit-Reset": {"1800000300"}}, 0},
		{"long ago", http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"1700000000"}}, 0},
		{"never", http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"9223372036854775807"}}, year},
		{"nonsense", http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"soon"}}, 0},
		{"slowed down", http.Header{"X-Ratelimit-Delay": {"0.5"}}, 500 * time.Millisecond},
	} {
		if got := asked(test.header, now); got != test.want {
			t.Errorf("%s: %s, want %s", test.what, got, test.want)
		}
	}
}

func TestWhoeverAsksForPatienceSaysUntilWhen(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for want, header := range map[time.Time]http.Header{
		{}:                       {},
		now.Add(time.Minute):     {"Retry-After": {"60"}, "X-Ratelimit-Reset": {"1800000300"}},
		now.Add(5 * time.Minute): {"X-Rate-Limit-Reset": {"1800000300"}},
	} {
		err := StatusError("Acme", 429, header, now)
		if e, ok := errors.AsType[*connector.Error](err); !ok || e.Kind != connector.KindThrottled || !e.Until.Equal(want) {
			t.Errorf("%v: %+v, want until %s", header, err, want)
		}
	}
}

func FuzzWait(f *testing.F) {
	f.Add("120", "0", "1800000300")
	f.Add("Fri, 20 Nov 2026 12:05:00 GMT", "0", "1e9")
	f.Fuzz(func(t *testing.T, after, remaining, at string) {
		h := http.Header{"Retry-After": {after}, "X-Ratelimit-Remaining": {remaining}, "X-Ratelimit-Reset": {at}, "X-Ratelimit-Delay": {at}}
		if got := asked(h, time.Unix(1_800_000_000, 0)); got < 0 || got > year {
			t.Error(fmt.Sprint(h), got)
		}
	})
}
