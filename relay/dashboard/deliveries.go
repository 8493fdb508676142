package dashboard

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// deliveriesPage lists deliveries, or dead letters to choose from.
type deliveriesPage struct {
	Rows []operator.Delivery
	// Asked are the fields of the search, and Narrowed says that one is filled in.
	Asked    url.Values
	Narrowed bool
	States   []delivery.State
	Spans    []option
	// Older is the query of the page after.
	Older string
	// Dead says that these are dead letters, and Controls that she may decide on them.
	Dead, Controls bool
	// Problem is what was wrong with a decision.
	Problem string
}

func (d *Dashboard) deliveries(r *http.Request) (answer, error) {
	return d.deliveriesView(r.Context(), r.URL.Query(), false, "")
}

func (d *Dashboard) deadLetters(r *http.Request) (answer, error) {
	return d.deliveriesView(r.Context(), r.URL.Query(), true, "")
}

func (d *Dashboard) deliveriesView(ctx context.Context, query url.Values, dead bool, problem string) (answer, error) {
	f := d.deliveryFilter(query, dead)
	f.Limit = rowsPerPage + 1
	f.Before, _ = strconv.ParseInt(query.Get("before"), 10, 64)
	list, err := d.relay.Deliveries(ctx, f)
	if err != nil {
		return nil, err
	}
	page := deliveriesPage{
		Rows: list, Asked: query, Dead: dead, Controls: isOps(ctx, access.Operate), Problem: problem, States: delivery.States(),
		Spans:    []option{{"", "at any time"}, {"1h", "in the last hour"}, {"24h", "in the last day"}, {"168h", "in the last week"}},
		Narrowed: slices.ContainsFunc(searched(), func(name string) bool { return query.Get(name) != "" }),
	}
	if len(list) > rowsPerPage {
		page.Rows = list[:rowsPerPage]
		page.Older = with(query, "before", strconv.FormatInt(page.Rows[rowsPerPage-1].ID, 10))
	}
	v := view{Template: "deliveries.html", Title: "Deliveries", Page: page}
	if dead {
		v.Title = "Dead letters"
	}
	if problem != "" {
		v.Status = http.StatusUnprocessableEntity
	} else if f.Before == 0 {
		v.Live = "*"
	}
	return v, nil
}

// searched are the names of the fields by which deliveries are searched.
func searched() []string { return []string{"text", "channel", "connector", "kind", "state", "within"} }

// deliveryFilter reads what a page's query asks for.
func (d *Dashboard) deliveryFilter(query url.Values, dead bool) store.Filter {
	f := store.Filter{Channel: query.Get("channel"), Connector: query.Get("connector"), Kind: query.Get("kind"), Text: bounded(query.Get("text"), store.MaxText)}
	if span, err := time.ParseDuration(query.Get("within")); err == nil && span > 0 {
		f.Since = d.options.Now().Add(-span)
	}
	if state := delivery.State(query.Get("state")); dead {
		f.States = []delivery.State{delivery.Dead}
	} else if slices.Contains(delivery.States(), state) {
		f.States = []delivery.State{state}
	}
	return f
}

func bounded(s string, most int) string { return s[:min(len(s), most)] }
