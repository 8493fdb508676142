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
	"github.com/connector-relay/relay/relay/connector/rest"
)

const (
	maxBody = 32 << 20
	// maxPages bounds how much of one round is read.
	maxPages = 200
)

// client speaks to Microsoft Graph for one person.
type client struct {
	http  *http.Client
	base  string
	token string
}

// page is one page of an answer.
type page struct {
	Value []json.RawMessage `json:"value"`
	Next  string            `json:"@odata.nextLink"`
	Delta string            `json:"@odata.deltaLink"`
}

// round is all that Graph tells at once.
type round struct {
	values []json.RawMessage
	// next is the link to what comes next.
	next string
	// whole says that the values are all there are, not what has changed.
	whole bool
}

// errResync says that Graph wants a delta to begin anew.
var errResync = errors.New("graph asks to begin anew again and again")

// round reads what is new since a link. Without one, or when Graph does not know it
// any more, it begins at start and reads all. An old link is answered with 410, and
// by some parts of Graph with 400
// (https://learn.microsoft.com/graph/delta-query-overview).
func (c client) round(ctx context.Context, link, start string) (round, error) {
	if link == "" {
		r, err := c.pages(ctx, start)
		r.whole = true
		return r, err
	}
	r, err := c.pages(ctx, link)
	if errors.Is(err, errResync) || statusOf(err) == http.StatusBadRequest {
		return c.round(ctx, "", start)
	}
	return r, err
}

// pages follows an answer's pages.
func (c client) pages(ctx context.Context, address string) (r round, err error) {
	for range maxPages {
		var p page
		if err := c.get(ctx, address, &p); err != nil {
			return round{}, err
		}
		r.values = append(r.values, p.Value...)
		if p.Next == "" {
			r.next, err = c.own(p.Delta)
			return r, err
		}
		if address, err = c.own(p.Next); err != nil {
			return round{}, err
		}
	}
	return round{}, fmt.Errorf("graph's answer has more than %d pages", maxPages)
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
		return &answerError{resp.StatusCode, meaning(resp)}
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxBody)).Decode(answer); err != nil {
		return &answerError{resp.StatusCode, fmt.Errorf("graph's answer cannot be read: %w", err)}
	}
	return nil
}

// answerError is an answer of Graph's that is of no use.
type answerError struct {
	status int
	error
}

// Unwrap returns what the answer means.
func (e *answerError) Unwrap() error { return e.error }

// statusOf is the status of the answer that an error is about; 0 when there was none.
func statusOf(err error) int {
	if e, ok := errors.AsType[*answerError](err); ok {
		return e.status
	}
	return 0
}

// meaning gives an answer that is no success its kind
// (https://learn.microsoft.com/graph/errors).
func meaning(resp *http.Response) error {
	code := errorCode(resp.Body)
	switch code {
	case "syncstatenotfound", "syncstateinvalid", "resyncrequired":
		return errResync
	}
	switch resp.StatusCode {
	case http.StatusGone: // of a delta, not of the lists
		return errResync
	case http.StatusUnauthorized:
		return connector.Unauthorised("Microsoft refuses the sign-in (401); sign in again")
	case http.StatusForbidden:
		return connector.Unauthorised("the sign-in does not allow to read tasks (403); the app needs the permission Tasks.Read")
	case http.StatusTooManyRequests:
		now := time.Now()
		wait := rest.RetryAfter(resp.Header, now)
		return connector.Throttled(now.Add(max(wait, time.Minute)), "Microsoft asks for patience (429)")
	}
	err := rest.StatusError("Microsoft", resp.StatusCode, resp.Header, time.Now())
	if code != "" && connector.KindOf(err) == connector.KindTemporary {
		return fmt.Errorf("%w (%s)", err, code)
	}
	return err
}

// errorCode reads what Graph calls an error, in lower case: Graph is not of one mind
// about capitals. What does not look like a code is none.
func errorCode(body io.Reader) string {
	var answer struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	err := json.NewDecoder(io.LimitReader(body, 64<<10)).Decode(&answer)
	code := strings.ToLower(answer.Error.Code)
	if err != nil || len(code) > 60 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return ""
	}
	return code
}

// path is an address below the person's lists.
func (c client) path(parts ...string) string {
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return c.base + "me/todo/lists/" + strings.Join(parts, "/")
}
