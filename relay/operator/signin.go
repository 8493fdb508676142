package operator

import (
	"context"
	"errors"
	"fmt"

	"github.com/connector-relay/relay/relay/signin"
)

// SignIn implements [Relay].
func (d *Desk) SignIn(ctx context.Context, name string) (signin.Session, error) {
	call, err := d.options.Intake.Call(name)
	if err != nil {
		return signin.Session{}, meaning(err)
	}
	s, err := d.options.SignIns.Begin(ctx, call)
	if err != nil {
		return signin.Session{}, fmt.Errorf("connector %s: %w", name, signInMeaning(err))
	}
	return s, nil
}

// AwaitSignIn implements [Relay].
func (d *Desk) AwaitSignIn(ctx context.Context, id string) error {
	return signInMeaning(d.options.SignIns.Wait(ctx, id))
}

// PasteToken implements [Relay].
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
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return declinedError{err}
}

// declinedError is an [ErrInvalid] that says no more than its cause.
type declinedError struct{ error }

// Unwrap returns the cause and its meaning.
func (e declinedError) Unwrap() []error { return []error{e.error, ErrInvalid} }
