package plan

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// Store is what the difference between two configurations is about: what it keeps of the
// channels and connectors in them.
type Store interface {
	Lanes(ctx context.Context) ([]delivery.Lane, error)
	DeadLetters(ctx context.Context) (map[string]int, error)
	Connectors(ctx context.Context) ([]store.Kept, error)
}

// kept is what the store holds for channels and connectors, by name.
type kept struct {
	waiting, dead map[string]int
	connectors    map[string]store.Kept
}

func readKept(ctx context.Context, s Store) (kept, error) {
	k := kept{waiting: make(map[string]int), connectors: make(map[string]store.Kept)}
	lanes, err := s.Lanes(ctx)
	if err != nil {
		return k, err
	}
	for _, l := range lanes {
		k.waiting[l.Channel] = l.Waiting
	}
	if k.dead, err = s.DeadLetters(ctx); err != nil {
		return k, err
	}
	connectors, err := s.Connectors(ctx)
	for _, c := range connectors {
		k.connectors[c.Name] = c
	}
	return k, err
}

// Changes returns what a plan adds, changes, moves and removes when it replaces another,
// and what that leaves behind in the store. It is the single model behind `relay plan`
// and a reload.
func (p *Plan) Changes(ctx context.Context, before *Plan, s Store) ([]operator.Change, error) {
	k, err := readKept(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("find out what the configuration changes: %w", err)
	}
	old, now := before.Config, p.Config
	list := compare("channel", channelParts(old), channelParts(now), now.Moved,
		func(name string) bool { return k.waiting[name]+k.dead[name] > 0 })
	connectors := compare("connector", connectorParts(old), connectorParts(now), now.Moved,
		func(name string) bool { return k.connectors[name].Name != "" })
	for i := range list {
		k.aboutChannel(&list[i])
	}
	for i := range connectors {
		c := &connectors[i]
		k.aboutConnector(c, before.receives(cmp.Or(c.From, c.Name)) || p.receives(c.Name))
	}
	list = append(append(list, connectors...), compare("plugin", pluginParts(old), pluginParts(now), nil, nil)...)
	list = append(list, compare("team", teamParts(old), teamParts(now), nil, nil)...)
	list = append(list, compare("sign-in", signInParts(old), signInParts(now), nil, nil)...)
	return append(list, settings(old, now)...), nil
}

// compare returns the changes of the named things of one sort, in order of name. Left
// reports whether the store has something under a name.
func compare(sort string, old, now map[string]config.Parts, moved []config.Moved, left func(name string) bool) []operator.Change {
	var list []operator.Change
	told := make(map[string]bool)
	for _, m := range moved {
		before, was := old[m.From]
		if m.Sort != sort || !was && !left(m.From) {
			continue
		}
		c := operator.Change{Sort: sort, Name: m.To, Action: operator.Moved, From: m.From}
		told[m.From] = true
		if _, merged := old[m.To]; !merged && was {
			c.Parts, told[m.To] = before.Differ(now[m.To]), true
		}
		list = append(list, c)
	}
	all := maps.Clone(old)
	maps.Copy(all, now)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := operator.Change{Sort: sort, Name: name}
		before, was := old[name]
		after, is := now[name]
		switch {
		case told[name]:
			continue
		case !was:
			c.Action = operator.Added
		case !is:
			c.Action = operator.Removed
		default:
			c.Action, c.Parts = operator.Changed, before.Differ(after)
			if len(c.Parts) == 0 {
				continue
			}
		}
		list = append(list, c)
	}
	return list
}

func channelParts(c *config.Config) map[string]config.Parts {
	parts := make(map[string]config.Parts)
	for _, ch := range c.Channels {
		parts[ch.Name] = ch.Parts
	}
	return parts
}

func connectorParts(c *config.Config) map[string]config.Parts {
	parts := make(map[string]config.Parts)
	for _, cn := range c.Connectors {
		parts[cn.Name] = cn.Parts
	}
	return parts
}

func pluginParts(c *config.Config) map[string]config.Parts {
	parts := make(map[string]config.Parts)
	for _, p := range c.Plugins {
		parts[p.Name] = config.Parts{"path": p.Path, "sha256": string(p.SHA256)}
		for name, value := range p.Env {
			parts[p.Name]["env"] += name + "=" + value.Fingerprint()
		}
	}
	return parts
}

