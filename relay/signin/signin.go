// Package signin gives connectors the access that a person has granted. It runs the
// sign-in, stores the grant encrypted, refreshes it, and hands out access tokens that
// are good for a while.
package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/outbound"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/secret"
	"github.com/connector-relay/relay/relay/store"
)

// margin is the least time that a token must remain good: the usual longest poll.
const margin = 5 * time.Minute

// Plugins say how to sign in.
type Plugins interface {
	SignIn(ctx context.Context, s pluginhost.Call) (*connector.SignIn, error)
}

// Options are what a keeper needs.
type Options struct {
	Store   store.SignIn
	Plugins Plugins
	Key     Key
	// Landing returns the address to which a person's browser returns.
	Landing func() string
	// Mask, if not nil, gets all tokens of a connector first: the current ones and those
	// they replace.
	Mask func(connector string, tokens ...secret.Value)
	// SignedIn is called after a person has signed in for a connector.
	SignedIn func(connector string)
}

// Keeper keeps tokens and runs sign-ins. Its methods may be called concurrently.
type Keeper struct {
	options Options
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu sync.Mutex
	// refreshing has a lock for each connector, so that a single-use refresh token is used
	// once.
	refreshing map[string]*sync.Mutex
	sessions   map[string]*session
}

// New returns a keeper.
func New(o Options) *Keeper {
	ctx, cancel := context.WithCancel(context.Background())
	return &Keeper{options: o, ctx: ctx, cancel: cancel, refreshing: make(map[string]*sync.Mutex), sessions: make(map[string]*session)}
}

// Close ends the sign-ins under way.
func (k *Keeper) Close() {
	k.cancel()
	k.running.Wait()
}

// grant is the result of a sign-in.
type grant struct {
	Access  string    `json:"access"`
	Refresh string    `json:"refresh,omitempty"`
	Expiry  time.Time `json:"expiry,omitzero"`
	// By is who signed in.
	By string `json:"by,omitempty"`
}

// fresh reports whether the access token is good for a poll.
func (g grant) fresh() bool {
	return g.Access != "" && (g.Expiry.IsZero() || time.Until(g.Expiry) > margin)
}

// Token returns what to tell a connector's plugin: a token that is good for a while,
// or "" when its arguments already give access. It fails with a [connector.Error],
// of the unauthorised kind when a person must sign in.
func (k *Keeper) Token(ctx context.Context, s pluginhost.Call) (string, error) {
	how, err := k.options.Plugins.SignIn(ctx, s)
	if err != nil || how == nil {
		return "", err
	}
	lock := k.lock(s.Connector)
	lock.Lock()
	defer lock.Unlock()
	g, err := k.load(ctx, s.Connector)
	if err != nil {
		return "", err
	}
	k.mask(s.Connector, g)
	if g.fresh() {
		return g.Access, nil
	}
	before := g
	if g, err = refresh(ctx, s, how, g); err != nil {
		return "", err
	}
	k.mask(s.Connector, g, before)
	// The old refresh token may be void now, so nothing may go on before the new one is
	// stored.
	if err := k.save(context.WithoutCancel(ctx), s.Connector, g); err != nil {
		return "", temporary(err)
	}
	return g.Access, nil
}

func (k *Keeper) mask(name string, grants ...grant) {
	if k.options.Mask == nil {
		return
	}
	var tokens []secret.Value
	for _, g := range grants {
		tokens = append(tokens, secret.New(g.Access), secret.New(g.Refresh))
	}
	k.options.Mask(name, tokens...)
}

func (k *Keeper) lock(name string) *sync.Mutex {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refreshing[name] == nil {
		k.refreshing[name] = &sync.Mutex{}
	}
	return k.refreshing[name]
}

func (k *Keeper) load(ctx context.Context, name string) (grant, error) {
	sealed, err := k.options.Store.Token(ctx, name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return grant{}, connector.Unauthorised("nobody has signed in yet; run `relay login %s`", name)
	case err != nil:
		return grant{}, temporary(err)
	}
	var g grant
	plain, err := k.options.Key.Open(name, sealed)
	if err == nil {
		err = json.Unmarshal(plain, &g)
	}
	if err != nil {
		return grant{}, connector.Unauthorised("connector %s: %w", name, err)
	}
	return g, nil
}

