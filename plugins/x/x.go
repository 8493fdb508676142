// Package x is the connector for X, formerly Twitter: the posts of users, of a list
// or of a search.
//
// Every post that X's API returns costs money, so the connector counts what it reads
// against a monthly budget, asks for as little as it can, and stops when the budget is
// spent.
package x

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/rest"
	"github.com/connector-relay/relay/relay/event"
)

// X is the connector.
type X struct {
	Users   []string `relay:"users" doc:"The users whose posts to relay, without @."`
	List    string   `relay:"list" doc:"The number of a list whose posts to relay; it is in the list's address."`
	Search  string   `relay:"search" doc:"A search whose posts to relay, in X's query language, of at most 512 characters."`
	Token   string   `relay:"token,required,secret" doc:"The app's bearer token, from X's developer portal."`
	Budget  int      `relay:"budget" default:"1000" doc:"How many posts the connector may read in a calendar month (UTC); each costs money."`
	Replies bool     `relay:"replies" default:"false" doc:"Also relay replies."`
	Reposts bool     `relay:"reposts" default:"false" doc:"Also relay reposts."`
	Initial int      `relay:"initial" default:"0" doc:"How many of the newest posts to relay at the first poll."`
	API     string   `relay:"api" default:"https://api.x.com" doc:"The address of the API."`

	now func() time.Time
}

const (
	// maxUsers is how many users X looks up at once.
	maxUsers = 100
	// maxQuery is the longest search of the recent-search endpoint, in characters.
	maxQuery = 512
)

// New returns a connector without arguments.
func New() connector.Connector { return &X{now: time.Now} }

