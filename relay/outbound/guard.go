package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
)

// guard keeps a connector's requests out of the operator's own network, because strangers
// choose the addresses in a feed, a picture or a redirect. It knows nothing about names;
// it looks at the address that is about to be dialled, so that neither DNS nor a redirect
// gets around it.
type guard struct {
	allow []netip.Prefix
}

// control is for [net.Dialer.ControlContext]: it runs after DNS, once for each
// address that is tried.
func (g guard) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("a connector does not dial %s", network)
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("dial: %w", err)
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return errors.New("dial: the address is not an IP address")
	}
	return g.check(ip)
}

// check refuses an address that is not part of the public internet.
func (g guard) check(ip netip.Addr) error {
	ip = ip.Unmap().WithZone("")
	if g.allowed(ip) {
		return nil
	}
	if inner, ok := embedded(ip); ok {
		if err := g.check(inner); err != nil {
			return fmt.Errorf("%s leads to an IPv4 address: %w", ip, err)
		}
		return nil
	}
	if isPublic(ip) {
		return nil
	}
	return fmt.Errorf("%s is not a public address: list its network in http.allow if the connector may reach it", ip)
}

// allowed reports whether a listed network holds an address.
func (g guard) allowed(ip netip.Addr) bool {
	return slices.ContainsFunc(g.allow, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// embedded returns the IPv4 address in a NAT64 (RFC 6052) or 6to4 (RFC 3056)
// address: a gateway would send the request on to it.
func embedded(ip netip.Addr) (netip.Addr, bool) {
	b := ip.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(ip):
		return netip.AddrFrom4([4]byte(b[12:16])), true
	case netip.MustParsePrefix("2002::/16").Contains(ip):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return netip.Addr{}, false
}

// isPublic reports whether an address is global unicast and not reserved for a special
// purpose, according to IANA's registries
// (https://www.iana.org/assignments/iana-ipv4-special-registry,
// https://www.iana.org/assignments/iana-ipv6-special-registry).
func isPublic(ip netip.Addr) bool {
	special := specialIPv6
	if ip.Is4() {
		special = specialIPv4
	} else if !netip.MustParsePrefix("2000::/3").Contains(ip) {
		return false
	}
	for _, text := range special() {
		if netip.MustParsePrefix(text).Contains(ip) {
			return false
		}
	}
	return true
}

func specialIPv4() []string {
	return []string{
		"0.0.0.0/8",        // this network
		"10.0.0.0/8",       // private
		"100.64.0.0/10",    // carrier-grade NAT, and Alibaba's metadata service
		"127.0.0.0/8",      // loopback
		"168.63.129.16/32", // Azure's platform service, an otherwise public address
		"169.254.0.0/16",   // link-local, and the clouds' metadata services
		"172.16.0.0/12",    // private
		"192.0.0.0/24",     // protocol assignments, and Oracle's metadata service
		"192.0.2.0/24",     // documentation
		"192.88.99.0/24",   // 6to4 relays, retired
		"192.168.0.0/16",   // private
		"198.18.0.0/15",    // benchmarks
		"198.51.100.0/24",  // documentation
		"203.0.113.0/24",   // documentation
		"224.0.0.0/4",      // multicast
		"240.0.0.0/4",      // reserved, and broadcast
	}
}

// specialIPv6 lists the special networks within 2000::/3. Everything outside of it is
// either unassigned or special: loopback, unique local, link-local, multicast, mapped.
func specialIPv6() []string {
	return []string{
		"2001::/23",     // protocol assignments, Teredo among them
		"2001:db8::/32", // documentation
		"3fff::/20",     // documentation
	}
}
