package signin

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/outbound"
	"github.com/connector-relay/relay/relay/outbound/trusttest"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/secret"
	"github.com/connector-relay/relay/relay/store/sqlite"
)

// authority is an authorisation server: each refresh token is good once, and each
// access token for an hour.
type authority struct {
	*httptest.Server
	t *testing.T

	mu sync.Mutex
	// granted is whether the person has entered the code.
	granted bool
	// problem is what the next answers say instead.
	problem string
	status  int
	issued  int
	life    time.Duration
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, life: time.Hour}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /device", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("client_id") != "client" || r.FormValue("scope") != "read offline" {
			t.Errorf("asked with %v", r.Form)
		}
		answer(w, 200, map[string]any{"device_code": "device", "user_code": "AB-CD", "verification_uri": a.URL + "/enter", "expires_in": 60, "interval": 1})
	})
	mux.HandleFunc("POST /token", a.token)
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	return a
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (a *authority) token(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.problem != "" {
		answer(w, a.status, map[string]any{"error": a.problem, "error_description": "canary: " + r.FormValue("refresh_token")})
		return
	}
	switch r.FormValue("grant_type") {
	case "urn:ietf:params:oauth:grant-type:device_code":
		if !a.granted {
			answer(w, 400, map[string]any{"error": "authorization_pending"})
			return
		}
	case "authorization_code":
		if r.FormValue("code") != "the-code" || r.FormValue("code_verifier") == "" || r.FormValue("redirect_uri") != "https://relay.test/sign-in" {
			a.t.Errorf("exchanged %v", r.Form)
		}
	case "refresh_token":
		if want := fmt.Sprintf("canary-refresh-%d", a.issued); r.FormValue("refresh_token") != want {
			a.t.Errorf("refreshed with %q, not %q: a refresh token is good once", r.FormValue("refresh_token"), want)
		}
	}
	a.issued++
	answer(w, 200, map[string]any{
		"access_token": fmt.Sprintf("canary-access-%d", a.issued), "refresh_token": fmt.Sprintf("canary-refresh-%d", a.issued),
		"token_type": "Bearer", "expires_in": int(a.life.Seconds()),
	})
}

func (a *authority) set(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
}

// SignIn implements [Plugins].
func (a *authority) SignIn(_ context.Context, s pluginhost.Call) (*connector.SignIn, error) {
	flow := connector.Flow(strings.TrimPrefix(s.Type, "by "))
	if s.Type == "open" {
		return nil, nil
	}
	return &connector.SignIn{
		Flow: flow, ClientID: "client", Scopes: []string{"read", "offline"},
		DeviceURL: a.URL + "/device", PageURL: a.URL + "/page", TokenURL: a.URL + "/token", Hint: "Use your own account.",
	}, nil
}

func by(flow connector.Flow) pluginhost.Call {
	return pluginhost.Call{Type: "by " + string(flow), Connector: "c", HTTP: outbound.Settings{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}}
}

// keeper is a keeper over a real store.
type keeper struct {
	*Keeper
	dir      string
	signedIn chan string
	masker   secret.Masker
}

