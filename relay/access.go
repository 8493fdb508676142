package relay

import (
	"context"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/operator/guard"
	"github.com/connector-relay/relay/relay/store"
)

// estate says to whom the parts of a configuration belong.
func estate(c *config.Config) *guard.Estate {
	e := &guard.Estate{Teams: make(map[string]string), Connectors: make(map[string]guard.Connector)}
	for _, channel := range c.Channels {
		e.Teams[channel.Name] = channel.Team
	}
	for _, connector := range c.Connectors {
		g := guard.Connector{Owner: connector.Owner}
		for _, r := range connector.Routes {
			g.Channels = append(g.Channels, r.To...)
		}
		e.Connectors[connector.Name] = g
	}
	return e
}

func (r *Relay) currentEstate() *guard.Estate {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.estate
}

// audit keeps an entry of the audit log in the store, and in the log if the store cannot.
func (r *Relay) audit(ctx context.Context, e operator.Audited) {
	err := r.store.Audit(ctx, store.AuditEntry{
		Time: e.Time, Who: e.Who, Via: e.Via, Action: e.Action, Subject: e.Subject, Outcome: e.Outcome, Detail: e.Detail,
	})
	log := r.log.Info()
	if err != nil {
		log = r.log.Error().Err(err)
	}
	log.Str("who", e.Who).Str("via", e.Via).Str("action", e.Action).Str("subject", e.Subject).Str("outcome", e.Outcome).Str("detail", e.Detail).Msg("audit")
}
