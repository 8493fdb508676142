package connector

import (
	"errors"
	"net/url"
)

// ParseURL parses an http or https URL with a host. Its error does not show the URL,
// which may hold a password.
func ParseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("it is not an http or https URL with a host")
	}
	return u, nil
}
