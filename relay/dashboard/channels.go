package dashboard

import (
	"context"
	"net/http"

	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// channelRow is a channel in a list, with its last card.
type channelRow struct {
	operator.Channel
	Last *operator.Delivery
}

func (d *Dashboard) channels(r *http.Request) (answer, error) {
	rows, err := d.channelRows(r.Context())
	if err != nil {
		return nil, err
	}
	page := struct{ Channels []channelRow }{rows}
	return view{Template: "channels.html", Title: "Channels", Live: "*", Page: page}, nil
}

func (d *Dashboard) channelRows(ctx context.Context) (rows []channelRow, err error) {
	for _, c := range listed(ctx, d, d.relay.Channels) {
		last, err := d.relay.Deliveries(ctx, store.Filter{Channel: c.Name, Limit: 1})
		if err != nil {
			return nil, err
		}
		row := channelRow{Channel: c}
		if len(last) == 1 {
			row.Last = &last[0]
		}
		rows = append(rows, row)
	}
	return rows, nil
}
