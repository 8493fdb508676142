package rss

import (
	"net/url"
	"strings"
)

// redactor keeps the secrets in a feed's address out of its cards. A private feed has a
// password, a token in the query or a secret address, and repeats it in its own pages:
// as the feed's link, in relative addresses, and in items that carry the token.
type redactor struct {
	own    *url.URL
	secret []string
	hide   *strings.Replacer
}

func newRedactor(address string) redactor {
	own, err := url.Parse(address)
	if err != nil {
		own = &url.URL{}
	}
	d := redactor{own: own}
	if password, ok := own.User.Password(); ok {
		d.secret = append(d.secret, own.User.String(), password)
	}
	for name, values := range own.Query() {
		for _, v := range values {
			if isToken(name, v) {
				d.secret = append(d.secret, v, url.QueryEscape(v))
			}
		}
	}
	if own.User != nil || own.RawQuery != "" {
		d.secret = append(d.secret, address)
	}
	var pairs []string
	for _, s := range d.secret {
		if len(s) >= shortestSecret {
			pairs = append(pairs, s, "[secret]")
		}
	}
	d.hide = strings.NewReplacer(pairs...)
	return d
}

// shortestSecret is the length from which a text is hidden everywhere: hiding a shorter
// one would garble ordinary words.
const shortestSecret = 6

// text hides the secrets in a text.
func (r redactor) text(s string) string { return r.hide.Replace(s) }

// resolve makes an address in the feed absolute; it is empty if it must not be shown.
func (r redactor) resolve(base *url.URL, address string) string {
	address = strings.TrimSpace(address)
	if address == "" || len(address) > maxAddress {
		return ""
	}
	u, err := base.Parse(address)
	if err != nil {
		return ""
	}
	return r.address(u)
}

// address is an address without its secrets; empty for the feed's own.
func (r redactor) address(u *url.URL) string {
	shown := *u
	shown.User = nil
	if r.own.Host != "" && shown.Host == r.own.Host && shown.EscapedPath() == r.own.EscapedPath() && shown.RawQuery == r.own.RawQuery {
		return ""
	}
	if query := shown.Query(); len(query) > 0 {
		before := len(query)
		for name, values := range query {
			for _, v := range values {
				if isToken(name, v) && r.own.Query().Has(name) && r.own.Query().Get(name) == v {
					query.Del(name)
				}
			}
		}
		if len(query) < before {
			shown.RawQuery = query.Encode()
		}
	}
	return r.text(shown.String())
}

// isToken reports whether an address's parameter gives access, by its name or because
// its value is as long as a key. Long numbers are ids, not keys.
func isToken(name, value string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"token", "key", "auth", "secret", "pass", "sig", "hash", "code", "session"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return len(value) >= 16 && !strings.HasSuffix(name, "id")
}

// hostOf is what identifies a feed to people.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	return "its address"
}
