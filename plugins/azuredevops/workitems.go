package azuredevops

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// perWalk is how many changed work items one step reads. Each takes a request.
const perWalk = 200

// walk is how far polls have come through the work items that were changed since a time,
// in order of number.
type walk struct {
	Since time.Time `json:"since"`
	// Began is when an unfinished walk began, and After is the number it has reached.
	Began time.Time `json:"began,omitzero"`
	After int64     `json:"after,omitempty"`
}

// nextWorkItems reads the next of the changed work items; more says that others follow.
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
	// The numbers must rise; otherwise the walk would never end.
	if len(ids) == perWalk && ids[perWalk-1] > w.After {
		w.After = ids[perWalk-1]
		return found, true, nil
	}
	*w = walk{Since: w.Began.Add(-overlap)}
	return found, false, nil
}

// newestWorkItems reads those that were changed last.
func (a *AzureDevOps) newestWorkItems(ctx context.Context, c *client, since time.Time, n int) ([]event.Event, error) {
	c.pages = maxPages // updates start with the oldest
	ids, err := c.changed(ctx, since, 0, "[System.ChangedDate] DESC", min(n, perWalk))
	if err != nil {
		return nil, err
	}
	return a.updates(ctx, c, ids, since)
}

// updates fetches what was changed in work items since a time.
func (a *AzureDevOps) updates(ctx context.Context, c *client, ids []int64, since time.Time) ([]event.Event, error) {
	var found []event.Event
	for _, id := range ids {
		q := url.Values{"$top": {fmt.Sprint(perWalk)}, "$skip": {"0"}}
		updates, err := c.list(ctx, c.project, fmt.Sprintf("_apis/wit/workItems/%d/updates", id), q, nil)
		if connector.KindOf(err) == connector.KindMisconfigured {
			continue // it was deleted in the meantime
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
