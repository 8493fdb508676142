// Package openid has people sign in elsewhere, at an issuer of OpenID Connect: with the
// authorisation code flow, PKCE, a state and a nonce.
package openid

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/connector-relay/relay/relay/secret"
)

// Settings are those of the oidc block.
type Settings struct {
	Issuer, ClientID string
	// ClientSecret is zero for a public client.
	ClientSecret secret.Value
	// NameClaim and GroupsClaim are where an ID token says who somebody is, and in which
	// groups.
	NameClaim, GroupsClaim string
}

// Equal reports whether both settings are the same.
func (s Settings) Equal(o Settings) bool {
	return s.Issuer == o.Issuer && s.ClientID == o.ClientID && s.ClientSecret.Equal(o.ClientSecret) && s.NameClaim == o.NameClaim && s.GroupsClaim == o.GroupsClaim
}

// Proof names what vouches for whoever signs in here; a session ends when it changes.
func (s Settings) Proof() string {
	sum := sha256.Sum256([]byte(s.Issuer + "\x00" + s.ClientID + "\x00" + s.NameClaim))
	return "oidc " + hex.EncodeToString(sum[:8])
}

// Issuer signs people in. It asks for the issuer's addresses and keys when they are first
// needed, so that a relay starts without them.
type Issuer struct {
	settings Settings
	client   *http.Client

	mu    sync.Mutex
	known *known
	// failed is why the issuer could not be asked, and until is when to ask again.
	failed error
	until  time.Time
}

// known is what an issuer says about itself.
type known struct {
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
	scopes   []string
	// verifies says that it tells of every verified mail address that it is verified.
	verifies bool
}

const (
	// patience is how long an issuer may take for one answer.
	patience = 10 * time.Second
	// retry is how long a failure to ask the issuer counts, so that nobody waits for each
	// click.
	retry = 5 * time.Second
	// mostAnswer is how many bytes of an issuer's answer are read.
	mostAnswer = 1 << 20
)

// New returns an issuer that is asked through a transport.
func New(s Settings, through http.RoundTripper) *Issuer {
	return &Issuer{settings: s, client: &http.Client{Timeout: patience, Transport: bounded{through}}}
}

// bounded reads no more of an answer than it should have.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, mostAnswer), resp.Body}
	}
	return resp, err
}

// ErrUnreachable means that the issuer cannot be asked now.
var ErrUnreachable = errors.New("where people sign in cannot be reached now; try again in a minute")

// ask returns what the issuer says about itself.
func (i *Issuer) ask() (*known, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.known != nil {
		return i.known, nil
	}
	if time.Now().Before(i.until) {
		return nil, i.failed
	}
	// The provider keeps this context to fetch keys with, so it is no request's.
	provider, err := oidc.NewProvider(oidc.ClientContext(context.Background(), i.client), i.settings.Issuer)
	if err != nil {
		i.failed, i.until = fmt.Errorf("%w: %w", ErrUnreachable, err), time.Now().Add(retry)
		return nil, i.failed
	}
	var supports struct {
		Scopes []string `json:"scopes_supported"`
		Claims []string `json:"claims_supported"`
	}
	_ = provider.Claims(&supports) // without it, the usual scopes do
	k := &known{provider: provider, verifier: provider.Verifier(&oidc.Config{ClientID: i.settings.ClientID}), scopes: []string{oidc.ScopeOpenID, "profile", "email"}}
	k.verifies = slices.Contains(supports.Claims, "email_verified")
	if slices.Contains(supports.Scopes, "groups") {
		k.scopes = append(k.scopes, "groups")
	}
	i.known = k
	return k, nil
}

func (i *Issuer) config(k *known, redirect string) (*oauth2.Config, error) {
	client, err := i.settings.ClientSecret.Reveal()
	if err != nil {
		return nil, fmt.Errorf("client_secret: %w", err)
	}
	return &oauth2.Config{ClientID: i.settings.ClientID, ClientSecret: client, Endpoint: k.provider.Endpoint(), RedirectURL: redirect, Scopes: k.scopes}, nil
}

