package rest

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxWait is the longest time that an answer can ask to wait. The relay itself polls
// again after a week at the latest.
const maxWait = 365 * 24 * time.Hour

// RetryAfter reads how long an answer's Retry-After asks to wait, in seconds or as a
// date (RFC 9110, section 10.2.3): 0 when it does not say, and a year at most.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if at, err := http.ParseTime(v); err == nil {
		return within(at.Sub(now))
	}
	return seconds(v)
}

// asked is how long an answer of any status asks to wait.
func asked(h http.Header, now time.Time) time.Duration {
	wait := max(RetryAfter(h, now), seconds(h.Get("X-RateLimit-Delay"))) // the latter is Azure DevOps'
	for _, name := range limits() {
		if h.Get(name+"Remaining") == "0" {
			wait = max(wait, reset(h, now))
		}
	}
	return wait
}

// reset is when the limit of requests begins anew.
func reset(h http.Header, now time.Time) time.Duration {
	var wait time.Duration
	for _, name := range limits() {
		v := h.Get(name + "Reset")
		// Most services write the seconds since 1970, and some those from now.
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && n > int64(maxWait.Seconds()) {
			n = min(n, now.Add(maxWait).Unix())
			wait = max(wait, within(time.Unix(n, 0).Sub(now)))
		} else {
			wait = max(wait, seconds(v))
		}
	}
	return wait
}

// limits are how the names of the headers about a limit begin: GitHub's and Azure
// DevOps', X's, and those of the IETF's draft.
func limits() []string { return []string{"X-RateLimit-", "X-Rate-Limit-", "RateLimit-"} }

// seconds reads a number of seconds, which may have a fraction.
func seconds(v string) time.Duration {
	s, err := strconv.ParseFloat(v, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || !(s > 0) {
		return 0
	}
	return within(time.Duration(min(s, maxWait.Seconds()) * float64(time.Second)))
}

func within(d time.Duration) time.Duration { return min(max(d, 0), maxWait) }
