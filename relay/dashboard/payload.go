package dashboard

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/connector-relay/relay/relay/operator"
)

// payload shows a delivery's card in the form of its channel, as it would be sent now.
func (d *Dashboard) payload(r *http.Request) (answer, error) {
	id, err := deliveryID(r)
	if err != nil {
		return nil, err
	}
	x, err := d.relay.Delivery(r.Context(), id)
	if err != nil {
		return nil, err
	}
	page := struct {
		operator.Payload
		Delivery operator.Delivery
		Text     string
		Problem  string
	}{Delivery: x.Deliveries[0].Delivery}
	page.Payload, err = d.relay.Payload(r.Context(), id)
	if page.Problem, err = problem(err); err != nil {
		return nil, err
	}
	page.Text = page.Body
	if json.Valid([]byte(page.Body)) {
		page.Text = indented(json.RawMessage(page.Body))
	}
	channel := page.Delivery.Channel
	return view{
		Template: "payload.html", Title: "Payload", Page: page,
		Trail: []link{{"Channels", "/channels"}, {channel, "/channels/" + url.PathEscape(channel)}, {fmt.Sprint("Delivery ", id), fmt.Sprint("/deliveries/", id)}},
	}, nil
}
