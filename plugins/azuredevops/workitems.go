package azuredevops

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// perWalk is how many changed work items are looked at in one go. Each takes a request.
const perWalk = 200

// walk is how far the work items that were changed since a time are looked through,
// by their numbers.
type walk struct {
	Since time.Time `json:"since"`
	// Began is when a walk that has not ended yet began, and After the number it has
	// come to.
	Began time.Time `json:"began,omitzero"`
	After int64     `json:"after,omitempty"`
}

// nextWorkItems looks at the next of those that were changed; more says that there are
// others.
func (a *AzureDevOps) nextWorkItems(ctx context.Context, c *client, w *walk, since, now time.Time) (found []event.Event, more bool, err error) {
	if w.Since.IsZero() {
		w.Since = since
	}
	if w.After == 0 {
		w.Began = now
	}
	ids, err := c.changed(ctx, w.Since, w.After, "[System.Id]", perWalk)
	if err != nil {
		return nil, false, err
	}
	if found, err = a.updates(ctx, c, ids, w.Since); err != nil {
		return nil, false, err
	}
	// The numbers only rise; otherwise the walk would never end.
	if len(ids) == perWalk && ids[perWalk-1] > w.After {
		w.After = ids[perWalk-1]
		return found, true, nil
	}
	*w = walk{Since: w.Began.Add(-overlap)}
	return found, false, nil
}

// newestWorkItems looks at those that were changed last.
func (a *AzureDevOps) newestWorkItems(ctx context.Context, c *client, since time.Time, n int) ([]event.Event, error) {
	c.pages = maxPages // updates begin with the oldest
	ids, err := c.changed(ctx, since, 0, "[System.ChangedDate] DESC", min(n, perWalk))
	if err != nil {
		return nil, err
	}
	return a.updates(ctx, c, ids, since)
}

// updates asks work items for what was changed since a time.
func (a *AzureDevOps) updates(ctx context.Context, c *client, ids []int64, since time.Time) ([]event.Event, error) {
	var found []event.Event
	for _, id := range ids {
		q := url.Values{"$top": {fmt.Sprint(perWalk)}, "$skip": {"0"}}
		updates, err := c.list(ctx, c.project, fmt.Sprintf("_apis/wit/workItems/%d/updates", id), q, nil)
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
