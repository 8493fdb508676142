package connector_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/kinds"
	"github.com/connector-relay/relay/relay/connector/rest"
	"github.com/connector-relay/relay/relay/event"
)

// Desk is a connector for a help desk, which it asks and which pushes as well. What
// comes by both ways has the same key and is posted once.
type Desk struct {
	API    string `relay:"api" default:"https://desk.example" doc:"The address of the API."`
	Token  string `relay:"token,required,secret" doc:"A token that may read tickets."`
	Secret string `relay:"secret,secret" doc:"The secret of the desk's webhook."`
	kinds.Choice
}

// New is what the plugin's main hands over: connector.Serve(New).
func New() connector.Connector { return &Desk{} }

// ticket is one as the desk tells of it, by either way.
type ticket struct {
	ID                   int64
	State, Title, Author string
}

// table has the kinds by the state that a ticket comes to, each with its colour.
func table() kinds.Table[string] {
	return kinds.Table[string]{
		{Name: "opened", Doc: "A ticket was opened.", Own: "CF222E"},
		{Name: "solved", Doc: "A ticket was solved.", Own: "2DA44E"},
		{Name: "edited", Doc: "A ticket was edited.", Noise: true, Own: "6E7781"},
	}
}

func (d *Desk) Describe() connector.Description {
	sample := func(k kinds.Kind[string]) event.Event {
		return ticket{7, k.Name, "The printer is on fire", "Ada"}.event(k)
	}
	return connector.Description{
		Type: "desk", Title: "Desk", Summary: "Tickets of a help desk.", Schedule: "@every 1m", Kinds: table().Describe(sample),
	}
}

func (d *Desk) Validate() []connector.Problem {
	var problems connector.Problems
	problems.URL("api", d.API, "https://desk.example")
	table().Check(&problems, "kinds", d.Kinds...)
	return problems
}

func (t ticket) event(k kinds.Kind[string]) event.Event {
	h := card.Happening{
		Title: card.Line(t.Author, 80) + " " + k.Name + " ticket " + fmt.Sprint(t.ID), Text: card.Escape(t.Title), Color: k.Own, Who: card.Line(t.Author, 80),
		Address: fmt.Sprintf("https://desk.example/tickets/%d", t.ID), Button: "Open ticket",
	}
	return event.Event{Key: fmt.Sprintf("%s:%d", k.Name, t.ID), Kind: k.Name, Thread: fmt.Sprint(t.ID), Card: h.Card()}
}

// wanted makes the event of a ticket; false when nobody asked for it.
func (d *Desk) wanted(t ticket) (event.Event, bool) {
	k, ok := table().Find(t.State)
	return t.event(k), ok && d.Wants(k.Noise, k.Name)
}

// position is what one poll leaves for the next.
type position struct{ Last int64 }

func (d *Desk) Poll(ctx context.Context, p *connector.Poll) (time.Duration, error) {
	api, err := rest.New(p.HTTP, rest.Options{Name: "Desk", Base: d.API, Argument: "api", Auth: rest.Bearer(d.Token)})
	if err != nil {
		return 0, err
	}
	at, _ := connector.Recall[position](p, 1)
	var tickets []ticket // oldest first
	if _, err := api.Do(ctx, rest.Request{Path: "tickets", Query: url.Values{"after": {fmt.Sprint(at.Last)}}}, &tickets); err != nil {
		return api.Wait(), err
	}
	for _, t := range tickets {
		at.Last = t.ID
		if e, ok := d.wanted(t); ok {
			if err := p.EmitAt(ctx, 1, at, e); err != nil {
				return 0, err
			}
		}
	}
	return api.Wait(), p.EmitAt(ctx, 1, at)
}

func (d *Desk) Receive(_ context.Context, r *connector.Request) (connector.Reply, error) {
	var t ticket
	switch {
	case !connector.Signed(sha256.New, d.Secret, r.Header.Values("Desk-Signature"), r.Body):
		return connector.Say(http.StatusUnauthorized, "The Desk-Signature is missing or wrong."), nil
	case !connector.ParseJSON(r.Body, &t) || t.ID == 0:
		return connector.Say(http.StatusBadRequest, "The body is no ticket."), nil
	}
	return connector.Accepted(d.wanted(t)), nil
}

// A connector with both ways in. A plugin's main calls [connector.Serve] with New.
func Example() {
	desk := &Desk{Secret: "s3cret"}
	request := &connector.Request{
		Method: http.MethodPost, Body: []byte(`{"id": 7, "state": "solved", "title": "The printer is on fire", "author": "Ada"}`),
		Header: http.Header{"Desk-Signature": {"sha256=faa1f0c47d8a721626a5042ca2d5a6d6df93516ccf74e30aea6c95df60135934"}},
	}
	reply, err := desk.Receive(context.Background(), request)
	fmt.Printf("%s%v\n", reply.Body, err)
	for _, e := range reply.Events {
		fmt.Println(e.Key, "-", e.Card.Title)
	}
	// Output:
	// Accepted.
	// <nil>
	// solved:7 - Ada solved ticket 7
}
