package operator

import "time"

// SignIn is a sign-in under way, as shown to a person.
type SignIn struct {
	ID string `json:"sign_in"`
	// Flow is "device code", "authorisation code" or "token page".
	Flow string `json:"flow"`
	// URL is where the person goes.
	URL string `json:"url"`
	// Code is what the person enters there in a device code sign-in.
	Code string `json:"code,omitempty"`
	// Hint is one line that tells the person what to do there.
	Hint    string    `json:"hint,omitempty"`
	Expires time.Time `json:"expires"`
}
