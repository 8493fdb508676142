package rest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/rest"
)

func Example() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/tickets/newest" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", "90")
		fmt.Fprint(w, `{"title": "The printer is on fire"}`)
	}))
	defer service.Close()

	api, err := rest.New(service.Client(), rest.Options{ // in Poll, p.HTTP
		Name: "Acme", Base: service.URL, Argument: "api", Path: "v2", Auth: rest.Bearer("secret"),
		Errors: map[int]error{
			http.StatusForbidden: connector.Unauthorised("the token may not read this (403); give it the scope tickets"),
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	var ticket struct{ Title string }
	_, err = api.Do(ctx, rest.Request{Path: "tickets/newest"}, &ticket)
	fmt.Println(ticket.Title, err)
	fmt.Println("ask again in", api.Wait())

	_, err = api.Do(ctx, rest.Request{Path: "people"}, nil)
	fmt.Println(connector.KindOf(err), rest.StatusOf(err), err)
	// Output:
	// The printer is on fire <nil>
	// ask again in 1m30s
	// unauthorised 403 the token may not read this (403); give it the scope tickets
}

func ExamplePages() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pages := map[string]string{
			"":  `{"tickets": ["one", "two"], "next": "/tickets?after=2"}`,
			"2": `{"tickets": ["three"], "next": "/tickets?after=3"}`,
			"3": `{"tickets": ["four"]}`,
		}
		fmt.Fprint(w, pages[r.URL.Query().Get("after")])
	}))
	defer service.Close()
	api, err := rest.New(service.Client(), rest.Options{Name: "Acme", Base: service.URL, Argument: "api"})
	if err != nil {
		fmt.Println(err)
		return
	}

	type tickets struct {
		Tickets []string
		Next    string
	}
	next := func(p rest.Page[tickets]) *rest.Request { return p.To(p.Value.Next) }
	for page, err := range rest.Pages(context.Background(), api, rest.Request{Path: "tickets"}, 2, next) {
		switch {
		case errors.Is(err, rest.ErrMorePages):
			fmt.Println("the rest is left out")
		case err != nil:
			fmt.Println(err)
		default:
			fmt.Println(page.Value.Tickets)
		}
	}
	// Output:
	// [one two]
	// [three]
	// the rest is left out
}
