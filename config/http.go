package config

import (
	"crypto/x509"
	"fmt"
	"net/netip"
	"net/url"
	"os"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/connector-relay/relay/relay/route/language"
	"github.com/connector-relay/relay/relay/secret"
)

// httpPlace is whose http block it is.
type httpPlace int

const (
	relayHTTP httpPlace = iota
	channelHTTP
	connectorHTTP
)

// httpSettings is what one http block says; nil means that it does not say.
type httpSettings struct {
	proxy  *secret.Value
	caFile *string
	allow  *[]netip.Prefix
}

// over puts what the block says over what holds otherwise.
func (s httpSettings) over(h HTTP) HTTP {
	if s.proxy != nil {
		h.Proxy = *s.proxy
	}
	if s.caFile != nil {
		h.CAFile = *s.caFile
	}
	if s.allow != nil {
		h.Allow = *s.allow
	}
	return h
}

func httpSchema(place httpPlace) language.Schema {
	const later = "client certificates"
	s := language.Schema{
		Title: "an http block",
		Attributes: []language.Attribute{
			{Name: "proxy"},
			{Name: "ca_file"},
			{Name: "cert_file", Later: later},
			{Name: "key_file", Later: later},
			{Name: "client_cert", Later: later},
			{Name: "client_key", Later: later},
		},
	}
	if place != channelHTTP {
		s.Attributes = append(s.Attributes, language.Attribute{Name: "allow"})
	}
	return s
}

// readHTTP reads the http block in a body, if there is one.
func (f *File) readHTTP(parent *hclsyntax.Body, place httpPlace) httpSettings {
	var s httpSettings
	for _, block := range parent.Blocks {
		if block.Type != "http" {
			continue
		}
		body := block.Body
		diags := f.check(httpSchema(place), body, block.DefRange())
		if attr := body.Attributes["allow"]; attr != nil && place == channelHTTP {
			explainAllow(diags, attr)
		}
		f.add(diags...)
		s.proxy = f.readProxy(body)
		s.caFile = f.readCAFile(body)
		if place != channelHTTP {
			s.allow = f.readAllow(body)
		}
		break
	}
	return s
}

// explainAllow says why a channel's http block has no allow.
func explainAllow(diags hcl.Diagnostics, attr *hclsyntax.Attribute) {
	for _, d := range diags {
		if *d.Subject == attr.NameRange {
			d.Detail = "A channel's URL is your own word, so it may be in a private network without being allowed: remove the attribute allow. It is for connectors, whose addresses come from strangers."
		}
	}
}

func (f *File) readProxy(body *hclsyntax.Body) *secret.Value {
	s, ok := f.readSecret(body, "proxy", `a URL such as "http://proxy.example.com:3128"`)
	if !ok {
		return nil
	}
	text, err := s.value.Reveal()
	if err != nil || text == "" {
		return &s.value
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		f.error("Not a URL", "The attribute proxy is a URL such as \"http://proxy.example.com:3128\".", s.place)
		return nil
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
	default:
		f.error("Not a URL", "The attribute proxy is a URL that begins with http://, https:// or socks5://.", s.place)
		return nil
	}
	if u.User != nil {
		f.warnLiteral("proxy", s)
	}
	return &s.value
}

func (f *File) readCAFile(body *hclsyntax.Body) *string {
	s, ok := f.readText(body, "ca_file", `a file such as "ca.pem"`)
	if !ok {
		return nil
	}
	path := ""
	if s.text() != "" {
		path = language.Path(f.dir, s.text())
		pem, err := os.ReadFile(path)
		switch {
		case err != nil:
			f.error("File cannot be read", fmt.Sprintf("%s cannot be read: %s. A relative path begins at the directory of the configuration file.", s.file(), withoutPath(err)), s.place)
		case !x509.NewCertPool().AppendCertsFromPEM(pem):
			f.error("Not a certificate", s.file()+" has no certificate in it. A ca_file holds certificates in PEM form.", s.place)
		}
	}
	return &path
}

func (f *File) readAllow(body *hclsyntax.Body) *[]netip.Prefix {
	s, ok := f.read(body, "allow", cty.List(cty.String), `a list of networks such as ["10.0.0.0/8"]`)
	if !ok {
		return nil
	}
	list := []netip.Prefix{}
	for it := s.value.ElementIterator(); it.Next(); {
		_, v := it.Element()
		element := setting{name: "allow", value: v, place: s.place, hidden: s.hidden}
		if v.IsNull() {
			f.error("Not a network", "An element of allow is null.", s.place)
			continue
		}
		prefix, err := netip.ParsePrefix(element.text())
		if err != nil {
			var address netip.Addr
			address, err = netip.ParseAddr(element.text())
			if err == nil {
				prefix = netip.PrefixFrom(address.WithZone(""), address.BitLen())
			}
		}
		if err != nil {
			f.error("Not a network", fmt.Sprintf("The attribute allow has %s in it, which is no network. Write it like \"10.0.0.0/8\" or \"192.0.2.7\".", element.shown()), s.place)
			continue
		}
		list = append(list, prefix.Masked())
	}
	return &list
}
