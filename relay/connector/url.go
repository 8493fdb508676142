package connector

import (
	"errors"
	"net/url"
)

// ParseURL parses the whole address of something on the web: http or https, with a
// host. The error does not show it, because it may hold a password.
func ParseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("it is no URL that begins with https:// or http:// and a host")
	}
	return u, nil
}

// CheckURL says, for [Validator], that an argument is not a URL, which the example is.
func CheckURL(argument, text, example string) []Problem {
	if _, err := ParseURL(text); err == nil {
		return nil
	}
	return []Problem{{Argument: argument, Message: "This is not an http or https address with a host, such as " + example + "."}}
}
