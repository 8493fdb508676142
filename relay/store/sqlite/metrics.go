package sqlite

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what the store tells Prometheus.
type metrics struct {
	registerer prometheus.Registerer
	registered []prometheus.Collector
	seconds    prometheus.Histogram
	operations prometheus.Histogram
}

// newMetrics makes the metrics and registers them, unless r is nil.
func newMetrics(r prometheus.Registerer, s *Store) (*metrics, error) {
	m := &metrics{
		registerer: r,
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "relay_store_commit_seconds", Help: "How long a commit took, its fsync included.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
		operations: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "relay_store_commit_operations", Help: "How many writes shared a commit.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 10),
		}),
	}
	if r == nil {
		return m, nil
	}
	wal := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "relay_store_wal_bytes", Help: "The write-ahead log's size when it was last moved into the store.",
	}, func() float64 { return float64(s.checkpointer.pages.Load()) * pageBytes })
	cached := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "relay_store_cached_cards", Help: "How many waiting cards are in memory.",
	}, func() float64 { return float64(s.lanes.cached()) })
	for _, c := range []prometheus.Collector{m.seconds, m.operations, wal, cached} {
		if err := r.Register(c); err != nil {
			m.unregister()
			return nil, fmt.Errorf("register metrics: %w", err)
		}
		m.registered = append(m.registered, c)
	}
	return m, nil
}

func (m *metrics) observe(operations int, took time.Duration) {
	m.seconds.Observe(took.Seconds())
	m.operations.Observe(float64(operations))
}

func (m *metrics) unregister() {
	for _, c := range m.registered {
		m.registerer.Unregister(c)
	}
}
