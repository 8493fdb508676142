package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/relay/store"
)

// moveConnectors moves what the store keeps of renamed connectors to their new names,
// which is quick however much there is. It skips what has already moved, and what would
// replace something, as [Relay.Plan] says. Package dispatch moves channels' cards,
// because their lanes run in the meantime.
func (r *Relay) moveConnectors(ctx context.Context, n *next) (undo, error) {
	var done []config.Moved
	undo := func(ctx context.Context) error {
		for _, m := range slices.Backward(done) {
			if err := r.moveConnector(ctx, m.To, m.From); err != nil {
				r.log.Error().Err(err).Str("connector", m.From).Str("name", m.To).Msg("the connector's stored state could not be moved back")
			}
		}
		return nil
	}
	connectors, err := r.store.Connectors(ctx)
	if err != nil {
		return nil, fmt.Errorf("apply the moved blocks: %w", err)
	}
	for _, m := range n.plan.Config.Moved {
		if m.Sort != "connector" || !slices.ContainsFunc(connectors, func(c store.Kept) bool { return c.Name == m.From }) {
			continue
		}
		switch err := r.moveConnector(ctx, m.From, m.To); {
		case err == nil:
			done = append(done, m)
			r.log.Info().Str("connector", m.To).Str("from", m.From).Msg("the connector took over what was stored under its old name")
		case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrTaken):
		default:
			return undo, fmt.Errorf("apply the moved blocks: %w", err)
		}
	}
	return undo, nil
}

func (r *Relay) moveConnector(ctx context.Context, from, to string) error {
	return r.signIn.Move(ctx, from, to, func(sealed []byte) error {
		return r.store.MoveConnector(ctx, from, to, sealed)
	})
}

// moveMutes lets mutes follow what was renamed. One that cannot is only logged: it can be
// made again.
func (r *Relay) moveMutes(ctx context.Context, moved []config.Moved) {
	for _, m := range moved {
		if err := r.mutes.Rename(ctx, m.Sort, m.From, m.To); err != nil {
			r.log.Error().Err(err).Str(m.Sort, m.To).Msg("a mute did not follow the new name")
		}
	}
}
