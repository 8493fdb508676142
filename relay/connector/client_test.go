package connector

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/connector/wire"
)

func TestTheClientNamesTheRelayAndTrustsTheConfiguredAuthority(t *testing.T) {
	var agents []string
	s := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { agents = append(agents, r.UserAgent()) }))
	t.Cleanup(s.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	client := clientWith(t, &clients{}, &wire.HTTP{Allow: []string{"127.0.0.0/8"}, CaPem: ca, UserAgent: "relay/1"})
	for _, agent := range []string{"", "mine"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if agent != "" {
			r.Header.Set("User-Agent", agent)
		}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	if got := strings.Join(agents, " "); got != "relay/1 mine" {
		t.Errorf("User-Agents %q", got)
	}
	if _, err := clientWith(t, &clients{}, &wire.HTTP{Allow: []string{"127.0.0.0/8"}}).Get(s.URL); err == nil {
		t.Error("a certificate of an unknown authority is trusted")
	}
}

func TestTransportsAreSharedBySettings(t *testing.T) {
	var c clients
	get := func(h *wire.HTTP) http.RoundTripper {
		t.Helper()
		tr, err := c.transport(h)
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	a := get(&wire.HTTP{Allow: []string{"10.0.0.0/8"}, UserAgent: "x"})
	if a != get(&wire.HTTP{Allow: []string{"10.0.0.0/8"}, UserAgent: "y"}) {
		t.Error("equal settings have two transports")
	}
	if a == get(&wire.HTTP{}) || a == get(&wire.HTTP{Allow: []string{"10.0.0.0/9"}}) || a == get(&wire.HTTP{Proxy: "http://p.example", Allow: []string{"10.0.0.0/8"}}) {
		t.Error("different settings share a transport")
	}
}

func TestUnusableSettingsAreExplainedWithoutSecrets(t *testing.T) {
	var c clients
	for _, h := range []*wire.HTTP{
		{Proxy: "http://user:pass%zz@proxy"}, {Proxy: "user:pass"}, {Proxy: "ftp://user:pass@proxy"}, {CaPem: []byte("pass")}, {Allow: []string{"x"}},
	} {
		_, err := c.client(h)
		if err == nil || !strings.Contains(err.Error(), "http.") || strings.Contains(err.Error(), "pass") {
			t.Errorf("%v gave %v", h, err)
		}
	}
}

func TestCleanErrorHidesWhatURLsHide(t *testing.T) {
	const secret = "s3cr3t"
	inner := errors.New("connection refused")
	get := &url.Error{Op: "Get", URL: "https://user@hooks.example/" + secret + `"q?token=` + secret, Err: inner}
	_, bad := url.Parse(fmt.Sprintf("https://user:%s/x@hooks.example/", secret))
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"plain":   {get, `Get "https://hooks.example": connection refused`},
		"wrapped": {fmt.Errorf("fetch %s: %w", get.URL, get), `fetch https://hooks.example: Get "https://hooks.example": connection refused`},
		"joined":  {errors.Join(errors.New("first"), fmt.Errorf("x: %w", get)), "first\nx: Get \"https://hooks.example\": connection refused"},
		"parse":   {fmt.Errorf("the address: %w", bad), `the address: parse "the URL": it is not valid`},
		"of a kind": {
			Unauthorised("sign in: %w", get), `sign in: Get "https://hooks.example": connection refused`,
		},
		"other": {inner, "connection refused"},
	} {
		got := CleanError(c.err)
		if got.Error() != c.want || strings.Contains(got.Error(), secret) {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
		if name != "parse" && !errors.Is(got, inner) {
			t.Errorf("%s: the chain is broken", name)
		}
		if KindOf(got) != KindOf(c.err) {
			t.Errorf("%s: the kind is lost", name)
		}
	}
	if CleanError(nil) != nil {
		t.Error("no error became one")
	}
}
