package connector

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/trust/trusttest"
)

func TestTheClientNamesTheRelayAndTrustsTheConfiguredAuthority(t *testing.T) {
	var agents []string
	s := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { agents = append(agents, r.UserAgent()) }))
	t.Cleanup(s.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	client := clientWith(t, &clients{}, HTTP{Allow: []string{"127.0.0.0/8"}, CAPEM: ca, UserAgent: "relay/1"})
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
	if _, err := clientWith(t, &clients{}, HTTP{Allow: []string{"127.0.0.0/8"}}).Get(s.URL); err == nil {
		t.Error("a certificate of an unknown authority is trusted")
	}
}

func TestTransportsAreSharedBySettings(t *testing.T) {
	var c clients
	get := func(h HTTP) http.RoundTripper {
		t.Helper()
		tr, err := c.transport(h)
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	settings := func() HTTP {
		return HTTP{ClientCert: "a.pem", ClientKey: "a.key", Allow: []string{"10.0.0.0/8"}, UserAgent: "x"}
	}
	h := settings()
	if get(h) != get(settings()) || !h.Equal(settings()) {
		t.Error("equal settings have two transports")
	}
	ca := trusttest.New(t).PEM
	changes := map[string]func(*HTTP){
		"Proxy":      func(h *HTTP) { h.Proxy = "http://p.example" },
		"CAPEM":      func(h *HTTP) { h.CAPEM = ca },
		"ClientCert": func(h *HTTP) { h.ClientCert = "b.pem" },
		"ClientKey":  func(h *HTTP) { h.ClientKey = "b.key" },
		"MinTLS":     func(h *HTTP) { h.MinTLS = "1.3" },
		"Allow":      func(h *HTTP) { h.Allow = []string{"10.0.0.0/9"} },
		"ProxyDNS":   func(h *HTTP) { h.ProxyDNS = true },
		"UserAgent":  func(h *HTTP) { h.UserAgent = "y" },
	}
	if n := reflect.TypeFor[HTTP]().NumField(); n != len(changes) {
		t.Errorf("%d of %d settings are tested", len(changes), n)
	}
	for name, change := range changes {
		other := settings()
		change(&other)
		if h.Equal(other) {
			t.Errorf("settings with another %s are equal", name)
		}
		if shared := get(h) == get(other); shared != (name == "UserAgent") {
			t.Errorf("with another %s, the transport is shared: %t", name, shared)
		}
	}
}

// certified are settings with a client certificate in files, issued to name.
func certified(t *testing.T, a *trusttest.Authority, name string) HTTP {
	t.Helper()
	dir := t.TempDir()
	h := HTTP{
		Allow: []string{"127.0.0.0/8"}, CAPEM: a.PEM,
		ClientCert: filepath.Join(dir, "client.pem"), ClientKey: filepath.Join(dir, "client.key"),
	}
	a.Issue(t, name, h.ClientCert, h.ClientKey)
	return h
}

// whoAreYou answers with the name in the client's certificate.
func whoAreYou(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
}

func fetch(client *http.Client, address string) (string, error) {
	response, err := client.Get(address)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

func TestTheClientShowsItsCertificateAndTheRenewedOne(t *testing.T) {
	a := trusttest.New(t)
	s := a.Server(t, whoAreYou)
	h := certified(t, a, "first")
	var c clients
	for _, name := range []string{"first", "second"} {
		a.Issue(t, name, h.ClientCert, h.ClientKey)
		client := clientWith(t, &c, h)
		if got, err := fetch(client, s.URL); got != name || err != nil {
			t.Errorf("got %q, %v; want %q", got, err, name)
		}
		client.CloseIdleConnections()
	}
	if got, err := fetch(clientWith(t, &c, HTTP{Allow: h.Allow, CAPEM: h.CAPEM}), s.URL); err == nil {
		t.Errorf("without a certificate: %q", got)
	}
}

func TestTheClientKeepsToTheLowestTLS(t *testing.T) {
	a := trusttest.New(t)
	s := a.Server(t, whoAreYou, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 })
	h := certified(t, a, "client")
	if got, err := fetch(clientWith(t, &clients{}, h), s.URL); err != nil {
		t.Errorf("with what holds otherwise: %q, %v", got, err)
	}
	h.MinTLS = "1.3"
	if got, err := fetch(clientWith(t, &clients{}, h), s.URL); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("with 1.3: %q, %v", got, err)
	}
}

func TestUnusableSettingsAreExplainedWithoutSecrets(t *testing.T) {
	var c clients
	for _, h := range []HTTP{
		{Proxy: "http://user:pass%zz@proxy"},
		{Proxy: "user:pass"},
		{Proxy: "ftp://user:pass@proxy"},
		{CAPEM: []byte("pass")},
		{Allow: []string{"x"}},
		{ClientCert: "client.pem"},
		{ClientKey: "client.key"},
		{MinTLS: "1.0"},
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
