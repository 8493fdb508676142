package pluginhost

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// Options are what a [Host] needs.
type Options struct {
	Log zerolog.Logger
	// Metrics is where the host's metrics are registered; nil means nowhere.
	Metrics prometheus.Registerer
	// Mask removes secrets from text; nil changes nothing. It may be called concurrently.
	Mask func(string) string
	// Version is the relay's, for the default User-Agent.
	Version string
	// Notify is called once when a plugin keeps failing, and when it has recovered. It
	// must not call the host's Close.
	Notify func(Status)

	// limits are the defaults, except in tests.
	limits limits
}

// limits are the host's deadlines and pace. Zero values stand for the defaults.
type limits struct {
	// Start bounds a plugin's start, up to its description; 30 s.
	Start time.Duration
	// Tell is how long to wait for a start before the log says so; 2 s.
	Tell time.Duration
	// Validate and Receive bound such calls; 10 s and 30 s. A poll has its caller's
	// deadline.
	Validate time.Duration
	Receive  time.Duration
	// Ping is how often a plugin is checked, and Hang how long it may take to answer; 2 s
	// and 5 s.
	Ping time.Duration
	Hang time.Duration
	// A plugin that ends is restarted at once up to Restarts times, 10, and after that
	// once every Restart, 30 s; the allowance refills at that pace. So an occasional crash
	// goes almost unnoticed, and a crash loop costs little.
	Restarts int
	Restart  time.Duration
	// Healthy is how long a plugin must run before its failures are forgotten; 1 min.
	Healthy time.Duration
	// Failures is how many failures in a row make Notify be called; 3.
	Failures int
	// Await is how long a call waits for a plugin's restart; 10 s.
	Await time.Duration
	// Stop bounds how long a plugin takes to end when asked to; 5 s.
	Stop time.Duration
	// Drain bounds the remaining calls of a plugin that is no longer needed; 30 s.
	Drain time.Duration
}

func (l limits) orDefaults() limits {
	orDefault(&l.Start, 30*time.Second)
	orDefault(&l.Tell, 2*time.Second)
	orDefault(&l.Validate, 10*time.Second)
	orDefault(&l.Receive, 30*time.Second)
	orDefault(&l.Ping, 2*time.Second)
	orDefault(&l.Hang, 5*time.Second)
	orDefault(&l.Restarts, 10)
	orDefault(&l.Restart, 30*time.Second)
	orDefault(&l.Healthy, time.Minute)
	orDefault(&l.Failures, 3)
	orDefault(&l.Await, 10*time.Second)
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
