package rest

import "net/http"

// Auth signs a request. [Bearer], [Basic] and [Header] return those that most services
// use; for a service that wants its key in the address, put it into the Query of
// [Options]. A connector's own Auth may fetch a token first, within the request's
// context; when it fails, [Client.Do] returns its error and makes no request.
type Auth func(*http.Request) error

// Bearer sends a token, such as OAuth's (RFC 6750).
func Bearer(token string) Auth { return Header("Authorization", "Bearer "+token) }

// Header sends a key in a header of the service's own.
func Header(name, value string) Auth {
	return func(r *http.Request) error {
		r.Header.Set(name, value)
		return nil
	}
}

// Basic sends a user name and a password, either of which may be empty (RFC 7617).
func Basic(user, password string) Auth {
	return func(r *http.Request) error {
		r.SetBasicAuth(user, password)
		return nil
	}
}
