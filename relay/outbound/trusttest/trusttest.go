// Package trusttest makes certificates and servers that ask for them, for tests.
package trusttest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority issues certificates.
type Authority struct {
	// PEM is the authority's own certificate, and File a file with it.
	PEM  []byte
	File string

	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// New returns a new authority.
func New(t testing.TB) *Authority {
	t.Helper()
	template := template("authority")
	template.IsCA, template.BasicConstraintsValid = true, true
	a := &Authority{certificate: template, key: newKey(t)}
	a.certificate, a.PEM = a.sign(t, template, a.key)
	a.File = filepath.Join(t.TempDir(), "ca.pem")
	write(t, a.File, a.PEM)
	return a
}

// Issue writes a certificate, for a client or for 127.0.0.1, and its key as PEM
// files.
func (a *Authority) Issue(t testing.TB, name, certFile, keyFile string) {
	t.Helper()
	cert, key := a.pair(t, name)
	write(t, certFile, cert)
	write(t, keyFile, key)
}

func (a *Authority) pair(t testing.TB, name string) (certPEM, keyPEM []byte) {
	t.Helper()
	key := newKey(t)
	_, certPEM = a.sign(t, template(name), key)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return certPEM, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// Server is an HTTPS server at 127.0.0.1 with a certificate of the authority, until the
// test ends. It refuses clients without one.
func (a *Authority) Server(t testing.TB, handler http.HandlerFunc, settings ...func(*tls.Config)) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.TLS = a.Config(t)
	for _, set := range settings {
		set(s.TLS)
	}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// Config is the TLS settings of such a server.
func (a *Authority) Config(t testing.TB) *tls.Config {
	t.Helper()
	own, err := tls.X509KeyPair(a.pair(t, "server"))
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AddCert(a.certificate)
	return &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{own},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients,
	}
}

// sign returns a certificate of the authority, parsed and in PEM.
func (a *Authority) sign(t testing.TB, template *x509.Certificate, key *ecdsa.PrivateKey) (*x509.Certificate, []byte) {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func write(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
