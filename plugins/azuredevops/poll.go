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
	// overlap is how far back each poll looks beyond the last one: some things get
	// visible a little late. What is known already is dropped by its key.
	overlap = 2 * time.Minute
	// lookBack is how far a first poll looks that is to post something.
	lookBack = 30 * 24 * time.Hour
)

// checkpoint is until when polls have asked.
type checkpoint struct {
	Until time.Time `json:"until"`
	// WorkItems is how far they are looked through.
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
	// The server's own clock counts. Its answer also tells whether the token is good.
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

// begin posts the newest of what there is, as many as were asked for, and counts the
// rest as known.
func (a *AzureDevOps) begin(ctx context.Context, p *connector.Poll, c *client, now time.Time) error {
	var found []event.Event
	if keep := max(a.Initial, p.Preview); keep > 0 {
		c.pages = 1 // the newest are on it
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
	// What the first poll leaves out stays left out; the clock counts whole seconds.
	return p.EmitAt(ctx, version, checkpoint{Until: now.Add(overlap + time.Second)}, found...)
}

// goOn posts what happened since the last poll. After a great many changes of work
// items the checkpoint moves with each part of them, so that a poll that breaks off
// need not begin again.
func (a *AzureDevOps) goOn(ctx context.Context, p *connector.Poll, c *client, at checkpoint, now time.Time) error {
	since := at.Until.Add(-overlap)
	found, err := a.find(ctx, c, since)
	if err != nil {
		return err
	}
	if c.incomplete {
		p.Log.Warn("more happened since the last poll than is asked for; the oldest of it is left out", "since", since)
	}
	at.Until = now
	if !slices.Contains(a.Sources, workItems) {
		at.WorkItems = walk{} // where it was would be long ago, once they are asked for again
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
