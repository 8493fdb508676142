package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// step is one thing that a start or a reload does. It returns how to undo what it did, if
// there is anything to undo, even when it fails half-way.
type step struct {
	name string
	do   func(ctx context.Context, n *next) (undo, error)
}

// undo undoes what a step did.
type undo func(context.Context) error

// ending returns an undo that cannot fail.
func ending(end func()) undo { return func(context.Context) error { end(); return nil } }

// steps carries out steps and remembers how to undo them.
type steps struct {
	done []undo
	// after, unless nil, is called after each step and can fail it.
	after func(step string) error
}

// steps returns a runner for the steps of one start or reload.
func (r *Relay) steps() *steps { return &steps{after: r.options.after} }

// do carries out steps in order. When one fails, it undoes everything done so far.
func (s *steps) do(ctx context.Context, n *next, list []step) error {
	for _, step := range list {
		undo, err := step.do(ctx, n)
		if undo != nil {
			s.done = append(s.done, func(ctx context.Context) error {
				if err := undo(ctx); err != nil {
					return fmt.Errorf("stop %s: %w", step.name, err)
				}
				return nil
			})
		}
		if err == nil && s.after != nil {
			err = s.after(step.name)
		}
		if err != nil {
			return errors.Join(err, s.undo(context.WithoutCancel(ctx)))
		}
	}
	return nil
}

// undo undoes everything done so far, last step first, and carries on when one cannot be
// undone.
func (s *steps) undo(ctx context.Context) error {
	var errs []error
	for _, undo := range slices.Backward(s.done) {
		errs = append(errs, undo(ctx))
	}
	s.done = nil
	return errors.Join(errs...)
}
