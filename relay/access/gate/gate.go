// Package gate lets requests into the dashboard's listener, or turns them away, before
// anybody asks who sends them: those under a foreign name, past the proxies, or made by a
// page elsewhere. It also sets the headers that keep what a page shows harmless.
package gate

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/connector-relay/relay/relay/forwarded"
)

// Settings are how the dashboard is reached.
type Settings struct {
	// Public is what people type; nil means that only this machine's users reach it.
	Public *url.URL
	// Proxies speak TLS with the browsers, and say for whom they ask.
	Proxies forwarded.Proxies
}

// Gate guards a listener.
type Gate struct{ settings atomic.Pointer[Settings] }

// New returns a gate that only this machine's users pass.
func New() *Gate {
	g := &Gate{}
	g.Use(Settings{})
	return g
}

// Use changes how the dashboard is reached.
func (g *Gate) Use(s Settings) { g.settings.Store(&s) }

// Arrival is how a request came.
type Arrival struct {
	// From is who sent it; it is not valid when a proxy does not say.
	From netip.Addr
	// Secure says that the browser speaks TLS, so cookies can rely on it.
	Secure bool
	// Origin is what the browser's address begins with.
	Origin string
}

type key struct{}

// ArrivalOf returns how a request came through the gate.
func ArrivalOf(ctx context.Context) Arrival {
	a, _ := ctx.Value(key{}).(Arrival)
	return a
}

// contentPolicy lets a page load what this dashboard serves, and run and style nothing
// else, whatever a card holds.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Handler lets through to next what may pass.
func (g *Gate) Handler(next http.Handler) http.Handler {
	protected := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := g.settings.Load()
		a, refusal := s.arrive(r)
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if a.Secure && s.Public != nil && a.Origin == s.Public.String() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		switch {
		case refusal == inTheClear && (r.Method == http.MethodGet || r.Method == http.MethodHead):
			http.Redirect(w, r, s.Public.String()+r.URL.RequestURI(), http.StatusPermanentRedirect)
		case refusal != "":
			http.Error(w, string(refusal), http.StatusMisdirectedRequest)
		case embedded(r):
			http.Error(w, "A page elsewhere asks for this. Open it in a tab of its own.", http.StatusForbidden)
		default:
			// A program with a token is no browser, so no page can make it ask.
			if r = r.WithContext(context.WithValue(r.Context(), key{}, a)); hasToken(r) {
				next.ServeHTTP(w, r)
				return
			}
			protected.ServeHTTP(w, r)
		}
	})
}

// hasToken reports whether a request brings an API token. A browser does not do that by
// itself, as it does with a cookie.
func hasToken(r *http.Request) bool { return r.Header.Get("Authorization") != "" }

// Upgrade answers who does not speak TLS where a listener does: it leads to the same page
// over TLS.
func (g *Gate) Upgrade() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := g.settings.Load()
		name, _ := split(r.Host)
		if s.Public == nil || !strings.EqualFold(name, s.Public.Hostname()) || r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, string(inTheClear), http.StatusMisdirectedRequest)
			return
		}
		http.Redirect(w, r, s.Public.String()+r.URL.RequestURI(), http.StatusPermanentRedirect)
	})
}

// refusal says why a request does not pass.
type refusal string

const (
	foreignHost refusal = "The dashboard does not answer to this name."
	pastProxy   refusal = "The dashboard answers only to its proxies here."
	inTheClear  refusal = "The dashboard answers only over TLS."
)

// arrive says how a request came, and whether it may pass.
func (s *Settings) arrive(r *http.Request) (Arrival, refusal) {
	from, ok := s.Proxies.For(r)
	if !ok {
		from = netip.Addr{}
	}
	peer, _ := forwarded.Address(r.RemoteAddr)
	a := Arrival{From: from, Secure: r.TLS != nil}
	switch proxied := s.Proxies.Trusts(peer) && r.Header.Get("X-Forwarded-For") != ""; {
	case peer.IsLoopback() && !proxied && isLocal(r.Host):
		// Somebody on this machine, under a name that no name server gives away.
		a.Origin = origin(a.Secure, r.Host)
		return a, ""
	case s.Public == nil || !sameHost(r.Host, s.Public):
		return a, foreignHost
	case r.TLS != nil:
	case proxied && r.Header.Get("X-Forwarded-Proto") == "http" && s.Public.Scheme == "https":
		return a, inTheClear
	case s.Proxies.Trusts(peer), peer.IsLoopback() && len(s.Proxies) == 0:
		// TLS ends at a proxy, or at one on this machine that nobody has named.
		a.Secure = s.Public.Scheme == "https"
	default:
		return a, pastProxy
	}
	a.Origin = s.Public.String()
	return a, ""
}

func origin(secure bool, host string) string {
	if secure {
		return "https://" + host
	}
	return "http://" + host
}

// sameHost reports whether a Host header is a URL's.
func sameHost(host string, u *url.URL) bool {
	name, port := split(host)
	wantName, wantPort := split(u.Host)
	standard := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	if port == "" {
		port = standard
	}
	if wantPort == "" {
		wantPort = standard
	}
	return strings.EqualFold(strings.TrimSuffix(name, "."), wantName) && port == wantPort
}

func split(host string) (name, port string) {
	if name, port, err := net.SplitHostPort(host); err == nil {
		return name, port
	}
	return strings.Trim(host, "[]"), ""
}

// isLocal reports whether a Host header names this machine.
func isLocal(host string) bool {
	name, _ := split(host)
	ip, err := netip.ParseAddr(name)
	return strings.EqualFold(name, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// embedded reports whether a page elsewhere loads something from here into itself, such as
// a picture, a frame or a stream of events. Following a link from elsewhere is fine.
func embedded(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.Header.Get("Sec-Fetch-Dest") != "document"
	}
	return false
}
