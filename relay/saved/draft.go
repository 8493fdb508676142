package saved

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/plan"
	"github.com/connector-relay/relay/relay/store"
)

// draft is a draft as it would be saved.
type draft struct {
	person access.Person
	// before is the saved block that it changes; its name is empty for a new one.
	before store.Block
	block  store.Block
	given  Secrets
	// form says the same as the block; nil when none does.
	form     *form.Filled
	typ      connector.Type
	mistakes []form.Mistake
	// checked is nil when mistakes kept it from being written as HCL.
	checked *plan.Checked
}

func (d *draft) discard() {
	if d.checked != nil {
		d.checked.Discard()
	}
}

func (d *draft) mistake(field, message string) {
	if message != "" {
		d.mistakes = append(d.mistakes, form.Mistake{Field: field, Message: message})
	}
}

// read finds out what a draft would be, and what is wrong with it. Errors are about who
// asks, not about what she filled in. The caller discards the draft.
func (k *Keeper) read(ctx context.Context, in operator.Draft) (d *draft, err error) {
	p, err := who(ctx)
	if err != nil {
		return nil, err
	}
	if err := turn(k.drafts, p); err != nil {
		return nil, err
	}
	d = &draft{person: p}
	if err := k.write(ctx, d, in); err != nil || len(d.mistakes) > 0 {
		return d, err
	}
	if len(d.block.HCL) > store.MaxBlock {
		d.mistake("", fmt.Sprintf("The block is longer than %d bytes.", store.MaxBlock))
		return d, nil
	}
	if d.before.Name == "" {
		if err := k.fresh(ctx, d); err != nil || len(d.mistakes) > 0 {
			return d, err
		}
	}
	if d.checked, err = k.options.Daemon.Check(ctx, d.block, d.given); err != nil {
		return d, err
	}
	d.block.Owner, d.block.Team = d.checked.Owner, d.checked.Team
	d.mistakes = discreet(p, d.checked.Mistakes)
	for _, m := range limits(p, d.checked) {
		if !slices.ContainsFunc(d.mistakes, func(o form.Mistake) bool { return o.Field == m.Field }) {
			d.mistakes = append(d.mistakes, m)
		}
	}
	return d, nil
}

