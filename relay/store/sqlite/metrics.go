package sqlite

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics holds what the committer reports to Prometheus.
type metrics struct {
	seconds    prometheus.Histogram
	operations prometheus.Histogram
}

// newMetrics makes the store's metrics, and registers them unless r is nil.
func newMetrics(r prometheus.Registerer, s *Store) *metrics {
	with := promauto.With(r)
	with.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "relay_store_wal_bytes", Help: "The write-ahead log's size when it was last moved into the store.",
	}, func() float64 { return float64(s.checkpointer.pages.Load()) * pageBytes })
	with.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "relay_store_cached_cards", Help: "How many waiting cards are in memory.",
	}, func() float64 { return float64(s.lanes.cached()) })
	return &metrics{
		seconds: with.NewHistogram(prometheus.HistogramOpts{
			Name: "relay_store_commit_seconds", Help: "How long a commit took, its fsync included.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
		operations: with.NewHistogram(prometheus.HistogramOpts{
			Name: "relay_store_commit_operations", Help: "How many writes shared a commit.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 10),
		}),
	}
}

func (m *metrics) observe(operations int, took time.Duration) {
	m.seconds.Observe(took.Seconds())
	m.operations.Observe(float64(operations))
}
