package gate

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// The ways in which a dashboard is reached: on this machine only, over the relay's own TLS,
// and through proxies.
func local() Settings { return Settings{} }

func own() Settings {
	u, _ := url.Parse("https://relay.example.com")
	return Settings{Public: u}
}

func proxied() Settings {
	s := own()
	s.Public.Host = "relay.example.com:8443"
	s.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32")}
	return s
}

func TestWhoPasses(t *testing.T) {
	const ok, misdirected, forbidden = http.StatusOK, http.StatusMisdirectedRequest, http.StatusForbidden
	for _, c := range []struct {
		name     string
		settings Settings
		peer     string
		tls      bool
		host     string
		method   string
		header   map[string]string
		want     int
		// from and secure are what a request that passes is taken for.
		from   string
		secure bool
	}{
		{name: "this machine", settings: local(), peer: "127.0.0.1", host: "localhost:8081", want: ok, from: "127.0.0.1"},
		{name: "this machine by number", settings: local(), peer: "::1", host: "[::1]:8081", want: ok, from: "::1"},
		{name: "a name that points to this machine", settings: local(), peer: "127.0.0.1", host: "evil.example:8081", want: misdirected},
		{name: "a name that looks local", settings: local(), peer: "127.0.0.1", host: "localhost.evil.example", want: misdirected},
		{name: "no name", settings: local(), peer: "127.0.0.1", host: "", want: misdirected},
		{name: "elsewhere, under a local name", settings: local(), peer: "192.0.2.7", host: "localhost", want: misdirected},

		{name: "over TLS", settings: own(), peer: "192.0.2.7", tls: true, host: "relay.example.com", want: ok, from: "192.0.2.7", secure: true},
		{name: "over TLS, in capitals and with the port", settings: own(), peer: "192.0.2.7", tls: true, host: "RELAY.example.com:443", want: ok, from: "192.0.2.7", secure: true},
		{name: "over TLS, under another name", settings: own(), peer: "192.0.2.7", tls: true, host: "evil.example", want: misdirected},
		{name: "over TLS, under another port", settings: own(), peer: "192.0.2.7", tls: true, host: "relay.example.com:8443", want: misdirected},
		{name: "over TLS, under an address", settings: own(), peer: "192.0.2.7", tls: true, host: "198.51.100.1", want: misdirected},
		{name: "over TLS, under a local name", settings: own(), peer: "192.0.2.7", tls: true, host: "localhost", want: misdirected},
		{name: "over TLS, with a lie about where from", settings: own(), peer: "192.0.2.7", tls: true, host: "relay.example.com", header: map[string]string{"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1"}, want: ok, from: "192.0.2.7", secure: true},
		{name: "in the clear", settings: own(), peer: "192.0.2.7", host: "relay.example.com", want: misdirected},
		{name: "in the clear, with a lie about TLS", settings: own(), peer: "192.0.2.7", host: "relay.example.com", header: map[string]string{"X-Forwarded-Proto": "https"}, want: misdirected},

		{name: "through a proxy", settings: proxied(), peer: "10.0.0.1", host: "relay.example.com:8443", header: map[string]string{"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}, want: ok, from: "192.0.2.7", secure: true},
		{name: "through a proxy that says little", settings: proxied(), peer: "10.0.0.1", host: "relay.example.com:8443", want: ok, from: "10.0.0.1", secure: true},
		{name: "through a proxy, with a lie", settings: proxied(), peer: "10.0.0.1", host: "relay.example.com:8443", header: map[string]string{"X-Forwarded-For": "127.0.0.1, 192.0.2.7"}, want: ok, from: "192.0.2.7", secure: true},
		{name: "through a proxy that does not know", settings: proxied(), peer: "10.0.0.1", host: "relay.example.com:8443", header: map[string]string{"X-Forwarded-For": "unknown"}, want: ok, from: "invalid IP", secure: true},
		{name: "through a proxy, under another name", settings: proxied(), peer: "10.0.0.1", host: "evil.example", header: map[string]string{"X-Forwarded-Host": "relay.example.com:8443"}, want: misdirected},
		{name: "through a proxy, in the clear", settings: proxied(), peer: "10.0.0.1", host: "relay.example.com:8443", method: "POST", header: map[string]string{"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "http"}, want: misdirected},
		{name: "through a proxy, in the clear, to look", settings: proxied(), peer: "10.0.0.1", host: "relay.example.com:8443", header: map[string]string{"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "http"}, want: http.StatusPermanentRedirect},
		{name: "through a proxy on this machine, under a local name", settings: proxied(), peer: "127.0.0.1", host: "localhost:8081", header: map[string]string{"X-Forwarded-For": "192.0.2.7"}, want: misdirected},
		{name: "past the proxy", settings: proxied(), peer: "192.0.2.7", host: "relay.example.com:8443", header: map[string]string{"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https"}, want: misdirected},

		{name: "a form of this dashboard's", settings: own(), peer: "192.0.2.7", tls: true, host: "relay.example.com", method: "POST", header: map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "https://relay.example.com"}, want: ok, from: "192.0.2.7", secure: true},
		{name: "a form of this dashboard's, in an old browser", settings: own(), peer: "192.0.2.7", tls: true, host: "relay.example.com", method: "POST", header: map[string]string{"Origin": "https://relay.example.com"}, want: ok, from: "192.0.2.7", secure: true},
		{name: "a form elsewhere", settings: own(), peer: "192.0.2.7", tls: true, host: "relay.example.com", method: "POST", header: map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, want: forbidden},
		{name: "a form at a neighbour's", settings: own(), peer: "192.0.2.7", tls: true, host: "relay.example.com", method: "POST", header: map[string]string{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, want: forbidden},
		{name: "a form elsewhere, in an old browser", settings: own(), peer: "192.0.2.7", tls: true, host: "relay.example.com", method: "POST", header: map[string]string{"Origin": "https://evil.example"}, want: forbidden},
		{name: "a form from nowhere", settings: own(), peer: "192.0.2.7", tls: true, host: "relay.example.com", method: "POST", header: map[string]string{"Origin": "null"}, want: forbidden},
		{name: "a form over http", settings: local(), peer: "127.0.0.1", host: "localhost:8081", method: "POST", header: map[string]string{"Origin": "http://localhost:3000"}, want: forbidden},
		{name: "a deletion elsewhere", settings: local(), peer: "127.0.0.1", host: "localhost:8081", method: "DELETE", header: map[string]string{"Sec-Fetch-Site": "cross-site"}, want: forbidden},
		{name: "a program with a session", settings: own(), peer: "192.0.2.7", tls: true, host: "relay.example.com", method: "POST", want: ok, from: "192.0.2.7", secure: true},
		{name: "a page elsewhere that has a token", settings: own(), peer: "192.0.2.7", tls: true, host: "relay.example.com", method: "POST", header: map[string]string{"Origin": "https://evil.example", "Authorization": "Bearer relay_x"}, want: ok, from: "192.0.2.7", secure: true},
		{name: "a link elsewhere", settings: own(), peer: "192.0.2.7", tls: true, host: "relay.example.com", header: map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, want: ok, from: "192.0.2.7", secure: true},
		{name: "a frame elsewhere", settings: own(), peer: "192.0.2.7", tls: true, host: "relay.example.com", header: map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, want: forbidden},
		{name: "a picture elsewhere", settings: local(), peer: "127.0.0.1", host: "localhost", header: map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, want: forbidden},
		{name: "a stream of news elsewhere", settings: local(), peer: "127.0.0.1", host: "localhost", header: map[string]string{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, want: forbidden},
		{name: "typed", settings: local(), peer: "127.0.0.1", host: "localhost", header: map[string]string{"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, want: ok, from: "127.0.0.1"},
	} {
		var came Arrival
		g := New()
		g.Use(c.settings)
		method := c.method
		if method == "" {
			method = http.MethodGet
		}
		r := httptest.NewRequest(method, "/x?y=1", nil)
		r.Host, r.RemoteAddr = c.host, netip.AddrPortFrom(netip.MustParseAddr(c.peer), 1234).String()
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		for name, value := range c.header {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		g.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { came = ArrivalOf(r.Context()) })).ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s: %d, not %d", c.name, w.Code, c.want)
			continue
		}
		if c.want == ok && (came.From.String() != c.from || came.Secure != c.secure) {
			t.Errorf("%s: it came from %s, secure %t", c.name, came.From, came.Secure)
		}
		if at := w.Header().Get("Location"); at != "" && at != "https://relay.example.com:8443/x?y=1" {
			t.Errorf("%s: it leads to %s", c.name, at)
		}
		if hsts := w.Header().Get("Strict-Transport-Security"); (hsts != "") != (c.secure && c.want == ok || c.tls && c.want == forbidden) {
			t.Errorf("%s: Strict-Transport-Security: %s", c.name, hsts)
		}
		if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: Content-Security-Policy: %s", c.name, policy)
		}
	}
}

func TestWhoSpeaksNoTLSIsLedToIt(t *testing.T) {
	g := New()
	g.Use(proxied())
	for _, c := range []struct {
		method, host, path string
		want               int
	}{
		{"GET", "relay.example.com", "/channels?x=1", http.StatusPermanentRedirect},
		{"HEAD", "relay.example.com:80", "//evil.example/", http.StatusPermanentRedirect},
		{"POST", "relay.example.com", "/sign-in", http.StatusMisdirectedRequest},
		{"GET", "evil.example", "/", http.StatusMisdirectedRequest},
	} {
		r := httptest.NewRequest(c.method, "http://x"+c.path, nil)
		r.Host = c.host
		w := httptest.NewRecorder()
		g.Upgrade().ServeHTTP(w, r)
		if at := w.Header().Get("Location"); w.Code != c.want || at != "" && !strings.HasPrefix(at, "https://relay.example.com:8443/") {
			t.Errorf("%s %s%s: %d to %s", c.method, c.host, c.path, w.Code, at)
		}
	}
}
