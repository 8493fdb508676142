package pluginhost

import (
	"math/rand/v2"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// Options are what a [Host] needs. The zero value of each duration or number
// stands for its default.
type Options struct {
	Log zerolog.Logger
	// Metrics is where the host's metrics are registered; nil means nowhere.
	Metrics prometheus.Registerer
	// Mask takes secrets out of text; nil leaves it as it is. It may be called
	// concurrently.
	Mask func(string) string
	// Version is the relay's: the User-Agent of sources that name none.
	Version string
	// Notify is told when a plugin keeps failing, once, and when it is well again.
	// It must not call the host's Close.
	Notify func(Status)

	Limits Limits
}

// Limits are how long the host waits for what.
type Limits struct {
	// Start is how long a plugin may take from its start to its description;
	// 30 s.
	Start time.Duration
	// Validate and Receive are how long such a call may take; 10 s and 30 s. A
	// poll has its caller's deadline.
	Validate time.Duration
	Receive  time.Duration
	// Ping is how often a plugin is asked whether it still answers, and how long
	// it may take to; 10 s.
	Ping time.Duration
	// First and Longest bound the wait before a restart; 1 s and 2 min. It doubles
	// with each failure in a row.
	First   time.Duration
	Longest time.Duration
	// Healthy is how long a plugin must live before its failures are forgotten;
	// 1 min.
	Healthy time.Duration
	// Failures in a row are told to Notify; 3.
	Failures int
	// Await is how long a call waits for a plugin that is being restarted; 3 s.
	Await time.Duration
	// Stop is how long a plugin may take to end when told to; 5 s.
	Stop time.Duration
	// Drain is how long the calls of a plugin that is no longer needed may go on;
	// 30 s.
	Drain time.Duration
}

func (l Limits) orDefaults() Limits {
	orDefault(&l.Start, 30*time.Second)
	orDefault(&l.Validate, 10*time.Second)
	orDefault(&l.Receive, 30*time.Second)
	orDefault(&l.Ping, 10*time.Second)
	orDefault(&l.First, time.Second)
	orDefault(&l.Longest, 2*time.Minute)
	orDefault(&l.Healthy, time.Minute)
	orDefault(&l.Failures, 3)
	orDefault(&l.Await, 3*time.Second)
	orDefault(&l.Stop, 5*time.Second)
	orDefault(&l.Drain, 30*time.Second)
	return l
}

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// backoff returns how long to wait after the n-th failure in a row, from 1. The
// jitter keeps plugins that failed together from starting together.
func (l Limits) backoff(n int) time.Duration {
	d := l.First
	for range n - 1 {
		if d >= l.Longest {
			break
		}
		d *= 2
	}
	d = min(d, l.Longest)
	return d*4/5 + rand.N(d*2/5+1) //nolint:gosec // nobody gains from guessing the jitter
}
