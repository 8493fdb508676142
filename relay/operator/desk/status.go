package desk

import (
	"context"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/dispatch"
	"github.com/connector-relay/relay/relay/intake"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/pluginhost"
)

// Status implements [operator.Relay].
func (d *Desk) Status(ctx context.Context) (operator.Status, error) {
	v := d.look(ctx)
	now := v.running
	s := operator.Status{
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
	for _, m := range d.options.Mutes.List() {
		s.Muted = append(s.Muted, m.Note(nil, "")[0].String())
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
	unready    []operator.Problem
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
