package outbound

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// discreet shows no server what a connector meant for another one. It sits beneath
// whatever a connector wraps around its client, because such wrappers (an OAuth
// transport, go-github's) add their credentials to every hop of a redirect. net/http
// itself removes only some headers, and adds a Referer that would contain the whole
// address of a private feed.
type discreet struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (d discreet) RoundTrip(r *http.Request) (*http.Response, error) {
	abroad := strayed(r)
	if _, refers := r.Header["Referer"]; !refers && !abroad {
		return d.next.RoundTrip(r)
	}
	if abroad && r.Body != nil && r.Body != http.NoBody {
		closeBody(r.Body)
		return nil, fmt.Errorf("the server redirects the request to another one, %s; if that is right, configure that address", r.URL.Host)
	}
	r = r.Clone(r.Context())
	r.Header.Del("Referer")
	if abroad {
		own := ownCookies(r)
		for name := range r.Header {
			if !harmless(name) {
				r.Header.Del(name)
			}
		}
		for _, c := range own {
			r.AddCookie(c)
		}
	}
	return d.next.RoundTrip(r)
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] through.
func (d discreet) CloseIdleConnections() {
	c := http.Client{Transport: d.next}
	c.CloseIdleConnections()
}

// ownCookies returns those of a request's cookies that its server set on the way here, or
// that another host of its domain set for the whole domain: some servers redirect until
// their cookie comes back. The values are no secret from whoever chose them.
func ownCookies(r *http.Request) []*http.Cookie {
	var given []string
	for before := r.Response; before != nil && before.Request != nil; before = before.Request.Response {
		for _, c := range before.Cookies() {
			if sameServer(before.Request.URL, r.URL) || within(before.Request.URL, c.Domain) && within(r.URL, c.Domain) {
				given = append(given, c.Name+"="+c.Value)
			}
		}
	}
	return slices.DeleteFunc(r.Cookies(), func(c *http.Cookie) bool { return !slices.Contains(given, c.Name+"="+c.Value) })
}

// within reports whether an address belongs to a domain and would not get in plain text
// what was set over TLS.
func within(u *url.URL, domain string) bool {
	domain = strings.ToLower(strings.TrimPrefix(domain, "."))
	host := strings.ToLower(u.Hostname())
	return domain != "" && u.Scheme == "https" && (host == domain || strings.HasSuffix(host, "."+domain))
}

// strayed reports whether redirects have led away from the first server. A redirect back
// to it is not trusted either, because somebody else chose the address.
func strayed(r *http.Request) bool {
	for r.Response != nil && r.Response.Request != nil {
		before := r.Response.Request
		if !sameServer(before.URL, r.URL) {
			return true
		}
		r = before
	}
	return false
}

// sameServer reports whether one address may see what was meant for the other: they have
// the same origin, or the same host moved to https.
func sameServer(from, to *url.URL) bool {
	if !strings.EqualFold(from.Hostname(), to.Hostname()) {
		return false
	}
	if from.Scheme == to.Scheme {
		return port(from) == port(to)
	}
	return from.Scheme == "http" && to.Scheme == "https" && port(from) == "80" && port(to) == "443"
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

// harmless reports whether a header holds nothing that only one server may know. It is an
// allow-list, because nobody can list the names that services give to their keys.
func harmless(header string) bool {
	switch header {
	case "Accept", "Accept-Encoding", "Accept-Language", "If-Modified-Since", "If-None-Match", "Range", "User-Agent":
		return true
	}
	return false
}
