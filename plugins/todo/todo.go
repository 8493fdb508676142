// Package todo is the connector for Microsoft To Do, which took over the lists of
// Wunderlist: what happens to the tasks on a person's lists.
//
// It follows Microsoft Graph's delta queries. Graph tells how a task is now and not
// what changed, so the checkpoint keeps a little of each task to compare with.
package todo

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// Todo is the connector.
type Todo struct {
	Client   string        `relay:"client_id,required" doc:"The application (client) id of an app registration that allows public client flows, with the delegated permission Tasks.Read."`
	Tenant   string        `relay:"tenant" default:"common" doc:"The directory whose people may sign in: its id or domain, common, organizations or consumers."`
	Lists    []string      `relay:"lists" doc:"The names of the lists to post, with * as in file names; all are the default."`
	Exclude  []string      `relay:"exclude_lists" doc:"The names of lists not to post."`
	Kinds    []string      `relay:"kinds" doc:"The kinds of events to post; all but deleted tasks and changes of lists are the default."`
	DueSoon  time.Duration `relay:"due_soon" default:"24h" doc:"How long before the end of its due day a task is announced; 0s turns that off."`
	Zone     string        `relay:"timezone" default:"UTC" doc:"The time zone in which due days end, such as Europe/Berlin."`
	Assigned bool          `relay:"assigned" default:"false" doc:"Also post tasks that were assigned in Planner, which To Do shows as assigned to you; work and school accounts only."`
	Initial  int           `relay:"initial" default:"0" doc:"How many of the newest tasks to post at the first poll."`
	API      string        `relay:"api" default:"https://graph.microsoft.com" doc:"The address of Microsoft Graph; national clouds have others."`
	Login    string        `relay:"login_api" default:"https://login.microsoftonline.com" doc:"The address at which people sign in."`
}

// New returns the factory.
func New() func() connector.Connector {
	return func() connector.Connector { return &Todo{} }
}

// Describe implements [connector.Connector].
func (t *Todo) Describe() connector.Description {
	return connector.Description{
		Type: "todo", Title: "Microsoft To Do", Summary: "Tasks that are new, done, changed or due soon.",
		Kinds: describedKinds(), Schedule: "@every 5m",
	}
}

// Validate implements [connector.Validator].
func (t *Todo) Validate() []connector.Problem {
	var problems []connector.Problem
	add := func(argument, text string) {
		problems = append(problems, connector.Problem{Argument: argument, Message: text})
	}
	if t.Client == "" || strings.ContainsAny(t.Client, " /?#&") {
		add("client_id", "A client id is one such as 11111111-2222-3333-4444-555555555555.")
	}
	if t.Tenant == "" || strings.ContainsAny(t.Tenant, " /?#&%") {
		add("tenant", "A tenant is a directory's id or domain, or common, organizations or consumers.")
	}
	if _, err := time.LoadLocation(t.Zone); err != nil {
		add("timezone", "There is no such time zone; write one such as Europe/Berlin.")
	}
	if t.DueSoon < 0 {
		add("due_soon", "The time cannot be negative.")
	}
	if t.Initial < 0 {
		add("initial", "The number of tasks cannot be negative.")
	}
	for argument, text := range map[string]string{"api": t.API, "login_api": t.Login} {
		if u, err := url.Parse(text); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			add(argument, "The address is one such as https://graph.microsoft.com.")
		}
	}
	problems = append(problems, connector.CheckPatterns(map[string][]string{"lists": t.Lists, "exclude_lists": t.Exclude, "kinds": t.Kinds})...)
	return append(problems, connector.CheckKinds("kinds", t.Kinds, describedKinds())...)
}

// SignIn implements [connector.Authenticator]. Reading takes the permission
// Tasks.Read; offline_access lets the relay renew the token
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
		return 0, connector.Unauthorised("nobody has signed in")
	}
	zone, err := time.LoadLocation(t.Zone)
	if err != nil {
		return 0, connector.Misconfigured("the argument timezone names none")
	}
	at := decode(p)
	if p.Preview > 0 {
		at = checkpoint{Version: version}
	}
	w := &watch{todo: t, poll: p, api: client{http: p.HTTP, base: strings.TrimSuffix(t.API, "/") + "/v1.0/", token: p.Token}, at: at, zone: zone, now: time.Now()}
	if err := w.lists(ctx); err != nil {
		return 0, err
	}
	for _, id := range w.chosen() {
		if err := w.tasks(ctx, id); err != nil {
			return 0, err
		}
	}
	if t.Assigned {
		if err := w.assigned(ctx); err != nil {
			return 0, err
		}
	}
	w.dueSoon()
	return 0, w.emit(ctx)
}

// emit hands over what was found, oldest first, in batches. The links to what comes
// next move with the last one; a poll that broke off finds the same again.
func (w *watch) emit(ctx context.Context) error {
	list := w.found
	slices.SortStableFunc(list, func(a, b event.Event) int { return a.Time.Compare(b.Time) })
	switch keep := max(w.todo.Initial, w.poll.Preview); {
	case w.poll.Preview > 0, w.at.Polled.IsZero():
		list = list[max(0, len(list)-keep):]
	}
	w.at.Polled = w.now
	w.at.forget(w.now)
	for len(list) > batchSize {
		if err := w.poll.Emit(ctx, event.Batch{Events: list[:batchSize]}); err != nil {
			return err
		}
		list = list[batchSize:]
	}
	return w.poll.Emit(ctx, event.Batch{Events: list, Checkpoint: w.at.encode()})
}

// batchSize is how many events are handed over at once.
const batchSize = 100
