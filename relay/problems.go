package relay

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/dispatch"
)

// problem is something that is wrong now. What the status, the pages, /readyz, the
// metrics and the log say of it comes from here alone, so that they agree.
type problem struct {
	// subject is what it is about; it stays the same as long as the problem lasts.
	subject string
	// text is a sentence that says what is wrong and, where that is not plain, what to do.
	text string
}

// askWithin bounds how long the store may take to say how it is.
const askWithin = 2 * time.Second

// refusals are the problems for which senders are turned away.
func (r *Relay) refusals(ctx context.Context) []problem {
	var list []problem
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	if err := r.store.Ping(ctx); err != nil {
		list = append(list, problem{"the store", fmt.Sprintf("no card is accepted: %v. What waits is delivered as far as it can be read", err)})
	}
	for _, p := range r.host.Status() {
		if p.Running || !r.receives(p.Types) {
			continue
		}
		text := p.Problem
		if text == "" {
			text = "it is starting"
		}
		list = append(list, problem{"plugin " + p.Name, fmt.Sprintf("the hooks of plugin %s accept nothing: %s", p.Name, text)})
	}
	return list
}

// receives reports whether hooks depend on one of these connector types.
func (r *Relay) receives(types []string) bool {
	for _, c := range r.current().Connectors {
		if c.Enabled && c.Receives && slices.Contains(types, c.Call.Type) {
			return true
		}
	}
	return false
}

// problems are all that is wrong now; when there are none, all is well.
func (r *Relay) problems(ctx context.Context) []problem {
	list := r.refusals(ctx)
	add := func(subject, format string, a ...any) {
		if !slices.ContainsFunc(list, func(p problem) bool { return p.subject == subject }) {
			list = append(list, problem{subject, fmt.Sprintf(format, a...)})
		}
	}
	for _, l := range r.dispatch.Lanes() {
		if text := laneProblem(l, time.Now()); text != "" {
			add("channel "+l.Channel, "channel %s %s", l.Channel, text)
		}
	}
	for _, c := range r.intake.Status() {
		if c.Problem != "" {
			add("connector "+c.Name, "connector %s is %s: %s", c.Name, c.Health, c.Problem)
		}
		for _, channel := range slices.Sorted(maps.Keys(c.Suspended)) {
			add("connector "+c.Name+" to channel "+channel, "connector %s does not post to channel %s: %s", c.Name, channel, c.Suspended[channel])
		}
	}
	for _, p := range r.host.Status() {
		if p.Problem != "" {
			add("plugin "+p.Name, "plugin %s: %s", p.Name, p.Problem)
		}
	}
	if text := r.log.Problem(); text != "" {
		add("the log", "%s", text)
	}
	if f := r.lastReload(); f != nil {
		add("the configuration", "the reload at %s failed, and the configuration before it goes on: %s", f.at.Format(time.TimeOnly), f.reason())
	}
	switch dead, err := r.countDead(ctx); {
	case err != nil:
		add("the store", "the store cannot be read: %v", err)
	case dead > 0:
		add("dead letters", "%d dead letters; see `relay dead-letters list`", dead)
	}
	return list
}

// tooOld is how long a card may wait in a lane that goes well.
const tooOld = 15 * time.Minute

// laneProblem says what is wrong with a lane, after its name; empty when nothing is.
func laneProblem(l dispatch.Lane, now time.Time) string {
	waiting := ""
	if l.Waiting > 0 {
		waiting = fmt.Sprintf("; %d waiting, the oldest for %s", l.Waiting, now.Sub(l.Oldest).Round(time.Second))
	}
	switch {
	case l.State == delivery.Removed && l.Waiting > 0:
		return fmt.Sprintf("is not in the configuration%s; say with a moved block who gets them, or dismiss them with `relay channels forget %s`", waiting, l.Channel)
	case l.State == delivery.Paused:
		return "is paused: " + l.Reason + waiting
	case l.Trouble != "" && l.Waiting > 0:
		next := ""
		if l.State == delivery.BackingOff {
			next = "; the next attempt is at " + l.Next.Format(time.TimeOnly)
		}
		return "does not take its cards: " + l.Trouble + waiting + next
	case l.State == delivery.Open && l.Waiting > 0 && now.Sub(l.Oldest) > tooOld:
		return "is behind: more comes than its rate carries" + waiting
	}
	return ""
}

func (r *Relay) lastReload() *failure {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.reloadFailed
}

// watchEvery is how often the log hears of what is wrong.
const watchEvery = 10 * time.Second

// watching logs each problem when it comes and when it is over.
func (r *Relay) watching() {
	known := make(map[string]bool)
	r.every("watch", watchEvery, func(ctx context.Context) {
		now := make(map[string]bool)
		for _, p := range r.problems(ctx) {
			if now[p.subject] = true; !known[p.subject] {
				r.log.Warn().Str("subject", p.subject).Msg("this is wrong: " + p.text)
			}
		}
		for subject := range known {
			if !now[subject] {
				r.log.Info().Str("subject", subject).Msg("this is well again")
			}
		}
		known = now
	})
}
