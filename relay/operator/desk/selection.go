package desk

import (
	"context"
	"fmt"

	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// Count implements [operator.Relay].
func (d *Desk) Count(ctx context.Context, f store.Filter) (operator.Count, error) {
	if err := searchable(f.Text); err != nil {
		return operator.Count{}, err
	}
	f.Limit = operator.MostCounted
	found, err := d.options.Store.SelectDeliveries(ctx, f)
	return operator.Count{Count: len(found.IDs), More: found.More}, err
}

// Rates implements [operator.Relay].
func (d *Desk) Rates(ctx context.Context) (operator.Rates, error) {
	r, err := d.options.Store.Rates(ctx)
	return operator.Rates(r), err
}

// Replay implements [operator.Relay].
func (d *Desk) Replay(ctx context.Context, s operator.Selection) ([]int64, error) {
	return d.change(ctx, s, d.options.Store.Replay)
}

// Dismiss implements [operator.Relay].
func (d *Desk) Dismiss(ctx context.Context, s operator.Selection) ([]int64, error) {
	return d.change(ctx, s, d.options.Store.Dismiss)
}

// change applies one change to the chosen dead letters, all at once: the store
// keeps their order.
func (d *Desk) change(ctx context.Context, s operator.Selection, do func(context.Context, []int64) ([]int64, error)) ([]int64, error) {
	chosen, err := d.chosen(ctx, s)
	if err != nil {
		return []int64{}, err
	}
	changed, err := do(ctx, chosen)
	return append([]int64{}, changed...), err
}

// chosen returns what a selection chooses. A person has seen what she names one by one;
// of what a filter chooses she has at best seen the number.
func (d *Desk) chosen(ctx context.Context, s operator.Selection) ([]int64, error) {
	if !s.Chooses() {
		return nil, fmt.Errorf("%w: the selection chooses nothing; name deliveries, or what they have in common, or all", operator.ErrInvalid)
	}
	if len(s.Deliveries) > 0 {
		return s.Deliveries, nil
	}
	if err := searchable(s.Text); err != nil {
		return nil, err
	}
	f := s.Filter()
	f.Limit = operator.MostCounted
	found, err := d.options.Store.SelectDeliveries(ctx, f)
	switch n := len(found.IDs); {
	case err != nil:
		return nil, err
	case found.More:
		return nil, fmt.Errorf("%w: more than %d match, or more than a search looks at; narrow the selection, for example by time", operator.ErrInvalid, n)
	case s.Expected == 0 && n > operator.MostUnsaid:
		return nil, fmt.Errorf("%w: %d match; to change more than %d at once, say that so many are expected", operator.ErrInvalid, n, operator.MostUnsaid)
	case s.Expected != 0 && s.Expected != n:
		return nil, fmt.Errorf("%w: %d match now, and %d were expected; nothing was changed", operator.ErrConflict, n, s.Expected)
	}
	return found.IDs, nil
}
