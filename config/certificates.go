package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/connector-relay/relay/relay/outbound"
	"github.com/connector-relay/relay/relay/route/language"
)

// pemFile is an attribute that names a file in PEM form.
type pemFile struct {
	setting
	// path is absolute; empty when the attribute is "", which takes away what a
	// wider block says.
	path string
	pem  []byte
}

// readPEM reads an attribute and the file that it names; ok is false when the
// attribute is absent or wrong.
func (f *File) readPEM(body *hclsyntax.Body, name, example string) (p pemFile, ok bool) {
	s, ok := f.readText(body, name, fmt.Sprintf("a file such as %q", example))
	if !ok || s.text() == "" {
		return pemFile{setting: s}, ok
	}
	if strings.Contains(s.text(), "-----BEGIN") {
		f.redact(body.Attributes[name].Expr)
		f.error("Not a file", fmt.Sprintf("The attribute %s takes a file name; this is a file's content. Write %s = %q.", name, name, example), s.place)
		return pemFile{}, false
	}
	p = pemFile{setting: s, path: language.Path(f.dir, s.text())}
	var err error
	if p.pem, err = os.ReadFile(p.path); err != nil {
		f.error("File cannot be read", fmt.Sprintf("%s cannot be read: %s. Relative paths start at the configuration's directory.", s.file(), withoutPath(err)), s.place)
		return pemFile{}, false
	}
	return p, true
}

// isCertificate reports whether there is a certificate in the file.
func (p pemFile) isCertificate() bool { return x509.NewCertPool().AppendCertsFromPEM(p.pem) }

func (f *File) readCAFile(body *hclsyntax.Body, h *outbound.Settings) {
	before := len(f.diags)
	p, ok := f.readPEM(body, "ca_file", "ca.pem")
	if f.diags[before:].HasErrors() {
		h.CA = []byte{} // nobody is to go on without it
	}
	if !ok {
		return
	}
	h.CA = p.pem
	if p.path != "" && !p.isCertificate() {
		f.error("Not a certificate", p.file()+" contains no certificate. A ca_file holds certificates in PEM form.", p.place)
	}
}

// readClientCert reads client_cert and client_key. Either may come from a wider
// block; what counts is the resulting pair.
func (f *File) readClientCert(body *hclsyntax.Body, h *outbound.Settings) {
	before := len(f.diags)
	cert, hasCert := f.readPEM(body, "client_cert", "client.pem")
	if hasCert {
		h.ClientCert = cert.path
		if cert.path != "" && !cert.isCertificate() {
			f.error("Not a certificate", cert.file()+" contains no certificate. A client_cert holds a certificate in PEM form, followed by any intermediate certificates.", cert.place)
		}
	}
	key, hasKey := f.readPEM(body, "client_key", "client.key")
	if hasKey {
		h.ClientKey = key.path
		f.warnOpenKey(key)
	}
	if !hasCert && !hasKey || f.diags[before:].HasErrors() {
		return
	}
	f.checkPair(cert, key, *h)
}

// checkPair checks a client certificate when this block sets at least one of them
// half; the name of the other is empty.
func (f *File) checkPair(cert, key pemFile, h outbound.Settings) {
	said, other := key, "client_cert"
	if key.name == "" {
		said, other = cert, "client_key"
	}
	if (h.ClientCert == "") != (h.ClientKey == "") {
		have, lack := "client_cert", "client_key"
		if h.ClientCert == "" {
			have, lack = lack, have
		}
		f.error("Half a client certificate", fmt.Sprintf("This sets %s without %s. Set both or neither, here or in the relay block; the value \"\" removes what the relay block sets.", have, lack), said.place)
		return
	}
	if h.ClientCert == "" {
		return
	}
	_, err := tls.LoadX509KeyPair(h.ClientCert, h.ClientKey)
	if _, ok := errors.AsType[*fs.PathError](err); err == nil || ok {
		return // a file that cannot be read is reported where it is named
	}
	reason := strings.TrimPrefix(err.Error(), "tls: ")
	f.error("Unusable client certificate", fmt.Sprintf("%s does not match the %s: %s. A client_key holds the client_cert's private key, in PEM form and unencrypted.", said.file(), other, reason), said.place)
}

// warnOpenKey warns of a private key that everybody can read.
func (f *File) warnOpenKey(key pemFile) {
	if key.path == "" {
		return
	}
	if info, err := os.Stat(key.path); err == nil && info.Mode().Perm()&0o004 != 0 {
		f.warn("Key readable by everybody", key.file()+" is a private key that every user of this machine can read. Run chmod 600 on it.", key.place)
	}
}
