package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// mostEvents is how many of a connector's events its page shows.
const mostEvents = 20

// connectorPage is what everybody sees of a connector who may look at it. What its owner
// does with it is in mine.go.
type connectorPage struct {
	operator.Connector
	Events   []operator.Fated
	Mutes    []operator.Mute
	Hours    []int
	Refusals []store.Refusal
	// Found is what a dry run has found; nil when there was none.
	Found *[]operator.Event
	Mine  mine
	// Graces are how long a former hook URL can go on.
	Graces []option
	// Manages says that she may poll and rotate, and Controls that she may forget.
	Manages, Controls bool
	// ReadsFiles says that she may look at the configuration.
	ReadsFiles bool
}

func (d *Dashboard) connector(r *http.Request) (answer, error) {
	return d.connectorView(r, nil)
}

func (d *Dashboard) connectorView(r *http.Request, found *[]operator.Event) (answer, error) {
	ctx, name := r.Context(), r.PathValue("name")
	c, err := d.findConnector(ctx, name)
	if errors.Is(err, operator.ErrNotFound) {
		if _, err := d.findBlock(ctx, name); err == nil { // a saved one that does not run
			return seeOther("/connectors/"+url.PathEscape(name)+"/edit", ""), nil
		}
	}
	if err != nil {
		return nil, err
	}
	page := connectorPage{Connector: c, Found: found, ReadsFiles: seesAll(ctx), Manages: managesConnector(ctx, c, access.Operate), Controls: isOps(ctx, access.Operate), Graces: []option{
		{"24h", "for a day"}, {"168h", "for a week"}, {"720h", "for 30 days"}, {"0s", "not at all"},
	}}
	if page.Events, err = d.relay.Events(ctx, store.EventFilter{Connector: name, Limit: mostEvents}); err != nil {
		return nil, err
	}
	if page.Mine, err = d.mine(ctx, c, page.Events, r.URL.Query().Get("in")); err != nil {
		return nil, err
	}
	if page.Refusals, err = d.relay.Refusals(ctx, name); err != nil {
		return nil, err
	}
	page.Refusals = page.Refusals[:min(len(page.Refusals), mostEvents)]
	rates, err := d.relay.Rates(ctx)
	if err != nil {
		return nil, err
	}
	page.Hours = rates.Events[name]
	if page.Mutes, err = d.mutesOf(ctx, "connector", name); err != nil {
		return nil, err
	}
	v := view{Template: "connector.html", Title: name, Trail: []link{{"Connectors", "/connectors"}}, Live: "*", Page: page}
	if found != nil {
		v.Live = "" // to look again would be to poll again
	}
	return v, nil
}

func (d *Dashboard) findConnector(ctx context.Context, name string) (operator.Connector, error) {
	return find(ctx, d.relay.Connectors, "connector", name, func(c operator.Connector) string { return c.Name })
}

// managesConnector reports whether a connector is hers, her team's, or she is one of ops.
func managesConnector(ctx context.Context, c operator.Connector, s access.Scope) bool {
	me, ok := access.From(ctx)
	return ok && me.May(s) && (me.Manages(c.Team) || c.Owner != "" && access.SameName(c.Owner, me.Name))
}

// toConnector leads back to a connector's page.
func toConnector(name, said string) redirect {
	return seeOther("/connectors/"+url.PathEscape(name), said)
}

func (d *Dashboard) poll(r *http.Request) (answer, error) {
	name := r.PathValue("name")
	report, err := d.relay.Poll(r.Context(), name)
	if err != nil {
		return nil, err
	}
	return toConnector(name, fmt.Sprintf("Polled: %s, %d known before.", counted(report.Events, "new event", "new events"), report.Known)), nil
}

func (d *Dashboard) dryRun(r *http.Request) (answer, error) {
	name := r.PathValue("name")
	found, err := d.relay.DryRun(r.Context(), name)
	if err != nil {
		return nil, err
	}
	return d.connectorView(r, &found)
}

func (d *Dashboard) rotate(r *http.Request) (answer, error) {
	name := r.PathValue("name")
	grace, err := time.ParseDuration(r.PostForm.Get("grace"))
	if err != nil || grace < 0 {
		return nil, fmt.Errorf("%w: choose how long the old URL keeps working", operator.ErrInvalid)
	}
	c, err := d.relay.RotateHook(r.Context(), name, grace)
	if err != nil {
		return nil, err
	}
	said := "The connector has a new hook URL. The old one has ended."
	if f := c.FormerHook; f != nil {
		said = "The connector has a new hook URL. The old one ends " + ago(d.options.Now(), f.Until) + "."
	}
	return toConnector(name, said), nil
}

func (d *Dashboard) askForgetConnector(r *http.Request) (answer, error) {
	c, err := d.findConnector(r.Context(), r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	here := "/connectors/" + url.PathEscape(c.Name)
	return confirmation{
		Loses:    true,
		Question: "Forget connector " + c.Name + "?",
		Warning:  "Its checkpoint, sign-in and hook URL are removed. A connector of this name begins anew. Its cards that wait are still delivered.",
		To:       here + "/forget", Do: "Forget the connector", Back: here,
	}.view([]link{{"Connectors", "/connectors"}, {c.Name, here}}), nil
}

func (d *Dashboard) forgetConnector(r *http.Request) (answer, error) {
	name := r.PathValue("name")
	if err := d.relay.ForgetConnector(r.Context(), name); err != nil {
		return nil, err
	}
	return seeOther("/connectors", "Connector "+name+" is forgotten."), nil
}
