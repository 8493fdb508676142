package chat

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// What systems make addresses and headers with. A URL's own bytes stay as they are.

// WithQuery adds a parameter to a URL that lacks it.
func WithQuery(text, name, value string) string {
	text, _, _ = strings.Cut(text, "#")
	_, query, found := strings.Cut(text, "?")
	if values, err := url.ParseQuery(query); err == nil && values.Has(name) {
		return text
	}
	separator := "?"
	if found {
		separator = "&"
	}
	return text + separator + name + "=" + value
}

// Server is a URL without query, fragment and slashes at its end.
func Server(text string) string {
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		text = text[:i]
	}
	return strings.TrimRight(text, "/")
}

// Bearer signs in with the channel's token, if there is one.
func Bearer(r Request) (http.Header, error) {
	h := make(http.Header, 3)
	token, err := r.Token()
	if err == nil && token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
	return h, err
}

// Token is the channel's token.
func (r Request) Token() (string, error) {
	token, err := r.Settings[tokenName].Reveal()
	if err != nil {
		return "", fmt.Errorf("the channel's token: %w", err)
	}
	return token, nil
}
