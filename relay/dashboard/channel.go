package dashboard

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

const (
	// pageSize is how many cards a channel's page shows.
	pageSize = 30
	// mostQueued is how many of its waiting cards it shows.
	mostQueued = 10
)

func (d *Dashboard) channel(r *http.Request) (answer, error) {
	ctx := r.Context()
	c, err := d.findChannel(ctx, r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	page := struct {
		operator.Channel
		Deliveries []operator.Delivery
		Queue      []operator.Delivery
		Mutes      []operator.Mute
		Hours      []int
		Older      int64
		// Controls says that she may pause and resume, and Posts that she may send.
		Controls, Posts bool
		// ReadsFiles says that she may look at the configuration.
		ReadsFiles bool
	}{Channel: c, ReadsFiles: seesAll(ctx), Controls: isOps(ctx, access.Operate), Posts: manages(ctx, c.Team, access.Operate)}
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	list, err := d.relay.Deliveries(ctx, store.Filter{Channel: c.Name, Before: before, Limit: pageSize + 1, Cards: true})
	if err != nil {
		return nil, err
	}
	if len(list) > pageSize {
		list = list[:pageSize]
		page.Older = list[pageSize-1].ID
	}
	page.Deliveries = list
	rates, err := d.relay.Rates(ctx)
	if err != nil {
		return nil, err
	}
	page.Hours = rates.Deliveries[c.Name]
	if page.Mutes, err = d.mutesOf(ctx, "channel", c.Name); err != nil {
		return nil, err
	}
	v := view{Template: "channel.html", Title: c.Name, Trail: []link{{"Channels", "/channels"}}}
	if before <= 0 {
		v.Live = c.Name
	}
	if c.Waiting > 0 {
		page.Queue, err = d.relay.Waiting(ctx, c.Name)
		page.Queue = page.Queue[:min(len(page.Queue), mostQueued)]
	}
	v.Page = page
	return v, err
}

func (d *Dashboard) findChannel(ctx context.Context, name string) (operator.Channel, error) {
	return find(ctx, d.relay.Channels, "channel", name, func(c operator.Channel) string { return c.Name })
}

// isOps and manages report whether somebody may do a sort of thing: as one of ops, or as
// one who manages what belongs to a team; seesAll, whether she may look at what belongs to
// no team of hers. They decide what a page offers; package guard
// decides what is done.
func isOps(ctx context.Context, s access.Scope) bool {
	me, ok := access.From(ctx)
	return ok && me.May(s) && me.Role == access.Ops
}

func seesAll(ctx context.Context) bool {
	me, ok := access.From(ctx)
	return ok && me.SeesAll()
}

func manages(ctx context.Context, team string, s access.Scope) bool {
	me, ok := access.From(ctx)
	return ok && me.May(s) && me.Manages(team)
}

// toChannel leads back to a channel's page.
func toChannel(name, said string) redirect { return seeOther("/channels/"+url.PathEscape(name), said) }

func (d *Dashboard) pause(r *http.Request) (answer, error) {
	name := r.PathValue("name")
	if err := d.relay.Pause(r.Context(), name, r.PostForm.Get("reason")); err != nil {
		return nil, err
	}
	return toChannel(name, "The channel is paused. Its cards wait until somebody resumes it."), nil
}

func (d *Dashboard) resume(r *http.Request) (answer, error) {
	name := r.PathValue("name")
	if err := d.relay.Resume(r.Context(), name); err != nil {
		return nil, err
	}
	return toChannel(name, "The channel is resumed. What waits goes out, in order."), nil
}

func (d *Dashboard) drain(r *http.Request) (answer, error) {
	name := r.PathValue("name")
	if err := d.relay.Drain(r.Context(), name); err != nil {
		return nil, err
	}
	return toChannel(name, "What waits now goes out, and then the channel pauses."), nil
}

// test sends a card that says who sent it.
func (d *Dashboard) test(r *http.Request) (answer, error) {
	name := r.PathValue("name")
	me, _ := access.From(r.Context())
	sent, err := d.relay.Send(r.Context(), name, card.Card{
		Title: "A test of channel " + name,
		Text:  "If you can read this, cards reach this channel. Nothing needs to be done.",
		Sections: []card.Section{{Facts: []card.Fact{
			{Name: "Sent by", Value: me.Name}, {Name: "From", Value: "Relay's dashboard"},
		}}},
	})
	if err != nil {
		return nil, err
	}
	return seeOther(fmt.Sprint("/deliveries/", sent.ID), "A test card is on its way to "+name+"; this page shows what becomes of it."), nil
}

func (d *Dashboard) askForgetChannel(r *http.Request) (answer, error) {
	c, err := d.findChannel(r.Context(), r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	here := "/channels/" + url.PathEscape(c.Name)
	return confirmation{
		Loses:    true,
		Question: "Forget channel " + c.Name + "?",
		Warning:  counted(c.Waiting, "waiting card", "waiting cards") + " and " + counted(c.Dead, "dead letter", "dead letters") + " are dismissed. They will not be delivered.",
		To:       here + "/forget", Do: "Forget the channel", Back: here,
	}.view([]link{{"Channels", "/channels"}, {c.Name, here}}), nil
}

func (d *Dashboard) forgetChannel(r *http.Request) (answer, error) {
	name := r.PathValue("name")
	n, err := d.relay.ForgetChannel(r.Context(), name)
	if err != nil {
		return nil, err
	}
	return seeOther("/channels", fmt.Sprintf("Channel %s is forgotten; %s dismissed.", name, counted(n, "card was", "cards were"))), nil
}
