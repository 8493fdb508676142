package azuredevops

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/rest"
	"github.com/connector-relay/relay/relay/event"
)

const (
	// workItems is the source that polls read in parts.
	workItems = "work_items"
	// top is how many elements of a list to ask for at once.
	top = 100
)

// source is one of the REST APIs that polls ask for what happened since a time. None of
// them lists the votes on a pull request, attempted merges, changes of repositories,
// stages and jobs, abandoned releases, or deleted work items: only service hooks report
// those.
type source struct {
	name string
	find func(context.Context, *client, time.Time) ([]event.Event, error)
}

func (a *AzureDevOps) sources() []source {
	return []source{
		{"pushes", a.pushes},
		{"pull_requests", a.pullRequests},
		{"comments", a.comments},
		{"checkins", a.checkins},
		{"builds", a.builds},
		{"releases", a.releases},
		{"approvals", a.approvals},
	}
}

// sourceNames returns what polls can ask for.
func sourceNames() []string {
	names := []string{workItems}
	for _, s := range (&AzureDevOps{}).sources() {
		names = append(names, s.name)
	}
	return names
}

// find asks every source for what happened since a time.
func (a *AzureDevOps) find(ctx context.Context, c *client, since time.Time) ([]event.Event, error) {
	var found []event.Event
	for _, s := range a.sources() {
		if !slices.Contains(a.Sources, s.name) {
			continue
		}
		list, err := s.find(ctx, c, since)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		found = append(found, list...)
	}
	return found, nil
}

// is reports whether somebody wants this kind of event, and it happened since a time.
func (a *AzureDevOps) is(name string, r *resource, at string, since time.Time) bool {
	t := when(at)
	return !t.IsZero() && !t.Before(since) && a.wants(refine(byName(name), r), r)
}

// add makes an event from a resource that a poll found, if it should be posted.
func (a *AzureDevOps) add(list []event.Event, name string, r *resource, at string, since time.Time) []event.Event {
	if !a.is(name, r, at, since) {
		return list
	}
	if e, ok := a.event(byName(name), r, "", at); ok {
		return append(list, e)
	}
	return list
}

// ask makes events from the elements of a list.
func (a *AzureDevOps) ask(ctx context.Context, c *client, api *rest.Client, name, path string, q url.Values, at func(*resource) string, since time.Time) ([]event.Event, error) {
	q.Set("$top", fmt.Sprint(top))
	list, err := c.list(ctx, api, path, q, nil)
	if err != nil {
		return nil, err
	}
	var found []event.Event
	for _, raw := range list {
		if r, ok := read(raw); ok {
			found = a.add(found, name, r, at(r), since)
		}
	}
	return found, nil
}

func (a *AzureDevOps) builds(ctx context.Context, c *client, since time.Time) ([]event.Event, error) {
	q := url.Values{"minTime": {stamp(since)}, "statusFilter": {"completed"}, "queryOrder": {"finishTimeDescending"}}
	return a.ask(ctx, c, c.project, "build_completed", "_apis/build/builds", q, func(r *resource) string { return r.Finished }, since)
}

func (a *AzureDevOps) checkins(ctx context.Context, c *client, since time.Time) ([]event.Event, error) {
	q := url.Values{"searchCriteria.fromDate": {stamp(since)}, "$skip": {"0"}, "maxCommentLength": {fmt.Sprint(maxText + 1)}}
	return a.ask(ctx, c, c.project, "checkin", "_apis/tfvc/changesets", q, func(r *resource) string { return r.CreatedDate }, since)
}

// releases asks for classic releases and their deployments. Many projects have none, and
// many tokens may not read them; neither is an error.
func (a *AzureDevOps) releases(ctx context.Context, c *client, since time.Time) ([]event.Event, error) {
	var found []event.Event
	for _, one := range []struct {
		path, name, since string
		at                func(*resource) string
	}{
		{"releases", "release_created", "minCreatedTime", func(r *resource) string { return r.CreatedOn }},
		{"deployments", "deployment_started", "minStartedTime", func(r *resource) string { return r.StartedOn }},
		{"deployments", "deployment_completed", "minModifiedTime", func(r *resource) string { return r.Completed }},
	} {
		if k := byName(one.name); !a.Wants(k.Noise, k.Name) {
			continue
		}
		list, err := a.ask(ctx, c, c.releases, one.name, "_apis/release/"+one.path, url.Values{one.since: {stamp(since)}}, one.at, since)
		if kind := connector.KindOf(err); kind == connector.KindMisconfigured || kind == connector.KindUnauthorised {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, list...)
	}
	return found, nil
}

// approvals asks for the approvals of classic releases. Their list cannot be filtered by
// time, but the newest are on its first page.
func (a *AzureDevOps) approvals(ctx context.Context, c *client, since time.Time) ([]event.Event, error) {
	var found []event.Event
	for _, one := range []struct{ status, name string }{
		{"pending", "deployment_approval_pending"},
		{"approved", "deployment_approval_completed"},
		{"rejected", "deployment_approval_completed"},
	} {
		var page list
		q := url.Values{"statusFilter": {one.status}, "queryOrder": {"descending"}, "top": {fmt.Sprint(top)}}
		if _, err := c.releases.Do(ctx, rest.Request{Path: "_apis/release/approvals", Query: q}, &page); err != nil {
			return nil, err
		}
		for _, raw := range page.Value {
			given := &approval{}
			if !connector.ParseJSON(raw, given) || given.Automated {
				continue
			}
			r := &resource{Approval: given}
			r.placeApproval()
			at := given.Modified
			if one.status == "pending" {
				at = given.Created
			}
			found = a.add(found, one.name, r, at, since)
		}
	}
	return found, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
