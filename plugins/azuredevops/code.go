package azuredevops

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/rest"
	"github.com/connector-relay/relay/relay/event"
)

func (a *AzureDevOps) pushes(ctx context.Context, c *client, since time.Time) ([]event.Event, error) {
	repositories, err := c.list(ctx, c.project, "_apis/git/repositories", nil, nil)
	if err != nil {
		return nil, err
	}
	var found []event.Event
	for _, raw := range repositories {
		var repo repository
		if !connector.ParseJSON(raw, &repo) || repo.ID == "" || !fits(a.Repositories, repo.Name) {
			continue
		}
		list, err := a.pushesTo(ctx, c, &repo, since)
		if connector.KindOf(err) == connector.KindMisconfigured {
			continue // a disabled repository answers 404
		}
		if err != nil {
			return nil, err
		}
		found = append(found, list...)
	}
	return found, nil
}

func (a *AzureDevOps) pushesTo(ctx context.Context, c *client, repo *repository, since time.Time) ([]event.Event, error) {
	path := "_apis/git/repositories/" + url.PathEscape(repo.ID) + "/pushes"
	q := url.Values{"searchCriteria.fromDate": {stamp(since)}, "searchCriteria.includeRefUpdates": {"true"}, "$top": {fmt.Sprint(top)}, "$skip": {"0"}}
	pushes, err := c.list(ctx, c.project, path, q, nil)
	if err != nil {
		return nil, err
	}
	var found []event.Event
	for _, raw := range pushes {
		r, ok := read(raw)
		if !ok {
			continue
		}
		r.Repository = repo
		if !a.is("push", r, r.Date, since) {
			continue
		}
		// The list leaves out the commits; a single push has them.
		var whole json.RawMessage
		one := rest.Request{Path: fmt.Sprintf("%s/%d", path, r.PushID), Query: url.Values{"includeCommits": {fmt.Sprint(top)}}}
		if _, err := c.project.Do(ctx, one, &whole); err != nil {
			return nil, err
		}
		if one, ok := read(whole); ok {
			r.Commits = one.Commits
		}
		found = a.add(found, "push", r, r.Date, since)
	}
	return found, nil
}

func (a *AzureDevOps) pullRequests(ctx context.Context, c *client, since time.Time) ([]event.Event, error) {
	var found []event.Event
	for _, one := range []struct{ status, which string }{{"active", "created"}, {"completed", "closed"}, {"abandoned", "closed"}} {
		q := url.Values{
			"searchCriteria.status": {one.status}, "searchCriteria.minTime": {stamp(since)}, "searchCriteria.queryTimeRangeType": {one.which},
			"$top": {fmt.Sprint(top)}, "$skip": {"0"},
		}
		list, err := c.list(ctx, c.project, "_apis/git/pullrequests", q, func(page []json.RawMessage) bool {
			// Older servers cannot filter by time here and would list every one there
			// ever was.
			return slices.ContainsFunc(page, func(raw json.RawMessage) bool {
				r, _ := read(raw)
				return !when(r.Closed, r.Created).Before(since)
			})
		})
		if err != nil {
			return nil, err
		}
		for _, raw := range list {
			r, ok := read(raw)
			if !ok {
				continue
			}
			opened := *r
			opened.Status, opened.ClosedBy = "active", person{}
			found = a.add(found, "pull_request_created", &opened, r.Created, since)
			if one.status != "active" {
				found = a.add(found, "pull_request_"+one.status, r, r.Closed, since)
			}
		}
	}
	return found, nil
}

// comments fetches the comments on each of the newest open pull requests.
func (a *AzureDevOps) comments(ctx context.Context, c *client, since time.Time) ([]event.Event, error) {
	var open list
	q := url.Values{"searchCriteria.status": {"active"}, "$top": {fmt.Sprint(top)}}
	if _, err := c.project.Do(ctx, rest.Request{Path: "_apis/git/pullrequests", Query: q}, &open); err != nil {
		return nil, err
	}
	var found []event.Event
	for _, raw := range open.Value {
		p, ok := read(raw)
		if !ok || p.repository().ID == "" || !fits(a.Repositories, p.repository().Name) {
			continue
		}
		list, err := a.commentsOn(ctx, c, p, since)
		if err != nil {
			return nil, err
		}
		found = append(found, list...)
	}
	return found, nil
}

func (a *AzureDevOps) commentsOn(ctx context.Context, c *client, p *resource, since time.Time) ([]event.Event, error) {
	path := fmt.Sprintf("_apis/git/repositories/%s/pullRequests/%d/threads", url.PathEscape(p.repository().ID), p.PullRequestID)
	threads, err := c.list(ctx, c.project, path, nil, nil)
	if err != nil {
		return nil, err
	}
	var found []event.Event
	for _, raw := range threads {
		var thread struct {
			ID       number    `json:"id"`
			Comments []comment `json:"comments"`
		}
		if !connector.ParseJSON(raw, &thread) {
			continue
		}
		for _, one := range thread.Comments {
			if one.Deleted || one.Type != "text" { // these are the service's own remarks
				continue
			}
			one.thread = thread.ID
			found = a.add(found, "pull_request_commented", &resource{PullRequest: p, Comment: &one}, one.Published, since)
		}
	}
	return found, nil
}
