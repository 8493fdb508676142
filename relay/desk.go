package relay

import (
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/operator/desk"
)

// Running implements [desk.Daemon].
func (r *Relay) Running() desk.Running {
	r.mu.RLock()
	defer r.mu.RUnlock()
	now := desk.Running{
		Started: r.started, Configured: r.configured, Listen: r.listeners.Address("hooks"), Dashboard: r.listeners.Address("dashboard"),
		Public: r.adopted.Config.Relay.PublicURL, Retention: r.adopted.Config.Relay.Retention, Log: r.log.Problem(), ReloadFailed: r.reloadFailed,
		Channels: make(map[string]string), Connectors: make(map[string]string), Teams: make(map[string]string),
		ChannelPlaces: make(map[string]*operator.Place), ConnectorPlaces: make(map[string]*operator.Place),
	}
	if now.Public == "" {
		now.Public = "http://" + now.Listen
	}
	for _, c := range r.adopted.Config.Channels {
		now.Channels[c.Name], now.ChannelPlaces[c.Name] = c.System.Name, &operator.Place{File: c.Range.Filename, Line: c.Range.Start.Line}
		if c.Team != "" {
			now.Teams[c.Name] = c.Team
		}
	}
	for _, c := range r.adopted.Config.Connectors {
		now.Connectors[c.Name] = c.Type
		if !c.Saved {
			now.ConnectorPlaces[c.Name] = &operator.Place{File: c.Range.Filename, Line: c.Range.Start.Line}
		}
	}
	for _, f := range r.adopted.Config.Files {
		now.Files = append(now.Files, operator.File(f))
	}
	return now
}

// Hold implements [desk.Daemon].
func (r *Relay) Hold() (release func()) {
	r.reloading.Lock()
	return r.reloading.Unlock
}
