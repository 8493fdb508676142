package intake

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/connector-relay/relay/relay/connector"
)

// metrics are the intake's Prometheus metrics.
type metrics struct {
	events   *prometheus.CounterVec
	polls    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	requests *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		events:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "relay_events_total", Help: "Events, by fate; those of fate seen were known before."}, []string{"connector", "fate"}),
		polls:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "relay_polls_total", Help: "Polls, by result: ok or the kind of the error."}, []string{"connector", "result"}),
		seconds:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "relay_poll_seconds", Help: "Duration of polls.", Buckets: prometheus.ExponentialBuckets(0.01, 3, 10)}, []string{"connector"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "relay_hook_requests_total", Help: "Requests to hooks, by HTTP status."}, []string{"connector", "code"}),
	}
	if r != nil {
		r.MustRegister(m.events, m.polls, m.seconds, m.requests)
	}
	return m
}

// forget drops the series of a connector that is no longer configured.
func (m *metrics) forget(name string) {
	gone := prometheus.Labels{"connector": name}
	m.events.DeletePartialMatch(gone)
	m.polls.DeletePartialMatch(gone)
	m.seconds.DeletePartialMatch(gone)
	m.requests.DeletePartialMatch(gone)
}

func (m *metrics) polled(name string, started time.Time, err error) {
	result := "ok"
	if err != nil {
		result = string(connector.KindOf(err))
	}
	m.polls.WithLabelValues(name, result).Inc()
	m.seconds.WithLabelValues(name).Observe(time.Since(started).Seconds())
}
