package azuredevops

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

const (
	// overlap is how far each poll looks back beyond the last one, because some things
	// become visible a little late. What is already known is dropped by its key.
	overlap = 2 * time.Minute
	// lookBack is how far back a first poll looks when it has to post something.
	lookBack = 30 * 24 * time.Hour
)

// checkpoint is the time up to which polls have asked.
type checkpoint struct {
	Until time.Time `json:"until"`
	// WorkItems is how far a poll has come through the changed work items.
	WorkItems walk `json:"work_items"`
}

const version = 1

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
	at, known := connector.Recall[checkpoint](p, version)
	c, err := a.client(p.HTTP)
	if err != nil {
		return 0, err
	}
	// The server's clock decides. Its answer also shows whether the token is valid.
	now, err := c.clock(ctx, a.Project)
	if err != nil {
		return c.wait(), err
	}
	if known && p.Preview == 0 {
		err = a.goOn(ctx, p, c, at, now)
	} else {
		err = a.begin(ctx, p, c, now)
	}
	return c.wait(), err
}

// begin posts the newest events, as many as the configuration asks for, and counts the
// rest as known.
func (a *AzureDevOps) begin(ctx context.Context, p *connector.Poll, c *client, now time.Time) error {
	var found []event.Event
	if keep := max(a.Initial, p.Preview); keep > 0 {
		c.pages = 1 // the newest are on this page
		since := now.Add(-lookBack)
		var err error
		if found, err = a.find(ctx, c, since); err != nil {
			return err
		}
		if slices.Contains(a.Sources, workItems) {
			items, err := a.newestWorkItems(ctx, c, since, keep)
			if err != nil {
				return fmt.Errorf("%s: %w", workItems, err)
			}
			found = append(found, items...)
		}
		sortByTime(found)
		found = found[max(0, len(found)-keep):]
	}
	// What the first poll leaves out stays out; the clock counts whole seconds.
	return p.EmitAt(ctx, version, checkpoint{Until: now.Add(overlap + time.Second)}, found...)
}

// goOn posts what happened since the last poll. After a great many changes of work items
// the checkpoint moves with each part of them, so that an interrupted poll need not start
// over.
func (a *AzureDevOps) goOn(ctx context.Context, p *connector.Poll, c *client, at checkpoint, now time.Time) error {
	since := at.Until.Add(-overlap)
	found, err := a.find(ctx, c, since)
	if err != nil {
		return err
	}
	if c.incomplete {
		p.Log.Warn("more happened since the last poll than one poll reads; the oldest events were left out", "since", since)
	}
	at.Until = now
	if !slices.Contains(a.Sources, workItems) {
		at.WorkItems = walk{} // the old position would be long out of date if work items were polled again
	}
	for more := slices.Contains(a.Sources, workItems); more; {
		var items []event.Event
		if items, more, err = a.nextWorkItems(ctx, c, &at.WorkItems, since, now); err != nil {
			return fmt.Errorf("%s: %w", workItems, err)
		}
		found = append(found, items...)
		if more {
			sortByTime(found)
			if err := cmp.Or(p.EmitAt(ctx, version, at, found...), p.Flush(ctx)); err != nil {
				return err
			}
			found = nil
		}
	}
	sortByTime(found)
	return p.EmitAt(ctx, version, at, found...)
}

func sortByTime(list []event.Event) {
	slices.SortStableFunc(list, func(a, b event.Event) int { return a.Time.Compare(b.Time) })
}
