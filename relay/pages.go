package relay

import (
	"context"

	"github.com/connector-relay/relay/relay/dashboard"
)

// pageStatus tells the dashboard how the running parts stand.
type pageStatus struct{ r *Relay }

// Problems implements [dashboard.Status].
func (s pageStatus) Problems(ctx context.Context) []string {
	var list []string
	for _, p := range s.r.problems(ctx) {
		list = append(list, p.text)
	}
	return list
}

// Channels implements [dashboard.Status].
func (s pageStatus) Channels() []dashboard.Channel {
	list, err := s.r.Channels(context.Background())
	if err != nil {
		s.r.log.Error().Err(err).Msg("the channels could not be listed for a page")
	}
	out := make([]dashboard.Channel, len(list))
	for i, c := range list {
		out[i] = dashboard.Channel{
			Name: c.Name, Type: c.Type, Lane: c.Lane, Reason: c.Reason, Waiting: c.Waiting, Oldest: c.Oldest, Next: c.Next,
		}
	}
	return out
}

// Connectors implements [dashboard.Status].
func (s pageStatus) Connectors() []dashboard.Connector {
	list, err := s.r.Connectors(context.Background())
	if err != nil {
		s.r.log.Error().Err(err).Msg("the connectors could not be listed for a page")
	}
	out := make([]dashboard.Connector, len(list))
	for i, c := range list {
		out[i] = dashboard.Connector{
			Name: c.Name, Type: c.Type, Health: c.Health, Problem: c.Problem,
			Note: c.Note, LastEvent: c.LastEvent, Schedule: c.Schedule, LastPoll: c.LastPoll, NextPoll: c.NextPoll, Receives: c.HookURL != "",
			HookUsed: c.HookUsed,
		}
		if c.FormerHook != nil {
			out[i].FormerUsed, out[i].FormerUntil = c.FormerHook.Used, c.FormerHook.Until
		}
	}
	return out
}