func (k *Keeper) save(ctx context.Context, name string, g grant) error {
	plain, err := json.Marshal(g)
	if err != nil {
		return fmt.Errorf("encode the token: %w", err)
	}
	sealed, err := k.options.Key.Seal(name, plain)
	if err != nil {
		return err
	}
	return k.options.Store.SaveToken(ctx, name, sealed)
}

// Move hands over a grant when a connector is renamed. Move gets it sealed for the new
// name, or nil if nobody has signed in; it is not refreshed meanwhile.
func (k *Keeper) Move(ctx context.Context, from, to string, move func(sealed []byte) error) error {
	lock := k.lock(from)
	lock.Lock()
	defer lock.Unlock()
	sealed, err := k.options.Store.Token(ctx, from)
	if errors.Is(err, store.ErrNotFound) {
		return move(nil)
	}
	if err != nil {
		return err
	}
	plain, err := k.options.Key.Open(from, sealed)
	if err != nil {
		return fmt.Errorf("hand over the sign-in of connector %s: %w", from, err)
	}
	if sealed, err = k.options.Key.Seal(to, plain); err != nil {
		return fmt.Errorf("hand over the sign-in of connector %s: %w", from, err)
	}
	return move(sealed)
}

// By returns who has signed a connector in. It fails with [store.ErrNotFound] when nobody has.
func (k *Keeper) By(ctx context.Context, name string) (string, error) {
	if _, err := k.options.Store.Token(ctx, name); err != nil {
		return "", err
	}
	g, err := k.load(ctx, name)
	return g.By, err
}

// Forget removes a connector's grant, because somebody else is to sign in.
func (k *Keeper) Forget(ctx context.Context, name string) error {
	lock := k.lock(name)
	lock.Lock()
	defer lock.Unlock()
	return k.options.Store.SaveToken(ctx, name, nil)
}

func temporary(err error) error { return &connector.Error{Kind: connector.KindTemporary, Err: err} }

// refresh requests a new access token.
func refresh(ctx context.Context, s pluginhost.Call, how *connector.SignIn, g grant) (grant, error) {
	if g.Refresh == "" {
		return grant{}, connector.Unauthorised("the sign-in has expired; run `relay login %s`", s.Connector)
	}
	client, err := clientFor(s)
	if err != nil {
		return grant{}, err
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, client)
	t, err := config(how, "").TokenSource(ctx, &oauth2.Token{RefreshToken: g.Refresh}).Token()
	if err != nil {
		return grant{}, refused(s.Connector, err)
	}
	g.Access, g.Refresh, g.Expiry = t.AccessToken, t.RefreshToken, t.Expiry
	return g, nil
}

// granted is the grant in an authorisation server's answer.
func granted(t *oauth2.Token) grant {
	return grant{Access: t.AccessToken, Refresh: t.RefreshToken, Expiry: t.Expiry}
}

// refused gives an authorisation server's error its kind. Its text may quote what was
// sent, so only the standard's error code is shown (RFC 6749, section 5.2).
func refused(name string, err error) error {
	answer, ok := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case !ok:
		return temporary(fmt.Errorf("renew the sign-in: %w", outbound.CleanError(err)))
	case answer.ErrorCode == "invalid_grant":
		return connector.Unauthorised("the sign-in has expired or was revoked; run `relay login %s`", name)
	case answer.ErrorCode == "invalid_client", answer.ErrorCode == "unauthorized_client", answer.ErrorCode == "invalid_scope":
		return connector.Misconfigured("the service refuses the sign-in (%s); check the client that the connector's arguments name", answer.ErrorCode)
	}
	return temporary(fmt.Errorf("renew the sign-in: the service answered %d %s", answer.Response.StatusCode, answer.ErrorCode))
}

func config(how *connector.SignIn, landing string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: how.ClientID, ClientSecret: how.ClientSecret, Scopes: how.Scopes, RedirectURL: landing,
		Endpoint: oauth2.Endpoint{AuthURL: how.PageURL, DeviceAuthURL: how.DeviceURL, TokenURL: how.TokenURL},
	}
}

// clientFor returns the client for the connector's authorisation server. The plugin
// names the server, so the same networks are out of reach as for the plugin.
func clientFor(s pluginhost.Call) (*http.Client, error) {
	client, err := new(outbound.Pool).Client(s.HTTP)
	if err != nil {
		return nil, connector.Misconfigured("%w", err)
	}
	client.Timeout = 30 * time.Second
	return client, nil
}
