package relay

import "github.com/connector-relay/relay/relay/operator/desk"

// Running implements [desk.Daemon].
func (r *Relay) Running() desk.Running {
	r.mu.RLock()
	defer r.mu.RUnlock()
	now := desk.Running{
		Started: r.started, Configured: r.configured, Listen: r.listeners.Address("hooks"), Dashboard: r.listeners.Address("dashboard"),
		Public: r.adopted.Config.Relay.PublicURL, Retention: r.adopted.Config.Relay.Retention, Log: r.log.Problem(), ReloadFailed: r.reloadFailed,
		Channels: make(map[string]string), Connectors: make(map[string]string), Teams: make(map[string]string),
	}
	if now.Public == "" {
		now.Public = "http://" + now.Listen
	}
	for _, c := range r.adopted.Config.Channels {
		now.Channels[c.Name] = c.System.Name
		if c.Team != "" {
			now.Teams[c.Name] = c.Team
		}
	}
	for _, c := range r.adopted.Config.Connectors {
		now.Connectors[c.Name] = c.Type
	}
	return now
}

// Hold implements [desk.Daemon].
func (r *Relay) Hold() (release func()) {
	r.reloading.Lock()
	return r.reloading.Unlock
}
