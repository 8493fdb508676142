package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
)

// proxied guards requests that go through a proxy, each hop of a redirect too. The proxy
// dials, where the guard cannot watch, so the name is looked up here as well. A name that
// resolves to another address for the proxy than for the relay still gets through; only
// the proxy's own rules stop that.
type proxied struct {
	next  http.RoundTripper
	guard guard
	// proxyDNS says that names cannot be looked up here.
	proxyDNS bool
	// resolver may be nil, which means the system's.
	resolver *net.Resolver
}

// RoundTrip implements [http.RoundTripper].
func (p proxied) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := p.check(r.Context(), r.URL.Hostname()); err != nil {
		closeBody(r.Body)
		return nil, err
	}
	return p.next.RoundTrip(r)
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] through.
func (p proxied) CloseIdleConnections() {
	c := http.Client{Transport: p.next}
	c.CloseIdleConnections()
}

// check refuses a host that is, or for the proxy may be, inside a private network.
func (p proxied) check(ctx context.Context, host string) error {
	host, err := canonicalHost(host)
	if err != nil {
		return err
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return p.guard.check(ip)
	}
	if isLocalhost(host) {
		return p.guard.check(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	}
	internal := isInternal(host)
	if p.proxyDNS {
		if internal {
			return fmt.Errorf("%s is a name of a private network, and with http.proxy_dns nobody can tell whether http.allow lists its address", host)
		}
		return nil
	}
	addresses, err := p.resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return fmt.Errorf("%w; if only the proxy can look names up, set http.proxy_dns", err)
	}
	for _, ip := range addresses {
		ip = ip.Unmap()
		if internal && !p.guard.allowed(ip) {
			return fmt.Errorf("%s is a name of a private network: list its address, %s, in http.allow if the connector may reach it", host, ip)
		}
		if err := p.guard.check(ip); err != nil {
			return fmt.Errorf("%s: %w", host, err)
		}
	}
	return nil
}

// canonicalHost returns a host as net/http will send it: it turns wide digits and
// dots into ASCII's, so "１２７。1" is an address too.
func canonicalHost(host string) (string, error) {
	if strings.ContainsFunc(host, func(r rune) bool { return r >= 0x80 }) {
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return "", errors.New("the host's name is not valid")
		}
		host = ascii
	}
	host = strings.ToLower(strings.TrimRight(host, "."))
	// Resolvers take 127.1, 0x7f.1 and 2130706433 for addresses; the URL standard
	// does so for every host that ends in a number
	// (https://url.spec.whatwg.org/#ends-in-a-number-checker).
	last := host[strings.LastIndexByte(host, '.')+1:]
	if _, err := netip.ParseAddr(host); err != nil && last != "" && (strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x")) {
		return "", errors.New("the host is an address in an unusual notation; write it as a.b.c.d")
	}
	return host, nil
}

// isLocalhost follows RFC 6761, section 6.3.
func isLocalhost(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// isInternal reports whether a name means something within a network only: names
// without a dot, the domains set aside or in common use for that, and those of the
// clouds' metadata services.
func isInternal(host string) bool {
	if !strings.Contains(host, ".") {
		return true
	}
	for _, domain := range []string{
		"internal", "local", "localdomain", "intranet", "private", "corp", "home", "lan", "home.arpa", // RFC 6762, appendix G; RFC 8375
		"metadata.goog", "metadata.tencentyun.com", "metadata.platformequinix.com",
	} {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}
