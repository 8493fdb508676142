package x

import (
	"context"
	"net/http"
	"net/url"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/rest"
)

const (
	// maxResults is the most posts that X gives at once.
	maxResults = 100
	maxBody    = 16 << 20
)

// client returns a client of the API.
func (x *X) client(h *http.Client) (*rest.Client, error) {
	return rest.New(h, rest.Options{
		Name: "X", Base: x.API, Argument: "api", Path: "2", Auth: rest.Bearer(x.Token), MaxBody: maxBody, Now: x.now,
		Errors: map[int]error{
			http.StatusUnauthorized:    connector.Unauthorised("X refuses the token (401); check the argument token"),
			http.StatusPaymentRequired: connector.Unauthorised("the account has used up its credits at X (402); buy more, or wait for the next month"),
			http.StatusForbidden:       connector.Unauthorised("X does not allow this (403); the app may lack access, or be suspended"),
			http.StatusBadRequest:      connector.Misconfigured("X does not understand the request (400); check the argument search"),
			http.StatusNotFound:        connector.Misconfigured("X knows no such list or user (404)"),
		},
	})
}

// page is one page of posts.
type page struct {
	Data     []post   `json:"data"`
	Includes includes `json:"includes"`
	Meta     struct {
		Next string `json:"next_token"`
	} `json:"meta"`
}

// cost returns how many posts a page counts for: its own, and those that came along.
func (p page) cost() int { return len(p.Data) + len(p.Includes.Posts) }

// get makes one request.
func (r *reading) get(ctx context.Context, path string, q url.Values, answer any) error {
	_, err := r.api.Do(ctx, rest.Request{Path: path, Query: q}, answer)
	return err
}
