package dispatch

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/connector-relay/relay/relay/delivery"
)

// metrics are what dispatch tells Prometheus.
type metrics struct {
	attempts *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(r prometheus.Registerer, d *Dispatcher) *metrics {
	m := &metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "relay_attempts_total", Help: "Attempts to deliver, by verdict."}, []string{"channel", "verdict"}),
		seconds:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "relay_attempt_seconds", Help: "How long attempts took.", Buckets: prometheus.ExponentialBuckets(0.002, 2.5, 11)}, []string{"channel"}),
	}
	if r != nil {
		r.MustRegister(m.attempts, m.seconds, laneCollector{d})
	}
	return m
}

func (m *metrics) attempted(channel string, a delivery.Attempt) {
	m.attempts.WithLabelValues(channel, string(a.Verdict)).Inc()
	m.seconds.WithLabelValues(channel).Observe(a.Took.Seconds())
}

// laneCollector reads the lanes when Prometheus asks, so that nothing is counted
// twice.
type laneCollector struct{ d *Dispatcher }

func laneDescs() (waiting, oldest, state *prometheus.Desc) {
	return prometheus.NewDesc("relay_lane_waiting", "Deliveries that wait.", []string{"channel"}, nil),
		prometheus.NewDesc("relay_lane_oldest_seconds", "Age of the oldest delivery that waits.", []string{"channel"}, nil),
		prometheus.NewDesc("relay_lane_state", "1 for the state the lane is in.", []string{"channel", "state"}, nil)
}

// Describe implements [prometheus.Collector].
func (c laneCollector) Describe(ch chan<- *prometheus.Desc) {
	waiting, oldest, state := laneDescs()
	ch <- waiting
	ch <- oldest
	ch <- state
}

// Collect implements [prometheus.Collector].
func (c laneCollector) Collect(ch chan<- prometheus.Metric) {
	waiting, oldest, state := laneDescs()
	for _, l := range c.d.Lanes() {
		age := 0.0
		if !l.Oldest.IsZero() {
			age = time.Since(l.Oldest).Seconds()
		}
		ch <- prometheus.MustNewConstMetric(waiting, prometheus.GaugeValue, float64(l.Waiting), l.Channel)
		ch <- prometheus.MustNewConstMetric(oldest, prometheus.GaugeValue, age, l.Channel)
		ch <- prometheus.MustNewConstMetric(state, prometheus.GaugeValue, 1, l.Channel, string(l.State))
	}
}
