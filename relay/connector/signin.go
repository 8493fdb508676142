package connector

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/connector-relay/relay/relay/connector/wire"
)

// Authenticator is a connector that a person may have to sign in to.
type Authenticator interface {
	// SignIn says how, given the arguments; it returns nil when they already give access.
	// It uses no network. The relay runs the sign-in, stores the result encrypted, and
	// gives Poll and Receive a token.
	SignIn() *SignIn
}

// Flow is a way to sign in.
type Flow string

const (
	// DeviceCode shows a code that the person enters on another device (RFC 8628).
	DeviceCode Flow = "device code"
	// AuthorisationCode is OAuth's, with PKCE (RFC 7636). It needs relay.public_url, to
	// which the browser returns.
	AuthorisationCode Flow = "authorisation code"
	// TokenPage sends the person to a page of the service that shows a token to paste.
	TokenPage Flow = "token page"
)

// SignIn is how a person gives a connector access.
type SignIn struct {
	Flow Flow
	// ClientID and ClientSecret are the OAuth client that the relay acts as. A
	// public client has no secret.
	ClientID     string
	ClientSecret string
	Scopes       []string
	DeviceURL    string
	// PageURL is where the person goes: OAuth's authorisation endpoint, or the
	// token page.
	PageURL  string
	TokenURL string
	// Hint is one line that tells the person what to do there.
	Hint string
}

// SignIn implements the service.
func (s *server) SignIn(_ context.Context, r *wire.SignInRequest) (*wire.SignInResponse, error) {
	kind, ok := s.served[r.GetType()]
	if !ok {
		return nil, status.Errorf(codes.NotFound, "there is no connector type %q here", r.GetType())
	}
	c := kind.factory()
	a, ok := c.(Authenticator)
	if !ok || len(decodeArguments(kind.fields, r.GetArguments(), c)) > 0 {
		return &wire.SignInResponse{}, nil
	}
	var how *SignIn
	if err := s.guarded("SignIn", r.GetConnector(), func() error { how = a.SignIn(); return nil }); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return wireSignIn(how), nil
}

func wireSignIn(how *SignIn) *wire.SignInResponse {
	if how == nil {
		return &wire.SignInResponse{}
	}
	flows := map[Flow]wire.SignInResponse_Flow{
		DeviceCode: wire.SignInResponse_DEVICE_CODE, AuthorisationCode: wire.SignInResponse_AUTHORISATION_CODE, TokenPage: wire.SignInResponse_TOKEN_PAGE,
	}
	return &wire.SignInResponse{
		Flow: flows[how.Flow], ClientId: how.ClientID, ClientSecret: how.ClientSecret, Scopes: how.Scopes,
		DeviceUrl: how.DeviceURL, PageUrl: how.PageURL, TokenUrl: how.TokenURL, Hint: valid(how.Hint),
	}
}
