package github

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/rest"
)

// client returns a client of the API that signs in.
func (g *GitHub) client(ctx context.Context, outer *http.Client) (*github.Client, error) {
	base, err := connector.ParseURL(strings.TrimSuffix(g.API, "/") + "/")
	if err != nil {
		return nil, connector.Misconfigured("the argument api: %w", err)
	}
	client := github.NewClient(rest.Bound(outer, rest.DefaultMaxBody))
	client.BaseURL = base
	token := g.Token
	if g.AppID != 0 {
		if token, err = g.app.token(ctx, g, client); err != nil {
			return nil, err
		}
	}
	if token != "" {
		client = client.WithAuthToken(token)
		client.BaseURL = base
	}
	return client, nil
}

// installation keeps an App's access token until it expires.
type installation struct {
	mu      sync.Mutex
	access  string
	expires time.Time
}

// token returns an access token of the App's installation, which is valid for an hour
// (https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app).
func (i *installation) token(ctx context.Context, g *GitHub, client *github.Client) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if time.Until(i.expires) > 5*time.Minute {
		return i.access, nil
	}
	signed, err := appToken(g.AppID, g.PrivateKey, time.Now())
	if err != nil {
		return "", err
	}
	app := client.WithAuthToken(signed)
	app.BaseURL = client.BaseURL
	t, _, err := app.Apps.CreateInstallationToken(ctx, g.Install, nil)
	if err != nil {
		return "", fmt.Errorf("sign in as the App: %w", kindOf(err))
	}
	i.access, i.expires = t.GetToken(), t.GetExpiresAt().Time
	return i.access, nil
}

// appToken returns what an App exchanges for an access token: a JSON Web Token that is
// valid for at most ten minutes, issued a little in the past because clocks differ.
func appToken(app int64, key string, now time.Time) (string, error) {
	private, err := parseKey(key)
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{"iat": now.Add(-time.Minute).Unix(), "exp": now.Add(9 * time.Minute).Unix(), "iss": fmt.Sprint(app)})
	if err != nil {
		return "", fmt.Errorf("encode the App's claims: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, sum[:])
	if err != nil {
		return "", connector.Misconfigured("the App's private key cannot sign")
	}
	return text + "." + encode(signature), nil
}

func parseKey(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, connector.Misconfigured("the App's private key is not in PEM form")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		if key, ok := key.(*rsa.PrivateKey); ok {
			return key, nil
		}
	}
	return nil, connector.Misconfigured("the App's private key is not an RSA key")
}

// kindOf classifies an error of the API. It leaves out GitHub's own words, which may name
// things that the token must not reveal.
func kindOf(err error) error {
	if e, ok := errors.AsType[*github.RateLimitError](err); ok {
		return connector.Throttled(e.Rate.Reset.Time, "GitHub's request limit is used up")
	}
	if e, ok := errors.AsType[*github.AbuseRateLimitError](err); ok {
		until := time.Time{}
		if e.RetryAfter != nil {
			until = time.Now().Add(*e.RetryAfter)
		}
		return connector.Throttled(until, "GitHub asks to slow down")
	}
	e, ok := errors.AsType[*github.ErrorResponse](err)
	if !ok {
		return connector.CleanError(err)
	}
	if e.Response.StatusCode == http.StatusNotFound {
		return connector.Misconfigured("GitHub has nothing by that name, or the token may not see it (404)")
	}
	return rest.StatusError("GitHub", e.Response.StatusCode, e.Response.Header, time.Now())
}
