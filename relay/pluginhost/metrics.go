package pluginhost

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/connector-relay/relay/relay/connector"
)

// metrics are the host's Prometheus metrics. Their labels hold only plugin names and
// closed sets.
type metrics struct {
	registerer  prometheus.Registerer
	generations *prometheus.CounterVec
	calls       *prometheus.CounterVec
	seconds     *prometheus.HistogramVec
	gathered    prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		registerer: r,
		generations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_plugin_generations_total", Help: "Plugin processes that became ready, by plugin; more than one means restarts.",
		}, []string{"plugin"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_plugin_calls_total", Help: "Calls of plugins, by outcome: ok or the kind of the error.",
		}, []string{"plugin", "call", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "relay_plugin_call_seconds", Help: "Duration of receive and validate calls.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"plugin", "call"}),
		gathered: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "relay_plugin_receive_requests", Help: "Requests sent to a plugin in one message.",
			Buckets: []float64{1, 2, 4, 8, 16, 32, 64},
		}),
	}
	if r != nil {
		r.MustRegister(m.collectors()...)
	}
	return m
}

func (m *metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.generations, m.calls, m.seconds, m.gathered}
}

func (m *metrics) unregister() {
	if m.registerer == nil {
		return
	}
	for _, c := range m.collectors() {
		m.registerer.Unregister(c)
	}
}

// count counts a call by its outcome, and its duration.
func (m *metrics) count(plugin, call string, start time.Time, err error) {
	outcome := "ok"
	if err != nil {
		outcome = string(connector.KindOf(err))
	}
	m.calls.WithLabelValues(plugin, call, outcome).Inc()
	if call == "receive" || call == "validate" {
		m.seconds.WithLabelValues(plugin, call).Observe(time.Since(start).Seconds())
	}
}
