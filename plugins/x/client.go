package x

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/connector-relay/relay/relay/connector"
)

const (
	// maxResults is the most posts that X gives at once.
	maxResults = 100
	maxBody    = 16 << 20
)

// client speaks to the API.
type client struct {
	http        *http.Client
	base, token string
	now         func() time.Time
	// rest is how long X's own limit asks to wait.
	rest time.Duration
}

// page is one page of posts.
type page struct {
	Data     []post   `json:"data"`
	Includes includes `json:"includes"`
	Meta     struct {
		Next string `json:"next_token"`
	} `json:"meta"`
}

// cost is how many posts a page counts for: its own, and those that came along.
func (p page) cost() int { return len(p.Data) + len(p.Includes.Posts) }

func (c *client) get(ctx context.Context, path string, q url.Values, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path+"?"+q.Encode(), nil)
	if err != nil {
		return connector.Misconfigured("the argument api is not an address")
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	reset := c.reset(resp.Header)
	if resp.StatusCode != http.StatusOK {
		return statusError(resp, reset)
	}
	if resp.Header.Get("x-rate-limit-remaining") == "0" && !reset.IsZero() {
		c.rest = max(c.rest, reset.Sub(c.now()))
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxBody)).Decode(answer); err != nil {
		return fmt.Errorf("%w: %w", errUnread, err)
	}
	return nil
}

// errUnread says that X answered, and the answer makes no sense.
var errUnread = errors.New("the answer of X cannot be read")

// reset reads when X's limit is renewed, in seconds since 1970
// (https://docs.x.com/x-api/fundamentals/rate-limits).
func (c *client) reset(h http.Header) time.Time {
	seconds, err := strconv.ParseInt(h.Get("x-rate-limit-reset"), 10, 64)
	if err != nil || seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

// statusError gives an answer that is no success its kind. X has no Retry-After.
func statusError(resp *http.Response, reset time.Time) error {
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return connector.Throttled(reset, "X asks for patience (429)")
	case http.StatusUnauthorized:
		return connector.Unauthorised("X refuses the token (401); check the argument token")
	case http.StatusPaymentRequired:
		return connector.Unauthorised("the account's credits at X are spent (402); buy more, or wait for the next month")
	case http.StatusForbidden:
		return connector.Unauthorised("X does not allow this (403); the app may lack access, or be suspended")
	case http.StatusBadRequest:
		return connector.Misconfigured("X does not understand the request (400); check the argument search")
	case http.StatusNotFound:
		return connector.Misconfigured("X knows no such list or user (404)")
	}
	return connector.StatusError(resp)
}
