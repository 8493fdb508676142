package rest

import "net/http"

// Auth signs a request: it adds what the service knows the connector by. The functions
// below are those of most services. Another one may get a token first, for which it has
// the request's context; its error is [Client.Do]'s.
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

// Query sends a key as a parameter of the address. Use it only where a service takes it
// nowhere else: addresses get into logs.
func Query(name, value string) Auth {
	return func(r *http.Request) error {
		q := r.URL.Query()
		q.Set(name, value)
		r.URL.RawQuery = q.Encode()
		return nil
	}
}
