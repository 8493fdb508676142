package saved

import (
	"context"
	"fmt"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// Save implements [operator.Relay].
func (k *Keeper) Save(ctx context.Context, in operator.Draft) (operator.Block, error) {
	p, err := who(ctx)
	if err != nil {
		return operator.Block{}, err
	}
	if err := turn(k.saves, p); err != nil {
		return operator.Block{}, err
	}
	d, err := k.read(ctx, in)
	if err != nil {
		return operator.Block{}, discarding(d, err)
	}
	defer d.discard()
	if len(d.mistakes) > 0 {
		return operator.Block{}, &operator.MistakenError{Mistakes: d.mistakes}
	}
	return k.put(ctx, p, d.block, d.given, d.form, nil)
}

// put brings a block into force and stores it with its secrets, or does neither. Before,
// unless nil, comes right before it is stored.
func (k *Keeper) put(ctx context.Context, p access.Person, b store.Block, given Secrets, f *form.Filled, before func(context.Context) error) (operator.Block, error) {
	secrets, err := k.sealing(ctx, b, p.Name, given, f)
	if err != nil {
		return operator.Block{}, err
	}
	types, err := k.types(ctx)
	if err != nil {
		return operator.Block{}, err
	}
	err = k.options.Daemon.Apply(ctx, Change{Name: b.Name, Block: &b, Given: given, Lenient: before != nil, Keep: func(ctx context.Context) (err error) {
		if before != nil {
			if err := before(ctx); err != nil {
				return err
			}
		}
		b, err = k.options.Store.SaveBlock(ctx, b, secrets)
		return conflict(err)
	}})
	if err != nil {
		return operator.Block{}, err
	}
	return shown(b, types, k.options.Daemon.Asides()), nil
}

// RemoveBlock implements [operator.Relay].
func (k *Keeper) RemoveBlock(ctx context.Context, name string, revision int64) error {
	p, err := who(ctx)
	if err != nil {
		return err
	}
	if err := turn(k.saves, p); err != nil {
		return err
	}
	b, err := k.block(ctx, p, name)
	if err != nil {
		return err
	}
	if err := mayChange(p, b); err != nil {
		return err
	}
	return k.options.Daemon.Apply(ctx, Change{Name: name, Keep: func(ctx context.Context) error {
		return conflict(k.options.Store.RemoveBlock(ctx, name, revision))
	}})
}

// TakeOver implements [operator.Relay]. Secrets stay where they are: they belong to what
// the connector does, and its new owner can neither read them nor use them for anything
// else. A sign-in is a person's own, and ends.
func (k *Keeper) TakeOver(ctx context.Context, name string) (operator.Block, error) {
	p, err := who(ctx)
	if err != nil {
		return operator.Block{}, err
	}
	if err := turn(k.saves, p); err != nil {
		return operator.Block{}, err
	}
	b, err := k.block(ctx, p, name)
	if err != nil {
		return operator.Block{}, err
	}
	if err := k.mayTakeOver(ctx, p, b); err != nil {
		return operator.Block{}, err
	}
	if b.HCL, err = form.Reown(b.HCL, p.Name); err != nil {
		return operator.Block{}, fmt.Errorf("%w: %w", operator.ErrInvalid, err)
	}
	b.Owner, b.SavedBy = p.Name, p.Name
	return k.put(ctx, p, b, nil, nil, func(ctx context.Context) error { return k.options.SignIns.Forget(ctx, name) })
}

func (k *Keeper) mayTakeOver(ctx context.Context, p access.Person, b store.Block) error {
	switch {
	case owns(p, b):
		return fmt.Errorf("%w: connector %s is yours already", operator.ErrInvalid, b.Name)
	case isOps(p):
		return nil
	case !p.Manages(b.Team):
		return fmt.Errorf("%w: connector %s is another team's", operator.ErrForbidden, b.Name)
	}
	c, err := k.options.Daemon.Check(ctx, b, nil)
	if err != nil {
		return err
	}
	defer c.Discard()
	if !c.Left {
		return fmt.Errorf("%w: %s still is a member of team %s", operator.ErrForbidden, b.Owner, b.Team)
	}
	return nil
}
