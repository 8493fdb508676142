package todo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/rest"
)

// maxPages bounds how many pages one round reads.
const maxPages = 200

// client talks to Microsoft Graph for one person.
type client struct{ *rest.Client }

func (t *Todo) client(h *http.Client, token string) (client, error) {
	api, err := rest.New(h, rest.Options{
		Name: "Microsoft", Base: t.API, Argument: "api", Path: "v1.0", Auth: rest.Bearer(token),
		Header: http.Header{"Prefer": {"odata.maxpagesize=100"}},
		Errors: map[int]error{
			http.StatusUnauthorized: connector.Unauthorised("Microsoft refuses the sign-in (401); sign in again"),
			http.StatusForbidden:    connector.Unauthorised("the sign-in does not allow reading tasks (403); the app needs the permission Tasks.Read"),
			http.StatusGone:         errResync, // in a delta, not in the plain list
		},
		Meaning: meaning,
	})
	return client{api}, err
}

// page is one page of an answer.
type page struct {
	Value []json.RawMessage `json:"value"`
	Next  string            `json:"@odata.nextLink"`
	Delta string            `json:"@odata.deltaLink"`
}

// round is everything that Graph reports at once.
type round struct {
	values []json.RawMessage
	// next is the link to the next changes.
	next string
	// whole says that the values are all that exist, not only the changed ones.
	whole bool
}

// errResync says that Graph wants a delta to start over.
var errResync = errors.New("graph keeps asking to start over")

// round reads what is new since a link. Without one, or when Graph no longer knows it, it
// starts over and reads everything. An old link is answered with 410, and by some parts
// of Graph with 400 (https://learn.microsoft.com/graph/delta-query-overview); it does not
// follow a link to another Graph that was configured before.
func (c client) round(ctx context.Context, link, start string) (round, error) {
	if link != "" && c.Check(link) == nil {
		r, err := c.pages(ctx, link)
		if !errors.Is(err, errResync) && rest.StatusOf(err) != http.StatusBadRequest {
			return r, err
		}
	}
	r, err := c.pages(ctx, start)
	r.whole = true
	return r, err
}

// pages follows an answer's pages.
func (c client) pages(ctx context.Context, path string) (r round, err error) {
	next := func(p rest.Page[page]) *rest.Request { return p.To(p.Value.Next) }
	for p, err := range rest.Pages(ctx, c.Client, rest.Request{Path: path}, maxPages, next) {
		if err != nil {
			return round{}, err
		}
		r.values, r.next = append(r.values, p.Value.Value...), p.Value.Delta
	}
	return r, c.Check(r.next)
}

// meaning reads Graph's error code (https://learn.microsoft.com/graph/errors).
func meaning(r rest.Response, err error) error {
	code := errorCode(r.Body)
	switch code {
	case "syncstatenotfound", "syncstateinvalid", "resyncrequired":
		return errResync
	}
	if r.Status == http.StatusTooManyRequests { // not every answer says for how long
		now := time.Now()
		return connector.Throttled(now.Add(max(time.Minute, rest.RetryAfter(r.Header, now))), "Microsoft asks to slow down (429)")
	}
	if err != nil && code != "" && connector.KindOf(err) == connector.KindTemporary {
		return fmt.Errorf("%w (%s)", err, code)
	}
	return err
}

// errorCode returns Graph's code for an error, in lower case because Graph's capitals
// vary. It ignores what does not look like a code.
func errorCode(body []byte) string {
	var answer struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	err := json.NewDecoder(bytes.NewReader(body)).Decode(&answer)
	code := strings.ToLower(answer.Error.Code)
	if err != nil || len(code) > 60 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return ""
	}
	return code
}

// path returns a path below the person's lists.
func path(parts ...string) string {
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return "me/todo/lists/" + strings.Join(parts, "/")
}
