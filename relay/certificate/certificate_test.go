package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/outbound/trusttest"
)

// shown is the name in the certificate that a visitor is shown.
func shown(t *testing.T, h *Holder) string {
	t.Helper()
	c, err := h.TLS().GetCertificate(&tls.ClientHelloInfo{ServerName: "relay.test"})
	if err != nil {
		return err.Error()
	}
	parsed, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Subject.CommonName
}

func TestFilesAreReadAgainWhenTheyChange(t *testing.T) {
	dir, authority := t.TempDir(), trusttest.New(t)
	s := Settings{Certificate: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	authority.Issue(t, "first", s.Certificate, s.Key)
	synctest.Test(t, func(t *testing.T) {
		h := New(zerolog.Nop(), http.NotFoundHandler())
		if got := shown(t, h); got != "there is no certificate" {
			t.Errorf("before there is one: %s", got)
		}
		h.Use(s, nil)
		if got := shown(t, h); got != "first" {
			t.Errorf("at first: %s", got)
		}
		authority.Issue(t, "second, which is longer", filepath.Join(dir, "new.pem"), filepath.Join(dir, "new.key"))
		replace := func(from, to string) {
			t.Helper()
			if err := os.Rename(filepath.Join(dir, from), to); err != nil {
				t.Fatal(err)
			}
			time.Sleep(lookEvery)
		}
		replace("new.pem", s.Certificate)
		if got := shown(t, h); got != "first" {
			t.Errorf("with a new certificate and the old key: %s", got)
		}
		replace("new.key", s.Key)
		if got := shown(t, h); got != "second, which is longer" {
			t.Errorf("with both: %s", got)
		}
		if err := os.Remove(s.Key); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lookEvery)
		if got := shown(t, h); got != "second, which is longer" {
			t.Errorf("without the key: %s", got)
		}
	})
}

func TestAnAuthorityCertifiesOneHost(t *testing.T) {
	for host, want := range map[string]bool{"relay.test": true, "RELAY.test:80": true, "evil.test": false, "": false, "relay.test.evil.test": false} {
		if err := only("relay.test")(t.Context(), host); (err == nil) != want {
			t.Errorf("%q: %v", host, err)
		}
	}
}
