package dashboard

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/snippet"
)

// mine is what somebody who manages a connector finds on its page besides what everybody
// sees.
type mine struct {
	// Block is the connector as it was saved; nil for one that a file declares.
	*operator.Block
	// Changes says that she may edit and remove it, and TakesOver that she may take it over.
	Changes, TakesOver bool
	// Snippets post a card to the hook URL of a connector to which applications post; Snippet
	// is the one that is shown.
	Snippets []snippet.Snippet
	Snippet  snippet.Snippet
	// SignsIn says that the connector's type may need a sign-in.
	SignsIn bool
	// First is the first event of a new connector; Awaits says that none has come yet.
	First  *operator.Fated
	Awaits bool
}

// newFor is how long after it was saved a connector's page still tells of its first event.
const newFor = time.Hour

// mine returns what a person who manages a connector finds on its page.
func (d *Dashboard) mine(ctx context.Context, c operator.Connector, events []operator.Fated, language string) (m mine, err error) {
	if b, err := d.findBlock(ctx, c.Name); err == nil {
		m.Block = &b
		m.Changes = mayChange(ctx, b)
		m.TakesOver = !owns(ctx, b) && manages(ctx, b.Team, access.Configure) && len(c.Suspended) > 0
		m.Awaits = len(events) == 0 && c.Enabled
		if len(events) > 0 && len(events) < mostEvents && d.options.Now().Sub(b.Saved) < newFor {
			m.First = &events[len(events)-1]
		}
	}
	types, err := d.relay.Types(ctx)
	if err != nil {
		return m, err
	}
	i := slices.IndexFunc(types, func(t operator.ConnectorType) bool { return t.Type == c.Type })
	m.SignsIn = i >= 0 && types[i].SignsIn && managesConnector(ctx, c, access.Operate)
	// Where a service pushes what it also can be asked for, nobody posts cards.
	if c.HookURL != "" && i >= 0 && !types[i].Polls {
		m.Snippets = snippet.All(c.HookURL, snippet.Card{Title: "Hello from " + c.Name, Text: "It **works**."})
		i := slices.IndexFunc(m.Snippets, func(s snippet.Snippet) bool { return strings.EqualFold(s.Name, language) })
		m.Snippet = m.Snippets[max(i, 0)]
	}
	return m, nil
}

func owns(ctx context.Context, b operator.Block) bool {
	me, _ := access.From(ctx)
	return access.SameName(me.Name, b.Owner)
}

// mayChange reports whether somebody may change a saved connector, which decides what a page
// offers.
func mayChange(ctx context.Context, b operator.Block) bool {
	return isOps(ctx, access.Configure) || owns(ctx, b) && manages(ctx, b.Team, access.Configure)
}

// changeable returns a saved connector to somebody who may change it.
func (d *Dashboard) changeable(ctx context.Context, name string) (operator.Block, error) {
	b, err := d.findBlock(ctx, name)
	if err == nil && !mayChange(ctx, b) {
		err = fmt.Errorf("%w: connector %s is %s's", operator.ErrForbidden, name, b.Owner)
	}
	return b, err
}

// findBlock returns a saved connector.
func (d *Dashboard) findBlock(ctx context.Context, name string) (operator.Block, error) {
	return find(ctx, d.relay.Blocks, "saved connector", name, func(b operator.Block) string { return b.Name })
}

func (d *Dashboard) askRemove(r *http.Request) (answer, error) {
	b, err := d.changeable(r.Context(), r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	here := "/connectors/" + url.PathEscape(b.Name)
	return confirmation{
		Loses:    true,
		Question: "Remove connector " + b.Name + "?",
		Warning:  "It stops, and its hook URL answers like an address that never existed. What has arrived stays, and a new connector of this name continues where this one stopped.",
		To:       here + "/remove", Do: "Remove the connector", Back: here, Fields: []pair{{"revision", fmt.Sprint(b.Revision)}},
	}.view(trailTo(b.Name)), nil
}

func (d *Dashboard) remove(r *http.Request) (answer, error) {
	name := r.PathValue("name")
	if err := d.relay.RemoveBlock(r.Context(), name, revisionOf(r)); err != nil {
		return nil, err
	}
	return seeOther("/connectors", "Connector "+name+" is removed."), nil
}

func (d *Dashboard) takeOver(r *http.Request) (answer, error) {
	b, err := d.relay.TakeOver(r.Context(), r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	return toConnector(b.Name, "The connector is yours now. If its source needs a sign-in, sign in."), nil
}

// post posts a card to the connector's hook, as an application would.
func (d *Dashboard) post(r *http.Request) (answer, error) {
	name := r.PathValue("name")
	a, err := d.relay.PostCard(r.Context(), name, card.Card{Title: "A test of " + name, Text: r.PostForm.Get("text")})
	switch {
	case err != nil:
		return nil, err
	case a.Status >= http.StatusBadRequest:
		return nil, fmt.Errorf("%w: the hook answered %d: %s", operator.ErrInvalid, a.Status, a.Body)
	case len(a.Events) == 0:
		return toConnector(name, fmt.Sprintf("The hook answered %d: %s", a.Status, a.Body)), nil
	}
	return seeOther(fmt.Sprint("/events/", a.Events[0]), fmt.Sprintf("The hook answered %d. This page shows where the card goes.", a.Status)), nil
}

// export is the saved connectors as a file.
func (d *Dashboard) export(w http.ResponseWriter, r *http.Request) {
	e, err := d.relay.Export(r.Context())
	if err != nil {
		d.failed(err).write(d, w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="connectors.hcl"`)
	h.Set("Cache-Control", "no-store")
	_, _ = fmt.Fprint(w, e.HCL)
}
