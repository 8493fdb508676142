package dashboard

import (
	"context"
	"net/http"

	"github.com/connector-relay/relay/relay/operator"
)

// connectorRow is a connector in a list, with its events in each hour of the last day.
type connectorRow struct {
	operator.Connector
	Hours []int
}

func (d *Dashboard) connectors(r *http.Request) (answer, error) {
	list := sift(listed(r.Context(), d, d.relay.Connectors), r.URL.Query(), func(c operator.Connector) ([]string, mark) {
		return []string{c.Name, c.Type, c.Problem, c.Note}, healthMark(c)
	})
	rows, err := d.connectorRows(r.Context(), list.Rows)
	if err != nil {
		return nil, err
	}
	page := struct {
		listing[operator.Connector]
		Connectors []connectorRow
	}{list, rows}
	return view{Template: "connectors.html", Title: "Connectors", Live: "*", Page: page}, nil
}

func (d *Dashboard) connectorRows(ctx context.Context, list []operator.Connector) ([]connectorRow, error) {
	rates, err := d.relay.Rates(ctx)
	rows := make([]connectorRow, len(list))
	for i, c := range list {
		rows[i] = connectorRow{c, rates.Events[c.Name]}
	}
	return rows, err
}
