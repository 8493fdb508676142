package pluginhost

import (
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
	// Tell is after how long the log says that a start is waited for; 2 s.
	Tell time.Duration
	// Validate and Receive are how long such a call may take; 10 s and 30 s. A
	// poll has its caller's deadline.
	Validate time.Duration
	Receive  time.Duration
	// Ping is how often a plugin is asked whether it still answers, and Hang how long
	// it may take to; 2 s and 5 s.
	Ping time.Duration
	Hang time.Duration
	// A plugin that ends is started again at once: Restarts times, 10, and then once
	// every Restart, 30 s. What was not used comes back at that pace. So a plugin that
	// dies now and then is hardly missed, and one that cannot live costs little.
	Restarts int
	Restart  time.Duration
	// Healthy is how long a plugin must live before its failures are forgotten;
	// 1 min.
	Healthy time.Duration
	// Failures in a row are told to Notify; 3.
	Failures int
	// Await is how long a call waits for a plugin that is being restarted; 10 s.
	Await time.Duration
	// Stop is how long a plugin may take to end when told to; 5 s.
	Stop time.Duration
	// Drain is how long the calls of a plugin that is no longer needed may go on;
	// 30 s.
	Drain time.Duration
}

func (l Limits) orDefaults() Limits {
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
