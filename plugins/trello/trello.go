// Package trello is the connector for Trello: what happens on a board.
//
// It polls the board's actions and, where the relay has a public address and the
// Power-Up's secret is set, registers a webhook for the board; an action has the same key
// either way. When the connector is removed, so is its webhook.
package trello

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/kinds"
)

// Trello is the connector.
type Trello struct {
	Board  string `relay:"board,required" doc:"The board: its id, or the short id after /b/ in its address."`
	Key    string `relay:"key,required" doc:"The API key of a Power-Up, from https://trello.com/power-ups/admin."`
	Token  string `relay:"token,secret" doc:"A token that may read the board; without one, sign in with relay login."`
	Secret string `relay:"secret,secret" doc:"The Power-Up's secret. With it, a webhook delivers events at once, and polls only fill gaps."`
	API    string `relay:"api" default:"https://api.trello.com" doc:"The address of the API."`

	kinds.Choice
	Members connector.Patterns `relay:"members" doc:"Whose actions to post, by user name; by default everybody's."`
	Lists   connector.Patterns `relay:"lists" doc:"The lists whose cards to post; by default all. Events that name no list are always posted."`
	Labels  connector.Patterns `relay:"labels" doc:"Post changes of labels only for labels with these names."`
	Initial int                `relay:"initial" default:"0" doc:"How many of the newest events to post at the first poll."`
}

// New returns a connector without arguments.
func New() connector.Connector { return &Trello{} }

// Describe implements [connector.Connector].
func (t *Trello) Describe() connector.Description {
	return connector.Description{
		Type: "trello", Title: "Trello", Summary: "Cards, lists, checklists, comments and members of a board.",
		Icon:  []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect x="3" y="3" width="18" height="18" rx="3" fill="none" stroke="#1d7fc4" stroke-width="2"/><path stroke="#1d7fc4" stroke-width="4" stroke-linecap="round" d="M8.5 9v7M15.5 9v3"/></svg>`),
		Kinds: table().Describe(sample().draw), Schedule: "@every 1m",
	}
}

// Validate implements [connector.Validator].
func (t *Trello) Validate() []connector.Problem {
	var problems connector.Problems
	problems.If(!isID(t.Board), "board", "A board's id has only letters and digits; it follows /b/ in the board's address.")
	problems.If(!isID(t.Key), "key", "An API key has only letters and digits.")
	problems.If(strings.ContainsAny(t.Token, " \"\r\n,"), "token", "A token must not contain spaces, commas or quotes.")
	problems.URL("api", t.API, "https://api.trello.com")
	problems.If(t.Initial < 0 || t.Initial > pageSize, "initial", "The number of events must be from 0 to 1000.")
	table().Check(&problems, "kinds", t.Kinds...)
	return problems
}

func isID(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// SignIn implements [connector.Authenticator].
func (t *Trello) SignIn() *connector.SignIn {
	if t.Token != "" {
		return nil
	}
	q := url.Values{"expiration": {"never"}, "name": {"Relay"}, "scope": {"read"}, "response_type": {"token"}, "key": {t.Key}}
	return &connector.SignIn{
		Flow: connector.TokenPage, PageURL: "https://trello.com/1/authorize?" + q.Encode(),
		Hint: "Allow access, and copy the token that the page then shows.",
	}
}

// Poll implements [connector.Poller].
func (t *Trello) Poll(ctx context.Context, p *connector.Poll) (time.Duration, error) {
	api, err := t.client(p.HTTP, p.Token)
	if err != nil {
		return 0, err
	}
	at, _ := connector.Recall[checkpoint](p, version)
	if p.Preview == 0 {
		if err := t.register(ctx, p, api, &at); err != nil {
			return 0, err
		}
	}
	return 0, t.news(ctx, p, api, at)
}

// news emits the actions since the last one; at the first poll and for a preview, as many
// of the newest as are wanted.
func (t *Trello) news(ctx context.Context, p *connector.Poll, api *client, at checkpoint) error {
	since, limit, newest := at.Last, pageSize, t.Initial
	if p.Preview > 0 {
		since, newest = "", p.Preview
	}
	if since == "" && newest == 0 {
		limit = 1 // only to know where to start
	}
	list, whole, err := api.actions(ctx, t.Board, since, limit)
	if err != nil {
		return err
	}
	if !whole {
		const left = "more happened since the last poll than one poll reads; the oldest events were left out"
		p.Log.Warn(left, "actions", len(list))
		p.Note(left)
	}
	if since == "" {
		if len(list) > 0 {
			at.Last = list[len(list)-1].ID
		} else {
			// Whatever happens on an empty board later is new. A day leaves room for
			// clocks that differ.
			at.Last = idAt(time.Now().Add(-24 * time.Hour))
		}
		list = slices.DeleteFunc(list, func(a action) bool {
			_, wanted := t.wanted(a)
			return !wanted
		})
		list = list[max(0, len(list)-newest):]
	}
	return t.emit(ctx, p, list, at)
}

// emit emits the actions that are wanted, oldest first. The checkpoint moves with all of
// them.
func (t *Trello) emit(ctx context.Context, p *connector.Poll, list []action, at checkpoint) error {
	for _, a := range list {
		at.Last = max(at.Last, a.ID) // ids begin with their time
		if e, ok := t.event(a); ok {
			if err := p.EmitAt(ctx, version, at, e); err != nil {
				return err
			}
		}
	}
	return p.EmitAt(ctx, version, at)
}
