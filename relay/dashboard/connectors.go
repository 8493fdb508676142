package dashboard

import (
	"context"
	"net/http"
	"slices"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
)

// connectorRow is a connector in a list, with its events in each hour of the last day.
type connectorRow struct {
	operator.Connector
	Hours []int
}

func (d *Dashboard) connectors(r *http.Request) (answer, error) {
	ctx := r.Context()
	all, blocks := listed(ctx, d, d.relay.Connectors), listed(ctx, d, d.relay.Blocks)
	me, _ := access.From(ctx)
	isNotHers := func(c operator.Connector) bool { return !access.SameName(c.Owner, me.Name) }
	page := struct {
		listing[operator.Connector]
		Connectors []connectorRow
		// Aside are saved connectors that do not run.
		Aside []operator.Block
		// Hers counts the connectors that she owns, and Mine says that only they show.
		Hers int
		Mine bool
		// Adds says that she may add one, and Exports that she may export all that people
		// have added.
		Adds, Exports bool
	}{Mine: r.URL.Query().Has("mine"), Adds: adds(ctx), Exports: len(blocks) > 0 && isOps(ctx, access.Read)}
	hers := slices.DeleteFunc(slices.Clone(all), isNotHers)
	if page.Hers = len(hers); page.Mine {
		all = hers
	}
	for _, b := range blocks {
		if b.Problem != "" && !b.Declared {
			page.Aside = append(page.Aside, b)
		}
	}
	page.listing = sift(all, r.URL.Query(), func(c operator.Connector) ([]string, mark) {
		return []string{c.Name, c.Type, c.Problem, c.Note}, healthMark(c)
	})
	var err error
	page.Connectors, err = d.connectorRows(ctx, page.Rows)
	return view{Template: "connectors.html", Title: "Connectors", Live: "*", Page: page}, err
}

func (d *Dashboard) connectorRows(ctx context.Context, list []operator.Connector) ([]connectorRow, error) {
	rates, err := d.relay.Rates(ctx)
	rows := make([]connectorRow, len(list))
	for i, c := range list {
		rows[i] = connectorRow{c, rates.Events[c.Name]}
	}
	return rows, err
}
