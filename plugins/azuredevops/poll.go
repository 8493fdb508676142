package azuredevops

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

const (
	// overlap is how far back each poll looks beyond the last one: some things get
	// visible a little late. What is known already is dropped by its key.
	overlap = 2 * time.Minute
	// lookBack is how far a first poll looks that is to post something.
	lookBack = 30 * 24 * time.Hour
	// top is how many of a sort are asked for at once.
	top       = 100
	batchSize = 100
)

// checkpoint is until when polls have asked.
type checkpoint struct {
	Version int       `json:"version"`
	Until   time.Time `json:"until"`
}

const version = 1

func decode(p *connector.Poll) (checkpoint, bool) {
	var c checkpoint
	if p.Checkpoint == nil {
		return checkpoint{Version: version}, false
	}
	if err := json.Unmarshal(p.Checkpoint, &c); err != nil || c.Version != version || c.Until.IsZero() {
		p.Log.Warn("the checkpoint cannot be read; what there is now counts as known")
		return checkpoint{Version: version}, false
	}
	return c, true
}

// Poll implements [connector.Poller].
func (a *AzureDevOps) Poll(ctx context.Context, p *connector.Poll) (time.Duration, error) {
	if a.Token == "" {
		if p.HookURL == "" && a.Password != "" {
			p.Note("there is no token, so only service hooks bring events, and relay.public_url is not set")
		}
		if a.Password == "" {
			return 0, connector.Unauthorised("there is neither a token to poll with nor a password for service hooks")
		}
		return 0, nil
	}
	at, known := decode(p)
	c := a.client(p)
	// The server's own clock counts. Its answer also tells whether the token is good.
	now, err := c.clock(ctx)
	if err != nil {
		return c.rest, err
	}
	keep := max(a.Initial, p.Preview)
	since := at.Until.Add(-overlap)
	if !known || p.Preview > 0 {
		since = now.Add(-lookBack)
	}
	var found []event.Event
	if known || keep > 0 {
		if found, err = a.find(ctx, c, since); err != nil {
			return c.rest, err
		}
	}
	slices.SortStableFunc(found, func(a, b event.Event) int { return a.Time.Compare(b.Time) })
	at.Until = now
	if !known || p.Preview > 0 {
		found = found[max(0, len(found)-keep):]
		// What the first poll leaves out stays left out; the clock counts whole seconds.
		at.Until = now.Add(overlap + time.Second)
	}
	return c.rest, emit(ctx, p, found, at)
}

// emit hands over events, oldest first. The checkpoint moves with the last batch; a
// poll that breaks off finds the same again.
func emit(ctx context.Context, p *connector.Poll, list []event.Event, at checkpoint) error {
	for len(list) > batchSize {
		if err := p.Emit(ctx, event.Batch{Events: list[:batchSize]}); err != nil {
			return err
		}
		list = list[batchSize:]
	}
	b, err := json.Marshal(at)
	if err != nil {
		return fmt.Errorf("encode the checkpoint: %w", err)
	}
	return p.Emit(ctx, event.Batch{Events: list, Checkpoint: b})
}

// sourceNames are what polls can ask for.
func sourceNames() []string {
	return []string{"pushes", "pull_requests", "builds", "releases", "work_items"}
}

// find asks every source for what happened since a time.
func (a *AzureDevOps) find(ctx context.Context, c *client, since time.Time) ([]event.Event, error) {
	ask := map[string]func(context.Context, *client, time.Time) ([]event.Event, error){
		"pushes": a.pushes, "pull_requests": a.pullRequests, "builds": a.builds, "releases": a.releases, "work_items": a.workItems,
	}
	var found []event.Event
	for _, name := range a.Sources {
		list, err := ask[name](ctx, c, since)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		found = append(found, list...)
	}
	return found, nil
}

// add makes an event of a resource that a poll found, if somebody wants it and it
// happened since a time.
func (a *AzureDevOps) add(list []event.Event, name string, r *resource, at string, since time.Time) []event.Event {
	if t := when(at); t.IsZero() || t.Before(since) {
		return list
	}
	if e, ok := a.event(byName(name), r, "", at); ok {
		return append(list, e)
	}
	return list
}

