package openid

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/secret"
)

// issuer is an issuer that signs whatever a test wants.
type issuer struct {
	*httptest.Server
	t   *testing.T
	key *ecdsa.PrivateKey
	// token is what it gives for a code, and asked what it was asked with.
	token func(claims map[string]any) string
	extra map[string]any
	asked url.Values
	// info is its answer to who has the token.
	info map[string]any
	// nonce is that of the sign-in under way.
	nonce string
	down  bool
	// claims are those that it says it has.
	claims []string
}

const back = "https://relay.example.com/sign-in/callback"

func newIssuer(t *testing.T) *issuer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{t: t, key: key}
	i.token = func(c map[string]any) string { return i.sign(i.key, jose.ES256, c) }
	mux := http.NewServeMux()
	answer := func(path string, v func(*http.Request) any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if i.down {
				http.Error(w, "down", http.StatusServiceUnavailable)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(v(r))
		})
	}
	answer("/.well-known/openid-configuration", func(*http.Request) any {
		return map[string]any{
			"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys", "userinfo_endpoint": i.URL + "/info",
			"id_token_signing_alg_values_supported": []string{"ES256", "none", "HS256"}, "scopes_supported": []string{"openid", "groups"}, "claims_supported": i.claims,
		}
	})
	answer("/keys", func(*http.Request) any {
		return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}}
	})
	answer("/info", func(*http.Request) any { return i.info })
	answer("/token", func(r *http.Request) any {
		_ = r.ParseForm()
		i.asked = r.Form
		claims := map[string]any{
			"iss": i.URL, "aud": "relay", "sub": "1", "nonce": i.nonce, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "email": "Ada@Example.com", "groups": []string{"b", "a", "b"},
		}
		maps.Copy(claims, i.extra)
		maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
		return map[string]any{"access_token": "canary-access", "token_type": "Bearer", "id_token": i.token(claims)}
	})
	i.Server = httptest.NewTLSServer(mux)
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) sign(key any, alg jose.SignatureAlgorithm, claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "k"))
	if err != nil {
		i.t.Fatal(err)
	}
	b, _ := json.Marshal(claims)
	signed, err := signer.Sign(b)
	if err != nil {
		i.t.Fatal(err)
	}
	text, _ := signed.CompactSerialize()
	return text
}

func (i *issuer) settings() Settings {
	return Settings{Issuer: i.URL, ClientID: "relay", ClientSecret: secret.New("canary-client"), NameClaim: "email", GroupsClaim: "groups"}
}

// signIn signs somebody in, and returns who she is.
func (i *issuer) signIn(s Settings, change func(f *Flow, query url.Values)) (Identity, error) {
	i.t.Helper()
	at := New(s, i.Client().Transport)
	f, address, err := at.Begin(back)
	if err != nil {
		i.t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		i.t.Fatal(err)
	}
	i.nonce = u.Query().Get("nonce")
	query := url.Values{"state": {u.Query().Get("state")}, "code": {"the code"}}
	if change != nil {
		change(&f, query)
	}
	return at.Finish(i.t.Context(), f, back, query)
}

func TestSignInSaysWhoSomebodyIs(t *testing.T) {
	i := newIssuer(t)
	at := New(i.settings(), i.Client().Transport)
	f, address, err := at.Begin(back)
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(address)
	q := u.Query()
	for name, want := range map[string]string{"response_type": "code", "client_id": "relay", "redirect_uri": back, "code_challenge_method": "S256", "scope": "openid profile email groups", "state": f.State, "nonce": f.Nonce} {
		if q.Get(name) != want {
			t.Errorf("%s is %q, not %q", name, q.Get(name), want)
		}
	}
	i.nonce = f.Nonce
	who, err := at.Finish(t.Context(), f, back, url.Values{"state": {f.State}, "code": {"the code"}, "iss": {i.URL}})
	if diff := cmp.Diff(Identity{"ada@example.com", []string{"a", "b"}}, who); err != nil || diff != "" {
		t.Errorf("who she is: %v %s", err, diff)
	}
	if i.asked.Get("code_verifier") != f.Verifier || i.asked.Get("redirect_uri") != back {
		t.Errorf("the issuer was asked for a token with %v", i.asked)
	}
}

