package desk

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/dispatch"
	"github.com/connector-relay/relay/relay/operator"
)

// pingWithin bounds how long the store may take to say how it is.
const pingWithin = 2 * time.Second

// Unready returns the problems because of which senders are turned away.
func (d *Desk) Unready(ctx context.Context) []operator.Problem {
	var list []operator.Problem
	ctx, cancel := context.WithTimeout(ctx, pingWithin)
	defer cancel()
	if err := d.options.Store.Ping(ctx); err != nil {
		list = append(list, operator.Problem{Subject: "the store", Text: fmt.Sprintf("no card is accepted: %v. Waiting cards are delivered as far as they can be read", err)})
	}
	for _, p := range d.options.Plugins.Status() {
		if p.Running || !d.receives(p.Types) {
			continue
		}
		text := p.Problem
		if text == "" {
			text = "it is starting"
		}
		list = append(list, operator.Problem{Subject: "plugin " + p.Name, Text: fmt.Sprintf("the hooks of plugin %s accept nothing: %s", p.Name, text)})
	}
	return list
}

// receives reports whether hooks depend on one of these connector types.
func (d *Desk) receives(types []string) bool {
	for _, c := range d.options.Intake.Status() {
		if c.Enabled && c.Receives && slices.Contains(types, c.Type) {
			return true
		}
	}
	return false
}

// Problems implements [operator.Relay].
func (d *Desk) Problems(ctx context.Context) ([]operator.Problem, error) {
	return d.look(ctx).problems(time.Now()), nil
}

// problems returns everything that is wrong, each subject once. Problems that turn
// senders away come first.
func (v view) problems(now time.Time) []operator.Problem {
	list := append([]operator.Problem{}, v.unready...)
	add := func(subject, format string, a ...any) {
		if !slices.ContainsFunc(list, func(p operator.Problem) bool { return p.Subject == subject }) {
			list = append(list, operator.Problem{Subject: subject, Text: fmt.Sprintf(format, a...)})
		}
	}
	for _, l := range v.lanes {
		if text := laneProblem(l, now); text != "" {
			add("channel "+l.Channel, "channel %s %s", l.Channel, text)
		}
	}
	for _, c := range v.connectors {
		if c.Problem != "" {
			add("connector "+c.Name, "connector %s %s: %s", c.Name, trouble(c.Health), c.Problem)
		}
		for _, channel := range slices.Sorted(maps.Keys(c.Suspended)) {
			add("connector "+c.Name+" to channel "+channel, "connector %s does not post to channel %s: %s", c.Name, channel, c.Suspended[channel])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.running.Asides)) {
		add("connector "+name, "the saved connector %s is set aside: %s", name, v.running.Asides[name].Why)
	}
	for _, p := range v.plugins {
		if p.Problem != "" {
			add("plugin "+p.Name, "plugin %s: %s", p.Name, p.Problem)
		}
	}
	if v.running.Log != "" {
		add("the log", "%s", v.running.Log)
	}
	if v.running.ReloadFailed != "" {
		add("the configuration", "%s", v.running.ReloadFailed)
	}
	switch dead := v.countDead(); {
	case v.uncounted != nil:
		add("the store", "the store cannot be read: %v", v.uncounted)
	case dead == 1:
		add("dead letters", "1 dead letter; see `relay dead-letters list`")
	case dead > 0:
		add("dead letters", "%d dead letters; see `relay dead-letters list`", dead)
	}
	return list
}

// trouble says how a connector stands, as the words after its name.
func trouble(health string) string {
	if health == string(connector.KindTemporary) {
		return "fails for now"
	}
	return "is " + health
}

// tooOld is how long a card may wait in a healthy lane.
const tooOld = 15 * time.Minute

// laneProblem says what is wrong with a lane, as the words after its name; it is empty
// when nothing is.
func laneProblem(l dispatch.Lane, now time.Time) string {
	waiting := ""
	if l.Waiting > 0 {
		waiting = fmt.Sprintf("; %d waiting, the oldest for %s", l.Waiting, now.Sub(l.Oldest).Round(time.Second))
	}
	switch {
	case l.State == delivery.Removed && l.Waiting > 0:
		return fmt.Sprintf("is not in the configuration%s; use a moved block to say which channel gets them, or dismiss them with `relay channels forget %s`", waiting, l.Channel)
	case l.State == delivery.Paused:
		return "is paused: " + l.Reason + waiting
	case l.Trouble != "" && l.Waiting > 0:
		next := ""
		if l.State == delivery.BackingOff {
			next = "; the next attempt is at " + l.Next.Format(time.TimeOnly)
		}
		return "does not take its cards: " + l.Trouble + waiting + next
	case l.State == delivery.Open && l.Waiting > 0 && now.Sub(l.Oldest) > tooOld:
		return "is behind: more cards arrive than its rate allows" + waiting
	}
	return ""
}

// Watch returns a step, to be run at intervals, that logs each problem when it appears
// and when it is over.
func (d *Desk) Watch() func(context.Context) {
	known := make(map[string]bool)
	return func(ctx context.Context) {
		now := make(map[string]bool)
		for _, p := range d.look(ctx).problems(time.Now()) {
			if now[p.Subject] = true; !known[p.Subject] {
				d.options.Log.Warn().Str("subject", p.Subject).Msg("this is wrong: " + p.Text)
			}
		}
		for subject := range known {
			if !now[subject] {
				d.options.Log.Info().Str("subject", subject).Msg("this is well again")
			}
		}
		known = now
	}
}

// Ready answers whether cards can be accepted and, if not, why.
func (d *Desk) Ready(w http.ResponseWriter, req *http.Request) {
	list := d.Unready(req.Context())
	if len(list) == 0 {
		_, _ = io.WriteString(w, "ok\n")
		return
	}
	texts := make([]string, len(list))
	for i, p := range list {
		texts[i] = p.Text
	}
	w.Header().Set("Retry-After", "5")
	http.Error(w, strings.Join(texts, "\n"), http.StatusServiceUnavailable)
}