func newKeeper(t *testing.T, a *authority) *keeper {
	t.Helper()
	t.Setenv(keyVariable, "")
	k := &keeper{dir: t.TempDir(), signedIn: make(chan string, 10)}
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(k.dir, "relay.db"), Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	k.Keeper = New(Options{
		Store: s, Plugins: a, Key: Key{File: filepath.Join(k.dir, "relay.key")},
		Landing:  func() string { return "https://relay.test/sign-in" },
		SignedIn: func(name string) { k.signedIn <- name },
		Mask:     k.masker.Keep,
	})
	t.Cleanup(func() {
		k.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

func (k *keeper) begin(t *testing.T, call pluginhost.Call) Session {
	t.Helper()
	s, err := k.Begin(t.Context(), call, "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (k *keeper) want(t *testing.T, call pluginhost.Call, want string) {
	t.Helper()
	if got, err := k.Token(t.Context(), call); err != nil || got != want {
		t.Errorf("the token is %q, %v; want %q", got, err, want)
	}
	if want != "" && k.masker.Mask(want) != "[secret]" {
		t.Errorf("the token %q is handed out and not masked", want)
	}
}

func TestADeviceCodeSignIn(t *testing.T) {
	a := newAuthority(t)
	k := newKeeper(t, a)
	call := by(connector.DeviceCode)
	if _, err := k.Token(t.Context(), call); connector.KindOf(err) != connector.KindUnauthorised || !strings.Contains(err.Error(), "relay login c") {
		t.Errorf("before: %v", err)
	}
	s := k.begin(t, call)
	if s.Code != "AB-CD" || s.URL != a.URL+"/enter" || s.Hint == "" || time.Until(s.Expires) > time.Minute {
		t.Errorf("session %+v", s)
	}
	a.set(func() { a.granted = true })
	if err := k.Wait(t.Context(), s.ID); err != nil {
		t.Fatal(err)
	}
	if name := <-k.signedIn; name != "c" {
		t.Errorf("signed in for %s", name)
	}
	k.want(t, call, "canary-access-1")
}

func TestSignInsUseTheConnectorsClientCertificate(t *testing.T) {
	ca := trusttest.New(t)
	a := newAuthority(t)
	a.Server = ca.Server(t, a.Config.Handler.ServeHTTP)
	k := newKeeper(t, a)
	call := by(connector.DeviceCode)
	call.HTTP.CA = ca.PEM
	if _, err := k.Begin(t.Context(), call, "ada@example.com"); err == nil {
		t.Error("the sign-in began without a certificate")
	}
	dir := t.TempDir()
	call.HTTP.ClientCert, call.HTTP.ClientKey = filepath.Join(dir, "client.pem"), filepath.Join(dir, "client.key")
	ca.Issue(t, "client", call.HTTP.ClientCert, call.HTTP.ClientKey)
	a.set(func() { a.granted = true })
	s := k.begin(t, call)
	if err := k.Wait(t.Context(), s.ID); err != nil {
		t.Fatal(err)
	}
	k.want(t, call, "canary-access-1")
}

func TestATokenIsRefreshedOnceAndTheNewOneKept(t *testing.T) {
	a := newAuthority(t)
	k := newKeeper(t, a)
	call := by(connector.DeviceCode)
	a.set(func() { a.granted, a.life = true, time.Minute }) // soon over
	s := k.begin(t, call)
	if err := k.Wait(t.Context(), s.ID); err != nil {
		t.Fatal(err)
	}
	a.set(func() { a.life = time.Hour })
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() { k.want(t, call, "canary-access-2") })
	}
	wait.Wait()
	for _, token := range []string{"canary-access-2", "canary-refresh-2"} {
		if k.masker.Mask(token) != "[secret]" {
			t.Errorf("%s is not masked", token)
		}
	}
	if a.issued != 2 {
		t.Errorf("%d tokens were issued, want 2: the sign-in's and one refresh", a.issued)
	}
}

func TestWhatAServiceAnswersToARefresh(t *testing.T) {
	for _, test := range []struct {
		problem string
		status  int
		want    connector.ErrorKind
	}{
		{"invalid_grant", 400, connector.KindUnauthorised},
		{"invalid_client", 401, connector.KindMisconfigured},
		{"temporarily_unavailable", 503, connector.KindTemporary},
		{"slow_down", 429, connector.KindTemporary},
	} {
		t.Run(test.problem, func(t *testing.T) {
			a := newAuthority(t)
			k := newKeeper(t, a)
			call := by(connector.DeviceCode)
			a.set(func() { a.granted, a.life = true, time.Second })
			s := k.begin(t, call)
			if err := k.Wait(t.Context(), s.ID); err != nil {
				t.Fatal(err)
			}
			a.set(func() { a.problem, a.status = test.problem, test.status })
			_, err := k.Token(t.Context(), call)
			if connector.KindOf(err) != test.want || strings.Contains(err.Error(), "canary") {
				t.Errorf("returned %v (%s)", err, connector.KindOf(err))
			}
			// Nothing is lost: what passes by itself is over with the next call.
			a.set(func() { a.problem, a.life = "", time.Hour })
			k.want(t, call, "canary-access-2")
		})
	}
}

func TestAnAuthorisationCodeSignIn(t *testing.T) {
	a := newAuthority(t)
	k := newKeeper(t, a)
	call := by(connector.AuthorisationCode)
	s := k.begin(t, call)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("redirect_uri") != "https://relay.test/sign-in" || q.Get("client_id") != "client" {
		t.Errorf("the person is sent to %s", s.URL)
	}
	land := func(query string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		k.Landing(w, httptest.NewRequest(http.MethodGet, "/sign-in?"+query, nil))
		return w
	}
	for _, query := range []string{"", "code=the-code", "code=the-code&state=another", "state="} {
		if w := land(query); w.Code != http.StatusNotFound {
			t.Errorf("%q was answered with %d", query, w.Code)
		}
	}
	if w := land("code=the-code&state=" + q.Get("state")); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "You are signed in") {
		t.Errorf("landed with %d %s", w.Code, w.Body)
	}
	if err := k.Wait(t.Context(), s.ID); err != nil {
		t.Error(err)
	}
	k.want(t, call, "canary-access-1")
}

func TestADeclinedSignInSaysSo(t *testing.T) {
	a := newAuthority(t)
	k := newKeeper(t, a)
	a.set(func() { a.problem, a.status = "access_denied", 400 })
	s := k.begin(t, by(connector.DeviceCode))
	if err := k.Wait(t.Context(), s.ID); err == nil || err.Error() != "the sign-in was declined" {
		t.Errorf("device code: %v", err)
	}
	s = k.begin(t, by(connector.AuthorisationCode))
	u, _ := url.Parse(s.URL)
	w := httptest.NewRecorder()
	k.Landing(w, httptest.NewRequest(http.MethodGet, "/sign-in?error=access_denied&state="+u.Query().Get("state"), nil))
	if err := k.Wait(t.Context(), s.ID); w.Code != http.StatusBadRequest || err == nil || err.Error() != "the sign-in was declined" {
		t.Errorf("authorisation code: %d, %v", w.Code, err)
	}
}

func TestAPastedToken(t *testing.T) {
	a := newAuthority(t)
	k := newKeeper(t, a)
	call := by(connector.TokenPage)
	s := k.begin(t, call)
	for _, bad := range []string{"", " \n", "two words"} {
		if err := k.Paste(s.ID, bad); err == nil {
			t.Errorf("%q is taken for a token", bad)
		}
	}
	if err := k.Paste(s.ID, " canary-pasted\n"); err != nil {
		t.Fatal(err)
	}
	k.want(t, call, "canary-pasted")
	if err := k.Paste("no-such", "x"); !errors.Is(err, ErrNoSession) {
		t.Errorf("an unknown session: %v", err)
	}
}

func TestASecondSignInReplacesTheFirst(t *testing.T) {
	a := newAuthority(t)
	k := newKeeper(t, a)
	first := k.begin(t, by(connector.TokenPage))
	second := k.begin(t, by(connector.TokenPage))
	if err := k.Wait(t.Context(), first.ID); !errors.Is(err, errReplaced) {
		t.Errorf("the first: %v", err)
	}
	if err := k.Paste(second.ID, "x"); err != nil {
		t.Error(err)
	}
}

func TestNobodySignsInWhereAccessIsGiven(t *testing.T) {
	k := newKeeper(t, newAuthority(t))
	open := pluginhost.Call{Type: "open", Connector: "c"}
	k.want(t, open, "")
	if _, err := k.Begin(t.Context(), open, "ada@example.com"); !errors.Is(err, ErrNotNeeded) {
		t.Errorf("a sign-in begins: %v", err)
	}
}

func TestNoTokenLiesInTheOpen(t *testing.T) {
	k := newKeeper(t, newAuthority(t))
	call := by(connector.TokenPage)
	s := k.begin(t, call)
	if err := k.Paste(s.ID, "canary-pasted"); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(k.dir, "*"))
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("canary")) {
			t.Errorf("%s holds the token", file)
		}
	}
	info, err := os.Stat(filepath.Join(k.dir, "relay.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v", info.Mode(), err)
	}
}

