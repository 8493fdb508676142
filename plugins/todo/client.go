package todo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/connector"
)

const (
	maxBody = 32 << 20
	// maxPages bounds how much of one delta is read in a poll.
	maxPages = 200
)

// client speaks to Microsoft Graph for one person.
type client struct {
	http  *http.Client
	base  string
	token string
}

// errResync says that Graph wants a delta to begin anew.
var errResync = errors.New("graph wants to begin anew")

// page is one page of an answer.
type page struct {
	Value []json.RawMessage `json:"value"`
	Next  string            `json:"@odata.nextLink"`
	Delta string            `json:"@odata.deltaLink"`
}

// all follows an answer's pages, hands each value to take, and returns the link to
// what comes next.
func (c client) all(ctx context.Context, address string, take func(json.RawMessage)) (delta string, err error) {
	for range maxPages {
		var p page
		if err := c.get(ctx, address, &p); err != nil {
			return "", err
		}
		for _, v := range p.Value {
			take(v)
		}
		if p.Next == "" {
			return c.own(p.Delta)
		}
		if address, err = c.own(p.Next); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("graph's answer has more than %d pages", maxPages)
}

// own checks that a link leads to Graph itself: the token goes with it.
func (c client) own(link string) (string, error) {
	if link == "" || strings.HasPrefix(link, c.base) {
		return link, nil
	}
	return "", errors.New("graph's answer links to another place")
}

func (c client) get(ctx context.Context, address string, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return connector.Misconfigured("the argument api is not an address")
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Prefer", "odata.maxpagesize=100")
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return statusError(resp)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxBody)).Decode(answer); err != nil {
		return fmt.Errorf("graph's answer cannot be read: %w", err)
	}
	return nil
}

// statusError gives an answer that is no success its kind
// (https://learn.microsoft.com/graph/errors).
func statusError(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusGone: // of a delta, not of the lists
		return errResync
	case http.StatusUnauthorized:
		return connector.Unauthorised("Microsoft refuses the sign-in (401); sign in again")
	case http.StatusForbidden:
		return connector.Unauthorised("the sign-in does not allow to read tasks (403); the app needs the permission Tasks.Read")
	case http.StatusTooManyRequests:
		wait := connector.RetryAfter(resp.Header, time.Now())
		return connector.Throttled(time.Now().Add(max(wait, time.Minute)), "Microsoft asks for patience (429)")
	}
	return connector.StatusError(resp)
}

// path is an address below the person's lists.
func (c client) path(parts ...string) string {
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return c.base + "me/todo/lists/" + strings.Join(parts, "/")
}
