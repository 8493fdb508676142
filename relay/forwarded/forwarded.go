// Package forwarded says where a request came from, if it came through proxies. The hooks
// and the dashboard ask it alike; which proxies they believe is in the configuration.
package forwarded

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the networks of proxies that are believed.
type Proxies []netip.Prefix

// Trusts reports whether an address is a proxy's.
func (p Proxies) Trusts(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(a) })
}

// For is who sent a request: the peer or, behind proxies, the nearest one that they report
// and that is no proxy itself. It is false when a proxy reports nothing readable.
func (p Proxies) For(r *http.Request) (netip.Addr, bool) {
	addr, ok := Address(r.RemoteAddr)
	if !ok {
		return addr, false
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for n := len(hops) - 1; n >= 0 && p.Trusts(addr); n-- {
		if strings.TrimSpace(hops[n]) == "" {
			continue
		}
		if addr, ok = Address(strings.TrimSpace(hops[n])); !ok {
			return addr, false
		}
	}
	return addr, true
}

// Address reads an address with or without a port: proxies write both.
func Address(s string) (netip.Addr, bool) {
	if withPort, err := netip.ParseAddrPort(s); err == nil {
		return withPort.Addr().Unmap().WithZone(""), true
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return addr.Unmap().WithZone(""), err == nil
}