// settings returns what differs in the relay and dashboard blocks.
func settings(old, now *config.Config) []operator.Change {
	var list []operator.Change
	for _, s := range []struct{ name, old, now, warning string }{
		{"relay.listen", old.Relay.Listen, now.Relay.Listen, ""},
		{"metrics.listen", old.Metrics.Listen, now.Metrics.Listen, ""},
		{"dashboard.listen", old.Dashboard.Listen, now.Dashboard.Listen, ""},
		{"dashboard.public_url", old.Dashboard.PublicURL, now.Dashboard.PublicURL, ""},
		{"dashboard.trusted_proxies", networks(old.Dashboard.TrustedProxies), networks(now.Dashboard.TrustedProxies), ""},
		{"dashboard.tls", certificate(old.Dashboard), certificate(now.Dashboard), ""},
		{"dashboard.auth.session", session(old.Dashboard), session(now.Dashboard), ""},
		{"relay.public_url", old.Relay.PublicURL, now.Relay.PublicURL, "The hook URLs that `relay connectors` shows now begin differently. Those that senders already use keep working while the old address leads here."},
		{"relay.ops", old.Relay.Ops, now.Relay.Ops, ""},
		{"relay.plugin_dir", old.Relay.PluginDir, now.Relay.PluginDir, ""},
		{"relay.log", old.Relay.Log.String(), now.Relay.Log.String(), ""},
		{"relay.retention", old.Relay.Retention.String(), now.Relay.Retention.String(), ""},
		{"relay.drain_timeout", old.Relay.DrainTimeout.String(), now.Relay.DrainTimeout.String(), ""},
	} {
		if s.old != s.now {
			list = append(list, operator.Change{Sort: "setting", Name: s.name, Action: operator.Changed, Was: s.old, Is: s.now, Warning: s.warning})
		}
	}
	return list
}

// aboutChannel says how many cards a change is about, and which it strands.
func (k kept) aboutChannel(c *operator.Change) {
	name := c.Name
	if c.Action == operator.Moved {
		name = c.From
	}
	if c.Action != operator.Changed {
		c.Waiting, c.Dead = k.waiting[name], k.dead[name]
	}
	if c.Action == operator.Removed && c.Waiting+c.Dead > 0 {
		c.Warning = fmt.Sprintf("Nothing delivers them now. If the channel has a new name, or another channel should get them, add a moved block (from = channel.%s, to = channel.NAME); if not, `relay channels forget %s` dismisses them.", name, name)
	}
}

// receives reports whether senders post to the connector of a name.
func (p *Plan) receives(name string) bool {
	for _, c := range p.Connectors {
		if c.Call.Connector == name {
			return c.Receives
		}
	}
	return false
}

// aboutConnector says what happens to a connector's hook URL and checkpoint.
func (k kept) aboutConnector(c *operator.Change, receives bool) {
	own, known := k.connectors[c.Name]
	switch c.Action {
	case operator.Added:
		if known {
			c.Warning = k.revived(own, receives)
		}
	case operator.Removed:
		c.Warning = k.stranded(own, receives)
	case operator.Moved:
		if known && (own.Checkpoint != nil || !own.LastEvent.IsZero()) {
			c.Action, c.Name = operator.Removed, c.From
			c.Warning = fmt.Sprintf("It cannot become connector %s, which has accepted events of its own; the stored state of %s stays where it is. %s", own.Name, c.From, k.stranded(k.connectors[c.From], receives))
		}
	case operator.Changed:
		switch {
		case slices.Contains(c.Parts, "type") && own.Checkpoint != nil:
			c.Warning = "Because its type changes, it forgets its checkpoint and known keys, and starts afresh."
		case slices.Contains(c.Parts, "enabled") && receives:
			c.Warning = "While a connector is disabled, its hook answers 503, so that well-behaved senders try again later."
		}
	}
}

// stranded says what a connector that goes away leaves.
func (k kept) stranded(c store.Kept, receives bool) string {
	var left []string
	if receives {
		left = append(left, "Its hook URL answers 404 from now on"+used(c)+".")
	}
	if c.Checkpoint != nil {
		left = append(left, "Its checkpoint stays.")
	}
	if len(left) == 0 {
		return ""
	}
	return strings.Join(left, " ") + fmt.Sprintf(" If it has a new name, add a moved block (from = connector.%s, to = connector.NAME); if not, `relay connectors forget %s` forgets its URL, checkpoint, keys and sign-in.", c.Name, c.Name)
}

// revived says what an added connector still has from an earlier one of its name.
func (k kept) revived(c store.Kept, receives bool) string {
	var again []string
	if receives {
		again = append(again, "its old hook URL works again"+used(c))
	}
	if c.Checkpoint != nil {
		again = append(again, "it goes on from its old checkpoint")
	}
	if len(again) == 0 {
		return ""
	}
	return fmt.Sprintf("There was a connector with this name before: %s. For a new URL use `relay connectors rotate %s`; to start afresh, `relay connectors forget %s` while it is not in the configuration.", strings.Join(again, ", and "), c.Name, c.Name)
}

// used says when a connector's hook URL was last used.
func used(c store.Kept) string {
	if c.HookUsed.IsZero() {
		return " (it was never used)"
	}
	return fmt.Sprintf(" (last used %s)", c.HookUsed.Local().Format(time.DateTime))
}
