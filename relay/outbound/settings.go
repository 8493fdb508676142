// Package outbound makes requests, for the relay and for plugins alike: the settings of
// an http block as one value ([Settings]), the connections that are made from them
// ([Pool]), and what a request must not do: reach into a private network (guard.go,
// proxied.go) or show one server what was meant for another (redirect.go). [CleanError]
// removes the secrets of URLs from errors.
//
// A new setting is a field of Settings; config reads it, the wire carries it to the
// plugins (package wire), and nothing else needs to know it. What the answers of a chat
// system or a service mean does not belong here.
//
// It is a part of what plugin authors import, so it imports next to nothing.
package outbound

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"

	"github.com/connector-relay/relay/relay/secret"
)

// Settings are those of an http block. The zero value uses no proxy, trusts the system's
// authorities, presents no certificate, accepts TLS 1.2 and reaches only public
// addresses.
type Settings struct {
	// Proxy is a URL, which may hold a password; zero means none. Variables of the
	// environment have no effect.
	Proxy secret.Value
	// ProxyDNS says that only the proxy can look names up, and so decides on the
	// addresses behind them.
	ProxyDNS bool
	// CA holds certificates, in PEM, to trust besides the system's; nil means none.
	CA []byte
	// ClientCert and ClientKey are the PEM files of the certificate to present to a
	// server that asks for one; either both are set or neither. They are read at each
	// handshake.
	ClientCert, ClientKey string
	// MinTLS is the lowest version of TLS, "1.2" or "1.3"; empty means 1.2.
	MinTLS string
	// Allow lists the private networks that a guarded request may reach.
	Allow []netip.Prefix
	// UserAgent is the header's value where a guarded request does not set it.
	UserAgent string
}

// Equal reports whether both settings are the same.
func (s Settings) Equal(o Settings) bool {
	return s.Proxy.Equal(o.Proxy) && s.ProxyDNS == o.ProxyDNS && bytes.Equal(s.CA, o.CA) &&
		s.ClientCert == o.ClientCert && s.ClientKey == o.ClientKey && s.MinTLS == o.MinTLS &&
		slices.Equal(s.Allow, o.Allow) && s.UserAgent == o.UserAgent
}

// Fingerprint is the same for equal settings and differs otherwise, except that
// requests of every name may share a connection: UserAgent does not count.
func (s Settings) Fingerprint() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %t %x %q %q %q %s",
		s.Proxy.Fingerprint(), s.ProxyDNS, sha256.Sum256(s.CA), s.ClientCert, s.ClientKey, s.MinTLS, s.Allow))
	return hex.EncodeToString(sum[:])
}

// proxy returns the current URL of the proxy; nil means that there is none. The errors
// show nothing of the URL, because it may hold a password.
func (s Settings) proxy() (*url.URL, error) {
	text, err := s.Proxy.Reveal()
	if err != nil {
		return nil, fmt.Errorf("http.proxy: %w", err)
	}
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil, errors.New(`http.proxy is not a URL such as "http://proxy.example.com:3128"`)
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return u, nil
	}
	return nil, errors.New("http.proxy must begin with http://, https://, socks5:// or socks5h://")
}

// tls returns the settings of handshakes. It does not look at the files of the
// client certificate: those that are missing fail a handshake, and may be there for
// the next one.
func (s Settings) tls() (*tls.Config, error) {
	c := &tls.Config{}
	var err error
	if c.MinVersion, err = version(s.MinTLS); err != nil {
		return nil, err
	}
	if s.CA != nil {
		if c.RootCAs, err = roots(s.CA); err != nil {
			return nil, err
		}
	}
	switch {
	case s.ClientCert == "" && s.ClientKey == "":
		return c, nil
	case s.ClientCert == "" || s.ClientKey == "":
		return nil, errors.New("http.client_cert and http.client_key go together: set both, or neither")
	}
	c.GetClientCertificate = s.clientCertificate
	return c, nil
}

// clientCertificate reads the files at each handshake, so that a renewed certificate is
// used from the next connection on: compared with a handshake, reading two small files
// costs nothing. While a rotation has replaced one of the two and not the other,
// handshakes fail, and the requests are tried again.
func (s Settings) clientCertificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	c, err := tls.LoadX509KeyPair(s.ClientCert, s.ClientKey)
	if err != nil {
		return nil, fmt.Errorf("http.client_cert: %w", err)
	}
	return &c, nil
}

func version(text string) (uint16, error) {
	switch text {
	case "", "1.2":
		return tls.VersionTLS12, nil
	case "1.3":
		return tls.VersionTLS13, nil
	}
	return 0, fmt.Errorf("http.min_tls is %q; it must be 1.2 or 1.3", text)
}

// roots returns the system's authorities and those in PEM. It does not matter if the
// system has none, as the operator names others.
func roots(pem []byte) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("http.ca_file holds no certificate in PEM form")
	}
	return pool, nil
}
