package rest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/rest"
)

// Tickets is a connector for a help desk.
type Tickets struct {
	API   string `relay:"api,required"`
	Token string `relay:"token,required,secret"`
}

// Poll asks for the newest ticket.
func (t *Tickets) Poll(ctx context.Context, p *connector.Poll) (time.Duration, error) {
	api, err := rest.New(p.HTTP, rest.Options{
		Name: "Acme", Base: t.API, Argument: "api", Path: "v2", Auth: rest.Bearer(t.Token),
		Errors: map[int]error{http.StatusForbidden: connector.Unauthorised("the token may not read tickets (403)")},
	})
	if err != nil {
		return 0, err
	}
	var ticket struct{ Title string }
	if _, err := api.Do(ctx, rest.Request{Path: "tickets/newest"}, &ticket); err != nil {
		return api.Wait(), err
	}
	fmt.Println(ticket.Title)
	return api.Wait(), nil
}

func Example() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer good" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", "90")
		fmt.Fprint(w, `{"title": "The printer is on fire"}`)
	}))
	defer service.Close()

	p := &connector.Poll{HTTP: service.Client()}
	wait, err := (&Tickets{API: service.URL, Token: "good"}).Poll(context.Background(), p)
	fmt.Println(wait, err)
	_, err = (&Tickets{API: service.URL, Token: "bad"}).Poll(context.Background(), p)
	fmt.Println(connector.KindOf(err), "-", err)
	// Output:
	// The printer is on fire
	// 1m30s <nil>
	// unauthorised - the token may not read tickets (403)
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
