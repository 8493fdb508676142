package desk

import (
	"context"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// collector tells Prometheus, at each scrape, what is wrong and how the parts stand.
type collector struct {
	d                                                              *Desk
	build, problems, ready, reloaded, dead, health, running, mutes *prometheus.Desc
}

// Metrics returns the collector that tells Prometheus what [Desk.Status] tells people.
func (d *Desk) Metrics() prometheus.Collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &collector{
		d:        d,
		build:    desc("relay_build_info", "Always 1; the labels say what runs.", "version", "go_version"),
		problems: desc("relay_problems", "How many problems there are now, as listed by `relay status`."),
		ready:    desc("relay_ready", "1 when cards can be accepted, as /readyz says."),
		reloaded: desc("relay_config_last_reload_successful", "1 unless the last reload failed."),
		dead:     desc("relay_dead_letters", "Dead letters by channel.", "channel"),
		health:   desc("relay_connector_health", "Always 1; the label says how the connector stands.", "connector", "health"),
		mutes:    desc("relay_mutes", "How many mutes are in force."),
		running:  desc("relay_plugin_running", "1 when the plugin's process runs.", "plugin"),
	}
}

// Describe implements [prometheus.Collector].
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.build, c.problems, c.ready, c.reloaded, c.dead, c.health, c.running, c.mutes} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	v := c.d.look(context.Background())
	gauge := func(d *prometheus.Desc, n float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, n, labels...)
	}
	gauge(c.build, 1, c.d.options.Version, runtime.Version())
	gauge(c.problems, float64(len(v.problems(time.Now()))))
	gauge(c.ready, truth(len(v.unready) == 0))
	gauge(c.reloaded, truth(v.running.ReloadFailed == ""))
	if v.uncounted == nil { // an unknown number is not 0
		for channel := range v.running.Channels {
			v.dead[channel] += 0
		}
		for channel, n := range v.dead {
			gauge(c.dead, float64(n), channel)
		}
	}
	for _, s := range v.connectors {
		gauge(c.health, 1, s.Name, s.Health)
	}
	gauge(c.mutes, float64(len(c.d.options.Mutes.List())))
	for _, p := range v.plugins {
		gauge(c.running, truth(p.Running), p.Name)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
