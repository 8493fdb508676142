package trello

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/rest"
)

const (
	// pageSize is the most actions that Trello gives at once
	// (https://developer.atlassian.com/cloud/trello/guides/rest-api/nested-resources/).
	pageSize = 1000
	// maxPages bounds how far back a poll goes after a long time.
	maxPages = 10
	// window is the span of Trello's limits: 300 requests a key and 100 a token
	// (https://developer.atlassian.com/cloud/trello/guides/rest-api/rate-limits/).
	window  = 10 * time.Second
	maxBody = 32 << 20
)

// client speaks to the API for one key and token, which go into a header and never
// into an address.
type client struct {
	http       *http.Client
	base       string
	key, token string
}

func (t *Trello) client(h *http.Client, signedIn string) (*client, error) {
	token := t.Token
	if token == "" {
		token = signedIn
	}
	if token == "" || strings.ContainsAny(token, " \"\r\n,") {
		return nil, connector.Unauthorised("there is no token; set the argument token, or sign in")
	}
	return &client{http: h, base: strings.TrimSuffix(t.API, "/") + "/1/", key: t.Key, token: token}, nil
}

// call makes a request and decodes the answer.
func (c *client) call(ctx context.Context, method, path string, q url.Values, body, answer any) error {
	// A GET must have no body at all: Trello's delivery network refuses it with 403
	// (https://developer.atlassian.com/cloud/trello/changelog/#CHANGE-1459).
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode the request: %w", err)
		}
		content = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path+"?"+q.Encode(), content)
	if err != nil {
		return connector.Misconfigured("the argument api is not an address")
	}
	req.Header.Set("Authorization", fmt.Sprintf("OAuth oauth_consumer_key=%q, oauth_token=%q", c.key, c.token))
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return statusError(resp)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxBody)).Decode(answer); err != nil {
		return fmt.Errorf("trello's answer cannot be read: %w", err)
	}
	return nil
}

// errNotFound is Trello's 404, for a board as for a webhook.
var errNotFound = errors.New("Trello knows no such board")

// statusError gives an answer that is no success its kind.
func statusError(resp *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil {
		return fmt.Errorf("trello's answer cannot be read: %w", err)
	}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		return connector.Throttled(time.Now().Add(max(window, rest.RetryAfter(resp.Header, time.Now()))), "Trello asks for patience (429)")
	case resp.StatusCode == http.StatusUnauthorized && bytes.Contains(text, []byte("invalid key")):
		return connector.Misconfigured("Trello does not know the API key; check the argument key")
	case resp.StatusCode == http.StatusUnauthorized:
		return connector.Unauthorised("Trello refuses the token, or it may not read the board (401); sign in again")
	case resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusBadRequest && bytes.Contains(text, []byte("invalid id")):
		return connector.Misconfigured("%w; check the argument board", errNotFound)
	}
	return rest.StatusError("Trello", resp.StatusCode, resp.Header, time.Now())
}

// actions returns the board's actions after one, oldest first; without one the
// newest. Whole is false when there are more than maxPages of them: then the oldest
// are left out.
func (c *client) actions(ctx context.Context, board, since string, limit int) (list []action, whole bool, err error) {
	q := url.Values{"limit": {strconv.Itoa(limit)}, "memberCreator_fields": {"fullName,username,avatarUrl"}}
	if since != "" {
		q.Set("since", since)
	}
	var all []action
	for range maxPages {
		var raw []json.RawMessage
		if err := c.call(ctx, http.MethodGet, "boards/"+board+"/actions", q, nil, &raw); err != nil {
			return nil, false, err
		}
		for _, b := range raw {
			if a := parseAction(b); a.ID != "" {
				all = append(all, a)
			}
		}
		if whole = since == "" || len(raw) < limit || len(all) == 0; whole {
			break
		}
		q.Set("before", all[len(all)-1].ID)
	}
	slices.Reverse(all) // Trello's come newest first
	return all, whole, nil
}

// webhook is a subscription at Trello.
type webhook struct {
	ID          string `json:"id"`
	IDModel     string `json:"idModel"`
	CallbackURL string `json:"callbackURL"`
	Active      bool   `json:"active"`
}

// webhooks lists the token's. It is the one request with the token in its address;
// addresses are taken out of all errors.
func (c *client) webhooks(ctx context.Context) ([]webhook, error) {
	var list []webhook
	err := c.call(ctx, http.MethodGet, "tokens/"+url.PathEscape(c.token)+"/webhooks", nil, nil, &list)
	return list, err
}

// webhook returns one, and false when it is no more.
func (c *client) webhook(ctx context.Context, id string) (webhook, bool, error) {
	var w webhook
	err := c.call(ctx, http.MethodGet, "webhooks/"+url.PathEscape(id), nil, nil, &w)
	if errors.Is(err, errNotFound) {
		return webhook{}, false, nil
	}
	return w, true, err
}

// subscribe makes a webhook. Trello then asks the address for a HEAD at once.
func (c *client) subscribe(ctx context.Context, board, address string) (webhook, error) {
	var made webhook
	err := c.call(ctx, http.MethodPost, "webhooks", nil, map[string]string{"idModel": board, "callbackURL": address, "description": "Relay"}, &made)
	return made, err
}

// unsubscribe deletes a webhook; one that Trello has deleted by itself is no error.
func (c *client) unsubscribe(ctx context.Context, id string) error {
	var nothing any
	err := c.call(ctx, http.MethodDelete, "webhooks/"+url.PathEscape(id), nil, nil, &nothing)
	if errors.Is(err, errNotFound) {
		return nil
	}
	return err
}

// boardID returns the long id of a board that may be named by its short one.
func (c *client) boardID(ctx context.Context, board string) (string, error) {
	var b struct {
		ID string `json:"id"`
	}
	err := c.call(ctx, http.MethodGet, "boards/"+board, url.Values{"fields": {"id"}}, nil, &b)
	return b.ID, err
}
