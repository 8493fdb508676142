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

// ErrMorePages ends [Pages] when there are more than were asked for. What it yielded
// before is good.
var ErrMorePages = errors.New("the answer has more pages than are read")

// errLoop is about pages that would never end.
var errLoop = errors.New("a page of the answer links to one before it")

// Page is one page of an answer.
type Page[T any] struct {
	Response
	Value T
}

// Pages asks for one page after the other: first, and then what next makes of each,
// until that is nil or an error ends it. At most so many pages are read; the one that
// would be one too many is [ErrMorePages] instead. [NextLink] is the next of services
// that have a Link header; the others make a request with [Response.To],
// [Response.With] or [Response.Plus].
//
// A first page that is unchanged is the only one.
func Pages[T any](ctx context.Context, c *Client, first Request, most int, next func(Page[T]) *Request) iter.Seq2[Page[T], error] {
	return func(yield func(Page[T], error) bool) {
		seen := make(map[string]bool)
		for r, n := &first, 0; r != nil; n++ {
			var p Page[T]
			err := c.fresh(*r, seen)
			if err == nil && n >= most {
				err = fmt.Errorf("%s: %w, %d", c.options.Name, ErrMorePages, most)
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

// fresh reports whether a page was not asked for before.
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

// NextLink is for [Pages] of services that name the next page in a Link header, as
// GitHub does (RFC 8288).
func NextLink[T any](p Page[T]) *Request { return p.To(p.Link("next")) }

// To is the request for what a link in the answer leads to; nil when it is empty.
func (r Response) To(link string) *Request {
	if link == "" {
		return nil
	}
	if u, err := r.URL.Parse(link); err == nil {
		link = u.String() // one that is not valid is for Do to refuse
	}
	return &Request{Path: link, Header: r.Request.Header}
}

// With is the request once more, with another value of a parameter: a page's token, or
// the last thing on the page before.
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

// Plus is the request once more, with n more in a parameter, which the first request
// must have: 1 for the number of a page, or how many things the page has for an offset.
func (r Response) Plus(name string, n int) *Request {
	at, _ := strconv.Atoi(r.Request.Query.Get(name))
	return r.With(name, strconv.Itoa(at+n))
}
