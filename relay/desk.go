package relay

import (
	"context"
	"fmt"
	"strings"

	"github.com/connector-relay/relay/relay/channel"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/dispatch"
	"github.com/connector-relay/relay/relay/doctor"
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
		Belongs: make(map[string]desk.Belonging), Asides: make(map[string]desk.Aside),
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
		now.Belongs[c.Name] = desk.Belonging{Owner: c.Owner, Team: c.Team, Saved: c.Saved}
	}
	for _, f := range r.adopted.Config.Files {
		now.Files = append(now.Files, operator.File(f))
	}
	for name, a := range r.adopted.Asides {
		now.Asides[name] = desk.Aside{
			Belonging: desk.Belonging{Owner: a.Owner, Team: a.Team, Saved: true}, Declared: a.Declared, Why: strings.Join(a.Mistakes, " "),
		}
	}
	return now
}

// Examine implements [desk.Daemon].
func (r *Relay) Examine(ctx context.Context, channel string) (operator.Examination, error) {
	for _, c := range r.current().Config.Channels {
		if c.Name == channel {
			return doctor.Channel(ctx, c, r.options.Version)
		}
	}
	return operator.Examination{}, fmt.Errorf("channel %s: %w; `relay channels` lists them", channel, operator.ErrNotFound)
}

// Hold implements [desk.Daemon].
func (r *Relay) Hold() (release func()) {
	r.reloading.Lock()
	return r.reloading.Unlock
}

// Write implements [desk.Daemon].
func (r *Relay) Write(ctx context.Context, d delivery.Delivery) (chat.Payload, int, error) {
	for _, c := range r.current().Channels {
		if writer, ok := c.Sender.(*channel.Channel); ok && c.Name == d.Channel {
			return writer.Write(ctx, d)
		}
	}
	return chat.Payload{}, 0, fmt.Errorf("channel %s: %w", d.Channel, dispatch.ErrNoChannel)
}
