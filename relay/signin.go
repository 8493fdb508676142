package relay

import (
	"context"
	"fmt"

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
		Landing:  func() string { return r.Running().Public + landingPath },
		SignedIn: func(name string) { r.intake.PollSoon(name) },
		Mask:     func(name string, tokens ...secret.Value) { r.masker.Keep("sign-in of "+name, tokens...) },
	})
	r.onStop("sign-ins", func(context.Context) error { r.signIn.Close(); return nil })
	return nil
}
