// Package saved keeps the connectors that people make on the page: who may save what, and
// how a draft becomes a connector that runs.
//
// A saved connector is a block of HCL in the store, and its secrets lie beside it, sealed.
// [Keeper] answers what people ask about them. The daemon prepares the whole configuration
// with a changed block before anything is stored, so that a save that fails has changed
// nothing.
//
// rules.go says what a member may save; ops may save anything that is valid.
package saved

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/access/throttle"
	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/plan"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/secret"
	"github.com/connector-relay/relay/relay/signin"
	"github.com/connector-relay/relay/relay/store"
)

// Store is what a keeper needs of the store.
type Store interface {
	Blocks(ctx context.Context) ([]store.Block, error)
	Block(ctx context.Context, name string) (store.Block, error)
	SaveBlock(ctx context.Context, b store.Block, secrets map[string][]byte) (store.Block, error)
	RemoveBlock(ctx context.Context, name string, revision int64) error
	SaveSecrets(ctx context.Context, secrets map[string][]byte) error
	Secret(ctx context.Context, name string) ([]byte, error)
	Secrets(ctx context.Context) ([]string, error)
	Connectors(ctx context.Context) ([]store.Kept, error)
	Events(ctx context.Context, f store.EventFilter) ([]store.EventSummary, error)
}

// SignIns are the grants of people who signed in for a connector.
type SignIns interface {
	Token(ctx context.Context, c pluginhost.Call) (string, error)
	// By says who has signed a connector in, or fails with [store.ErrNotFound].
	By(ctx context.Context, connector string) (string, error)
	Forget(ctx context.Context, connector string) error
}

// Daemon runs the connectors.
type Daemon interface {
	// Types returns the connector types that there are.
	Types(ctx context.Context) ([]plan.Type, error)
	// Check reads a block with the configuration as it runs. Given are secrets that are
	// not stored yet.
	Check(ctx context.Context, b store.Block, given Secrets) (*plan.Checked, error)
	// Apply puts a change into force, and keeps it in the store, or does neither.
	Apply(ctx context.Context, c Change) error
	// Declared reports whether a file declares a connector of this name.
	Declared(name string) bool
	// Asides are the saved connectors that do not run, by name.
	Asides() map[string]plan.Aside
}

// Secrets are texts by their names in blocks.
type Secrets map[string]secret.Value

// Change is what becomes of one saved connector.
type Change struct {
	// Name is the connector's, and Block what it is from now on; nil removes it.
	Name  string
	Block *store.Block
	// Given are its secrets that are not stored yet.
	Given Secrets
	// Lenient says that the block may have mistakes, because it had them before.
	Lenient bool
	// Keep stores the change. It is called last, when nothing else can fail.
	Keep func(ctx context.Context) error
}

// Options are what a keeper works with.
type Options struct {
	Store   Store
	Daemon  Daemon
	SignIns SignIns
	// Key seals the secrets.
	Key signin.Key
}

// Keeper keeps the saved connectors. Its methods are safe for concurrent use.
type Keeper struct {
	options Options
	// saves and drafts slow down whoever asks too often, and trials bounds how many
	// plugins are busy with what is not saved yet.
	saves, drafts *throttle.Throttle
	trials        chan struct{}
}

// How often one member may save, and have drafts checked: some at once, and then one an
// interval.
const (
	savesAtOnce, saveEvery   = 30, 3 * time.Second
	draftsAtOnce, draftEvery = 120, time.Second
	trialsAtOnce             = 2
)

// New returns a keeper.
func New(o Options) *Keeper {
	return &Keeper{
		options: o, trials: make(chan struct{}, trialsAtOnce),
		saves: throttle.New(savesAtOnce, saveEvery), drafts: throttle.New(draftsAtOnce, draftEvery),
	}
}

// who returns who asks.
func who(ctx context.Context) (access.Person, error) {
	p, ok := access.From(ctx)
	if !ok {
		return p, fmt.Errorf("%w: nobody has signed in", operator.ErrForbidden)
	}
	return p, nil
}

// turn takes a turn, or says when the next one is. Ops may have scripts.
func turn(t *throttle.Throttle, p access.Person) error {
	if isOps(p) {
		return nil
	}
	if wait := t.Take(p.Name); wait > 0 {
		return fmt.Errorf("%w: you ask too often; wait %s", operator.ErrBusy, wait.Round(time.Second))
	}
	return nil
}

// Blocks implements [operator.Relay] for what whoever asks sees.
func (k *Keeper) Blocks(ctx context.Context) ([]operator.Block, error) {
	p, err := who(ctx)
	if err != nil {
		return nil, err
	}
	blocks, err := k.options.Store.Blocks(ctx)
	if err != nil {
		return nil, err
	}
	types, err := k.types(ctx)
	if err != nil {
		return nil, err
	}
	list, asides := []operator.Block{}, k.options.Daemon.Asides()
	for _, b := range blocks {
		if sees(p, b) {
			list = append(list, shown(b, types, asides))
		}
	}
	return list, nil
}

// shown is a block as people see it.
func shown(b store.Block, types []plan.Type, asides map[string]plan.Aside) operator.Block {
	o := operator.Block{
		Name: b.Name, Owner: b.Owner, Team: b.Team, HCL: b.HCL, Problem: asides[b.Name].Text, Declared: asides[b.Name].Declared,
		Revision: b.Revision, Saved: b.Saved, SavedBy: b.SavedBy,
	}
	typ, _, err := form.Label(b.HCL)
	if err != nil {
		o.Beyond = err.Error()
		return o
	}
	o.Type = typ
	i := slices.IndexFunc(types, func(t plan.Type) bool { return t.Type.Type == typ })
	if i < 0 {
		o.Beyond = "no plugin has the type " + typ
		return o
	}
	f, err := form.Read(b.HCL, types[i].Type)
	if err != nil {
		o.Beyond = err.Error()
		return o
	}
	f.Revision = b.Revision
	o.Filled = &f
	return o
}

// block returns a saved block that somebody sees.
func (k *Keeper) block(ctx context.Context, p access.Person, name string) (store.Block, error) {
	b, err := k.options.Store.Block(ctx, name)
	if errors.Is(err, store.ErrNotFound) || err == nil && !sees(p, b) {
		return b, fmt.Errorf("saved connector %s: %w", name, operator.ErrNotFound)
	}
	return b, err
}

// conflict gives the store's error the meaning that people know.
func conflict(err error) error {
	if errors.Is(err, store.ErrChanged) {
		return fmt.Errorf("%w: somebody else has saved this connector; look at it again", operator.ErrConflict)
	}
	return err
}

// Has reports whether there is a saved connector of this name, running or not.
func (k *Keeper) Has(ctx context.Context, name string) (bool, error) {
	switch _, err := k.options.Store.Block(ctx, name); {
	case errors.Is(err, store.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	return true, nil
}
