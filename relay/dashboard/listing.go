package dashboard

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// rowsPerPage is how many rows of a list one page shows.
const rowsPerPage = 50

// listing is a part of a list that is held whole: what a search and a state leave of it,
// a page at a time. The template "filter" asks for them, and "paging" leads on.
type listing[T any] struct {
	Rows []T
	// Total counts the whole list, and Matching what is left of it.
	Total, Matching int
	Search, State   string
	// States are those that occur in the list, each with how often.
	States []option
	// Earlier and Later are the queries of the pages before and after; empty when there
	// are none.
	Earlier, Later string
}

// sift returns the part of a list that a page's query asks for: describe gives the words
// among which to search, and how an entry stands.
func sift[T any](all []T, query url.Values, describe func(T) (words []string, stands mark)) listing[T] {
	l := listing[T]{Total: len(all), Search: strings.TrimSpace(query.Get("search")), State: query.Get("state")}
	counts, found := make(map[string]int), []T{}
	for _, one := range all {
		words, stands := describe(one)
		counts[stands.Word]++
		if l.State != "" && l.State != stands.Word || !mentions(words, l.Search) {
			continue
		}
		found = append(found, one)
	}
	for word, n := range counts {
		l.States = append(l.States, option{word, word + " (" + strconv.Itoa(n) + ")"})
	}
	slices.SortFunc(l.States, func(a, b option) int { return cmp.Compare(a.Value, b.Value) })
	l.Matching = len(found)
	page, _ := strconv.Atoi(query.Get("page"))
	page = max(1, min(page, (len(found)+rowsPerPage-1)/rowsPerPage))
	l.Rows = found[(page-1)*rowsPerPage : min(page*rowsPerPage, len(found))]
	if page > 1 {
		l.Earlier = with(query, "page", strconv.Itoa(page-1))
	}
	if page*rowsPerPage < len(found) {
		l.Later = with(query, "page", strconv.Itoa(page+1))
	}
	return l
}

// mentions reports whether each word of a search occurs, in capitals or not.
func mentions(words []string, search string) bool {
	text := strings.ToLower(strings.Join(words, "\n"))
	for word := range strings.FieldsSeq(strings.ToLower(search)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// with returns a query with one value changed, or removed if the value is "".
func with(query url.Values, name, value string) string {
	changed := url.Values{}
	for n, values := range query {
		if n != name {
			changed[n] = values
		}
	}
	if value != "" {
		changed.Set(name, value)
	}
	return "?" + changed.Encode()
}
