package dashboard

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/operator"
)

// fatePage is an event's way through the relay as a time line: all of it, or the part that
// one delivery has taken.
type fatePage struct {
	operator.Explanation
	// Card is the one to draw: the event's, or the delivery's with its route's changes.
	Card []byte
	// One says that the page is about one delivery, the first.
	One bool
	// Controls says that she may replay and dismiss.
	Controls bool
}

func (d *Dashboard) event(r *http.Request) (answer, error) {
	ref := r.PathValue("id")
	id, err := strconv.ParseInt(ref, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", ref, operator.ErrNotFound)
	}
	found, err := d.relay.Explain(r.Context(), ref)
	if err != nil {
		return nil, err
	}
	for _, x := range found { // a number can be another event's key
		if x.ID == id {
			page := fatePage{Explanation: x, Card: x.Card, Controls: isOps(r.Context(), access.Operate)}
			v := view{Template: "fate.html", Title: fmt.Sprint("Event ", id), Live: "*", Page: page, Trail: []link{{"Deliveries", "/deliveries"}}}
			if !isOwnName(x.Connector) {
				v.Trail = []link{{"Connectors", "/connectors"}, {x.Connector, "/connectors/" + url.PathEscape(x.Connector)}}
			}
			return v, nil
		}
	}
	return nil, fmt.Errorf("event %s: %w", ref, operator.ErrNotFound)
}

func (d *Dashboard) delivery(r *http.Request) (answer, error) {
	id, err := deliveryID(r)
	if err != nil {
		return nil, err
	}
	x, err := d.relay.Delivery(r.Context(), id)
	if err != nil {
		return nil, err
	}
	one := x.Deliveries[0]
	page := fatePage{Explanation: x, Card: one.Card, One: true, Controls: isOps(r.Context(), access.Operate)}
	return view{
		Template: "fate.html", Title: fmt.Sprint("Delivery ", id), Live: one.Channel, Page: page,
		Trail: []link{{"Channels", "/channels"}, {one.Channel, "/channels/" + url.PathEscape(one.Channel)}},
	}, nil
}

func deliveryID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("delivery %s: %w", r.PathValue("id"), operator.ErrNotFound)
	}
	return id, nil
}

// Delivery is the one that the page is about.
func (p fatePage) Delivery() operator.Explained { return p.Deliveries[0] }

func verdictMark(v delivery.Verdict) mark {
	switch v {
	case delivery.VerdictDelivered, delivery.VerdictAccepted:
		return mark{good, string(v)}
	case delivery.VerdictRejected, delivery.VerdictRefused:
		return mark{bad, string(v)}
	}
	return mark{waits, string(v)}
}

func (d *Dashboard) replayOne(r *http.Request) (answer, error) {
	return decide(r, d.relay.Replay, "The card waits again, at its old place in the queue.")
}

func (d *Dashboard) dismissOne(r *http.Request) (answer, error) {
	return decide(r, d.relay.Dismiss, "The dead letter is dismissed.")
}

// decide changes one dead letter and leads back to it.
func decide(r *http.Request, do func(context.Context, operator.Selection) ([]int64, error), said string) (answer, error) {
	id, err := deliveryID(r)
	if err != nil {
		return nil, err
	}
	changed, err := do(r.Context(), operator.Selection{Deliveries: []int64{id}})
	if err == nil && len(changed) == 0 {
		err = fmt.Errorf("delivery %d: %w: it is no dead letter any longer", id, operator.ErrConflict)
	}
	return seeOther(fmt.Sprint("/deliveries/", id), said), err
}
