package door

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/access/gate"
)

// The cookies: the session, a sign-in under way elsewhere, and the mark of a browser in
// which somebody has signed in before.
const (
	sessionCookie = "relay"
	flowCookie    = "relay-flow-"
	knownCookie   = "relay-known"
)

// cookieName is a cookie's name as the browser has it. The prefix makes browsers refuse it
// from other hosts of the domain, and over http.
func cookieName(r *http.Request, name string) string {
	if gate.ArrivalOf(r.Context()).Secure {
		return "__Host-" + name
	}
	return name
}

func readCookie(r *http.Request, name string) string {
	// A second cookie of that name is from somebody else.
	if list := r.CookiesNamed(cookieName(r, name)); len(list) == 1 {
		return list[0].Value
	}
	return ""
}

func setCookie(w http.ResponseWriter, r *http.Request, name, value string, lasts time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r, name), Value: value, Path: "/", MaxAge: int(lasts / time.Second),
		HttpOnly: true, Secure: gate.ArrivalOf(r.Context()).Secure, SameSite: http.SameSiteLaxMode,
	})
}

func dropCookie(w http.ResponseWriter, r *http.Request, name string) {
	setCookie(w, r, name, "", -time.Second)
}

// longestPath bounds where somebody goes after she has signed in.
const longestPath = 2000

// CleanPath returns where somebody goes after she has signed in: a path on this dashboard
// and nowhere else.
func CleanPath(to string) string {
	u, err := url.Parse(to)
	switch {
	case err != nil, len(to) > longestPath, u.Scheme != "", u.Host != "", u.User != nil, u.Opaque != "",
		!strings.HasPrefix(to, "/"), strings.HasPrefix(u.Path, "//"), isOpen(u.Path),
		strings.ContainsFunc(u.Path+to, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }):
		return "/"
	}
	return u.RequestURI()
}

func escape(s string) string { return url.QueryEscape(s) }
