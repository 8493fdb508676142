// Package trust makes the TLS settings of a client: whom it trusts, what
// certificate it shows, and how old a version it puts up with.
package trust

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

// Settings are those of an http block. The zero value trusts the system's
// authorities, shows no certificate and takes TLS 1.2.
type Settings struct {
	// CAPEM holds certificates, in PEM, to trust besides the system's; nil means
	// none.
	CAPEM []byte
	// ClientCert and ClientKey are PEM files, read at each handshake. Both are empty
	// or neither is.
	ClientCert, ClientKey string
	// MinTLS is the lowest version of TLS, "1.2" or "1.3"; empty means 1.2.
	MinTLS string
}

// Config returns the settings as [crypto/tls] wants them. It does not look at the
// files of the client certificate: those that are missing fail a handshake, and
// may be there for the next one.
func (s Settings) Config() (*tls.Config, error) {
	c := &tls.Config{}
	var err error
	if c.MinVersion, err = version(s.MinTLS); err != nil {
		return nil, err
	}
	if s.CAPEM != nil {
		if c.RootCAs, err = roots(s.CAPEM); err != nil {
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

// clientCertificate reads the files anew, so that a renewed certificate counts from
// the next connection on: beside the handshake it is for, reading two small files
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

// roots returns the system's authorities and those in PEM. A system that has none
// is no obstacle where the operator names his own.
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
