package config

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/route/language"
)

// Dashboard is the dashboard block, with defaults filled in. Only on a loopback address
// that no proxy leads to may it have no Auth; elsewhere it has a PublicURL too, and TLS,
// ACME or TrustedProxies.
type Dashboard struct {
	// Listen is a host:port.
	Listen string
	// PublicURL is what people type, without a final slash; empty means the address itself.
	PublicURL string
	// TrustedProxies are believed when they say in X-Forwarded-… where a request came from.
	TrustedProxies []netip.Prefix
	// TLS is the dashboard's own certificate, and ACME where to get one. At most one is set.
	TLS  *TLS
	ACME *ACME
	// Auth is how people sign in; nil means that they need not.
	Auth *Auth
}

// TLS is a certificate in two PEM files, which belong together.
type TLS struct{ Certificate, Key string }

// ACME is an authority that issues the certificate for the host of PublicURL.
type ACME struct {
	// Email is the account's contact, or empty.
	Email string
	// Directory is the authority's URL; empty means Let's Encrypt.
	Directory string
}

func dashboardSchema() language.Schema {
	return language.Schema{
		Title:      "a dashboard block",
		Attributes: []language.Attribute{{Name: "listen"}, {Name: "public_url"}, {Name: "trusted_proxies"}},
		Blocks:     []language.Block{{Name: "tls", Once: true}, {Name: "acme", Once: true}, {Name: "auth", Once: true}},
	}
}

// dashboard reads the dashboard block. There is one at most, but for mistakes.
func (f *File) dashboard(blocks []*hclsyntax.Block) {
	for _, block := range blocks {
		body, d := block.Body, &f.config.Dashboard
		f.add(f.check(dashboardSchema(), body, block.DefRange())...)
		var listen setting
		d.Listen, listen = f.readAddress(body, defaultDashboardListen)
		proxies, _ := f.readNetworks(body, "trusted_proxies")
		d.TrustedProxies = proxies
		if slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Bits() == 0 }) {
			f.error("Everybody is a proxy", "With this network everybody may say where a request comes from. Name only the addresses of your proxies.", body.Attributes["trusted_proxies"].Expr.Range())
		}
		public := f.dashboardURL(body)
		if b := nested(body, "tls"); b != nil {
			d.TLS = f.tls(b)
		}
		if b := nested(body, "acme"); b != nil {
			d.ACME = f.acme(b, public)
		}
		if b := nested(body, "auth"); b != nil {
			d.Auth = f.auth(b)
		}
		if listen.name == "" {
			listen.place = block.DefRange()
		}
		f.exposed(body, listen.place, public)
	}
	if a := f.config.Dashboard.Auth; a == nil || a.OIDC == nil {
		for _, place := range f.grouped {
			f.warn("Groups that nobody is in", "Only a sign-in by OIDC says in which groups somebody is. Add an oidc block to the dashboard's auth block.", place)
		}
	}
}

// dashboardURL reads what people type to get to the dashboard.
func (f *File) dashboardURL(body *hclsyntax.Body) *url.URL {
	s, ok := f.readText(body, "public_url", `a URL such as "https://relay.example.com"`)
	if !ok {
		return nil
	}
	u, err := connector.ParseURL(s.text())
	switch {
	case err != nil:
		f.error("Not a URL", fmt.Sprintf("The attribute public_url cannot be %s. Write what people type to get to the dashboard, such as \"https://relay.example.com\".", s.shown()), s.place)
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil || strings.Trim(u.Path, "/") != "":
		f.error("Not a URL", "The dashboard's public_url has only a scheme and a host, and perhaps a port. Leave out the rest.", s.place)
	case u.Scheme == "http" && !loopbackHost(u.Hostname()):
		f.error("Dashboard without TLS", "Over http:// anybody on the way can read passwords and act in the name of whoever signed in. Write https://, and let a tls or acme block or a trusted proxy see to it.", s.place)
	default:
		f.config.Dashboard.PublicURL = strings.TrimRight(s.text(), "/")
		return u
	}
	return nil
}

func (f *File) tls(block *hclsyntax.Block) *TLS {
	f.add(f.check(language.Schema{Title: "a tls block", Attributes: []language.Attribute{
		{Name: "certificate", Required: true, Doc: "a file with the certificate and any intermediate ones, in PEM form"},
		{Name: "key", Required: true, Doc: "a file with its private key, in PEM form"},
	}}, block.Body, block.DefRange())...)
	cert, hasCert := f.readPEM(block.Body, "certificate", "cert.pem")
	key, hasKey := f.readPEM(block.Body, "key", "key.pem")
	switch {
	case !hasCert || !hasKey:
	case cert.path == "" || key.path == "":
		f.error("Not a file", "A tls block names two files: the certificate and its key.", block.DefRange())
	case !cert.isCertificate():
		f.error("Not a certificate", cert.file()+" contains no certificate. It holds a certificate in PEM form, followed by any intermediate certificates.", cert.place)
	default:
		f.warnOpenKey(key)
		if _, err := tls.X509KeyPair(cert.pem, key.pem); err != nil {
			f.error("Unusable certificate", fmt.Sprintf("%s does not match the certificate: %s. It holds the certificate's private key, in PEM form and unencrypted.", key.file(), strings.TrimPrefix(err.Error(), "tls: ")), key.place)
		}
		return &TLS{Certificate: cert.path, Key: key.path}
	}
	return &TLS{}
}

