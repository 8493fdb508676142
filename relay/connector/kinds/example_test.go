package kinds_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/kinds"
	"github.com/connector-relay/relay/relay/event"
)

// Shop posts what happens to a shop's orders.
type Shop struct {
	Token string `relay:"token,required,secret" doc:"What the shop sends as the header Shop-Token."`
	kinds.Choice
}

// order is what the shop sends.
type order struct {
	ID, Status, Buyer string
}

// draw makes the card of an order.
type draw func(order) card.Card

// table has a line for each kind.
func table() kinds.Table[draw] {
	return kinds.Table[draw]{
		{Name: "paid", Doc: "An order was paid.", Own: func(o order) card.Card {
			return card.Card{Title: card.Escape(o.Buyer) + " paid order " + card.Escape(o.ID), ThemeColor: "2DA44E"}
		}},
		{Name: "returned", Doc: "An order came back.", Own: func(o order) card.Card {
			return card.Card{Title: card.Escape(o.Buyer) + " returned order " + card.Escape(o.ID), ThemeColor: "CF222E"}
		}},
		{Name: "packed", Doc: "An order was packed.", Noise: true, Own: func(o order) card.Card {
			return card.Card{Title: "Order " + card.Escape(o.ID) + " was packed"}
		}},
	}
}

// eventOf is the one place where events are made, samples included.
func eventOf(k kinds.Kind[draw], o order) event.Event {
	return event.Event{Key: k.Name + ":" + o.ID, Kind: k.Name, Card: k.Own(o)}
}

func (s *Shop) Describe() connector.Description {
	sample := func(k kinds.Kind[draw]) event.Event {
		return eventOf(k, order{ID: "17", Status: k.Name, Buyer: "Ada"})
	}
	return connector.Description{Type: "shop", Title: "Shop", Summary: "What happens to a shop's orders.", Kinds: table().Describe(sample)}
}

func (s *Shop) Validate() []connector.Problem {
	var problems connector.Problems
	table().Check(&problems, "kinds", s.Kinds...)
	return problems
}

func (s *Shop) Receive(_ context.Context, r *connector.Request) (connector.Reply, error) {
	var o order
	switch {
	case r.Header.Get("Shop-Token") != s.Token:
		return connector.Say(http.StatusUnauthorized, "The header Shop-Token is missing or wrong."), nil
	case json.Unmarshal(r.Body, &o) != nil:
		return connector.Say(http.StatusBadRequest, "The body is no order."), nil
	}
	reply := connector.Say(http.StatusOK, "Thank you.")
	if k, ok := table().Find(o.Status); ok && s.Wants(k.Noise, k.Name) {
		reply.Events = []event.Event{eventOf(k, o)}
	}
	return reply, nil
}

func Example() {
	shop := &Shop{Token: "good"}
	shop.Exclude = []string{"ret*"}
	for _, body := range []string{`{"id": "7", "status": "paid", "buyer": "Grace"}`, `{"id": "8", "status": "packed"}`, `{"id": "9", "status": "returned"}`} {
		r := &connector.Request{Header: http.Header{"Shop-Token": {"good"}}, Body: []byte(body)}
		reply, err := shop.Receive(context.Background(), r)
		if err != nil {
			fmt.Println(err)
		}
		for _, e := range reply.Events {
			fmt.Println(e.Key, "-", e.Card.Title)
		}
	}
	fmt.Println(shop.Describe().Kinds[2].Doc)
	shop.Kinds = []string{"piad"}
	fmt.Println(shop.Validate()[0].Message)
	// Output:
	// paid:7 - Grace paid order 7
	// An order was packed. Off by default.
	// No kind of event matches piad. Did you mean "paid"?
}