func TestForgedSignInsAreRefused(t *testing.T) {
	i := newIssuer(t)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := i.token
	in := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	for _, c := range []struct {
		name   string
		change func(f *Flow, query url.Values)
		extra  map[string]any
		token  func(map[string]any) string
		says   string
	}{
		{name: "as it should be"},
		{name: "another browser's state", change: func(_ *Flow, q url.Values) { q.Set("state", "other") }, says: "another browser"},
		{name: "no state", change: func(_ *Flow, q url.Values) { q.Del("state") }, says: "another browser"},
		{name: "no flow", change: func(f *Flow, q url.Values) { *f = Flow{}; q.Set("state", "") }, says: "another browser"},
		{name: "another issuer's answer", change: func(_ *Flow, q url.Values) { q.Set("iss", "https://evil.example") }, says: "another issuer"},
		{name: "no code", change: func(_ *Flow, q url.Values) { q.Del("code") }, says: "no code"},
		{name: "declined", change: func(_ *Flow, q url.Values) {
			q.Set("error", "access_denied")
			q.Set("error_description", "<b>"+strings.Repeat("x", 5000))
		}, says: "access_denied <b>xxx"},
		{name: "another's nonce", extra: map[string]any{"nonce": "other"}, says: "another sign-in"},
		{name: "no nonce", extra: map[string]any{"nonce": nil}, says: "another sign-in"},
		{name: "another audience", extra: map[string]any{"aud": "other"}, says: "not valid"},
		{name: "another issuer", extra: map[string]any{"iss": "https://evil.example"}, says: "not valid"},
		{name: "expired", extra: map[string]any{"exp": in(-time.Second)}, says: "expired"},
		{name: "without an end", extra: map[string]any{"exp": nil}, says: "expired"},
		{name: "from a clock that is two minutes fast", extra: map[string]any{"nbf": in(2 * time.Minute)}},
		{name: "from the future", extra: map[string]any{"nbf": in(10 * time.Minute)}, says: "not valid"},
		{name: "another's key", token: func(c map[string]any) string { return i.sign(other, jose.ES256, c) }, says: "not valid"},
		{name: "the client secret as key", token: func(c map[string]any) string {
			return i.sign([]byte("canary-client-canary-client-0123"), jose.HS256, c)
		}, says: "not valid"},
		{name: "no signature", token: func(c map[string]any) string {
			b, _ := json.Marshal(c)
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(b) + "."
		}, says: "not valid"},
		{name: "changed after signing", token: func(c map[string]any) string {
			parts := strings.Split(good(c), ".")
			c["email"] = "root@example.com"
			b, _ := json.Marshal(c)
			return parts[0] + "." + base64.RawURLEncoding.EncodeToString(b) + "." + parts[2]
		}, says: "not valid"},
		{name: "no token", token: func(map[string]any) string { return "" }, says: "no ID token"},
		{name: "a mail address that is not verified", extra: map[string]any{"email_verified": false}, says: "not verified"},
		{name: "the same, as text", extra: map[string]any{"email_verified": "false"}, says: "not verified"},
		{name: "a mail address whose domain Entra has not verified", extra: map[string]any{"xms_edov": false}, says: "not verified"},
		{name: "a verified mail address", extra: map[string]any{"email_verified": "true"}},
		{name: "no name", extra: map[string]any{"email": nil, "upn": "ada@corp", "oid": "7"}, says: `no claim "email". Have it add that claim to the ID token, or set name_claim to one of those that there are: oid, sub, upn`},
		{name: "a name that is none", extra: map[string]any{"email": "ada\r\nSet-Cookie: x"}, says: "cannot be anybody's name"},

		{name: "too many groups for a token", extra: map[string]any{"groups": nil, "_claim_names": map[string]string{"groups": "src1"}, "_claim_sources": map[string]any{"src1": map[string]string{"endpoint": "https://graph.windows.net/x"}}}, says: "Token configuration"},
		{name: "the same, in a token for a browser", extra: map[string]any{"groups": nil, "hasgroups": true}, says: "Token configuration"},
		{name: "thousands of groups", extra: map[string]any{"groups": slices.Repeat([]string{"g"}, mostGroups+1)}, says: "more than"},
		{name: "groups that are none", extra: map[string]any{"groups": map[string]string{}}, says: "no list of groups"},
	} {
		i.extra, i.token, i.info = c.extra, good, nil
		if c.token != nil {
			i.token = c.token
		}
		_, err := i.signIn(i.settings(), c.change)
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v, without %q", c.name, err, c.says)
		case err != nil && (strings.Contains(err.Error(), "canary") || len(err.Error()) > 700):
			t.Errorf("%s: the error says too much: %v", c.name, err)
		}
	}
}