// acme reads where a certificate comes from. It is for the host of the public URL.
func (f *File) acme(block *hclsyntax.Block, public *url.URL) *ACME {
	f.add(f.check(language.Schema{Title: "an acme block", Attributes: []language.Attribute{{Name: "email"}, {Name: "directory"}}}, block.Body, block.DefRange())...)
	a := &ACME{}
	if s, ok := f.readText(block.Body, "email", `a mail address such as "ops@example.com"`); ok {
		if a.Email = s.text(); !strings.Contains(a.Email, "@") {
			f.error("Not a mail address", fmt.Sprintf("The attribute email cannot be %s. The authority writes to it when a certificate is about to expire.", s.shown()), s.place)
		}
	}
	if s, ok := f.readText(block.Body, "directory", `a URL such as "https://acme-v02.api.letsencrypt.org/directory"`); ok {
		a.Directory = s.text()
		if u, err := connector.ParseURL(a.Directory); err != nil || u.Scheme != "https" {
			f.error("Not a URL", fmt.Sprintf("The attribute directory cannot be %s. Write the https:// URL of the authority's directory, or leave it out for Let's Encrypt.", s.shown()), s.place)
		}
	}
	if public == nil {
		f.error("Certificate for nobody", "A certificate is for the host of the dashboard's public_url. Set it, such as public_url = \"https://relay.example.com\".", block.DefRange())
	} else if _, err := netip.ParseAddr(public.Hostname()); err == nil || !strings.Contains(public.Hostname(), ".") {
		f.error("Certificate for nobody", fmt.Sprintf("No authority issues a certificate for %q. Give public_url a public name of this machine, or use a tls block.", public.Hostname()), block.DefRange())
	}
	return a
}

// exposed refuses a dashboard that others than this machine's users can reach and that
// does not ask who they are, or that does so without TLS.
func (f *File) exposed(body *hclsyntax.Body, place hcl.Range, public *url.URL) {
	d, named := f.config.Dashboard, body.Attributes["public_url"] != nil
	proxied := len(d.TrustedProxies) > 0 || public != nil && !loopbackHost(public.Hostname())
	if b := nested(body, "acme"); b != nil && d.TLS != nil {
		f.error("Two certificates", "A tls block names a certificate, and an acme block gets one. Remove one of the two.", b.DefRange())
	}
	switch local := loopback(d.Listen); {
	case local && !proxied:
	case d.Auth == nil && local:
		f.error("Dashboard open to everybody", "A proxy leads from public_url to this address, so that others than this machine's users reach it. Add an auth block: how people sign in.", place)
	case d.Auth == nil:
		f.error("Dashboard open to everybody", "Others than this machine's users reach this address. Add an auth block, how people sign in, or listen on a loopback address such as \"127.0.0.1:8081\".", place)
	case !local && d.TLS == nil && d.ACME == nil && len(d.TrustedProxies) == 0:
		f.error("Dashboard without TLS", "Passwords and sessions would travel to this address in the clear. Add a tls block with a certificate or an acme block that gets one, or name the proxies that speak TLS in trusted_proxies.", place)
	case !named:
		f.error("Missing attribute", "Where others than this machine's users reach the dashboard, the attribute \"public_url\" is required: what they type, such as \"https://relay.example.com\". Requests under any other name are refused.", place)
	case local && len(d.TrustedProxies) == 0 && d.TLS == nil && d.ACME == nil:
		f.warn("Proxy without a name", "Every request seems to come from the proxy until trusted_proxies names it, so that one person's wrong passwords count against everybody. Add trusted_proxies = [\"127.0.0.1\"] if it runs on this machine.", place)
	}
}

// nested returns a body's first block of a type, or nil.
func nested(body *hclsyntax.Body, typ string) *hclsyntax.Block {
	i := slices.IndexFunc(body.Blocks, func(b *hclsyntax.Block) bool { return b.Type == typ })
	if i < 0 {
		return nil
	}
	return body.Blocks[i]
}

// loopbackHost is [loopback] for a host.
func loopbackHost(host string) bool { return loopback(net.JoinHostPort(host, "0")) }
