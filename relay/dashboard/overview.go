package dashboard

import (
	"context"
	"net/http"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// mostDead is how many dead letters the overview shows.
const mostDead = 10

func (d *Dashboard) overview(r *http.Request) (answer, error) {
	page := struct {
		Problems   []operator.Problem
		Channels   []channelRow
		Connectors []operator.Connector
		Dead       []operator.Delivery
		MoreDead   bool
		Empty      bool
	}{Problems: listed(r.Context(), d, d.relay.Problems), Connectors: listed(r.Context(), d, d.relay.Connectors), Empty: true}
	dead, err := d.relay.Deliveries(r.Context(), store.Filter{States: []delivery.State{delivery.Dead}, Limit: mostDead + 1})
	if err != nil {
		return nil, err
	}
	page.Dead, page.MoreDead = dead[:min(len(dead), mostDead)], len(dead) > mostDead
	if page.Channels, err = d.channelRows(r.Context()); err != nil {
		return nil, err
	}
	for _, c := range page.Channels {
		page.Empty = page.Empty && c.Last == nil
	}
	return view{Template: "overview.html", Title: "Overview", Live: "*", Page: page}, nil
}

// listed returns a list, or as much of it as there is: a page without it still shows what
// is wrong.
func listed[T any](ctx context.Context, d *Dashboard, list func(context.Context) ([]T, error)) []T {
	found, err := list(ctx)
	if err != nil {
		d.options.Log.Error().Err(err).Msg("a list for a page could not be read")
	}
	return found
}
