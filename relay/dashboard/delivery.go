package dashboard

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/connector-relay/relay/relay/operator"
)

func (d *Dashboard) delivery(r *http.Request) (answer, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, operator.ErrNotFound
	}
	x, err := d.relay.Delivery(r.Context(), id)
	if err != nil {
		return nil, err
	}
	page := struct {
		operator.Explained
		Event operator.Explanation
	}{x.Deliveries[0], x}
	return view{
		Template: "delivery.html", Title: fmt.Sprint("Delivery ", id), Live: page.Channel, Page: page,
		Trail: []link{{"Channels", "/channels"}, {page.Channel, "/channels/" + url.PathEscape(page.Channel)}},
	}, nil
}
