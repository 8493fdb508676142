package github

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/rest"
	"github.com/connector-relay/relay/relay/event"
)

const (
	// The Events API lists at most 300 events, in pages of up to 100.
	pageSize = 100
	maxPages = 3
	// defaultInterval is what X-Poll-Interval usually says.
	defaultInterval = time.Minute
	// maxDeliveries bounds how far back a poll looks for missed deliveries: GitHub keeps
	// them for three days.
	maxDeliveries = 1000
)

// pollEvents polls the Events API.
func (g *GitHub) pollEvents(ctx context.Context, p *connector.Poll, api *github.Client, at checkpoint) (time.Duration, error) {
	etag := at.ETag
	if p.Preview > 0 {
		etag = ""
	}
	list, resp, err := g.page(ctx, api, 1, etag)
	again := interval(resp)
	switch {
	case notModified(resp):
		return again, nil
	case err != nil:
		return again, kindOf(err)
	}
	for n := 2; n <= maxPages && len(list) == (n-1)*pageSize && at.Known && numberOf(list[len(list)-1]) > at.Last; n++ {
		more, _, err := g.page(ctx, api, n, "")
		if err != nil {
			return again, kindOf(err)
		}
		list = append(list, more...)
	}
	if at.Known && p.Preview == 0 && len(list) == maxPages*pageSize && numberOf(list[len(list)-1]) > at.Last {
		p.Log.Warn("more happened than GitHub's Events API keeps; some events are missing")
	}
	slices.SortStableFunc(list, func(a, b *github.Event) int { return cmp.Compare(numberOf(a), numberOf(b)) })
	fresh, err := g.events(ctx, p, api, list, at)
	if err != nil {
		return again, err
	}
	at.ETag, at.Known = rest.ValidatorsOf(resp.Header).ETag, true
	if len(list) > 0 {
		at.Last = max(at.Last, numberOf(list[len(list)-1]))
	}
	return again, p.EmitAt(ctx, version, at, fresh...)
}

// events converts the entries that the checkpoint does not know yet.
func (g *GitHub) events(ctx context.Context, p *connector.Poll, api *github.Client, list []*github.Event, at checkpoint) ([]event.Event, error) {
	var fresh []event.Event
	for _, e := range list {
		if at.Known && p.Preview == 0 && numberOf(e) <= at.Last {
			continue
		}
		made, ok, err := g.fromEvent(ctx, api, e)
		if err != nil {
			return nil, err
		}
		if ok {
			fresh = append(fresh, made)
		}
	}
	return connector.Newest(p, at.Known, g.Initial, fresh), nil
}

