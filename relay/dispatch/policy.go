package dispatch

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

// The defaults of a policy's zero fields.
const (
	defaultFirst       = time.Second
	defaultLongest     = 15 * time.Minute
	defaultGiveUpAfter = 24 * time.Hour
	defaultProbe       = 5 * time.Minute
)

// jitter is the part of a wait that chance may take away, so that lanes that failed
// together do not all retry together.
const jitter = 0.25

// Policy is a lane's rate and patience. Zero fields have defaults.
type Policy struct {
	// Rate is how many attempts may start per second; 0 means any number.
	Rate float64
	// Burst is how many may start at once after a pause; 0 means a tenth of a second's
	// worth, at least 1.
	Burst int
	// Concurrency is how many deliveries may be in flight; above 1 they arrive in
	// any order. 0 means 1.
	Concurrency int
	// First is the wait after the first failed attempt (1s). It doubles with each further
	// one, up to Longest (15m), which also caps Retry-After.
	First, Longest time.Duration
	// GiveUpAfter is how long a delivery is retried (24h). Only the waits between its own
	// counted attempts add up to it: no delivery dies because it waited behind others, its
	// lane was paused or throttled, or the relay was down.
	GiveUpAfter time.Duration
	// Probe is how often a lane that its endpoint has paused tries its head (5m).
	Probe  time.Duration
	Digest Digest
}

// Digest says when deliveries are sent together. The zero value means never.
type Digest struct {
	// Most bounds the deliveries of one digest; below 2 there are no digests.
	Most int
	// After is how long the rate may take to send all that waits before deliveries are
	// gathered; 0 means any time.
	After time.Duration
}

// behind reports whether the rate cannot send so many waiting deliveries in time.
func (p Policy) behind(waiting int) bool {
	return float64(waiting) > p.Rate*p.Digest.After.Seconds()
}

// minds reports whether digests depend on how much waits.
func (p Policy) minds() bool { return p.Rate > 0 && p.Digest.After > 0 }

func (p Policy) withDefaults() Policy {
	set := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	set(&p.First, defaultFirst)
	set(&p.Longest, defaultLongest)
	set(&p.GiveUpAfter, defaultGiveUpAfter)
	set(&p.Probe, defaultProbe)
	p.First = min(p.First, p.Longest)
	p.Concurrency = max(p.Concurrency, 1)
	if p.Burst <= 0 {
		p.Burst = max(1, int(math.Ceil(min(p.Rate, 1e6)/10)))
	}
	return p
}

// limit is the rate for the limiter.
func (p Policy) limit() rate.Limit {
	if p.Rate <= 0 {
		return rate.Inf
	}
	return rate.Limit(p.Rate)
}

// step is the wait after the n-th failure in a row, from 1, without jitter: first,
// doubled n-1 times, at most longest.
func step(first, longest time.Duration, n int) time.Duration {
	if n < 1 {
		return 0
	}
	if n > 62 || first > longest>>(n-1) {
		return longest
	}
	return first << (n - 1)
}

// steps is the sum of the first n steps, at most the longest duration there is.
func steps(first, longest time.Duration, n int) time.Duration {
	var sum time.Duration
	for i := 1; i <= n; i++ {
		s := step(first, longest, i)
		if s == longest {
			if rest := int64(n - i + 1); s > 0 && rest > int64(math.MaxInt64-sum)/int64(s) {
				return math.MaxInt64
			}
			return sum + time.Duration(n-i+1)*s
		}
		if sum > math.MaxInt64-s {
			return math.MaxInt64
		}
		sum += s
	}
	return sum
}

// jittered shortens a wait at random; chance is in [0,1).
func jittered(wait time.Duration, chance float64) time.Duration {
	return wait - time.Duration(chance*jitter*float64(wait))
}

// backoff is how long a delivery waits after its n-th counted attempt failed. Ok is
// false when its time is up. The last wait is cut so that the last attempt is made when
// the time ends.
func (p Policy) backoff(n int, chance float64) (wait time.Duration, ok bool) {
	left := p.GiveUpAfter - steps(p.First, p.Longest, n-1)
	if left <= 0 {
		return 0, false
	}
	return jittered(min(step(p.First, p.Longest, n), left), chance), true
}

// asked is how much of a Retry-After is honoured.
func (p Policy) retryAfter(retryAfter time.Duration) time.Duration {
	return max(0, min(retryAfter, p.Longest))
}
