package outbound

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

func TestGuardRefusesAllThatIsNotPublic(t *testing.T) {
	refused := []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.0.1",
		"169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
		"198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254",
		"fec0::1", "ff02::1", "100::1", "2001:db8::1", "2001::1", "2001:0:4136:e378::1", "3fff::1", "5f00::1", "4000::1",
		"64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::1",
	}
	public := []string{
		"1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "198.20.0.1", "223.255.255.255",
		"::ffff:8.8.8.8", "2606:4700::1111", "2a00:1450::1", "64:ff9b::8.8.8.8", "2002:808:808::1", "2003::1",
	}
	var g guard
	for _, text := range refused {
		if g.check(netip.MustParseAddr(text)) == nil {
			t.Errorf("%s is let through", text)
		}
	}
	for _, text := range public {
		if err := g.check(netip.MustParseAddr(text)); err != nil {
			t.Errorf("%s is refused: %v", text, err)
		}
	}
}

func TestGuardAllowsListedNetworks(t *testing.T) {
	g := guard{allow: networks("10.1.0.0/16", "fd00::/8", "127.0.0.1/32")}
	for text, allowed := range map[string]bool{
		"10.1.2.3": true, "::ffff:10.1.2.3": true, "64:ff9b::10.1.2.3": true, "fd12::1": true, "127.0.0.1": true,
		"10.2.0.1": false, "127.0.0.2": false, "fe80::1": false, "64:ff9b::10.2.0.1": false,
	} {
		if err := g.check(netip.MustParseAddr(text)); (err == nil) != allowed {
			t.Errorf("%s: allowed should be %t, got %v", text, allowed, err)
		}
	}
}

func networks(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, text := range list {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

// countingServer counts what reaches it; to reach it is a hole in the guard.
func countingServer(t *testing.T) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var n atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n.Add(1)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(s.Close)
	return s, &n
}

func clientWith(t *testing.T, c *Pool, h Settings) *http.Client {
	t.Helper()
	client, err := c.Client(h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func mustFail(t *testing.T, client *http.Client, address string) {
	t.Helper()
	response, err := client.Get(address)
	if err == nil {
		response.Body.Close()
		t.Errorf("%s was reached", address)
		return
	}
	if !strings.Contains(err.Error(), "http.allow") {
		t.Errorf("%s: the error does not say what to do: %v", address, err)
	}
}

func TestTheClientDoesNotReachPrivateAddresses(t *testing.T) {
	inner, n := countingServer(t)
	port := inner.URL[strings.LastIndexByte(inner.URL, ':'):]
	client := clientWith(t, &Pool{resolver: resolverTo(t, "127.0.0.1")}, Settings{})
	for _, host := range []string{"http://127.0.0.1", "http://[::ffff:127.0.0.1]", "http://public.example", "http://0.0.0.0"} {
		mustFail(t, client, host+port)
	}
	mustFail(t, clientWith(t, &Pool{}, Settings{}), "http://localhost"+port)
	if n.Load() != 0 {
		t.Errorf("%d requests came through", n.Load())
	}
}

func TestARedirectToAPrivateAddressIsRefused(t *testing.T) {
	inner, n := countingServer(t)
	listener, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	outer := httptest.NewUnstartedServer(http.RedirectHandler(inner.URL, http.StatusFound))
	outer.Listener.Close()
	outer.Listener = listener
	outer.Start()
	t.Cleanup(outer.Close)
	mustFail(t, clientWith(t, &Pool{}, Settings{Allow: networks("127.0.0.2/32")}), outer.URL)
	if n.Load() != 0 {
		t.Error("the redirect came through")
	}
}

// resolverTo is a resolver for which all names have one address, or none.
func resolverTo(t *testing.T, address string) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			if answer, err := answerDNS(buf[:n], address); err == nil {
				_, _ = server.WriteTo(answer, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

func answerDNS(query []byte, address string) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil {
		return nil, err
	}
	m.Response, m.Additionals = true, nil
	if q := m.Questions[0]; address == "" {
		m.RCode = dnsmessage.RCodeNameError
	} else if q.Type == dnsmessage.TypeA {
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
			Body:   &dnsmessage.AResource{A: netip.MustParseAddr(address).As4()},
		}}
	}
	return m.Pack()
}
