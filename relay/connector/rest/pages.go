package rest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"strconv"
)

// ErrMorePages is the last error of [Pages] when a list has more pages than the limit.
// The pages before it are good.
var ErrMorePages = errors.New("the list has more pages than the limit")

// errLoop ends a list that would never end.
var errLoop = errors.New("a page of the list links to an earlier one")

// Page is one page of a list.
type Page[T any] struct {
	Response
	Value T
}

// Pages iterates over the pages of a list. It makes the first request and then those
// that next derives from each page, once the loop's body has seen it, until next returns
// nil. An error is the last thing it yields. It reads no more than limit pages: where
// there are more, it yields [ErrMorePages].
//
// A service with a Link header takes [NextLink] for next; the others take a function
// that returns what [Response.To], [Response.With] or [Response.Plus] makes. A first
// page that is unchanged is the only page.
func Pages[T any](ctx context.Context, c *Client, first Request, limit int, next func(Page[T]) *Request) iter.Seq2[Page[T], error] {
	return func(yield func(Page[T], error) bool) {
		seen := make(map[string]bool)
		for r, n := &first, 0; r != nil; n++ {
			var p Page[T]
			err := c.fresh(*r, seen)
			if err == nil && n >= limit {
				err = fmt.Errorf("%s: %w, %d", c.options.Name, ErrMorePages, limit)
			}
			if err == nil {
				p.Response, err = c.Do(ctx, *r, &p.Value)
			}
			if !yield(p, err) || err != nil || p.Unchanged() {
				return
			}
			r = next(p)
		}
	}
}

// fresh returns an error when a page has been requested before.
func (c *Client) fresh(r Request, seen map[string]bool) error {
	u, err := c.address(r.Path)
	if err != nil || r.Body != nil {
		return err
	}
	addTo(u, nil, r.Query)
	if seen[u.String()] {
		return fmt.Errorf("%s: %w", c.options.Name, errLoop)
	}
	seen[u.String()] = true
	return nil
}

// NextLink derives the next request from the Link header, as GitHub has it (RFC 8288).
func NextLink[T any](p Page[T]) *Request { return p.To(p.Link("next")) }

// To returns the request for a link in the answer, which may be relative; nil when the
// link is empty.
func (r Response) To(link string) *Request {
	if link == "" {
		return nil
	}
	if u, err := r.URL.Parse(link); err == nil {
		link = u.String() // Do refuses one that is not valid
	}
	return &Request{Path: link, Header: r.Request.Header}
}

// With returns the same request with another value of one parameter, such as the token
// of the next page.
func (r Response) With(name, value string) *Request {
	next := r.Request
	next.Query = url.Values{name: {value}}
	for other, values := range maps.All(r.Request.Query) {
		if other != name {
			next.Query[other] = values
		}
	}
	next.Known = Validators{}
	return &next
}

// Plus returns the same request with n added to one parameter, which the first request
// must have: 1 for a page's number, the length of the page for an offset.
func (r Response) Plus(name string, n int) *Request {
	at, _ := strconv.Atoi(r.Request.Query.Get(name))
	return r.With(name, strconv.Itoa(at+n))
}