// Describe implements [connector.Connector].
func (x *X) Describe() connector.Description {
	return connector.Description{
		Type: "x", Title: "X", Summary: "Posts of users, a list or a search, within a monthly budget.",
		Icon:  []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="none" stroke="#6b7785" stroke-width="2" stroke-linejoin="round" d="M4 4h16v12h-8l-5 4v-4H4z"/><path fill="none" stroke="#6b7785" stroke-width="2" stroke-linecap="round" d="M8 8.5h8M8 12h5"/></svg>`),
		Kinds: table().Describe(sample), Schedule: "@every 1h",
	}
}

// Validate implements [connector.Validator].
func (x *X) Validate() []connector.Problem {
	var problems connector.Problems
	problems.OneOf("users", "Name one of users, list and search.", len(x.Users) > 0, x.List != "", x.Search != "")
	problems.If(len(x.Users) > maxUsers, "users", fmt.Sprintf("One connector can follow at most %d users; add another connector for more.", maxUsers))
	for _, u := range x.Users {
		problems.If(!isHandle(u), "users", "A user's name has at most 15 letters, digits and _, and no @.")
	}
	problems.If(x.List != "" && !isNumber(x.List), "list", "Name a list by its number, which is in its address.")
	problems.If(len([]rune(x.Search)) > maxQuery, "search", fmt.Sprintf("A search can have at most %d characters.", maxQuery))
	problems.If(x.Budget < 1, "budget", "The budget must be positive; write how many posts may be read in a month.")
	problems.If(x.Initial < 0 || x.Initial > maxResults, "initial", fmt.Sprintf("The number of posts must be from 0 to %d.", maxResults))
	problems.URL("api", x.API, "https://api.x.com")
	return problems
}

func isHandle(s string) bool {
	return s != "" && len(s) <= 15 && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

func isNumber(s string) bool { return s != "" && len(s) <= 20 && strings.Trim(s, "0123456789") == "" }

// timeline is one address that returns posts.
type timeline struct {
	// name is its name in the checkpoint: a user's number, or list or search.
	name, path string
	query      url.Values
	// least is the fewest posts that a request can ask for.
	least int
	// since says that the address accepts since_id.
	since bool
}

// Poll implements [connector.Poller].
func (x *X) Poll(ctx context.Context, p *connector.Poll) (time.Duration, error) {
	api, err := x.client(p.HTTP)
	if err != nil {
		return 0, err
	}
	r := &reading{x: x, poll: p, api: api, at: recall(p, x.now())}
	defer func() { p.Note(r.note()) }()
	timelines, err := r.timelines(ctx)
	if err != nil {
		return 0, err
	}
	for _, t := range timelines {
		if err := r.read(ctx, t); err != nil {
			return r.rest(), err
		}
	}
	return r.rest(), nil
}

// reading is one poll under way.
type reading struct {
	x    *X
	poll *connector.Poll
	api  *rest.Client
	at   checkpoint
	// short says that the budget did not suffice.
	short bool
	// missing are the users that X does not know.
	missing []string
}

// note says how much of the budget is spent.
func (r *reading) note() string {
	month, err := time.Parse("2006-01", r.at.Month)
	if err != nil {
		return ""
	}
	text := fmt.Sprintf("%d of %d posts read in %s", r.at.Read, r.x.Budget, month.Format("January"))
	if r.short {
		text += "; further posts wait for the next month"
	}
	if len(r.missing) > 0 {
		text += "; X does not know " + strings.Join(r.missing, ", ")
	}
	return text
}

// rest returns how long to wait: until X's limit is reset, or the month ends.
func (r *reading) rest() time.Duration {
	now := r.x.now().UTC()
	wait := r.api.Wait()
	if r.short {
		month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
		wait = max(wait, month.AddDate(0, 1, 0).Sub(now))
	}
	return wait
}

// timelines returns the addresses to read.
func (r *reading) timelines(ctx context.Context) ([]timeline, error) {
	x := r.x
	if x.List != "" {
		return []timeline{{name: "list", path: "lists/" + x.List + "/tweets", query: url.Values{}, least: 1}}, nil
	}
	if x.Search != "" {
		query := x.Search
		if !x.Reposts {
			query += " -is:retweet"
		}
		if !x.Replies {
			query += " -is:reply"
		}
		return []timeline{{name: "search", path: "tweets/search/recent", query: url.Values{"query": {query}}, least: 10, since: true}}, nil
	}
	if err := r.identify(ctx); err != nil {
		return nil, err
	}
	var exclude []string
	if !x.Replies {
		exclude = append(exclude, "replies")
	}
	if !x.Reposts {
		exclude = append(exclude, "retweets")
	}
	var list []timeline
	for _, name := range x.Users {
		id := r.at.Users[strings.ToLower(name)]
		if id == "" {
			r.missing = append(r.missing, name)
			continue
		}
		q := url.Values{}
		if len(exclude) > 0 {
			q.Set("exclude", strings.Join(exclude, ","))
		}
		list = append(list, timeline{name: id, path: "users/" + id + "/tweets", query: q, least: 5, since: true})
	}
	return list, nil
}

// identify looks up the numbers of users, once.
func (r *reading) identify(ctx context.Context) error {
	var unknown []string
	for _, name := range r.x.Users {
		if _, asked := r.at.Users[strings.ToLower(name)]; !asked {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	var found struct {
		Data []user `json:"data"`
	}
	if err := r.get(ctx, "users/by", url.Values{"usernames": {strings.Join(unknown, ",")}}, &found); err != nil {
		return err
	}
	if r.at.Users == nil {
		r.at.Users = make(map[string]string)
	}
	for _, u := range found.Data {
		if isNumber(u.ID) {
			r.at.Users[strings.ToLower(u.Username)] = u.ID
		}
	}
	return nil
}

// maxPages bounds how many pages of a timeline one poll reads; the next poll continues from there.
const maxPages = 20

// read emits what is new on a timeline. Each page is counted as soon as it arrives, with
// a checkpoint of its own, so that nothing that was paid for is forgotten. X's pages go
// back in time, so the position moves only when the last one has been read; a poll that
// stops before that notes where the next one continues.
func (r *reading) read(ctx context.Context, t timeline) error {
	since, known := r.at.Since[t.name]
	known = known && r.poll.Preview == 0
	left := unread{Newest: since}
	if known {
		left = cmp.Or(r.at.Unread[t.name], left)
	}
	var fresh []event.Event
	ended := false
	for range maxPages {
		size := r.size(t, known)
		if size == 0 {
			r.short = true
			break
		}
		page, err := r.page(ctx, t, since, left.Next, size, known)
		if err != nil {
			return r.failed(ctx, t, err, size)
		}
		r.at.Read += page.cost()
		for _, p := range page.Data {
			if known && !after(p.ID, since) {
				ended = true
				continue
			}
			left.Newest = later(left.Newest, p.ID)
			if e, ok := r.x.event(p, page.Includes); ok {
				fresh = append(fresh, e)
			}
		}
		left.Next = page.Meta.Next
		ended = ended || left.Next == "" || !known
		if ended {
			break
		}
		if err := r.keep(ctx); err != nil {
			return err
		}
	}
	slices.SortFunc(fresh, func(a, b event.Event) int { return compareIDs(idOf(a), idOf(b)) })
	fresh = connector.Newest(r.poll, known, r.x.Initial, fresh)
	r.at.move(t.name, left, ended)
	return r.keep(ctx, fresh...)
}

// failed handles a page that did not arrive. One that cannot be read was still paid for.
// Where X refuses to continue from where the last poll stopped, the next one starts at
// the newest post again; what was already posted is known by its key.
func (r *reading) failed(ctx context.Context, t timeline, err error, size int) error {
	switch {
	case rest.StatusOf(err) == http.StatusOK:
		r.at.Read += 3 * size
	case connector.KindOf(err) == connector.KindMisconfigured:
		delete(r.at.Unread, t.name)
	default:
		return err
	}
	return errors.Join(err, r.keep(ctx))
}

// keep emits events and has the position and the count stored before anything else can go
// wrong, because what was read was paid for.
func (r *reading) keep(ctx context.Context, events ...event.Event) error {
	return cmp.Or(r.poll.EmitAt(ctx, version, r.at, events...), r.poll.Flush(ctx))
}

// size returns how many posts to ask for: at most as many as the budget has left, and 0
// when even the fewest do not fit. A first poll asks for as few as it can.
func (r *reading) size(t timeline, known bool) int {
	size := maxResults
	if !known {
		size = max(t.least, r.x.Initial, r.poll.Preview)
	}
	// A post may bring along the one it quotes and the one it answers, which count as well.
	size = min(size, maxResults, (r.x.Budget-r.at.Read)/3)
	if size < t.least {
		return 0
	}
	return size
}

// page fetches a page. X refuses a since_id that is too old for a search; then page asks
// without one and drops what is known by its number.
func (r *reading) page(ctx context.Context, t timeline, since, next string, size int, known bool) (page, error) {
	q := url.Values{
		"max_results": {fmt.Sprint(size)}, "tweet.fields": {"created_at,author_id,entities,attachments,referenced_tweets,note_tweet,lang"},
		"expansions":  {"author_id,attachments.media_keys,referenced_tweets.id,referenced_tweets.id.author_id"},
		"user.fields": {"name,username,profile_image_url"}, "media.fields": {"url,preview_image_url,alt_text,type"},
	}
	maps.Copy(q, t.query)
	if next != "" {
		q.Set("pagination_token", next)
		if t.name == "search" {
			q.Del("pagination_token")
			q.Set("next_token", next)
		}
	}
	if known && t.since && len(since) > 1 {
		q.Set("since_id", since)
	}
	var answer page
	err := r.get(ctx, t.path, q, &answer)
	if err != nil && q.Has("since_id") && connector.KindOf(err) == connector.KindMisconfigured {
		q.Del("since_id")
		answer = page{}
		err = r.get(ctx, t.path, q, &answer)
	}
	return answer, err
}

// after, later and compareIDs compare posts' numbers, which grow with time and are too
// large for a float.
func after(a, b string) bool { return compareIDs(a, b) > 0 }

func later(a, b string) string {
	if after(b, a) {
		return b
	}
	return a
}

func compareIDs(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

func idOf(e event.Event) string { return strings.TrimPrefix(e.Key, "post:") }
