package github

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
)

// The lengths of texts in a card, in characters.
const (
	maxTitle = 150
	maxText  = 400
	maxFact  = 100
)

// maxRepository is the longest full name of a repository, in bytes, that a thread
// contains; GitHub's are shorter.
const maxRepository = 150

// event makes an event from a payload; it reports false when its kind has no card for it.
func (g *GitHub) event(name string, p *payload, key string, at time.Time) (event.Event, bool) {
	k, ok := table().Find(name)
	if !ok {
		return event.Event{}, false
	}
	h, ok := k.Own.draw(p)
	if !ok {
		return event.Event{}, false
	}
	if p.Sender.Login != "" {
		h.Who, h.Picture = card.Link(p.Sender.Login, p.Sender.HTMLURL), p.Sender.AvatarURL
	}
	if h.Where = card.Link(p.Organization.Login, p.Organization.HTMLURL); p.Repository.FullName != "" {
		h.Where = card.Link(p.Repository.FullName, p.Repository.HTMLURL)
	}
	return event.Event{Key: key, Kind: name, Thread: p.thread(), Time: at, Card: h.Card(), Data: p.data()}, true
}

// thread names what the event belongs to: the pull request, issue or discussion. A pull
// request has one name, whether the payload calls it that or an issue.
func (p *payload) thread() string {
	sort, number := "", 0
	switch {
	case p.PullRequest != nil:
		sort, number = "pull", p.PullRequest.Number
	case p.Issue != nil && p.Issue.PullRequest != nil:
		sort, number = "pull", p.Issue.Number
	case p.Issue != nil:
		sort, number = "issue", p.Issue.Number
	case p.Discussion != nil:
		sort, number = "discussion", p.Discussion.Number
	}
	if number == 0 || p.Repository.FullName == "" || len(p.Repository.FullName) > maxRepository {
		return ""
	}
	return p.Repository.FullName + "/" + sort + "/" + itoa(number)
}

// who returns the person, for a title.
func (p *payload) who() string {
	if p.Sender.Login == "" {
		return "Somebody"
	}
	return card.Line(p.Sender.Login, maxFact)
}

func fact(name, value string) []card.Fact {
	if value == "" {
		return nil
	}
	return []card.Fact{{Name: name, Value: value}}
}

func plainFact(name, value string) []card.Fact { return fact(name, card.Line(value, maxFact)) }

func itoa(n int) string { return strconv.Itoa(n) }

// words turns GitHub's names with underscores into words.
func words(s string) string { return card.Line(strings.ReplaceAll(s, "_", " "), maxFact) }

// data returns what routes may test: the payload's own main objects, cut to what cards use.
func (p *payload) data() json.RawMessage {
	b, err := json.Marshal(p)
	if err != nil {
		return nil
	}
	var all map[string]any
	if json.Unmarshal(b, &all) != nil {
		return nil
	}
	maps.DeleteFunc(all, func(_ string, v any) bool { return empty(v) })
	if b, err = json.Marshal(all); err != nil {
		return nil
	}
	return b
}

// empty reports whether an object holds nothing: a route that tests it gets null.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case float64:
		return v == 0
	case []any:
		return len(v) == 0
	case map[string]any:
		for _, inner := range v {
			if !empty(inner) {
				return false
			}
		}
		return true
	}
	return false
}
