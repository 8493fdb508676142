package dashboard

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// pageSize is how many cards a channel's page shows.
const pageSize = 30

func (d *Dashboard) channel(r *http.Request) (answer, error) {
	page := struct {
		operator.Channel
		Deliveries []operator.Delivery
		Older      int64
	}{}
	name := r.PathValue("name")
	all := listed(r.Context(), d, d.relay.Channels)
	i := slices.IndexFunc(all, func(c operator.Channel) bool { return c.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("channel %s: %w", name, operator.ErrNotFound)
	}
	page.Channel = all[i]
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	list, err := d.relay.Deliveries(r.Context(), store.Filter{Channel: name, Before: before, Limit: pageSize + 1, Cards: true})
	if err != nil {
		return nil, err
	}
	if len(list) > pageSize {
		list = list[:pageSize]
		page.Older = list[pageSize-1].ID
	}
	page.Deliveries = list
	v := view{Template: "channel.html", Title: name, Trail: []link{{"Channels", "/channels"}}, Page: page}
	if before <= 0 {
		v.Live = name
	}
	return v, nil
}
