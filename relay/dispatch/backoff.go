package dispatch

import (
	"math/rand/v2"
	"time"
)

// backoff is how long to wait after the n-th failed attempt: it doubles from
// First to Longest, give or take a tenth, so that lanes that failed together do
// not come back together.
func backoff(p Policy, n int) time.Duration {
	d := p.First
	for i := 1; i < n && d < p.Longest; i++ {
		d *= 2
	}
	d = min(d, p.Longest)
	return d - d/10 + rand.N(d/5+1)
}