func numberOf(e *github.Event) int64 {
	n, err := strconv.ParseInt(e.GetID(), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// page asks for one page of the feed of events.
func (g *GitHub) page(ctx context.Context, api *github.Client, n int, etag string) ([]*github.Event, *github.Response, error) {
	path := "repos/" + g.Repository + "/events"
	switch {
	case g.Organisation != "":
		path = "orgs/" + g.Organisation + "/events"
	case g.User != "":
		path = "users/" + g.User + "/events/public"
	}
	req, err := api.NewRequest(http.MethodGet, fmt.Sprintf("%s?per_page=%d&page=%d", path, pageSize, n), nil)
	if err != nil {
		return nil, nil, err
	}
	rest.Validators{ETag: etag}.Ask(req.Header)
	var list []*github.Event
	resp, err := api.Do(ctx, req, &list)
	return slices.DeleteFunc(list, func(e *github.Event) bool { return e == nil }), resp, err
}

func notModified(resp *github.Response) bool {
	return resp != nil && resp.StatusCode == http.StatusNotModified
}

// interval returns how long GitHub asks to wait.
func interval(resp *github.Response) time.Duration {
	if resp == nil {
		return 0
	}
	seconds, err := strconv.Atoi(resp.Header.Get("X-Poll-Interval"))
	if err != nil || seconds <= 0 {
		return defaultInterval
	}
	return time.Duration(min(seconds, 24*3600)) * time.Second
}

// fromEvent converts an event of the Events API, whose payload is a webhook's with parts
// left out.
func (g *GitHub) fromEvent(ctx context.Context, api *github.Client, e *github.Event) (event.Event, bool, error) {
	name := webhookName(e.GetType())
	var raw json.RawMessage
	if e.RawPayload != nil {
		raw = *e.RawPayload
	}
	p := parse(raw)
	p.complete(e, webOf(g.API))
	if !g.wants(name, p) {
		return event.Event{}, false, nil
	}
	if p.PullRequest != nil && p.PullRequest.Title == "" && p.PullRequest.Number > 0 {
		if err := p.enrich(ctx, api); err != nil {
			return event.Event{}, false, err
		}
	}
	made, ok := g.event(name, p, "event:"+e.GetID(), e.GetCreatedAt().Time)
	return made, ok, nil
}

// enrich fetches the pull request, because the Events API says little more than its
// number. When that fails, the card does without.
func (p *payload) enrich(ctx context.Context, api *github.Client) error {
	req, err := api.NewRequest(http.MethodGet, fmt.Sprintf("repos/%s/pulls/%d", p.Repository.FullName, p.PullRequest.Number), nil)
	if err != nil {
		return err
	}
	var full pullRequest
	_, err = api.Do(ctx, req, &full)
	switch kind := connector.KindOf(kindOf(err)); {
	case err == nil:
		full.Merged = full.Merged || p.PullRequest.Merged
		p.PullRequest = &full
	case kind == connector.KindThrottled, ctx.Err() != nil:
		return kindOf(err)
	}
	return nil
}

// pollMissed fetches the webhook's deliveries that failed since the last poll.
func (g *GitHub) pollMissed(ctx context.Context, p *connector.Poll, api *github.Client, at checkpoint) error {
	if p.HookURL == "" {
		p.Note("missed deliveries cannot be found: relay.public_url is not set")
		return nil
	}
	if at.Hook == 0 || at.HookURL != p.HookURL {
		found, err := g.findHook(ctx, api, p.HookURL)
		switch kind := connector.KindOf(err); {
		case kind == connector.KindUnauthorised, kind == connector.KindMisconfigured:
			p.Note("missed deliveries cannot be found: the token may not read the webhooks")
			return nil
		case err != nil:
			return err
		case found == 0:
			p.Note("no webhook at GitHub leads to this connector's hook URL; add one with this secret")
			return nil
		}
		at.Hook, at.HookURL, at.Delivery = found, p.HookURL, 0
	}
	missed, newest, err := g.missed(ctx, api, at)
	if err != nil {
		return err
	}
	var fresh []event.Event
	for _, d := range missed {
		e, ok, err := g.refetch(ctx, api, at.Hook, d)
		if err != nil {
			return err
		}
		if ok {
			fresh = append(fresh, e)
		}
	}
	if newest == at.Delivery && len(fresh) == 0 {
		return nil
	}
	at.Delivery = newest
	return p.EmitAt(ctx, version, at, fresh...)
}

// findHook finds the webhook that leads here.
func (g *GitHub) findHook(ctx context.Context, api *github.Client, address string) (int64, error) {
	options := &github.ListOptions{PerPage: pageSize}
	for {
		var list []*github.Hook
		var resp *github.Response
		var err error
		if g.Organisation != "" {
			list, resp, err = api.Organizations.ListHooks(ctx, g.Organisation, options)
		} else {
			owner, name := splitRepository(g.Repository)
			list, resp, err = api.Repositories.ListHooks(ctx, owner, name, options)
		}
		if err != nil {
			return 0, kindOf(err)
		}
		for _, h := range list {
			if h.GetConfig().GetURL() == address {
				return h.GetID(), nil
			}
		}
		if resp.NextPage == 0 {
			return 0, nil
		}
		options.Page = resp.NextPage
	}
}

// missed returns the deliveries since the last poll that failed and that no later attempt
// delivered, oldest first, and the newest delivery of all. At the first poll nothing
// counts as missed.
func (g *GitHub) missed(ctx context.Context, api *github.Client, at checkpoint) (missed []*github.HookDelivery, newest int64, err error) {
	newest = max(at.Delivery, 1) // not 0, so that even the very first delivery can be missed
	arrived := make(map[string]bool)
	options := &github.ListCursorOptions{PerPage: pageSize}
	for seen := 0; seen < maxDeliveries; {
		list, resp, err := g.deliveries(ctx, api, at.Hook, options)
		if err != nil {
			return nil, at.Delivery, kindOf(err)
		}
		for _, d := range list {
			newest = max(newest, d.GetID())
			if at.Delivery == 0 || d.GetID() <= at.Delivery {
				slices.Reverse(missed)
				return missed, newest, nil
			}
			switch status := d.GetStatusCode(); {
			case status >= 200 && status < 300:
				arrived[d.GetGUID()] = true
			case !arrived[d.GetGUID()]:
				arrived[d.GetGUID()] = true // one of several failed attempts is enough
				missed = append(missed, d)
			}
		}
		if seen += len(list); resp.Cursor == "" {
			break
		}
		options.Cursor = resp.Cursor
	}
	slices.Reverse(missed)
	return missed, newest, nil
}

func (g *GitHub) deliveries(ctx context.Context, api *github.Client, hook int64, o *github.ListCursorOptions) ([]*github.HookDelivery, *github.Response, error) {
	if g.Organisation != "" {
		return api.Organizations.ListHookDeliveries(ctx, g.Organisation, hook, o)
	}
	owner, name := splitRepository(g.Repository)
	return api.Repositories.ListHookDeliveries(ctx, owner, name, hook, o)
}

// refetch fetches a delivery's payload. It skips one that GitHub no longer keeps.
func (g *GitHub) refetch(ctx context.Context, api *github.Client, hook int64, d *github.HookDelivery) (event.Event, bool, error) {
	var full *github.HookDelivery
	var err error
	if g.Organisation != "" {
		full, _, err = api.Organizations.GetHookDelivery(ctx, g.Organisation, hook, d.GetID())
	} else {
		owner, name := splitRepository(g.Repository)
		full, _, err = api.Repositories.GetHookDelivery(ctx, owner, name, hook, d.GetID())
	}
	if e, ok := errors.AsType[*github.ErrorResponse](err); ok && e.Response.StatusCode == http.StatusNotFound {
		return event.Event{}, false, nil
	}
	if err != nil {
		return event.Event{}, false, kindOf(err)
	}
	if full.Request == nil || full.Request.RawPayload == nil {
		return event.Event{}, false, nil
	}
	made, ok := g.received(d.GetEvent(), d.GetGUID(), *full.Request.RawPayload, d.GetDeliveredAt().Time)
	return made, ok, nil
}
