package guard

import (
	"context"
	"fmt"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
)

// What a person may save follows from the connector as it would run, so package saved
// decides that, and narrows what she sees of others'. The guard lets in who can have
// connectors at all, and writes down what became of it.

// Types implements [operator.Relay].
func (g *Guard) Types(ctx context.Context) ([]operator.ConnectorType, error) {
	if _, err := g.look(ctx); err != nil {
		return nil, err
	}
	return g.relay.Types(ctx)
}

// Blocks implements [operator.Relay].
func (g *Guard) Blocks(ctx context.Context) ([]operator.Block, error) {
	if _, err := g.look(ctx); err != nil {
		return nil, err
	}
	return g.relay.Blocks(ctx)
}

// Export implements [operator.Relay].
func (g *Guard) Export(ctx context.Context) (operator.Exported, error) {
	if _, err := g.look(ctx); err != nil {
		return operator.Exported{}, err
	}
	return g.relay.Export(ctx)
}

// Draft implements [operator.Relay].
func (g *Guard) Draft(ctx context.Context, d operator.Draft) (operator.Drafted, error) {
	v, err := g.enter(ctx, access.Configure)
	if err == nil {
		err = ownsConnectors(v)
	}
	if err != nil {
		return operator.Drafted{}, err
	}
	return g.relay.Draft(ctx, d)
}

// TryConnector implements [operator.Relay]. It makes requests to where the draft says.
func (g *Guard) TryConnector(ctx context.Context, d operator.Draft) (operator.Trial, error) {
	a := act{access.Configure, "try", subjectOf(d), "not saved", ownsConnectors}
	return changing(ctx, g, a, func() (operator.Trial, error) { return g.relay.TryConnector(ctx, d) })
}

// Save implements [operator.Relay].
func (g *Guard) Save(ctx context.Context, d operator.Draft) (operator.Block, error) {
	a := act{access.Configure, "save", subjectOf(d), "", ownsConnectors}
	return changing(ctx, g, a, func() (operator.Block, error) { return g.relay.Save(ctx, d) })
}

// RemoveBlock implements [operator.Relay].
func (g *Guard) RemoveBlock(ctx context.Context, connector string, revision int64) error {
	a := act{access.Configure, "remove", "connector " + connector, fmt.Sprintf("revision %d", revision), ownsConnectors}
	return doing(ctx, g, a, func() error { return g.relay.RemoveBlock(ctx, connector, revision) })
}

// TakeOver implements [operator.Relay].
func (g *Guard) TakeOver(ctx context.Context, connector string) (operator.Block, error) {
	a := act{access.Configure, "take over", "connector " + connector, "", ownsConnectors}
	return changing(ctx, g, a, func() (operator.Block, error) { return g.relay.TakeOver(ctx, connector) })
}

// subjectOf names the connector of a draft.
func subjectOf(d operator.Draft) string { return "connector " + d.Name() }
