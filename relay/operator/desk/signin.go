package desk

import (
	"context"
	"errors"
	"fmt"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/signin"
)

// SignIn implements [operator.Relay].
func (d *Desk) SignIn(ctx context.Context, name string) (operator.SignIn, error) {
	call, err := d.options.Intake.Call(name)
	if err != nil {
		return operator.SignIn{}, meaning(err)
	}
	me, _ := access.From(ctx)
	s, err := d.options.SignIns.Begin(ctx, call, me.Name)
	if err != nil {
		return operator.SignIn{}, fmt.Errorf("connector %s: %w", name, signInMeaning(err))
	}
	return operator.SignIn{ID: s.ID, Flow: string(s.Flow), URL: s.URL, Code: s.Code, Hint: s.Hint, Expires: s.Expires}, nil
}

// AwaitSignIn implements [operator.Relay].
func (d *Desk) AwaitSignIn(ctx context.Context, id string) error {
	return signInMeaning(d.options.SignIns.Wait(ctx, id))
}

// PasteToken implements [operator.Relay].
func (d *Desk) PasteToken(_ context.Context, id, token string) error {
	return signInMeaning(d.options.SignIns.Paste(id, token))
}

// signInMeaning gives an error the meaning that crosses the socket: the person who signs
// in needs to know what went wrong.
func signInMeaning(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, signin.ErrNoSession):
		return fmt.Errorf("%w: %w", operator.ErrNotFound, err)
	}
	return declinedError{err}
}

// declinedError is an [ErrInvalid] that says no more than its cause.
type declinedError struct{ error }

// Unwrap returns the cause and its meaning.
func (e declinedError) Unwrap() []error { return []error{e.error, operator.ErrInvalid} }
