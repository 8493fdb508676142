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

// maxPages bounds how much of one round is read.
const maxPages = 200

// client speaks to Microsoft Graph for one person.
type client struct{ *rest.Client }

func (t *Todo) client(h *http.Client, token string) (client, error) {
	api, err := rest.New(h, rest.Options{
		Name: "Microsoft", Base: t.API, Argument: "api", Path: "v1.0", Auth: rest.Bearer(token),
		Header: http.Header{"Prefer": {"odata.maxpagesize=100"}},
		Errors: map[int]error{
			http.StatusUnauthorized: connector.Unauthorised("Microsoft refuses the sign-in (401); sign in again"),
			http.StatusForbidden:    connector.Unauthorised("the sign-in does not allow to read tasks (403); the app needs the permission Tasks.Read"),
			http.StatusGone:         errResync, // of a delta, not of the lists
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
// (https://learn.microsoft.com/graph/delta-query-overview); one of a Graph at another
// address, which was configured before, is not followed.
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

// meaning reads what Graph calls an error
// (https://learn.microsoft.com/graph/errors).
func meaning(r rest.Response, err error) error {
	code := errorCode(r.Body)
	switch code {
	case "syncstatenotfound", "syncstateinvalid", "resyncrequired":
		return errResync
	}
	if r.Status == http.StatusTooManyRequests { // not every one says for how long
		now := time.Now()
		return connector.Throttled(now.Add(max(time.Minute, rest.RetryAfter(r.Header, now))), "Microsoft asks for patience (429)")
	}
	if err != nil && code != "" && connector.KindOf(err) == connector.KindTemporary {
		return fmt.Errorf("%w (%s)", err, code)
	}
	return err
}

// errorCode reads what Graph calls an error, in lower case: Graph is not of one mind
// about capitals. What does not look like a code is none.
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

// path is one below the person's lists.
func path(parts ...string) string {
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return "me/todo/lists/" + strings.Join(parts, "/")
}
