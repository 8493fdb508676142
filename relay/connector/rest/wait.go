package rest

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxWait bounds the time that an answer can ask for. The relay polls again after a week
// at the latest, whatever Poll returns.
const maxWait = 365 * 24 * time.Hour

// RetryAfter returns the time that an answer's Retry-After asks to wait, which may be in
// seconds or a date (RFC 9110, section 10.2.3). It is 0 when there is none, and at most
// a year.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if at, err := http.ParseTime(v); err == nil {
		return within(at.Sub(now))
	}
	return seconds(v)
}

// asked returns the longest time that an answer asks to wait, whatever its status.
func asked(h http.Header, now time.Time) time.Duration {
	wait := max(RetryAfter(h, now), seconds(h.Get("X-RateLimit-Delay"))) // the second one is Azure DevOps'
	for _, name := range limits() {
		if h.Get(name+"Remaining") == "0" {
			wait = max(wait, reset(h, now))
		}
	}
	return wait
}

// reset returns the time until a rate limit is reset.
func reset(h http.Header, now time.Time) time.Duration {
	var wait time.Duration
	for _, name := range limits() {
		v := h.Get(name + "Reset")
		// Most services count the seconds since 1970, some those from now on.
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && n > int64(maxWait.Seconds()) {
			n = min(n, now.Add(maxWait).Unix())
			wait = max(wait, within(time.Unix(n, 0).Sub(now)))
		} else {
			wait = max(wait, seconds(v))
		}
	}
	return wait
}

// limits returns the prefixes of the headers about a rate limit: those of GitHub and
// Azure DevOps, of X, and of the IETF's draft and GitLab.
func limits() []string { return []string{"X-RateLimit-", "X-Rate-Limit-", "RateLimit-"} }

// seconds parses a number of seconds, which may have a fraction.
func seconds(v string) time.Duration {
	s, err := strconv.ParseFloat(v, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || !(s > 0) {
		return 0
	}
	return within(time.Duration(min(s, maxWait.Seconds()) * float64(time.Second)))
}

func within(d time.Duration) time.Duration { return min(max(d, 0), maxWait) }
