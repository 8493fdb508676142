package channel

import (
	"cmp"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/secret"
)

// shown stands in the place of a secret.
const shown = "[secret]"

// errBadURL tells nothing of the URL, because it is a secret.
var errBadURL = errors.New("the channel's url is no URL that begins with https:// or http:// and a host; it is not shown here because it is a secret")

// endpoint is where a URL leads, and how to keep the URL out of sight.
type endpoint struct {
	text string
	url  *url.URL
	// settings are the channel's, with what the form has found in the URL.
	settings chat.Settings
	masker   secret.Masker
	parts    *strings.Replacer
}

// newEndpoint parses a URL. On the wire its path and query are the bytes that the
// operator wrote: Workflow URLs come percent-encoded, and encoding them again, or
// otherwise, breaks their signature (apache/hertzbeat#4347).
func newEndpoint(text string, s Spec, f chat.Form) (*endpoint, error) {
	e := &endpoint{text: text, settings: maps.Clone(s.Settings)}
	address := text
	if f.Address != nil {
		if _, err := parseURL(text); err != nil {
			return nil, err
		}
		var err error
		if address, err = f.Address(text, e.settings); err != nil {
			return nil, err
		}
	}
	u, err := parseURL(address)
	if err != nil {
		return nil, err
	}
	target := verbatim(address)
	if target != u.RequestURI() {
		u.Opaque = target
		if u.Scheme == "http" && !s.HTTP.Proxy.IsZero() || strings.HasPrefix(target, "//") {
			u.Opaque = "//" + u.Host + target // a proxy is told the host too
		}
		u.RawQuery, u.ForceQuery = "", false
	}
	e.url = u
	e.masker.Add(append(s.System.Secrets(s.Settings), secret.New(text), s.HTTP.Proxy)...)
	e.parts = strings.NewReplacer(append(secretParts(u, target), secretParts(u, verbatim(text))...)...)
	return e, nil
}

func parseURL(text string) (*url.URL, error) {
	bad := strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f })
	u, err := url.Parse(text)
	if bad || err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errBadURL
	}
	return u, nil
}

// under is the endpoint's address with one more part of the path.
func (e *endpoint) under(name string) *url.URL {
	u := *e.url
	if u.Opaque != "" {
		u.Opaque += name
	} else {
		u = *u.JoinPath(name)
	}
	return &u
}

// verbatim is what stands between a URL's host and its fragment.
func verbatim(text string) string {
	_, rest, _ := strings.Cut(text, "://")
	rest, _, _ = strings.Cut(rest, "#")
	i := strings.IndexAny(rest, "/?")
	switch {
	case i < 0:
		return "/"
	case rest[i] == '?':
		return "/" + rest[i:]
	}
	return rest[i:]
}

// secretParts lists, for a Replacer, what must not be seen of a URL: everything
// but the host, whole and in the parts that answers like to repeat.
func secretParts(u *url.URL, target string) []string {
	path, query, _ := strings.Cut(target, "?")
	parts := []string{target, path, query, u.Path}
	if u.User != nil {
		password, _ := u.User.Password()
		parts = append(parts, u.User.String(), u.User.Username(), password)
	}
	for _, p := range strings.FieldsFunc(target, func(r rune) bool { return strings.ContainsRune("/?&=", r) }) {
		plain, err := url.QueryUnescape(p)
		if err != nil {
			plain = p
		}
		if len(p) >= 20 || len(p) >= 8 && strings.ContainsAny(p, "0123456789") {
			parts = append(parts, p, plain)
		}
	}
	// The shortest paths are no secrets, and replacing them would garble words.
	parts = slices.DeleteFunc(parts, func(p string) bool { return len(p) < 4 })
	slices.SortFunc(parts, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var pairs []string
	for _, p := range slices.Compact(parts) {
		pairs = append(pairs, p, shown)
	}
	return pairs
}

// redact takes what is secret out of a line for people.
func (e *endpoint) redact(line string) string {
	if line == "" {
		return ""
	}
	return e.parts.Replace(e.masker.Mask(line))
}
