package relay

import (
	"context"
	"fmt"
	"slices"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/plan"
	"github.com/connector-relay/relay/relay/saved"
	"github.com/connector-relay/relay/relay/store"
)

// openSaved makes the keeper of what people save on the page. The configuration is read
// with it.
func (r *Relay) openSaved(context.Context, *next) (undo, error) {
	r.saved = saved.New(saved.Options{Store: r.store, Daemon: r, SignIns: r.signIn, Key: r.key})
	return ending(r.background.Wait), nil
}

// planning returns what a plan is made with: sources, unless nil, in place of the files as
// they are now, and the saved connectors with a change that is not stored yet.
func (r *Relay) planning(ctx context.Context, sources []config.Source, c saved.Change) (plan.Options, error) {
	blocks, err := r.store.Blocks(ctx)
	if err != nil {
		return plan.Options{}, fmt.Errorf("read the saved connectors: %w", err)
	}
	people, err := r.store.People(ctx)
	if err != nil {
		return plan.Options{}, fmt.Errorf("read who has signed in: %w", err)
	}
	o := plan.Options{
		Path: r.options.Config, Sources: sources, Host: r.host, Masker: r.masker, Renderer: r.renderer, Version: r.options.Version,
		Secret: r.saved.Secret(ctx, c.Given), Seen: make(map[string][]string),
	}
	for _, p := range people {
		o.Seen[p.Name] = p.Groups
	}
	blocks = slices.DeleteFunc(blocks, func(b store.Block) bool { return b.Name == c.Name })
	if c.Block != nil {
		blocks = append(blocks, *c.Block)
	}
	for _, b := range blocks {
		o.Saved = append(o.Saved, config.Saved{Name: b.Name, HCL: b.HCL})
	}
	return o, nil
}

// Apply implements [saved.Daemon].
func (r *Relay) Apply(ctx context.Context, c saved.Change) error {
	r.reloading.Lock()
	defer r.reloading.Unlock()
	n := &next{}
	again := step{"saved connectors", func(ctx context.Context, n *next) (undo, error) { return r.readWith(ctx, n, c) }}
	keep := step{"saving", func(ctx context.Context, _ *next) (undo, error) {
		if c.Keep == nil {
			return nil, nil
		}
		return nil, c.Keep(context.WithoutCancel(ctx))
	}}
	steps := slices.Concat([]step{again, {"changes", r.compare}}, r.preparation(), []step{keep})
	if err := r.steps().do(ctx, n, steps); err != nil {
		return err
	}
	r.commit(ctx, n)
	r.tell(n.changes)
	return nil
}

// readWith makes a plan of what runs, with a change. Nobody has reloaded the files.
func (r *Relay) readWith(ctx context.Context, n *next, c saved.Change) (undo, error) {
	o, err := r.planning(ctx, r.current().Sources, c)
	if err != nil {
		return nil, err
	}
	if n.plan, err = plan.Prepare(ctx, o); err != nil {
		return nil, fmt.Errorf("%w: the configuration that runs cannot be read again: %w", operator.ErrInvalid, err)
	}
	if aside, broken := n.plan.Asides[c.Name]; broken && c.Block != nil && !c.Lenient {
		err = &operator.MistakenError{Mistakes: []form.Mistake{{Message: aside.Text}}}
	}
	return ending(n.plan.Discard), err
}

// Check implements [saved.Daemon].
func (r *Relay) Check(ctx context.Context, b store.Block, given saved.Secrets) (*plan.Checked, error) {
	o, err := r.planning(ctx, r.current().Sources, saved.Change{Given: given})
	if err != nil {
		return nil, err
	}
	return plan.Check(ctx, config.Saved{Name: b.Name, HCL: b.HCL}, o)
}

// Declared implements [saved.Daemon].
func (r *Relay) Declared(name string) bool {
	return slices.ContainsFunc(r.current().Config.Connectors, func(c config.Connector) bool { return c.Name == name && !c.Saved })
}

// Asides implements [saved.Daemon].
func (r *Relay) Asides() map[string]plan.Aside { return r.current().Asides }

// Types implements [saved.Daemon]. To ask the plugins that nothing uses yet, they are
// started; the answer holds until the files are read again.
func (r *Relay) Types(ctx context.Context) ([]plan.Type, error) {
	r.gallery.Lock()
	defer r.gallery.Unlock()
	sources := r.current().Sources
	if r.gallery.types != nil && &r.gallery.sources[0] == &sources[0] {
		return r.gallery.types, nil
	}
	o := plan.Options{Path: r.options.Config, Sources: sources, Host: r.host, Masker: r.masker, Secret: r.saved.Secret(ctx, nil)}
	types, err := plan.Gallery(ctx, o)
	if err == nil {
		r.gallery.sources, r.gallery.types = sources, types
	}
	return types, err
}

// signedIn hears what a sign-in said of somebody. When that changes which teams she is in,
// connectors that she has left behind are suspended, or go on.
func (r *Relay) signedIn(ctx context.Context, p store.Person) {
	if !r.current().Concerns(p.Name, p.Groups) {
		return
	}
	r.background.Go(func() {
		if err := r.Apply(context.WithoutCancel(ctx), saved.Change{}); err != nil {
			r.log.Error().Err(err).Str("who", p.Name).Msg("what a sign-in said of groups is not in force until the next reload")
		}
	})
}
