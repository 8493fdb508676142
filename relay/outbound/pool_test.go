package outbound

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/outbound/trusttest"
	"github.com/connector-relay/relay/relay/secret"
)

func TestTheClientNamesTheRelayAndTrustsTheConfiguredAuthority(t *testing.T) {
	var agents []string
	s := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { agents = append(agents, r.UserAgent()) }))
	t.Cleanup(s.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	client := clientWith(t, &Pool{}, Settings{Allow: networks("127.0.0.0/8"), CA: ca, UserAgent: "relay/1"})
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
	if _, err := clientWith(t, &Pool{}, Settings{Allow: networks("127.0.0.0/8")}).Get(s.URL); err == nil {
		t.Error("a certificate of an unknown authority is trusted")
	}
}

func TestConnectionsAreSharedBySettings(t *testing.T) {
	var pool Pool
	guarded := func(s Settings) http.RoundTripper {
		t.Helper()
		client, err := pool.Client(s)
		if err != nil {
			t.Fatal(err)
		}
		return client.Transport.(discreet).next.(userAgent).next
	}
	trusted := func(s Settings) http.RoundTripper {
		t.Helper()
		tr, err := pool.Trusted(s)
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	settings := func() Settings {
		return Settings{ClientCert: "a.pem", ClientKey: "a.key", Allow: networks("10.0.0.0/8"), UserAgent: "x"}
	}
	s := settings()
	if guarded(s) != guarded(settings()) || trusted(s) != trusted(settings()) || !s.Equal(settings()) {
		t.Error("equal settings have two transports")
	}
	if guarded(s) == trusted(s) {
		t.Error("a trusted transport is taken for a guarded one")
	}
	ca := trusttest.New(t).PEM
	changes := map[string]func(*Settings){
		"Proxy":      func(s *Settings) { s.Proxy = secret.New("http://p.example") },
		"CA":         func(s *Settings) { s.CA = ca },
		"ClientCert": func(s *Settings) { s.ClientCert = "b.pem" },
		"ClientKey":  func(s *Settings) { s.ClientKey = "b.key" },
		"MinTLS":     func(s *Settings) { s.MinTLS = "1.3" },
		"Allow":      func(s *Settings) { s.Allow = networks("10.0.0.0/9") },
		"ProxyDNS":   func(s *Settings) { s.ProxyDNS = true },
		"UserAgent":  func(s *Settings) { s.UserAgent = "y" },
	}
	if n := reflect.TypeFor[Settings]().NumField(); n != len(changes) {
		t.Errorf("%d of %d settings are tested", len(changes), n)
	}
	for name, change := range changes {
		other := settings()
		change(&other)
		if s.Equal(other) {
			t.Errorf("settings with another %s are equal", name)
		}
		want := name == "UserAgent"
		if guarded(s) == guarded(other) != want || trusted(s) == trusted(other) != want {
			t.Errorf("with another %s, the transports are shared: %t", name, !want)
		}
	}
}

// certified are settings with a client certificate in files, issued to name.
func certified(t *testing.T, a *trusttest.Authority, name string) Settings {
	t.Helper()
	dir := t.TempDir()
	h := Settings{
		Allow: networks("127.0.0.0/8"), CA: a.PEM,
		ClientCert: filepath.Join(dir, "client.pem"), ClientKey: filepath.Join(dir, "client.key"),
	}
	a.Issue(t, name, h.ClientCert, h.ClientKey)
	return h
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
	var c Pool
	for _, name := range []string{"first", "second"} {
		a.Issue(t, name, h.ClientCert, h.ClientKey)
		client := clientWith(t, &c, h)
		if got, err := fetch(client, s.URL); got != name || err != nil {
			t.Errorf("got %q, %v; want %q", got, err, name)
		}
		client.CloseIdleConnections()
	}
	if got, err := fetch(clientWith(t, &c, Settings{Allow: h.Allow, CA: h.CA}), s.URL); err == nil {
		t.Errorf("without a certificate: %q", got)
	}
}

func TestTheClientKeepsToTheLowestTLS(t *testing.T) {
	a := trusttest.New(t)
	s := a.Server(t, whoAreYou, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 })
	h := certified(t, a, "client")
	if got, err := fetch(clientWith(t, &Pool{}, h), s.URL); err != nil {
		t.Errorf("with what holds otherwise: %q, %v", got, err)
	}
	h.MinTLS = "1.3"
	if got, err := fetch(clientWith(t, &Pool{}, h), s.URL); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("with 1.3: %q, %v", got, err)
	}
}

func TestUnusableSettingsAreExplainedWithoutSecrets(t *testing.T) {
	var pool Pool
	for words, s := range map[string]Settings{
		"http.proxy is not a URL":      {Proxy: secret.New("http://user:pass%zz@proxy")},
		"http.proxy is not a URL such": {Proxy: secret.New("user:pass")},
		"http.proxy must begin":        {Proxy: secret.New("ftp://user:pass@proxy")},
		"http.proxy: ":                 {Proxy: secret.FromFile("/no/such/file")},
		"http.ca_file":                 {CA: []byte("pass")},
		"http.ca_file holds no":        {CA: []byte{}},
		"http.client_key":              {ClientCert: "client.pem"},
		"http.client_cert":             {ClientKey: "client.key"},
		`http.min_tls is "1.1"`:        {MinTLS: "1.1"},
		`http.min_tls is "1.3.0"`:      {MinTLS: "1.3.0"},
	} {
		if _, err := pool.Client(s); err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "pass") {
			t.Errorf("got %v, want %q in it", err, words)
		}
	}
}
