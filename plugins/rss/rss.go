// Package rss is the feed connector: RSS, Atom and JSON Feed.
//
// A poll fetches (fetch.go) and makes cards (cards.go). In between, a process of its
// own (readers.go, serve.go) decodes and parses the page (decode.go, read.go), decides
// what is new (identity.go) and writes what is shown of it (write.go), because a feed
// can make that cost any amount of time and memory. An item's content is read by the
// rules of the feed's own format (article.go), its texts by text.go, html.go and
// truncate.go. What polls remember is the checkpoint (checkpoint.go), which moves only when
// the events found are committed.
package rss

import (
	"context"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/rest"
)

// Feed is one feed.
type Feed struct {
	URL      string `relay:"url,required,secret" doc:"The feed's address: RSS, Atom or JSON Feed. Only its host is ever shown."`
	Initial  int    `relay:"initial" default:"0" doc:"How many of the newest items to post at the first poll."`
	OnUpdate string `relay:"on_update" default:"ignore" allowed:"ignore,repost" doc:"Whether to post an item again when its title, link or text has changed."`
	Summary  int    `relay:"summary" default:"500" doc:"How many characters of an item's text to show, at most 10000."`
	Picture  bool   `relay:"picture" default:"true" doc:"Whether to show the item's picture."`

	pace    *pace
	readers *readers
}

// Shared is what the feeds of one process share: a pace for each host, and the reader
// processes.
type Shared struct {
	pace    *pace
	readers *readers
}

// Share returns what feeds share. When run with the command, this executable must call
// [ServeReader].
func Share(command ...string) *Shared {
	return &Shared{newPace(), newReaders(command...)}
}

// New returns a feed without arguments.
func (s *Shared) New() connector.Connector { return &Feed{pace: s.pace, readers: s.readers} }

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
	var problems connector.Problems
	problems.URL("url", f.URL, "https://go.dev/blog/feed.atom")
	problems.If(f.Initial < 0, "initial", "The number of items cannot be negative.")
	problems.If(f.Summary < 0, "summary", "The number of characters cannot be negative.")
	return problems
}

// Poll implements [connector.Poller].
func (f *Feed) Poll(ctx context.Context, p *connector.Poll) (time.Duration, error) {
	state, known := connector.Recall[checkpoint](p, version)
	if p.Preview > 0 {
		state, known = checkpoint{}, false // as if it were new: everything in the feed
	}
	known = state.belongs(f.URL) && known
	found, err := f.find(ctx, p, &state, known)
	if err != nil {
		return 0, err
	}
	found.tell(p)
	return found.Wait, f.emit(ctx, p, state, found)
}

// tell reports the items that become no event.
func (a answer) tell(p *connector.Poll) {
	known := make([]connector.Known, len(a.Taken))
	for i, t := range a.Taken {
		known[i] = connector.Known{Key: t.Key, Title: t.Title, Because: t.Why}
	}
	p.Knew(a.Known, known...)
	if a.Lost > 0 {
		p.Note(fmt.Sprintf("the feed is damaged, and %d of its items cannot be read: %s", a.Lost, a.Why))
	}
}

// find asks the address to which the feed has moved, if any, and otherwise or if that
// fails the configured one.
func (f *Feed) find(ctx context.Context, p *connector.Poll, state *checkpoint, known bool) (answer, error) {
	if !state.moved() {
		return f.ask(ctx, p, state, known, f.URL, "")
	}
	moved := state.Moved
	found, err := f.ask(ctx, p, state, known, moved, "")
	if err == nil || ctx.Err() != nil {
		p.Note("asks " + hostOf(moved) + ", where the feed has moved to for good")
		return found, err
	}
	p.Log.Warn("the address that the feed has moved to fails; trying the configured one", "host", hostOf(moved), "error", err)
	p.Note("asks " + hostOf(f.URL) + " again, because " + hostOf(moved) + ", where the feed had moved to, fails")
	back := *state
	back.Moved, back.MovedTimes = "", 0
	if found, err = f.ask(ctx, p, &back, known, f.URL, moved); err == nil {
		*state = back
	}
	return found, err
}

// ask requests the feed at an address, which must not redirect to one that has failed.
func (f *Feed) ask(ctx context.Context, p *connector.Poll, state *checkpoint, known bool, address, failed string) (answer, error) {
	if err := f.pace.wait(ctx, address); err != nil {
		return answer{}, err
	}
	now := state.asking(address)
	page, err := f.fetch(ctx, p.HTTP, address, failed, now)
	if err != nil {
		return answer{}, err
	}
	found := answer{State: now}
	if !page.unchanged {
		if found, err = f.read(ctx, page, now, known, p.Preview); err != nil {
			return answer{}, err
		}
		if len(found.Present) == 0 {
			page.movedTo = "" // an empty page does not prove that the feed is there
		}
		if found.Lost > 0 {
			// It may have been cut off on its way, so it must be fetched again.
			page.Validators = rest.Validators{}
		}
	}
	*state = found.State
	state.remember(page)
	found.Unchanged, found.Wait = page.unchanged, min(max(page.again, found.Wait), day)
	return found, nil
}

// read has a reader read a page.
func (f *Feed) read(ctx context.Context, page page, state checkpoint, known bool, preview int) (answer, error) {
	defer page.release()
	return f.readers.read(ctx, question{
		Body: page.body, ContentType: page.contentType, Address: f.URL, At: page.at, State: state,
		First: !known, Initial: max(f.Initial, preview), Edits: f.OnUpdate == "repost", Summary: f.Summary, Picture: f.Picture,
	})
}

// emit emits the new items, oldest first, each with a checkpoint that includes it.
func (f *Feed) emit(ctx context.Context, p *connector.Poll, state checkpoint, found answer) error {
	for _, post := range found.Posts {
		state.Known = append(state.Known, post.Known)
		// The validators are the whole page's, so they are stored after its last item.
		if err := p.EmitAt(ctx, version, state.withoutValidators(), found.Source.event(post)); err != nil {
			return err
		}
	}
	if found.More {
		return nil // the next poll goes on
	}
	if !found.Unchanged {
		state.forget(found.Present)
	}
	return p.EmitAt(ctx, version, state)
}
