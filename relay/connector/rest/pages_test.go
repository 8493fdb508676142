package rest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// list answers with two numbers a page, from that in the parameter on.
func list(to int, parameter string, more func(w http.ResponseWriter, r *http.Request, next int)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		from, _ := strconv.Atoi(r.URL.Query().Get(parameter))
		if from+2 < to && more != nil {
			more(w, r, from+2)
		}
		values := []string{}
		for n := from; n < min(from+2, to); n++ {
			values = append(values, strconv.Itoa(n))
		}
		fmt.Fprintf(w, "[%s]", strings.Join(values, ","))
	}
}

func collect(t *testing.T, c *Client, first Request, most int, next func(Page[[]int]) *Request) ([]int, error) {
	t.Helper()
	var all []int
	for p, err := range Pages(t.Context(), c, first, most, next) {
		if err != nil {
			return all, err
		}
		all = append(all, p.Value...)
	}
	return all, nil
}

func TestPagesAreFollowedInEachWay(t *testing.T) {
	full := func(next func(Page[[]int]) *Request) func(Page[[]int]) *Request {
		return func(p Page[[]int]) *Request {
			if len(p.Value) < 2 {
				return nil
			}
			return next(p)
		}
	}
	header := func(w http.ResponseWriter, r *http.Request, next int) {
		w.Header().Set("Link", fmt.Sprintf(`<http://%s/things?from=%d&sort=a,b>; rel="next", </>; rel="first"`, r.Host, next))
	}
	relative := func(w http.ResponseWriter, _ *http.Request, next int) {
		w.Header().Set("Link", fmt.Sprintf(`<?from=%d>; rel=next`, next))
	}
	token := func(w http.ResponseWriter, _ *http.Request, next int) { w.Header().Set("X-Next", strconv.Itoa(next)) }
	for name, test := range map[string]struct {
		more func(http.ResponseWriter, *http.Request, int)
		next func(Page[[]int]) *Request
	}{
		"a Link header":          {header, NextLink[[]int]},
		"a relative Link header": {relative, NextLink[[]int]},
		"an offset":              {nil, full(func(p Page[[]int]) *Request { return p.Plus("from", len(p.Value)) })},
		"the last one":           {nil, full(func(p Page[[]int]) *Request { return p.With("from", strconv.Itoa(p.Value[1]+1)) })},
		"a token": {token, func(p Page[[]int]) *Request {
			if p.Header.Get("X-Next") == "" {
				return nil
			}
			return p.With("from", p.Header.Get("X-Next"))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, Options{Auth: Bearer("canary")}, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer canary" || r.URL.Path != "/things" {
					t.Errorf("asked %s with %v", r.URL, r.Header)
				}
				list(5, "from", test.more)(w, r)
			})
			got, err := collect(t, c, Request{Path: "things", Query: url.Values{"from": {"0"}}}, 10, test.next)
			if diff := cmp.Diff([]int{0, 1, 2, 3, 4}, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestNumbersOfPagesAreCounted(t *testing.T) {
	var asked []string
	c := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RawQuery)
		fmt.Fprint(w, `[1]`)
	})
	next := func(p Page[[]int]) *Request {
		if len(asked) == 3 {
			return nil
		}
		return p.Plus("page", 1)
	}
	if _, err := collect(t, c, Request{Query: url.Values{"page": {"1"}, "per": {"2"}}}, 9, next); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"page=1&per=2", "page=2&per=2", "page=3&per=2"}, asked); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPagesWithoutEndAreBounded(t *testing.T) {
	n := 0
	c := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		n++
		w.Header().Set("Link", fmt.Sprintf(`</things?page=%d>; rel=next`, n))
		fmt.Fprint(w, `[1]`)
	})
	got, err := collect(t, c, Request{Path: "things"}, 7, NextLink[[]int])
	if !errors.Is(err, ErrMorePages) || len(got) != 7 || n != 7 || !strings.HasPrefix(err.Error(), "Acme: ") {
		t.Errorf("%d pages asked, %d read: %v", n, len(got), err)
	}
}

func TestExactlyTheMostPagesAreNoError(t *testing.T) {
	c := serve(t, Options{}, list(4, "from", func(w http.ResponseWriter, _ *http.Request, next int) {
		w.Header().Set("Link", fmt.Sprintf(`<?from=%d>; rel=next`, next))
	}))
	if got, err := collect(t, c, Request{}, 2, NextLink[[]int]); err != nil || len(got) != 4 {
		t.Error(got, err)
	}
}

func TestPagesThatGoRoundAreLeft(t *testing.T) {
	for name, links := range map[string]map[string]string{
		"to itself":      {"": "/things?page=1", "1": "/things?page=1"},
		"to the first":   {"": "/things?page=1", "1": "/things"},
		"through others": {"": "/things?page=1", "1": "/things?page=2", "2": "/things?page=1"},
	} {
		n := 0
		c := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			n++
			w.Header().Set("Link", "<"+links[r.URL.Query().Get("page")]+">; rel=next")
			fmt.Fprint(w, `[1]`)
		})
		if _, err := collect(t, c, Request{Path: "things"}, 100, NextLink[[]int]); !errors.Is(err, errLoop) || n > 3 {
			t.Errorf("%s: after %d pages %v", name, n, err)
		}
	}
}

func TestAPageElsewhereEndsThePagesWithAnError(t *testing.T) {
	n := 0
	c := serve(t, Options{Path: "v1", Auth: Bearer("canary")}, func(w http.ResponseWriter, r *http.Request) {
		n++
		w.Header().Set("Link", "<"+strings.TrimPrefix(r.URL.Query().Get("to"), "=")+">; rel=next")
		fmt.Fprint(w, `[1]`)
	})
	for _, to := range []string{"https://evil.test/v1/x", "//evil.test/v1/x", "/v2/x", "http://[", "http://127.0.0.1:1/v1/"} {
		n = 0
		got, err := collect(t, c, Request{Path: "x", Query: url.Values{"to": {to}}}, 9, NextLink[[]int])
		if err == nil || n != 1 || len(got) != 1 {
			t.Errorf("%s: %d asked, %v, %v", to, n, got, err)
		}
	}
}

func TestAPageThatFailsEndsThePagesAfterThoseBefore(t *testing.T) {
	n := 0
	c := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		if n++; n == 3 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.Header().Set("Link", fmt.Sprintf(`<?page=%d>; rel=next`, n))
		fmt.Fprint(w, `[1]`)
	})
	if got, err := collect(t, c, Request{}, 9, NextLink[[]int]); StatusOf(err) != http.StatusBadGateway || len(got) != 2 {
		t.Error(got, err)
	}
}

func TestNoPageIsAskedForThatNobodyReads(t *testing.T) {
	n := 0
	c := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		n++
		w.Header().Set("Link", fmt.Sprintf(`<?page=%d>; rel=next`, n))
		fmt.Fprint(w, `[1]`)
	})
	for range Pages(t.Context(), c, Request{}, 9, NextLink[[]int]) {
		if n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d pages were asked for", n)
	}
}

func TestAFirstPageThatIsUnchangedIsTheOnlyOne(t *testing.T) {
	c := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", `<?page=2>; rel=next`)
		w.WriteHeader(http.StatusNotModified)
	})
	pages := 0
	for p, err := range Pages(t.Context(), c, Request{Known: Validators{ETag: `"1"`}}, 9, NextLink[[]int]) {
		if pages++; err != nil || !p.Unchanged() || pages > 1 {
			t.Error(pages, err)
		}
	}
}
