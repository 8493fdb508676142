package relay

import (
	"context"
	"errors"
	"fmt"

	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/private"
	"github.com/connector-relay/relay/relay/secret"
	"github.com/connector-relay/relay/relay/signin"
)

// landingPath is where a browser comes back to, on the public listener.
const landingPath = "/sign-in"

// openSignIn makes the keeper of tokens, whose key is nobody else's to read.
func (r *Relay) openSignIn(store signin.Store, key string) error {
	mended, err := private.Keep(key)
	if err != nil {
		return fmt.Errorf("the key for tokens: %w", err)
	}
	if mended {
		r.log.Warn().Str("file", key).Msg("other users had rights to the key for tokens; now only its owner has")
	}
	r.signIn = signin.New(signin.Options{
		Store: store, Plugins: r.host, Key: signin.Key{File: key},
		Landing:  func() string { return r.publicAddress() + landingPath },
		SignedIn: func(name string) { r.intake.PollSoon(name) },
		Mask:     func(name string, tokens ...secret.Value) { r.masker.Keep("sign-in of "+name, tokens...) },
	})
	r.onStop("sign-ins", func(context.Context) error { r.signIn.Close(); return nil })
	return nil
}

// SignIn implements [operator.Relay].
func (r *Relay) SignIn(ctx context.Context, name string) (operator.SignIn, error) {
	src, err := r.intake.Call(name)
	if err != nil {
		return operator.SignIn{}, meaning(err)
	}
	s, err := r.signIn.Begin(ctx, src)
	if err != nil {
		return operator.SignIn{}, fmt.Errorf("connector %s: %w", name, signInMeaning(err))
	}
	return operator.SignIn{ID: s.ID, Flow: string(s.Flow), URL: s.URL, Code: s.Code, Hint: s.Hint, Expires: s.Expires}, nil
}

// AwaitSignIn implements [operator.Relay].
func (r *Relay) AwaitSignIn(ctx context.Context, id string) error {
	return signInMeaning(r.signIn.Wait(ctx, id))
}

// PasteToken implements [operator.Relay].
func (r *Relay) PasteToken(_ context.Context, id, token string) error {
	return signInMeaning(r.signIn.Paste(id, token))
}

// signInMeaning gives an error the meaning that crosses the operator socket: what
// went wrong with a sign-in is for the person who signs in to hear.
func signInMeaning(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, signin.ErrNoSession):
		return fmt.Errorf("%w: %w", operator.ErrNotFound, err)
	}
	return declinedError{err}
}

// declinedError is an [operator.ErrInvalid] that says no more than its cause.
type declinedError struct{ error }

// Unwrap returns the cause and its meaning.
func (e declinedError) Unwrap() []error { return []error{e.error, operator.ErrInvalid} }
