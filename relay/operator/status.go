package operator

import (
	"context"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
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
	// Problems are sentences about all that is wrong now.
	Problems []string `json:"problems"`
	// Notes are what connectors say of how they stand with their sources.
	Notes []string `json:"notes,omitempty"`
	// Quiet are sentences about the channels whose quiet hours it is.
	Quiet []string `json:"quiet,omitempty"`
}

// Status implements [Relay].
func (d *Desk) Status(ctx context.Context) (Status, error) {
	now := d.options.Daemon.Running()
	s := Status{
		Version: d.options.Version, Config: d.options.Config, Started: now.Started, Configured: now.Configured,
		Listen: now.Listen, Dashboard: now.Dashboard,
		Connectors: len(now.Connectors), Channels: len(now.Channels), Problems: []string{},
	}
	for _, l := range d.lanes() {
		s.Waiting += l.Waiting
		if l.State == delivery.Quiet {
			s.Quiet = append(s.Quiet, fmt.Sprintf("channel %s is %s; %d waiting", l.Channel, l.Reason, l.Waiting))
		}
	}
	for _, p := range d.Problems(ctx) {
		s.Problems = append(s.Problems, p.Text)
	}
	s.Dead, _ = d.countDead(ctx) // a store that cannot count them is among the problems
	for _, c := range d.options.Intake.Status() {
		if c.Poll.Note != "" {
			s.Notes = append(s.Notes, fmt.Sprintf("connector %s: %s", c.Name, c.Poll.Note))
		}
	}
	return s, nil
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
