package operator

import (
	"context"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/dispatch"
	"github.com/connector-relay/relay/relay/intake"
	"github.com/connector-relay/relay/relay/pluginhost"
)

// Status is the relay at a glance.
type Status struct {
	Version    string    `json:"version"`
	Config     string    `json:"config"`
	Started    time.Time `json:"started"`
	Configured time.Time `json:"configured"`
	Listen     string    `json:"listen"`
	Dashboard  string    `json:"dashboard"`
	Connectors int       `json:"connectors"`
	Channels   int       `json:"channels"`
	Waiting    int       `json:"waiting"`
	Dead       int       `json:"dead_letters"`
	// Problems are sentences about everything that is wrong now.
	Problems []string `json:"problems"`
	// Notes are what connectors say about how they stand with their sources.
	Notes []string `json:"notes,omitempty"`
	// Quiet holds a sentence about each channel that is in its quiet hours.
	Quiet []string `json:"quiet,omitempty"`
}

// Status implements [Relay].
func (d *Desk) Status(ctx context.Context) (Status, error) {
	v := d.look(ctx)
	now := v.running
	s := Status{
		Version: d.options.Version, Config: d.options.Config, Started: now.Started, Configured: now.Configured,
		Listen: now.Listen, Dashboard: now.Dashboard,
		Connectors: len(now.Connectors), Channels: len(now.Channels), Dead: v.countDead(), Problems: []string{},
	}
	for _, l := range v.lanes {
		s.Waiting += l.Waiting
		if l.State == delivery.Quiet {
			s.Quiet = append(s.Quiet, fmt.Sprintf("channel %s is %s; %d waiting", l.Channel, l.Reason, l.Waiting))
		}
	}
	for _, p := range v.problems(time.Now()) {
		s.Problems = append(s.Problems, p.Text)
	}
	for _, c := range v.connectors {
		if c.Poll.Note != "" {
			s.Notes = append(s.Notes, fmt.Sprintf("connector %s: %s", c.Name, c.Poll.Note))
		}
	}
	return s, nil
}

// view is how everything stands at one moment, so that the parts of an answer agree.
type view struct {
	running    Running
	lanes      []dispatch.Lane
	connectors []intake.Status
	plugins    []pluginhost.Status
	unready    []Problem
	// dead counts the dead letters by channel, and uncounted says why the store could not
	// count them.
	dead      map[string]int
	uncounted error
}

// look reads how everything stands.
func (d *Desk) look(ctx context.Context) view {
	v := view{
		running: d.options.Daemon.Running(), lanes: d.lanes(), connectors: d.options.Intake.Status(),
		plugins: d.options.Plugins.Status(), unready: d.Unready(ctx),
	}
	v.dead, v.uncounted = d.options.Store.DeadLetters(ctx)
	return v
}

// countDead counts all dead letters.
func (v view) countDead() int {
	n := 0
	for _, dead := range v.dead {
		n += dead
	}
	return n
}

// Plugin is a plugin process. It leaves out the process's environment and arguments,
// which may hold secrets.
type Plugin struct {
	Name       string    `json:"name"`
	Path       string    `json:"path"`
	Bundled    bool      `json:"bundled"`
	Types      []string  `json:"types"`
	Running    bool      `json:"running"`
	PID        int       `json:"pid,omitempty"`
	Generation int       `json:"generation"`
	Problem    string    `json:"problem,omitempty"`
	Restart    time.Time `json:"restart,omitzero"`
}

// Plugins implements [Relay].
func (d *Desk) Plugins(context.Context) ([]Plugin, error) {
	list := []Plugin{}
	for _, p := range d.options.Plugins.Status() {
		list = append(list, Plugin{
			Name: p.Name, Path: p.Path, Bundled: p.Bundled, Types: p.Types, Running: p.Running,
			PID: p.PID, Generation: p.Generation, Problem: p.Problem, Restart: p.Restart,
		})
	}
	return list, nil
}
