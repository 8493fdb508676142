package intake

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// remote is the sender's address: the peer's or, behind trusted proxies, the nearest
// one they report that is not a trusted proxy itself. It is empty when a trusted proxy
// reports nothing readable.
func (i *Intake) remote(r *http.Request) string {
	addr, ok := parseAddr(r.RemoteAddr)
	if !ok {
		return ""
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for n := len(hops) - 1; n >= 0 && i.trusted(addr); n-- {
		if strings.TrimSpace(hops[n]) == "" {
			continue
		}
		if addr, ok = parseAddr(strings.TrimSpace(hops[n])); !ok {
			return ""
		}
	}
	return addr.String()
}

// parseAddr parses an address with or without a port: proxies write both.
func parseAddr(s string) (netip.Addr, bool) {
	if withPort, err := netip.ParseAddrPort(s); err == nil {
		return withPort.Addr().Unmap().WithZone(""), true
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return addr.Unmap().WithZone(""), err == nil
}

// TrustProxies sets the proxies that are trusted from now on.
func (i *Intake) TrustProxies(list []netip.Prefix) { i.proxies.Store(&list) }

func (i *Intake) trusted(a netip.Addr) bool {
	list := i.proxies.Load()
	return list != nil && slices.ContainsFunc(*list, func(p netip.Prefix) bool { return p.Contains(a) })
}