// write makes the block's HCL.
func (k *Keeper) write(ctx context.Context, d *draft, in operator.Draft) error {
	typ, name, revision, err := label(in)
	if err != nil {
		d.mistake("", err.Error())
		return nil
	}
	d.block = store.Block{Name: name, Revision: revision, SavedBy: d.person.Name}
	if err := k.mine(ctx, d); err != nil {
		return err
	}
	types, err := k.types(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(types, func(t plan.Type) bool { return t.Type.Type == typ })
	if i < 0 {
		d.mistake("", fmt.Sprintf("There is no connector type %q.", typ))
		return nil
	}
	d.typ = types[i].Type
	filled := in.Filled
	if filled == nil {
		f, err := form.Read(in.HCL, d.typ)
		switch {
		case err == nil:
			filled = &f
		case !isOps(d.person):
			return onlyForm(err)
		default:
			d.block.HCL = strings.TrimSpace(in.HCL) + "\n"
			return nil
		}
	}
	return k.writeForm(ctx, d, *filled)
}

// writeForm makes HCL of a form.
func (k *Keeper) writeForm(ctx context.Context, d *draft, f form.Filled) error {
	if !isOps(d.person) {
		if err := asMember(d.person, &f); err != nil {
			return err
		}
	}
	written, mistakes := f.Write(d.typ)
	d.mistakes = append(d.mistakes, mistakes...)
	if len(mistakes) > 0 {
		return nil
	}
	d.block.HCL, d.given = written.HCL, written.Secrets
	again, err := form.Read(written.HCL, d.typ)
	if err != nil {
		return fmt.Errorf("the form cannot read what it wrote: %w", err)
	}
	again.Revision = d.block.Revision
	d.form = &again
	if old, err := form.Read(d.before.HCL, d.typ); err != nil || !sameUse(old, again) {
		kept := slices.DeleteFunc(slices.Clone(again.Kept), func(argument string) bool {
			_, given := d.given[form.SecretName(d.block.Name, argument)]
			return given
		})
		more, err := k.borrowed(ctx, d.person, d.block.Name, kept)
		d.mistakes = append(d.mistakes, more...)
		return err
	}
	return nil
}

// label returns what a draft says that it is.
func label(in operator.Draft) (typ, name string, revision int64, err error) {
	if f := in.Filled; f != nil {
		return f.Type, f.Name, cmp.Or(f.Revision, in.Revision), nil
	}
	typ, name, err = form.Label(in.HCL)
	return typ, name, in.Revision, err
}

// mine finds the block that a draft changes, if whoever drafts may.
func (k *Keeper) mine(ctx context.Context, d *draft) error {
	before, err := k.options.Store.Block(ctx, d.block.Name)
	switch {
	case errors.Is(err, store.ErrNotFound) && d.block.Revision != 0:
		return fmt.Errorf("%w: connector %s has been removed", operator.ErrConflict, d.block.Name)
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case d.block.Revision == 0:
		d.mistake(form.FieldName, "There is a connector of this name. Choose another.")
		return nil
	case !sees(d.person, before):
		return fmt.Errorf("saved connector %s: %w", d.block.Name, operator.ErrNotFound)
	case before.Revision != d.block.Revision:
		return conflict(store.ErrChanged)
	}
	d.before = before
	return mayChange(d.person, before)
}

// fresh checks what only a new connector can do wrong.
func (k *Keeper) fresh(ctx context.Context, d *draft) error {
	taken, err := k.nameTaken(ctx, d.person, d.block.Name)
	if err != nil {
		return err
	}
	d.mistake(form.FieldName, taken)
	many, err := k.tooMany(ctx, d.person)
	d.mistake("", many)
	return err
}

// Draft implements [operator.Relay].
func (k *Keeper) Draft(ctx context.Context, in operator.Draft) (operator.Drafted, error) {
	d, err := k.read(ctx, in)
	if err != nil {
		return operator.Drafted{}, discarding(d, err)
	}
	defer d.discard()
	out := operator.Drafted{HCL: d.block.HCL, Filled: d.form, Mistakes: d.mistakes}
	if d.checked != nil {
		out.Notes = d.checked.Notes
	}
	return out, nil
}

func discarding(d *draft, err error) error {
	if d != nil {
		d.discard()
	}
	return err
}

const (
	// tryWithin bounds a trial, which somebody waits for.
	tryWithin = 30 * time.Second
	// mostTried is how many events a trial shows.
	mostTried = 20
	// unnamed is what a connector without a name is called while it is tried.
	unnamed = "draft"
)

// TryConnector implements [operator.Relay].
func (k *Keeper) TryConnector(ctx context.Context, in operator.Draft) (operator.Trial, error) {
	if in.Filled != nil && in.Filled.Name == "" {
		f := *in.Filled
		f.Name = unnamed
		in.Filled = &f
	}
	d, err := k.read(ctx, in)
	if err != nil {
		return operator.Trial{}, discarding(d, err)
	}
	defer d.discard()
	if len(d.mistakes) > 0 {
		return operator.Trial{}, &operator.MistakenError{Mistakes: d.mistakes}
	}
	if !d.typ.Polls {
		return trial(d.block.Name, samples(d.typ), true)
	}
	select {
	case k.trials <- struct{}{}:
		defer func() { <-k.trials }()
	case <-ctx.Done():
		return operator.Trial{}, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, tryWithin)
	defer cancel()
	token, err := k.token(ctx, d)
	if err != nil {
		return operator.Trial{Events: []operator.Event{}, Problem: err.Error()}, nil
	}
	found, note, err := d.checked.Preview(ctx, token, mostTried)
	t, broken := trial(d.block.Name, found, false)
	if t.Note = note; err != nil {
		t.Problem = err.Error()
	}
	return t, broken
}

// token is that of a sign-in for a connector which is saved already.
func (k *Keeper) token(ctx context.Context, d *draft) (string, error) {
	if !d.typ.SignsIn {
		return "", nil
	}
	call, err := d.checked.Call()
	if err != nil {
		return "", err
	}
	if d.before.Name == "" {
		return "", nil // and the plugin says what to do
	}
	return k.options.SignIns.Token(ctx, call)
}

// samples are the samples of a type's kinds as events.
func samples(t connector.Type) []event.Event {
	var list []event.Event
	for _, kind := range t.Kinds {
		e := kind.Sample
		e.Kind, e.Key = kind.Name, cmp.Or(e.Key, kind.Name)
		list = append(list, e)
	}
	return list
}

func trial(name string, found []event.Event, samples bool) (operator.Trial, error) {
	t := operator.Trial{Events: []operator.Event{}, Samples: samples}
	for _, e := range found {
		c, err := e.Card.MarshalJSON()
		if err != nil {
			return t, fmt.Errorf("event %s: %w", e.Key, err)
		}
		t.Events = append(t.Events, operator.Event{Connector: name, Key: e.Key, Kind: e.Kind, Time: e.Time, Title: e.Card.Headline(), Card: c, Data: e.Data})
	}
	return t, nil
}
