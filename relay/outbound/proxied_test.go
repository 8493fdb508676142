package outbound

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/connector-relay/relay/relay/secret"
)

// testProxy is a real proxy: it takes absolute requests, CONNECT and SOCKS5, and
// sends all that it is asked for to one server.
type testProxy struct {
	net.Listener
	onward string

	mu    sync.Mutex
	asked []string
}

func newTestProxy(t *testing.T, onward string) *testProxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &testProxy{Listener: listener, onward: onward}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { defer conn.Close(); p.serve(conn) })
		}
	})
	t.Cleanup(func() { listener.Close(); serving.Wait() })
	return p
}

func (p *testProxy) ask(host string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, host)
}

func (p *testProxy) serve(conn net.Conn) {
	in := bufio.NewReader(conn)
	if first, err := in.Peek(1); err != nil {
		return
	} else if first[0] == 5 {
		p.socks(conn, in)
		return
	}
	r, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	p.ask(r.URL.Hostname())
	if r.Method == http.MethodConnect {
		p.tunnel(conn, in, "HTTP/1.1 200 OK\r\n\r\n")
		return
	}
	r.URL.Host, r.RequestURI = p.onward, ""
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	resp.Close = true
	_ = resp.Write(conn)
}

// socks is as much of RFC 1928 as a client that asks for a name needs.
func (p *testProxy) socks(conn net.Conn, in *bufio.Reader) {
	hello := make([]byte, 2)
	if _, err := io.ReadFull(in, hello); err != nil {
		return
	}
	_, _ = in.Discard(int(hello[1]))
	_, _ = conn.Write([]byte{5, 0})
	head := make([]byte, 4)
	if _, err := io.ReadFull(in, head); err != nil {
		return
	}
	var host string
	switch head[3] {
	case 1:
		b := make([]byte, 4)
		_, _ = io.ReadFull(in, b)
		host = netip.AddrFrom4([4]byte(b)).String()
	case 3:
		n, _ := in.ReadByte()
		b := make([]byte, n)
		_, _ = io.ReadFull(in, b)
		host = string(b)
	}
	_, _ = in.Discard(2)
	p.ask(host)
	p.tunnel(conn, in, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
}

func (p *testProxy) tunnel(conn net.Conn, in io.Reader, ready string) {
	onward, err := net.Dial("tcp", p.onward)
	if err != nil {
		return
	}
	defer onward.Close()
	_, _ = io.WriteString(conn, ready)
	go func() { _, _ = io.Copy(onward, in); onward.Close() }()
	_, _ = io.Copy(conn, onward)
}

// TestAProxyIsAskedForNoPrivateAddress sends requests through proxies of each kind
// whose DNS says that every name is one address.
func TestAProxyIsAskedForNoPrivateAddress(t *testing.T) {
	const public, private, metadata = "93.184.216.34", "10.1.2.3", "169.254.169.254"
	for _, c := range []struct {
		host, resolved string
		allow          []string
		proxyDNS       bool
		refused        string // what the error says; empty when the request goes through
	}{
		{host: "feed.example", resolved: public},
		{host: "3com.example", resolved: public},
		{host: "bücher.example", resolved: public},
		{host: "1.1.1.1", resolved: public},
		{host: "feed.example", resolved: private, refused: "feed.example: 10.1.2.3 is not a public address"},
		{host: "rebind.example", resolved: metadata, refused: "http.allow"},
		{host: "127.0.0.1.nip.example", resolved: "127.0.0.1", refused: "http.allow"},
		{host: "feed.example", resolved: private, allow: []string{"10.0.0.0/8"}},
		{host: "wiki.internal", resolved: private, allow: []string{"10.0.0.0/8"}},
		{host: "wiki", resolved: private, allow: []string{"10.0.0.0/8"}},
		{host: "wiki.internal", resolved: private, refused: "http.allow"},
		// The proxy's DNS may well say otherwise.
		{host: "wiki.internal", resolved: public, refused: "http.allow"},
		{host: "wiki", resolved: public, refused: "http.allow"},
		{host: "printer.local", resolved: public, refused: "http.allow"},
		{host: "router.home.arpa", resolved: public, refused: "http.allow"},
		{host: "metadata.google.internal.", resolved: public, refused: "http.allow"},
		{host: "metadata.goog", resolved: public, refused: "http.allow"},
		{host: "feed.example", resolved: "", refused: "http.proxy_dns"},
		{host: "feed.example", resolved: "", proxyDNS: true},
		{host: "wiki.internal", proxyDNS: true, refused: "http.proxy_dns"},
		{host: "wiki.internal", proxyDNS: true, allow: []string{"10.0.0.0/8"}, refused: "http.proxy_dns"},
		{host: "localhost", resolved: public, refused: "http.allow"},
		{host: "LocalHost.", resolved: public, proxyDNS: true, refused: "http.allow"},
		{host: "a.localhost", proxyDNS: true, refused: "http.allow"},
		{host: "ｌocalhost", proxyDNS: true, refused: "http.allow"},
		{host: "127.0.0.1", proxyDNS: true, refused: "http.allow"},
		{host: "127.0.0.1.", proxyDNS: true, refused: "http.allow"},
		{host: "１２７。0.0.1", proxyDNS: true, refused: "http.allow"},
		{host: "10.0.0.1", proxyDNS: true, refused: "http.allow"},
		{host: "[::1]", proxyDNS: true, refused: "http.allow"},
		{host: "[::ffff:10.0.0.1]", proxyDNS: true, refused: "http.allow"},
		{host: "[64:ff9b::a9fe:a9fe]", proxyDNS: true, refused: "http.allow"},
		{host: "[2002:7f00:1::]", proxyDNS: true, refused: "http.allow"},
		{host: "[fe80::1%25eth0]", proxyDNS: true, refused: "http.allow"},
		{host: "127.1", proxyDNS: true, refused: "unusual notation"},
		{host: "2130706433", proxyDNS: true, refused: "unusual notation"},
		{host: "0x7f000001", proxyDNS: true, refused: "unusual notation"},
		{host: "0x7f.1", proxyDNS: true, refused: "unusual notation"},
		{host: "0177.0.0.1", proxyDNS: true, refused: "unusual notation"},
		{host: "127.0.0.0x1", proxyDNS: true, refused: "unusual notation"},
	} {
		t.Run(fmt.Sprintf("%s is %s, allowed %v, by the proxy's DNS %t", c.host, c.resolved, c.allow, c.proxyDNS), func(t *testing.T) {
			server, reached := countingServer(t)
			proxy := newTestProxy(t, server.Listener.Addr().String())
			pool := &Pool{resolver: resolverTo(t, c.resolved)}
			for _, kind := range []string{"http", "socks5", "socks5h"} {
				client := clientWith(t, pool, Settings{Proxy: secret.New(kind + "://" + proxy.Addr().String()), Allow: networks(c.allow...), ProxyDNS: c.proxyDNS})
				response, err := client.Get("http://" + c.host + "/")
				if err == nil {
					response.Body.Close()
				}
				if c.refused == "" && err != nil || c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)) {
					t.Errorf("%s: %v, want %q", kind, err, c.refused)
				}
			}
			if want := map[bool]int32{true: 3}[c.refused == ""]; reached.Load() != want || len(proxy.asked) != int(want) {
				t.Errorf("the proxy was asked for %v, and %d requests came through", proxy.asked, reached.Load())
			}
		})
	}
}

func TestATunnelIsGuardedAsWell(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://169.254.169.254/latest/meta-data", http.StatusFound)
	}))
	t.Cleanup(server.Close)
	proxy := newTestProxy(t, server.Listener.Addr().String())
	client := clientWith(t, &Pool{resolver: resolverTo(t, "93.184.216.34")}, Settings{Proxy: secret.New("http://" + proxy.Addr().String()), CA: certificateOf(server)})
	mustFail(t, client, "https://example.com/")
	if !slices.Equal(proxy.asked, []string{"example.com"}) {
		t.Errorf("the proxy was asked for %v", proxy.asked)
	}
}
