package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/connector-relay/relay/relay/outbound"
	"github.com/connector-relay/relay/relay/route/language"
)

// httpPlace is the kind of block that an http block stands in.
type httpPlace int

const (
	relayHTTP httpPlace = iota
	channelHTTP
	connectorHTTP
)

func httpSchema(place httpPlace) language.Schema {
	s := language.Schema{
		Title: "an http block",
		Attributes: []language.Attribute{
			{Name: "proxy"},
			{Name: "ca_file"},
			{Name: "client_cert"},
			{Name: "client_key"},
			{Name: "min_tls"},
		},
	}
	if place != channelHTTP {
		s.Attributes = append(s.Attributes, language.Attribute{Name: "allow"}, language.Attribute{Name: "proxy_dns"})
	}
	return s
}

// readHTTP returns the settings of a body's http block, if it has one, with the wider
// settings for the rest.
func (f *File) readHTTP(parent *hclsyntax.Body, place httpPlace, wider outbound.Settings) outbound.Settings {
	h := wider
	if place == channelHTTP {
		h.Allow, h.ProxyDNS = nil, false
	}
	i := slices.IndexFunc(parent.Blocks, func(b *hclsyntax.Block) bool { return b.Type == "http" })
	if i < 0 {
		return h
	}
	body := parent.Blocks[i].Body
	diags := f.check(httpSchema(place), body, parent.Blocks[i].DefRange())
	if attr := body.Attributes["allow"]; attr != nil && place == channelHTTP {
		explainAllow(diags, attr)
	}
	f.add(diags...)
	f.readProxy(body, &h)
	f.readCAFile(body, &h)
	f.readClientCert(body, &h)
	if s, ok := f.readText(body, "min_tls", `"1.2" or "1.3"`); ok && f.oneOf(s, []string{"1.2", "1.3"}) {
		h.MinTLS = s.text()
	}
	if place != channelHTTP {
		if allow, ok := f.readNetworks(body, "allow"); ok {
			h.Allow = allow
		}
		h.ProxyDNS = f.readBool(body, "proxy_dns", h.ProxyDNS)
	}
	return h
}

// explainAllow says why a channel's http block has no allow.
func explainAllow(diags hcl.Diagnostics, attr *hclsyntax.Attribute) {
	for _, d := range diags {
		if *d.Subject == attr.NameRange {
			d.Detail = "A channel's URL is your own choice and may be in a private network without being allowed. Remove the attribute allow; it is for connectors, whose addresses come from strangers."
		}
	}
}

func (f *File) readProxy(body *hclsyntax.Body, h *outbound.Settings) {
	s, ok := f.readSecret(body, "proxy", `a URL such as "http://proxy.example.com:3128"`)
	if !ok {
		return
	}
	h.Proxy = s.value
	text, err := s.value.Reveal()
	if err != nil || text == "" {
		return
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		f.error("Not a URL", "The attribute proxy is a URL such as \"http://proxy.example.com:3128\".", s.place)
		return
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
	default:
		f.error("Not a URL", "The attribute proxy is a URL that begins with http://, https:// or socks5://.", s.place)
		return
	}
	if u.User != nil {
		f.warnLiteral("proxy", s)
	}
}

// readNetworks reads a list of networks and addresses.
func (f *File) readNetworks(body *hclsyntax.Body, name string) (networks []netip.Prefix, ok bool) {
	s, ok := f.read(body, name, cty.List(cty.String), `a list of networks such as ["10.0.0.0/8"]`)
	if !ok {
		return nil, false
	}
	networks = []netip.Prefix{}
	for it := s.value.ElementIterator(); it.Next(); {
		_, v := it.Element()
		element := setting{name: name, value: v, place: s.place, hidden: s.hidden}
		if v.IsNull() {
			f.error("Not a network", fmt.Sprintf("An element of %s is null.", name), s.place)
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
			f.error("Not a network", fmt.Sprintf("The attribute %s contains %s, which is not a network. Write networks such as \"10.0.0.0/8\" or \"192.0.2.7\".", name, element.shown()), s.place)
			continue
		}
		networks = append(networks, prefix.Masked())
	}
	return networks, true
}
