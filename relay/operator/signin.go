package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/signin"
)

// SignIn is a sign-in under way.
type SignIn struct {
	ID string `json:"sign_in"`
	// Flow is "device code", "authorisation code" or "token page".
	Flow string `json:"flow"`
	// URL is where the person goes; Code is what a device code sign-in has them
	// enter there.
	URL     string    `json:"url"`
	Code    string    `json:"code,omitempty"`
	Hint    string    `json:"hint,omitempty"`
	Expires time.Time `json:"expires"`
}

// SignIn implements [Relay].
func (d *Desk) SignIn(ctx context.Context, name string) (SignIn, error) {
	call, err := d.options.Intake.Call(name)
	if err != nil {
		return SignIn{}, meaning(err)
	}
	s, err := d.options.SignIns.Begin(ctx, call)
	if err != nil {
		return SignIn{}, fmt.Errorf("connector %s: %w", name, signInMeaning(err))
	}
	return SignIn{ID: s.ID, Flow: string(s.Flow), URL: s.URL, Code: s.Code, Hint: s.Hint, Expires: s.Expires}, nil
}

// AwaitSignIn implements [Relay].
func (d *Desk) AwaitSignIn(ctx context.Context, id string) error {
	return signInMeaning(d.options.SignIns.Wait(ctx, id))
}

// PasteToken implements [Relay].
func (d *Desk) PasteToken(_ context.Context, id, token string) error {
	return signInMeaning(d.options.SignIns.Paste(id, token))
}

// signInMeaning gives an error the meaning that crosses the socket: what
// went wrong with a sign-in is for the person who signs in to hear.
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