// Flow is one sign-in under way. It belongs to one browser, and nobody else may read it.
type Flow struct{ State, Nonce, Verifier string }

// Begin starts a sign-in, and returns where the browser goes. From there it comes back to
// the redirect URL.
func (i *Issuer) Begin(redirect string) (Flow, string, error) {
	k, err := i.ask()
	if err != nil {
		return Flow{}, "", err
	}
	c, err := i.config(k, redirect)
	if err != nil {
		return Flow{}, "", err
	}
	f := Flow{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	return f, c.AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), nil
}

// Finish ends a sign-in with the query with which the browser came back. The errors are for
// the person who signs in.
func (i *Issuer) Finish(ctx context.Context, f Flow, redirect string, query url.Values) (Identity, error) {
	switch {
	case f.State == "" || !same(query.Get("state"), f.State):
		return Identity{}, errors.New("this sign-in was begun in another browser, or is over; begin again")
	case query.Has("iss") && query.Get("iss") != i.settings.Issuer:
		return Identity{}, errors.New("the answer is from another issuer than the one in the configuration")
	case query.Has("error"):
		return Identity{}, fmt.Errorf("the issuer says %s", short(strings.TrimSpace(query.Get("error")+" "+query.Get("error_description"))))
	case query.Get("code") == "":
		return Identity{}, errors.New("the issuer's answer has no code; begin again")
	}
	k, err := i.ask()
	if err != nil {
		return Identity{}, err
	}
	c, err := i.config(k, redirect)
	if err != nil {
		return Identity{}, err
	}
	ctx = oidc.ClientContext(ctx, i.client)
	token, err := c.Exchange(ctx, query.Get("code"), oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return Identity{}, exchangeError(err)
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return Identity{}, errors.New("the issuer's answer has no ID token; the relay's client there needs the scope \"openid\"")
	}
	id, err := k.verifier.Verify(ctx, raw)
	if err != nil {
		return Identity{}, fmt.Errorf("the issuer's ID token is not valid: %w", err)
	}
	if !same(id.Nonce, f.Nonce) {
		return Identity{}, errors.New("the issuer's ID token is from another sign-in; begin again")
	}
	return i.identify(ctx, k, id, token)
}

// identify reads who somebody is from an ID token and, where that does not say, from the
// issuer's answer to who has the token.
func (i *Issuer) identify(ctx context.Context, k *known, id *oidc.IDToken, token *oauth2.Token) (Identity, error) {
	all := claims{}
	if err := id.Claims(&all); err != nil {
		return Identity{}, fmt.Errorf("read the issuer's ID token: %w", err)
	}
	if s := i.settings; (all[s.NameClaim] == nil || all[s.GroupsClaim] == nil) && k.provider.UserInfoEndpoint() != "" {
		more := claims{}
		info, err := k.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err == nil && info.Subject == id.Subject && info.Claims(&more) == nil {
			all.fill(more)
		}
	}
	if k.verifies && all["email_verified"] == nil {
		all["email_verified"] = false // some leave out what is false
	}
	return all.identity(i.settings)
}

// exchangeError says why the issuer gives no token. It leaves out the answer's body, which
// may hold secrets.
func exchangeError(err error) error {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		if refused.ErrorCode == "" {
			return fmt.Errorf("the issuer gave no token: %s", refused.Response.Status)
		}
		return fmt.Errorf("the issuer gave no token: %s", short(strings.TrimSpace(refused.ErrorCode+" "+refused.ErrorDescription)))
	}
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}

// mostWords is how much of an issuer's words a person is shown.
const mostWords = 300

func short(s string) string {
	if r := []rune(s); len(r) > mostWords {
		return string(r[:mostWords]) + "…"
	}
	return s
}