func TestATokenOpensWithItsKeyOnly(t *testing.T) {
	t.Setenv(keyVariable, "")
	file := Key{File: filepath.Join(t.TempDir(), "relay.key")}
	if _, err := file.Open("c", make([]byte, 100)); err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Errorf("without a key: %v", err)
	}
	sealed, err := file.Seal("c", []byte("token"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := file.Open("c", sealed); err != nil || string(plain) != "token" {
		t.Errorf("opened %q, %v", plain, err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another connector": func() ([]byte, error) { return file.Open("d", sealed) },
		"damaged":           func() ([]byte, error) { return file.Open("c", append(bytes.Clone(sealed[:20]), 0)) },
		"short":             func() ([]byte, error) { return file.Open("c", sealed[:3]) },
		"another key": func() ([]byte, error) {
			t.Setenv(keyVariable, base64.StdEncoding.EncodeToString(make([]byte, keySize)))
			return file.Open("c", sealed)
		},
	} {
		if plain, err := open(); !errors.Is(err, errDamaged) {
			t.Errorf("%s: opened %q, %v", name, plain, err)
		}
		t.Setenv(keyVariable, "")
	}
	for _, bad := range []string{"short", "canary!", base64.StdEncoding.EncodeToString(make([]byte, 31))} {
		t.Setenv(keyVariable, bad)
		if _, err := file.Seal("c", nil); err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "openssl rand") {
			t.Errorf("the key %q: %v", bad, err)
		}
	}
}

// TestASignInGoesWithItsConnector hands a token over to another name, under which it
// opens, and nowhere else.
func TestASignInGoesWithItsConnector(t *testing.T) {
	a := newAuthority(t)
	k := newKeeper(t, a)
	call := by(connector.TokenPage)
	if err := k.Paste(k.begin(t, call).ID, "canary-pasted"); err != nil {
		t.Fatal(err)
	}
	err := k.Move(t.Context(), call.Connector, "renamed", func(sealed []byte) error {
		return k.options.Store.SaveToken(t.Context(), "renamed", sealed)
	})
	if err != nil {
		t.Fatal(err)
	}
	renamed := call
	renamed.Connector = "renamed"
	k.want(t, renamed, "canary-pasted")
	moved := false
	if err := k.Move(t.Context(), "nobody", "renamed", func(sealed []byte) error { moved = sealed == nil; return nil }); err != nil || !moved {
		t.Errorf("without a sign-in: moved %t, error %v", moved, err)
	}
	if err := os.Remove(filepath.Join(k.dir, "relay.key")); err != nil {
		t.Fatal(err)
	}
	if err := k.Move(t.Context(), "renamed", "again", func([]byte) error { t.Error("a token that does not open was moved"); return nil }); err == nil {
		t.Error("without its key a token can be moved")
	}
}
