package dashboard

import (
	"context"
	"net/http"

	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// channelRow is a channel in a list, with its last card and the cards that arrived in each
// hour of the last day.
type channelRow struct {
	operator.Channel
	Last  *operator.Delivery
	Hours []int
}

func (d *Dashboard) channels(r *http.Request) (answer, error) {
	list := sift(listed(r.Context(), d, d.relay.Channels), r.URL.Query(), func(c operator.Channel) ([]string, mark) {
		return []string{c.Name, c.Type, c.Reason}, laneMark(c)
	})
	rows, err := d.channelRows(r.Context(), list.Rows)
	if err != nil {
		return nil, err
	}
	page := struct {
		listing[operator.Channel]
		Channels []channelRow
	}{list, rows}
	return view{Template: "channels.html", Title: "Channels", Live: "*", Page: page}, nil
}

func (d *Dashboard) channelRows(ctx context.Context, list []operator.Channel) ([]channelRow, error) {
	rows := make([]channelRow, len(list))
	rates, err := d.relay.Rates(ctx)
	if err != nil {
		return nil, err
	}
	for i, c := range list {
		last, err := d.relay.Deliveries(ctx, store.Filter{Channel: c.Name, Limit: 1})
		if err != nil {
			return nil, err
		}
		rows[i].Channel, rows[i].Hours = c, rates.Deliveries[c.Name]
		if len(last) == 1 {
			rows[i].Last = &last[0]
		}
	}
	return rows, nil
}