func (a *AzureDevOps) pushes(ctx context.Context, c *client, since time.Time) ([]event.Event, error) {
	repositories, err := c.list(ctx, c.project+"_apis/git/repositories", nil)
	if err != nil {
		return nil, err
	}
	var found []event.Event
	for _, raw := range repositories {
		var repo repository
		if !parse(raw, &repo) || repo.ID == "" || !fits(a.Repositories, repo.Name) {
			continue
		}
		q := url.Values{"searchCriteria.fromDate": {stamp(since)}, "searchCriteria.includeRefUpdates": {"true"}, "$top": {fmt.Sprint(top)}}
		pushes, err := c.list(ctx, c.project+"_apis/git/repositories/"+url.PathEscape(repo.ID)+"/pushes", q)
		if connector.KindOf(err) == connector.KindMisconfigured {
			continue // a repository that is disabled answers 404
		}
		if err != nil {
			return nil, err
		}
		for _, raw := range pushes {
			if r, ok := read(raw); ok {
				r.Repository = &repo
				found = a.add(found, "push", r, r.Date, since)
			}
		}
	}
	return found, nil
}

func (a *AzureDevOps) pullRequests(ctx context.Context, c *client, since time.Time) ([]event.Event, error) {
	var found []event.Event
	for status, which := range map[string]string{"active": "created", "completed": "closed", "abandoned": "closed"} {
		q := url.Values{
			"searchCriteria.status": {status}, "searchCriteria.minTime": {stamp(since)}, "searchCriteria.queryTimeRangeType": {which}, "$top": {fmt.Sprint(top)},
		}
		list, err := c.list(ctx, c.project+"_apis/git/pullrequests", q)
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
			if status != "active" {
				found = a.add(found, "pull_request_"+status, r, r.Closed, since)
			}
		}
	}
	return found, nil
}

func (a *AzureDevOps) builds(ctx context.Context, c *client, since time.Time) ([]event.Event, error) {
	q := url.Values{"minTime": {stamp(since)}, "statusFilter": {"completed"}, "queryOrder": {"finishTimeAscending"}, "$top": {fmt.Sprint(top)}}
	list, err := c.list(ctx, c.project+"_apis/build/builds", q)
	if err != nil {
		return nil, err
	}
	var found []event.Event
	for _, raw := range list {
		if r, ok := read(raw); ok {
			found = a.add(found, "build_completed", r, r.Finished, since)
		}
	}
	return found, nil
}

// releases asks for classic releases and their deployments. Many projects, and many
// tokens, have none: that is no trouble.
func (a *AzureDevOps) releases(ctx context.Context, c *client, since time.Time) ([]event.Event, error) {
	var found []event.Event
	for _, one := range []struct {
		path, name string
		query      url.Values
		at         func(r *resource) string
	}{
		{"releases", "release_created", url.Values{"minCreatedTime": {stamp(since)}}, func(r *resource) string { return r.CreatedOn }},
		{"deployments", "deployment_completed", url.Values{"minModifiedTime": {stamp(since)}}, func(r *resource) string { return r.Completed }},
	} {
		one.query.Set("$top", fmt.Sprint(top))
		list, err := c.list(ctx, c.release+"_apis/release/"+one.path, one.query)
		if kind := connector.KindOf(err); kind == connector.KindMisconfigured || kind == connector.KindUnauthorised {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, raw := range list {
			if r, ok := read(raw); ok {
				found = a.add(found, one.name, r, one.at(r), since)
			}
		}
	}
	return found, nil
}

// workItems asks which work items were changed, and each for its updates.
func (a *AzureDevOps) workItems(ctx context.Context, c *client, since time.Time) ([]event.Event, error) {
	ids, err := c.changedWorkItems(ctx, since)
	if err != nil {
		return nil, err
	}
	var found []event.Event
	for _, id := range ids {
		updates, err := c.list(ctx, fmt.Sprintf("%s_apis/wit/workItems/%d/updates", c.project, id), nil)
		if connector.KindOf(err) == connector.KindMisconfigured {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		fields := make(map[string]field)
		for _, raw := range updates {
			r, ok := read(raw)
			if !ok {
				continue
			}
			for name, f := range r.Fields {
				fields[name] = field{now: f.now}
			}
			at := text(r.Fields["System.ChangedDate"].now)
			r.Revision = &resource{Fields: fields}
			name := "work_item_updated"
			if r.Rev == 1 {
				name = "work_item_created"
			}
			found = a.add(found, name, r, at, since)
		}
	}
	return found, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
