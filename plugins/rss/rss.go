// Package rss is the feed connector: RSS, Atom and JSON Feed.
//
// A poll fetches (fetch.go), decides what is new (identity.go) and makes cards
// (cards.go). What it must remember is in its checkpoint (checkpoint.go), which
// moves only with the commit of what was found.
package rss

import (
	"context"
	"net/url"
	"time"

	"github.com/mmcdole/gofeed"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// batchSize is how many items are committed at a time.
const batchSize = 50

// Feed is one feed.
type Feed struct {
	URL      string `relay:"url,required" doc:"The feed's address: RSS, Atom or JSON Feed."`
	Initial  int    `relay:"initial" default:"0" doc:"How many of the newest items to post when the feed is first polled."`
	OnUpdate string `relay:"on_update" default:"ignore" allowed:"ignore,repost" doc:"Whether an item whose title, link or text has changed is posted again."`
	Summary  int    `relay:"summary" default:"500" doc:"How many characters of an item's text its card shows."`
	Picture  bool   `relay:"picture" default:"true" doc:"Whether cards show the item's picture."`

	pace *pace
}

// New returns the factory of the connector type. Its feeds share one pace for
// each host, because they share a process.
func New() func() connector.Connector {
	p := newPace()
	return func() connector.Connector { return &Feed{pace: p} }
}

// Describe implements [connector.Connector].
func (f *Feed) Describe() connector.Description {
	return connector.Description{
		Type: "rss", Title: "RSS", Summary: "Posts the new items of a feed.", Schedule: "@every 15m",
		Icon:  []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><g fill="none" stroke="#e8730c" stroke-width="3" stroke-linecap="round"><path d="M5 5a14 14 0 0 1 14 14M5 11a8 8 0 0 1 8 8"/></g><circle cx="6" cy="18" r="2" fill="#e8730c"/></svg>`),
		Kinds: kinds(),
	}
}

// Validate implements [connector.Validator].
func (f *Feed) Validate() []connector.Problem {
	var problems []connector.Problem
	u, err := url.Parse(f.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		problems = append(problems, connector.Problem{Argument: "url", Message: "A feed needs an http or https address, such as https://go.dev/blog/feed.atom."})
	}
	if f.Initial < 0 {
		problems = append(problems, connector.Problem{Argument: "initial", Message: "The number of items cannot be negative."})
	}
	if f.Summary < 0 {
		problems = append(problems, connector.Problem{Argument: "summary", Message: "The number of characters cannot be negative."})
	}
	return problems
}

// Poll implements [connector.Poller].
func (f *Feed) Poll(ctx context.Context, p *connector.Poll) (time.Duration, error) {
	state, known := connector.Recall[checkpoint](p, version)
	if p.Preview > 0 {
		state, known = checkpoint{}, false // as if it were new: all that the feed holds
	}
	if err := f.pace.wait(ctx, f.URL); err != nil {
		return 0, err
	}
	page, err := fetch(ctx, p.HTTP, f.URL, state)
	if err != nil {
		return 0, err
	}
	state.remember(page)
	if page.unchanged {
		return page.again, p.EmitAt(ctx, version, state)
	}
	return page.again, f.emit(ctx, p, state, page, known)
}

// emit hands over what is new, oldest first, in batches. The checkpoint of each
// batch knows the items up to it, so that a crash between two batches loses and
// repeats nothing.
func (f *Feed) emit(ctx context.Context, p *connector.Poll, state checkpoint, page page, known bool) error {
	items := state.news(page.feed, f.OnUpdate == "repost")
	post := items
	if !known {
		post = items[max(0, len(items)-max(f.Initial, p.Preview)):]
		state.know(items[:len(items)-len(post)])
	}
	for len(post) > batchSize {
		state.know(post[:batchSize])
		// The validators belong to the whole page; they move with the last batch.
		if err := p.EmitAt(ctx, version, state.withoutValidators(), f.events(page.feed, post[:batchSize])...); err != nil {
			return err
		}
		post = post[batchSize:]
	}
	state.know(post)
	state.forget(page.feed)
	return p.EmitAt(ctx, version, state, f.events(page.feed, post)...)
}

func (f *Feed) events(feed *gofeed.Feed, items []item) []event.Event {
	events := make([]event.Event, len(items))
	for i, item := range items {
		events[i] = f.event(feed, item)
	}
	return events
}
