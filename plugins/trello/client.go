package trello

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/rest"
)

const (
	// pageSize is the most actions that Trello gives at once
	// (https://developer.atlassian.com/cloud/trello/guides/rest-api/nested-resources/).
	pageSize = 1000
	// maxPages bounds how far back a poll goes after a long time.
	maxPages = 10
)

// client talks to the API with one key and token, which go into a header and never into
// an address.
type client struct {
	*rest.Client
	token string
}

func (t *Trello) client(h *http.Client, signedIn string) (*client, error) {
	token := cmp.Or(t.Token, signedIn)
	if token == "" || strings.ContainsAny(token, " \"\r\n,") {
		return nil, connector.Unauthorised("there is no token; set the argument token, or sign in")
	}
	api, err := rest.New(h, rest.Options{
		Name: "Trello", Base: t.API, Argument: "api", Path: "1",
		Auth: rest.Header("Authorization", fmt.Sprintf("OAuth oauth_consumer_key=%q, oauth_token=%q", t.Key, token)),
		Errors: map[int]error{
			http.StatusUnauthorized: connector.Unauthorised("Trello refuses the token, or it may not read the board (401); sign in again"),
			http.StatusNotFound:     errNotFound,
		},
		Meaning: meaning,
	})
	return &client{Client: api, token: token}, err
}

// errNotFound is Trello's 404, for a board as for a webhook.
var errNotFound = connector.Misconfigured("Trello knows no such board; check the argument board")

// meaning reads the errors that only differ in their text.
func meaning(r rest.Response, err error) error {
	switch {
	case r.Status == http.StatusUnauthorized && bytes.Contains(r.Body, []byte("invalid key")):
		return connector.Misconfigured("Trello does not know the API key; check the argument key")
	case r.Status == http.StatusBadRequest && bytes.Contains(r.Body, []byte("invalid id")):
		return errNotFound
	}
	return err
}

// actions returns the board's actions after one, oldest first; without one the newest.
// Whole is false when they fill more than maxPages pages; then the oldest are left out.
func (c *client) actions(ctx context.Context, board, since string, limit int) (list []action, whole bool, err error) {
	q := url.Values{"limit": {strconv.Itoa(limit)}, "memberCreator_fields": {"fullName,username,avatarUrl"}}
	if since != "" {
		q.Set("since", since)
	}
	next := func(p rest.Page[[]json.RawMessage]) *rest.Request {
		if since == "" || len(p.Value) < limit || len(list) == 0 {
			return nil
		}
		return p.With("before", list[len(list)-1].ID)
	}
	for p, err := range rest.Pages(ctx, c.Client, rest.Request{Path: "boards/" + board + "/actions", Query: q}, maxPages, next) {
		if err != nil && !errors.Is(err, rest.ErrMorePages) {
			return nil, false, err
		}
		whole = err == nil
		for _, b := range p.Value {
			if a := parseAction(b); a.ID != "" {
				list = append(list, a)
			}
		}
	}
	slices.Reverse(list) // Trello lists the newest first
	return list, whole, nil
}

// webhook is a subscription at Trello.
type webhook struct {
	ID          string `json:"id"`
	IDModel     string `json:"idModel"`
	CallbackURL string `json:"callbackURL"`
	Active      bool   `json:"active"`
}

// webhooks lists the token's webhooks. It is the only request with the token in its
// address; all errors are cleaned of addresses.
func (c *client) webhooks(ctx context.Context) ([]webhook, error) {
	var list []webhook
	_, err := c.Do(ctx, rest.Request{Path: "tokens/" + url.PathEscape(c.token) + "/webhooks"}, &list)
	return list, err
}

// webhook returns a webhook, and false when it no longer exists.
func (c *client) webhook(ctx context.Context, id string) (webhook, bool, error) {
	var w webhook
	_, err := c.Do(ctx, rest.Request{Path: "webhooks/" + url.PathEscape(id)}, &w)
	if errors.Is(err, errNotFound) {
		return webhook{}, false, nil
	}
	return w, true, err
}

// subscribe creates a webhook. Trello sends a HEAD request to its address at once.
func (c *client) subscribe(ctx context.Context, board, address string) (webhook, error) {
	var made webhook
	body := map[string]string{"idModel": board, "callbackURL": address, "description": "Relay"}
	_, err := c.Do(ctx, rest.Request{Method: http.MethodPost, Path: "webhooks", Body: body}, &made)
	return made, err
}

// unsubscribe deletes a webhook; it is not an error when Trello has already deleted it.
func (c *client) unsubscribe(ctx context.Context, id string) error {
	_, err := c.Do(ctx, rest.Request{Method: http.MethodDelete, Path: "webhooks/" + url.PathEscape(id)}, nil)
	if errors.Is(err, errNotFound) {
		return nil
	}
	return err
}

// boardID returns the long id of a board, which the argument may give by its short one.
func (c *client) boardID(ctx context.Context, board string) (string, error) {
	var b struct {
		ID string `json:"id"`
	}
	_, err := c.Do(ctx, rest.Request{Path: "boards/" + board, Query: url.Values{"fields": {"id"}}}, &b)
	return b.ID, err
}
