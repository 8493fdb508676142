package desk

import (
	"context"
	"maps"
	"slices"

	"github.com/connector-relay/relay/relay/operator"
)

// Saved answers what people ask about the connectors that they make on the page.
type Saved interface {
	Types(ctx context.Context) ([]operator.ConnectorType, error)
	Blocks(ctx context.Context) ([]operator.Block, error)
	Draft(ctx context.Context, d operator.Draft) (operator.Drafted, error)
	TryConnector(ctx context.Context, d operator.Draft) (operator.Trial, error)
	Save(ctx context.Context, d operator.Draft) (operator.Block, error)
	RemoveBlock(ctx context.Context, connector string, revision int64) error
	TakeOver(ctx context.Context, connector string) (operator.Block, error)
	Export(ctx context.Context) (operator.Exported, error)
	// Has reports whether there is a saved connector of this name, running or not.
	Has(ctx context.Context, connector string) (bool, error)
	// Forget removes the secrets of a connector of which nothing else is kept.
	Forget(ctx context.Context, connector string) error
}

// Belonging is whose a connector is, and where it comes from.
type Belonging struct {
	Owner, Team string
	// Saved says that it was made on the page.
	Saved bool
}

// Aside is a saved connector that does not run.
type Aside struct {
	Belonging
	// Why is a line for people, and Declared says that a file declares a connector of its
	// name.
	Why      string
	Declared bool
}

// setAside is the health of a saved connector that does not run.
const setAside = "set aside"

// asides lists the saved connectors that do not run, except those that run from a file.
func (r Running) asides() []operator.Connector {
	var list []operator.Connector
	for _, name := range slices.Sorted(maps.Keys(r.Asides)) {
		a := r.Asides[name]
		if _, runs := r.Connectors[name]; !runs {
			list = append(list, operator.Connector{Name: name, Health: setAside, Problem: a.Why, Owner: a.Owner, Team: a.Team, Saved: true})
		}
	}
	return list
}
