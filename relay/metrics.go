package relay

import (
	"context"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
)

// collector tells Prometheus what is wrong and how the parts stand, when it asks.
type collector struct {
	r                                                       *Relay
	build, problems, ready, reloaded, dead, health, running *prometheus.Desc
}

func newCollector(r *Relay) *collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &collector{
		r:        r,
		build:    desc("relay_build_info", "Always 1; the labels say what runs.", "version", "go_version"),
		problems: desc("relay_problems", "How many things are wrong now, as `relay status` lists them."),
		ready:    desc("relay_ready", "1 when cards can be accepted, as /readyz says."),
		reloaded: desc("relay_config_last_reload_successful", "1 unless the last reload failed."),
		dead:     desc("relay_dead_letters", "Dead letters by channel.", "channel"),
		health:   desc("relay_connector_health", "Always 1; the label says how the connector stands.", "connector", "health"),
		running:  desc("relay_plugin_running", "1 when the plugin's process runs.", "plugin"),
	}
}

// Describe implements [prometheus.Collector].
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.build, c.problems, c.ready, c.reloaded, c.dead, c.health, c.running} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	ctx := context.Background()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(c.build, 1, c.r.options.Version, runtime.Version())
	gauge(c.problems, float64(len(c.r.problems(ctx))))
	gauge(c.ready, truth(len(c.r.refusals(ctx)) == 0))
	gauge(c.reloaded, truth(c.r.lastReload() == nil))
	counts, err := c.r.store.DeadLetters(ctx)
	if err == nil { // an unknown number is not 0
		for _, ch := range c.r.current().Channels {
			counts[ch.Name] += 0
		}
		for channel, n := range counts {
			gauge(c.dead, float64(n), channel)
		}
	}
	for _, s := range c.r.intake.Status() {
		gauge(c.health, 1, s.Name, s.Health)
	}
	for _, p := range c.r.host.Status() {
		gauge(c.running, truth(p.Running), p.Name)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
