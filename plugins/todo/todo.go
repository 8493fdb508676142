// Package todo is the connector for Microsoft To Do, which took over the lists of
// Wunderlist: what happens to the tasks on a person's lists.
//
// It follows Microsoft Graph's delta queries (client.go, watch.go). Graph says how a task
// is now, not what changed, so the checkpoint (checkpoint.go) keeps a little of each task
// to compare with (changes.go). Which tasks are due soon (due.go) follows from that
// alone; Planner says which are assigned (assigned.go).
package todo

import (
	"cmp"
	"context"
	"strings"
	"time"
	_ "time/tzdata" // the relay may run where no time zones are installed

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/kinds"
)

// Todo is the connector.
type Todo struct {
	Client       string             `relay:"client_id,required" doc:"The application (client) id of an app registration that allows public client flows, with the delegated permission Tasks.Read."`
	Tenant       string             `relay:"tenant" default:"common" doc:"The directory whose people may sign in: its id or domain, common, organizations or consumers."`
	Lists        connector.Patterns `relay:"lists" doc:"The names of the lists to post, with * as in file names; by default all."`
	ExcludeLists connector.Patterns `relay:"exclude_lists" doc:"The names of lists not to post."`
	kinds.Choice
	DueSoon  time.Duration `relay:"due_soon" default:"24h" doc:"How long before the end of its due day to announce a task; 0s turns announcements off."`
	Zone     string        `relay:"timezone" default:"UTC" doc:"The person's time zone, which decides on due days, such as Europe/Berlin."`
	Assigned bool          `relay:"assigned" default:"false" doc:"Also post tasks assigned in Planner, which To Do shows as assigned to you; only work and school accounts have them."`
	Initial  int           `relay:"initial" default:"0" doc:"How many of the newest tasks to post at the first poll."`
	API      string        `relay:"api" default:"https://graph.microsoft.com" doc:"The address of Microsoft Graph; national clouds have their own."`
	Login    string        `relay:"login_api" default:"https://login.microsoftonline.com" doc:"The address at which people sign in."`

	now func() time.Time
}

// New returns a connector without arguments.
func New() connector.Connector { return &Todo{now: time.Now} }

// Describe implements [connector.Connector].
func (t *Todo) Describe() connector.Description {
	return connector.Description{
		Type: "todo", Title: "Microsoft To Do", Summary: "Tasks that are new, done, changed or due soon.",
		Icon:  []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M4 12.5l5.5 5.5L20 7" fill="none" stroke="#2564cf" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/></svg>`),
		Kinds: table().Describe(sample), Schedule: "@every 5m",
	}
}

// Validate implements [connector.Validator].
func (t *Todo) Validate() []connector.Problem {
	var problems connector.Problems
	problems.If(t.Client == "" || strings.ContainsAny(t.Client, " /?#&"), "client_id", "A client id looks like 11111111-2222-3333-4444-555555555555.")
	problems.If(t.Tenant == "" || strings.ContainsAny(t.Tenant, " /?#&%"), "tenant", "A tenant is the id or domain of a directory, or common, organizations or consumers.")
	_, err := time.LoadLocation(t.Zone)
	problems.If(err != nil, "timezone", "There is no such time zone; write one such as Europe/Berlin.")
	problems.If(t.DueSoon < 0, "due_soon", "The time must not be negative.")
	problems.If(t.Initial < 0, "initial", "The number of tasks must not be negative.")
	problems.URL("api", t.API, "https://graph.microsoft.com")
	problems.URL("login_api", t.Login, "https://login.microsoftonline.com")
	table().Check(&problems, "kinds", t.Kinds...)
	table().Check(&problems, "exclude", t.Exclude...)
	return problems
}

// SignIn implements [connector.Authenticator]. Reading needs the permission Tasks.Read;
// offline_access lets the relay renew the token
// (https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code).
func (t *Todo) SignIn() *connector.SignIn {
	base := strings.TrimSuffix(t.Login, "/") + "/" + t.Tenant + "/oauth2/v2.0/"
	return &connector.SignIn{
		Flow: connector.DeviceCode, ClientID: t.Client, Scopes: []string{"Tasks.Read", "offline_access"},
		DeviceURL: base + "devicecode", TokenURL: base + "token",
		Hint: "Sign in as the person whose lists to post.",
	}
}

// Poll implements [connector.Poller].
func (t *Todo) Poll(ctx context.Context, p *connector.Poll) (time.Duration, error) {
	if p.Token == "" {
		return 0, connector.Unauthorised("nobody has signed in yet; run `relay login %s`", p.Connector)
	}
	zone, err := time.LoadLocation(t.Zone)
	if err != nil {
		return 0, connector.Misconfigured("the argument timezone does not name a time zone")
	}
	api, err := t.client(p.HTTP, p.Token)
	if err != nil {
		return 0, err
	}
	w := &watch{todo: t, poll: p, api: api, at: recall(p), zone: zone, now: t.now()}
	defer func() { p.Note(strings.Join(w.notes, "; ")) }()
	err = w.look(ctx)
	if err != nil && (!w.known() || len(w.found) == 0) {
		return 0, err
	}
	// What was found before an error counts: the lists that could not be read continue
	// from where they were.
	if e := w.emit(ctx); e != nil {
		return 0, e
	}
	return 0, cmp.Or(err, w.failed)
}

// follows reports whether a list is wanted.
func (t *Todo) follows(name string) bool {
	return (len(t.Lists) == 0 || t.Lists.Match(name)) && !t.ExcludeLists.Match(name)
}
