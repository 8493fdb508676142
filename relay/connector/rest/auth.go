package rest

import "net/http"

// Auth signs a request: it adds what the service knows the connector by. The functions
// below are those of most services; a key that goes into the address is one of the
// [Options]' Query. A function of the connector's own may get a token first, for which
// it has the request's context; its error is [Client.Do]'s.
type Auth func(*http.Request) error

// Bearer sends a token, such as one of OAuth 2 (RFC 6750).
func Bearer(token string) Auth { return Header("Authorization", "Bearer "+token) }

// Header sends a key in a header of the service's own.
func Header(name, value string) Auth {
	return func(r *http.Request) error {
		r.Header.Set(name, value)
		return nil
	}
}

// Basic sends a name and a password, either of which may be empty (RFC 7617).
func Basic(user, password string) Auth {
	return func(r *http.Request) error {
		r.SetBasicAuth(user, password)
		return nil
	}
}