func TestAnIssuerThatSaysWhatIsVerifiedHasToSaySo(t *testing.T) {
	i := newIssuer(t)
	i.claims = []string{"email", "email_verified"}
	if who, err := i.signIn(i.settings(), nil); err == nil || !strings.Contains(err.Error(), "not verified") {
		t.Errorf("when it leaves that out: %+v, %v", who, err)
	}
	i.extra = map[string]any{"email_verified": true}
	if who, err := i.signIn(i.settings(), nil); err != nil || who.Name != "ada@example.com" {
		t.Errorf("when it says so: %+v, %v", who, err)
	}
	s := i.settings()
	s.NameClaim, i.extra = "login", map[string]any{"login": "ada"}
	if who, err := i.signIn(s, nil); err != nil || who.Name != "ada" {
		t.Errorf("for a name that is no mail address: %+v, %v", who, err)
	}
}

func TestUserInfoFillsWhatTheTokenLeavesOut(t *testing.T) {
	i := newIssuer(t)
	i.extra = map[string]any{"email": nil, "groups": nil}
	i.info = map[string]any{"sub": "1", "email": "ada@example.com", "groups": []string{"a"}}
	if who, err := i.signIn(i.settings(), nil); err != nil || who.Name != "ada@example.com" || len(who.Groups) != 1 {
		t.Errorf("with an answer about her: %+v, %v", who, err)
	}
	i.info["sub"] = "2"
	if who, err := i.signIn(i.settings(), nil); err == nil {
		t.Errorf("with an answer about somebody else: %+v", who)
	}
	i.extra["email"] = "bob@example.com"
	i.info = map[string]any{"sub": "1", "email": "ada@example.com"}
	if who, err := i.signIn(i.settings(), nil); err != nil || who.Name != "bob@example.com" || who.Groups != nil {
		t.Errorf("with an answer that says otherwise: %+v, %v", who, err)
	}
}

func TestAnIssuerThatIsDownIsAskedAgain(t *testing.T) {
	i := newIssuer(t)
	i.down = true
	at := New(i.settings(), i.Client().Transport)
	if _, _, err := at.Begin(back); !errors.Is(err, ErrUnreachable) {
		t.Fatalf("while it is down: %v", err)
	}
	i.down = false
	if _, _, err := at.Begin(back); !errors.Is(err, ErrUnreachable) {
		t.Errorf("right after it: %v", err)
	}
	at.until = time.Now()
	f, _, err := at.Begin(back)
	if err != nil {
		t.Fatal(err)
	}
	i.down = true
	if _, err := at.Finish(t.Context(), f, back, url.Values{"state": {f.State}, "code": {"x"}}); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("when it is down for the token: %v", err)
	}
}
