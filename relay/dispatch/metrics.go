package dispatch

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/connector-relay/relay/relay/delivery"
)

// metrics are what the lanes count, and what is counted when metrics are read.
type metrics struct {
	attempts   *prometheus.CounterVec
	deliveries *prometheus.CounterVec
	seconds    *prometheus.HistogramVec
}

// laneMetrics are one lane's metrics, looked up once.
type laneMetrics struct {
	attempts map[delivery.Verdict]prometheus.Counter
	// deliveries counts ended deliveries by state.
	deliveries map[delivery.State]prometheus.Counter
	seconds    prometheus.Observer
}

func newMetrics(r prometheus.Registerer, d *Dispatcher) *metrics {
	m := &metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_attempts_total", Help: "Attempts to deliver a card, or several as one digest, by verdict.",
		}, []string{"channel", "verdict"}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_deliveries_total", Help: "Deliveries ended by an attempt, by their final state.",
		}, []string{"channel", "state"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "relay_attempt_seconds", Help: "Duration of attempts to deliver a card.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"channel"}),
	}
	if r != nil {
		r.MustRegister(m.attempts, m.deliveries, m.seconds, newCollector(d))
	}
	return m
}

func (m *metrics) lane(channel string) *laneMetrics {
	l := &laneMetrics{
		attempts:   make(map[delivery.Verdict]prometheus.Counter),
		deliveries: make(map[delivery.State]prometheus.Counter),
		seconds:    m.seconds.WithLabelValues(channel),
	}
	for _, s := range []delivery.State{delivery.Delivered, delivery.Accepted, delivery.Dead} {
		l.deliveries[s] = m.deliveries.WithLabelValues(channel, string(s))
	}
	for _, v := range []delivery.Verdict{
		delivery.VerdictDelivered, delivery.VerdictAccepted, delivery.VerdictThrottled, delivery.VerdictHindered, delivery.VerdictFailed,
		delivery.VerdictUnknown, delivery.VerdictRejected, delivery.VerdictRefused, delivery.VerdictInterrupted,
	} {
		l.attempts[v] = m.attempts.WithLabelValues(channel, string(v))
	}
	return l
}

// forget drops the series of a removed channel.
func (m *metrics) forget(channel string) {
	m.attempts.DeletePartialMatch(prometheus.Labels{"channel": channel})
	m.deliveries.DeletePartialMatch(prometheus.Labels{"channel": channel})
	m.seconds.DeleteLabelValues(channel)
}

// collector asks the lanes when metrics are read, so that nothing is counted both here
// and in the store.
type collector struct {
	d                      *Dispatcher
	waiting, oldest, state *prometheus.Desc
}

func newCollector(d *Dispatcher) *collector {
	return &collector{
		d:       d,
		waiting: prometheus.NewDesc("relay_lane_waiting", "Deliveries waiting in a channel's lane.", []string{"channel"}, nil),
		oldest:  prometheus.NewDesc("relay_lane_oldest_seconds", "Time since the oldest waiting delivery was accepted; 0 when none waits.", []string{"channel"}, nil),
		state:   prometheus.NewDesc("relay_lane_state", "1 for the state a channel's lane is in, 0 for the others.", []string{"channel", "state"}, nil),
	}
}

// Describe implements [prometheus.Collector].
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.waiting
	ch <- c.oldest
	ch <- c.state
}

// Collect implements [prometheus.Collector].
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, l := range c.d.Lanes() {
		age := 0.0
		if !l.Oldest.IsZero() {
			age = max(0, time.Since(l.Oldest).Seconds())
		}
		gauge(c.waiting, float64(l.Waiting), l.Channel)
		gauge(c.oldest, age, l.Channel)
		for _, s := range delivery.LaneStates() {
			on := 0.0
			if s == l.State {
				on = 1
			}
			gauge(c.state, on, l.Channel, string(s))
		}
	}
}
