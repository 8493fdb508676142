package outbound

import (
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/outbound/trusttest"
)

// get makes one request over a new connection with the settings.
func get(t *testing.T, c *tls.Config, url string) (string, error) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{TLSClientConfig: c, DisableKeepAlives: true}}
	r, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return string(body), err
}

func config(t *testing.T, s Settings) *tls.Config {
	t.Helper()
	c, err := s.tls()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func before13(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }

// whoAreYou answers with the name in the client's certificate.
func whoAreYou(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
}

func TestARenewedCertificateCountsFromTheNextConnectionOn(t *testing.T) {
	a := trusttest.New(t)
	s := a.Server(t, whoAreYou)
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "client.pem"), filepath.Join(dir, "client.key")
	c := config(t, Settings{CA: a.PEM, ClientCert: cert, ClientKey: key})
	if _, err := get(t, c, s.URL); err == nil || !strings.Contains(err.Error(), "http.client_cert") || !strings.Contains(err.Error(), cert) {
		t.Errorf("without the files: %v", err)
	}
	for _, name := range []string{"first", "second"} {
		a.Issue(t, name, cert, key)
		if got, err := get(t, c, s.URL); got != name || err != nil {
			t.Errorf("got %q, %v; want %q", got, err, name)
		}
	}
	a.Issue(t, "third", cert, filepath.Join(dir, "of the third"))
	if _, err := get(t, c, s.URL); err == nil || !strings.Contains(err.Error(), "private key does not match") {
		t.Errorf("half-way through a rotation: %v", err)
	}
	if err := os.Rename(filepath.Join(dir, "of the third"), key); err != nil {
		t.Fatal(err)
	}
	if got, err := get(t, c, s.URL); got != "third" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAServerThatWantsACertificateRefusesOthers(t *testing.T) {
	a, stranger := trusttest.New(t), trusttest.New(t)
	s := a.Server(t, whoAreYou, before13)
	cert, key := filepath.Join(t.TempDir(), "client.pem"), filepath.Join(t.TempDir(), "client.key")
	stranger.Issue(t, "stranger", cert, key)
	for name, settings := range map[string]Settings{
		"no certificate":             {CA: a.PEM},
		"that of another authority":  {CA: a.PEM, ClientCert: cert, ClientKey: key},
		"the server is not trusted":  {},
		"the server is not of these": {CA: stranger.PEM},
	} {
		if got, err := get(t, config(t, settings), s.URL); err == nil {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestTheLowestVersionIsKept(t *testing.T) {
	a := trusttest.New(t)
	open := func(c *tls.Config) { c.ClientAuth = tls.NoClientCert }
	answers := func(http.ResponseWriter, *http.Request) {}
	old, current := a.Server(t, answers, open, before13), a.Server(t, answers, open)
	for least, reachesOld := range map[string]bool{"": true, "1.2": true, "1.3": false} {
		c := config(t, Settings{CA: a.PEM, MinTLS: least})
		if _, err := get(t, c, old.URL); (err == nil) != reachesOld {
			t.Errorf("with %q, TLS 1.2: %v", least, err)
		}
		if _, err := get(t, c, current.URL); err != nil {
			t.Errorf("with %q, TLS 1.3: %v", least, err)
		}
	}
}
