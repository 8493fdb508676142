package outbound

import (
	"errors"
	"net/url"
	"strings"
)

// CleanError takes path, query and user out of the URLs that the errors of
// net/http and net/url show: a feed's or a webhook's URL is often a secret. The
// scheme and host stay, and so does the chain of errors.
func CleanError(err error) error {
	found := urlErrors(err, nil)
	if len(found) == 0 {
		return err
	}
	text := err.Error()
	for _, e := range found {
		short := url.Error{Op: e.Op, URL: bare(e.URL), Err: e.Err}
		if e.Op == "parse" {
			// What the parser stumbled over may itself be part of a password.
			short.Err = errors.New("it is not valid")
		}
		text = strings.ReplaceAll(text, e.Error(), short.Error())
		if e.URL != "" {
			text = strings.ReplaceAll(text, e.URL, short.URL)
		}
	}
	return &cleanError{text: text, err: err}
}

// urlErrors appends all URL errors in an error's tree, outer ones first: their
// texts hold the inner ones'.
func urlErrors(err error, list []*url.Error) []*url.Error {
	if e, ok := err.(*url.Error); ok { //nolint:errorlint // the walk below unwraps, and finds more than the first
		list = append(list, e)
	}
	switch w := err.(type) { //nolint:errorlint // as above
	case interface{ Unwrap() error }:
		return urlErrors(w.Unwrap(), list)
	case interface{ Unwrap() []error }:
		for _, inner := range w.Unwrap() {
			list = urlErrors(inner, list)
		}
	}
	return list
}

// bare returns a URL's scheme and host.
func bare(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "the URL"
	}
	return u.Scheme + "://" + u.Host
}

type cleanError struct {
	text string
	err  error
}

func (e *cleanError) Error() string { return e.text }
func (e *cleanError) Unwrap() error { return e.err }
