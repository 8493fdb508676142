package guard

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// The people: Ada runs the relay, Rob only looks, Mia is in team red, and Tim and Nat have
// tokens of Ada's that may only operate, or only look. Of the channels, one is red, one
// blue and one nobody's. Connector "hers" is Mia's, "reds" is team red's and posts to blue,
// "shown" is somebody else's and posts to red, and "blues" is blue.
func people() map[string]context.Context {
	as := func(name string, role access.Role, scopes []access.Scope, teams ...string) context.Context {
		return access.With(context.Background(), access.Person{Name: name, Role: role, Teams: teams, Via: "session", Scopes: scopes})
	}
	return map[string]context.Context{
		"ada": as("ada@example.com", access.Ops, access.Everything()), "rob": as("rob@example.com", access.Reader, access.Everything()),
		"mia": as("mia@example.com", access.Member, access.Everything(), "red"), "nobody": context.Background(),
		"tim": as("ada@example.com", access.Ops, []access.Scope{access.Operate}), "nat": as("ada@example.com", access.Ops, []access.Scope{access.Read}),
	}
}

func testEstate() *Estate {
	return &Estate{
		Teams: map[string]string{"red": "red", "blue": "blue", "plain": ""},
		Connectors: map[string]Connector{
			"hers": {Owner: "Mia@Example.com", Channels: []string{"plain"}}, "reds": {Team: "red", Channels: []string{"blue"}},
			"shown": {Owner: "bob@example.com", Channels: []string{"blue", "red"}}, "blues": {Owner: "bob@example.com", Team: "blue", Channels: []string{"blue"}},
		},
	}
}

// behind is a relay behind a guard. It answers what a test needs; that it was asked
// something else shows as a panic.
type behind struct {
	operator.Relay
	within *store.Within
	err    error
}

func newGuard(r operator.Relay) (*Guard, *[]operator.Audited) {
	var log []operator.Audited
	return New(Options{
		Relay: r, Estate: testEstate, Mask: func(s string) string { return strings.ReplaceAll(s, "canary", "[secret]") },
		Audit: func(_ context.Context, e operator.Audited) { e.Time = time.Time{}; log = append(log, e) },
	}), &log
}

// outcome is how a guard takes a question: "yes", "no" or "what?", as if there were no such
// thing.
func outcome(ask func() error) (said string) {
	defer func() {
		if err, ok := recover().(error); ok && strings.Contains(err.Error(), "nil pointer") {
			said = "yes" // the relay was asked
		}
	}()
	switch err := ask(); {
	case errors.Is(err, operator.ErrForbidden):
		return "no"
	case errors.Is(err, operator.ErrNotFound):
		return "what?"
	case err != nil:
		return err.Error()
	}
	return "yes"
}

// question is one method, asked about something.
type question struct {
	method string
	ask    func(ctx context.Context, r operator.Relay, name string) error
	// want says by thing how each of ada, rob, mia, nobody, tim and nat fares. Questions
	// about nothing in particular are about "".
	want map[string]string
}

func err1[A any](_ A, err error) error { return err }

// These are how people fare with what is for everybody who may look, for ops who may
// operate or configure, with what a member may do with what is hers, and with what she
// sees, and with what she does not.
const (
	looks                              = "yes yes yes no no yes"
	opsOperate, opsConfigure           = "yes no no no yes no", "yes no no no no no"
	teamOperates, teamConfigures       = "yes no yes no yes no", "yes no yes no no no"
	hiddenOperates, hiddenConfigures   = "yes no what? no yes no", "yes no what? no no no"
	anybodyOperates, anybodyConfigures = "yes yes yes no yes no", "yes yes yes no no no"
)

func channels(hers, foreign string) map[string]string {
	return map[string]string{"red": hers, "blue": foreign, "plain": foreign, "unheard-of": foreign}
}

func connectors(hers, shown, foreign string) map[string]string {
	return map[string]string{"hers": hers, "reds": hers, "shown": shown, "blues": foreign, "unheard-of": foreign}
}

func questions() []question {
	all := func(want string) map[string]string { return map[string]string{"": want} }
	return []question{
		{"Status", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.Status(ctx)) }, all(looks)},
		{"Problems", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.Problems(ctx)) }, all(looks)},
		{"Connectors", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.Connectors(ctx)) }, all(looks)},
		{"Channels", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.Channels(ctx)) }, all(looks)},
		{"Plugins", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.Plugins(ctx)) }, all(looks)},
		{"Preview", func(ctx context.Context, r operator.Relay, _ string) error {
			return err1(r.Preview(ctx, operator.Paste{}))
		}, all(anybodyOperates)},
		{"TryRoute", func(ctx context.Context, r operator.Relay, name string) error {
			return err1(r.TryRoute(ctx, operator.RouteDraft{Connector: name}))
		}, connectors(teamOperates, "yes no no no yes no", "yes no what? no yes no")},
		{"Doctor", func(ctx context.Context, r operator.Relay, name string) error { return err1(r.Doctor(ctx, name)) }, channels(teamOperates, hiddenOperates)},
		{"PluginLog", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.PluginLog(ctx, "rss")) }, all("yes yes what? no no yes")},
		{"Deliveries", func(ctx context.Context, r operator.Relay, _ string) error {
			return err1(r.Deliveries(ctx, store.Filter{}))
		}, all(looks)},
		{"Count", func(ctx context.Context, r operator.Relay, _ string) error {
			return err1(r.Count(ctx, store.Filter{}))
		}, all(looks)},
		{"Rates", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.Rates(ctx)) }, all(looks)},
		{"Delivery", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.Delivery(ctx, 1)) }, all(looks)},
		{"Events", func(ctx context.Context, r operator.Relay, _ string) error {
			return err1(r.Events(ctx, store.EventFilter{}))
		}, all(looks)},
		{"Explain", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.Explain(ctx, "1")) }, all(looks)},
		{
			"Refusals", func(ctx context.Context, r operator.Relay, name string) error { return err1(r.Refusals(ctx, name)) },
			connectors(looks, looks, "yes yes what? no no yes"),
		},

		{"Send", func(ctx context.Context, r operator.Relay, name string) error {
			return err1(r.Send(ctx, name, card.Card{}))
		}, channels(teamOperates, hiddenOperates)},
		{"Pause", func(ctx context.Context, r operator.Relay, name string) error { return r.Pause(ctx, name, "") }, channels(opsOperate, hiddenOperates)},
		{"Drain", func(ctx context.Context, r operator.Relay, name string) error { return r.Drain(ctx, name) }, channels(opsOperate, hiddenOperates)},
		{"Waiting", func(ctx context.Context, r operator.Relay, name string) error {
			return err1(r.Waiting(ctx, name))
		}, channels(looks, "yes yes what? no no yes")},
		{"Payload", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.Payload(ctx, 1)) }, all(looks)},
		{"Resume", func(ctx context.Context, r operator.Relay, name string) error { return r.Resume(ctx, name) }, channels(opsOperate, hiddenOperates)},
		{"ForgetChannel", func(ctx context.Context, r operator.Relay, name string) error {
			return err1(r.ForgetChannel(ctx, name))
		}, channels(opsOperate, hiddenOperates)},

		{"Poll", func(ctx context.Context, r operator.Relay, name string) error { return err1(r.Poll(ctx, name)) }, connectors(teamOperates, opsOperate, hiddenOperates)},
		{"DryRun", func(ctx context.Context, r operator.Relay, name string) error { return err1(r.DryRun(ctx, name)) }, connectors(teamOperates, opsOperate, hiddenOperates)},
		{"PostCard", func(ctx context.Context, r operator.Relay, name string) error {
			return err1(r.PostCard(ctx, name, card.Card{}))
		}, connectors(teamOperates, opsOperate, hiddenOperates)},
		{"ForgetConnector", func(ctx context.Context, r operator.Relay, name string) error { return r.ForgetConnector(ctx, name) }, connectors(opsOperate, opsOperate, hiddenOperates)},
		{"SignIn", func(ctx context.Context, r operator.Relay, name string) error { return err1(r.SignIn(ctx, name)) }, connectors(teamConfigures, opsConfigure, hiddenConfigures)},
		{"RotateHook", func(ctx context.Context, r operator.Relay, name string) error {
			return err1(r.RotateHook(ctx, name, 0))
		}, connectors(teamConfigures, opsConfigure, hiddenConfigures)},
		{"AwaitSignIn", func(ctx context.Context, r operator.Relay, _ string) error { return r.AwaitSignIn(ctx, "id") }, all(anybodyConfigures)},
		{"AddPicture", func(ctx context.Context, r operator.Relay, _ string) error {
			return err1(r.AddPicture(ctx, operator.Upload{}))
		}, all(teamConfigures)},
		{"PasteToken", func(ctx context.Context, r operator.Relay, _ string) error { return r.PasteToken(ctx, "id", "token") }, all(anybodyConfigures)},

		{"Me", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.Me(ctx)) }, all(looks)},
		{"AuditLog", func(ctx context.Context, r operator.Relay, _ string) error {
			return err1(r.AuditLog(ctx, store.AuditFilter{}))
		}, all(looks)},
		{"Tokens", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.Tokens(ctx)) }, all(looks)},
		{"CreateToken", func(ctx context.Context, r operator.Relay, _ string) error {
			return err1(r.CreateToken(ctx, operator.NewToken{Name: "ci", Scopes: access.Everything()}))
		}, all(anybodyConfigures)},
		{"RevokeToken", func(ctx context.Context, r operator.Relay, _ string) error {
			return r.RevokeToken(ctx, operator.TokenRef{Name: "ci"})
		}, all(anybodyConfigures)},
		{"RevokeToken", func(ctx context.Context, r operator.Relay, person string) error {
			return r.RevokeToken(ctx, operator.TokenRef{Name: "ci", Person: person})
		}, map[string]string{"mia@example.com": "yes what? yes no no no", "bob@example.com": "yes what? what? no no no"}},
		{"Mutes", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.Mutes(ctx)) }, all(looks)},
		{"Mute", func(ctx context.Context, r operator.Relay, name string) error {
			return err1(r.Mute(ctx, operator.Mute{Sort: "channel", Name: name}))
		}, channels(teamOperates, hiddenOperates)},
		{"Mute", func(ctx context.Context, r operator.Relay, name string) error {
			return err1(r.Mute(ctx, operator.Mute{Sort: "connector", Name: name}))
		}, connectors(teamOperates, opsOperate, hiddenOperates)},
		{"Mute", func(ctx context.Context, r operator.Relay, name string) error {
			return err1(r.Mute(ctx, operator.Mute{Sort: "condition", Name: name, Condition: "true"}))
		}, connectors(teamOperates, opsOperate, hiddenOperates)},
		{"Mute", func(ctx context.Context, r operator.Relay, _ string) error {
			return err1(r.Mute(ctx, operator.Mute{Sort: "condition", Condition: "true"}))
		}, all(opsOperate)},
		// TestMembersEndMutesOfWhatIsTheirs says more.
		{"Unmute", func(ctx context.Context, r operator.Relay, _ string) error { return r.Unmute(ctx, 1) }, all(anybodyOperates)},
		{"Types", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.Types(ctx)) }, all(looks)},
		{"Blocks", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.Blocks(ctx)) }, all(looks)},
		{"Export", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.Export(ctx)) }, all(looks)},
		{"Draft", func(ctx context.Context, r operator.Relay, _ string) error {
			return err1(r.Draft(ctx, operator.Draft{}))
		}, all(teamConfigures)},
		{"TryConnector", func(ctx context.Context, r operator.Relay, _ string) error {
			return err1(r.TryConnector(ctx, operator.Draft{}))
		}, all(teamConfigures)},
		{"Save", func(ctx context.Context, r operator.Relay, _ string) error {
			return err1(r.Save(ctx, operator.Draft{}))
		}, all(teamConfigures)},
		{"RemoveBlock", func(ctx context.Context, r operator.Relay, _ string) error { return r.RemoveBlock(ctx, "hers", 1) }, all(teamConfigures)},
		{"TakeOver", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.TakeOver(ctx, "hers")) }, all(teamConfigures)},

		{"Replay", func(ctx context.Context, r operator.Relay, _ string) error {
			return err1(r.Replay(ctx, operator.Selection{}))
		}, all(opsOperate)},
		{"Dismiss", func(ctx context.Context, r operator.Relay, _ string) error {
			return err1(r.Dismiss(ctx, operator.Selection{}))
		}, all(opsOperate)},
		{"Configuration", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.Configuration(ctx)) }, all("yes yes no no no yes")},
		{"Plan", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.Plan(ctx)) }, all(opsConfigure)},
		{"Reload", func(ctx context.Context, r operator.Relay, _ string) error { return err1(r.Reload(ctx)) }, all(opsConfigure)},
	}
}

func TestWhoMayAskWhat(t *testing.T) {
	who := people()
	for _, q := range questions() {
		for thing, want := range q.want {
			var got []string
			for _, name := range []string{"ada", "rob", "mia", "nobody", "tim", "nat"} {
				g, _ := newGuard(nil)
				got = append(got, outcome(func() error { return q.ask(who[name], g, thing) }))
			}
			if got := strings.Join(got, " "); got != want {
				t.Errorf("%s(%s): ada, rob, mia, nobody, tim and nat hear\n%s, want\n%s", q.method, thing, got, want)
			}
		}
	}
}

// TestEveryMethodStandsInTheTable keeps a new question from going untested.
func TestEveryMethodStandsInTheTable(t *testing.T) {
	var listed []string
	for _, q := range questions() {
		listed = append(listed, q.method)
	}
	for m := range reflect.TypeFor[operator.Relay]().Methods() {
		if !slices.Contains(listed, m.Name) {
			t.Errorf("questions does not say who may ask %s", m.Name)
		}
	}
}

func (b *behind) Pause(context.Context, string, string) error { return b.err }

func (b *behind) Mutes(context.Context) ([]operator.Mute, error) {
	return []operator.Mute{
		{ID: 1, Sort: "channel", Name: "red"},
		{ID: 2, Sort: "channel", Name: "blue"},
		{ID: 3, Sort: "connector", Name: "hers"},
		{ID: 4, Sort: "connector", Name: "shown"},
		{ID: 5, Sort: "condition", Condition: "true"},
		{ID: 6, Sort: "condition", Name: "blues"},
	}, nil
}

func (b *behind) Unmute(context.Context, int64) error { return b.err }

func TestMembersEndMutesOfWhatIsTheirs(t *testing.T) {
	g, _ := newGuard(&behind{})
	for name, want := range map[string]string{"ada": "yes yes yes yes yes yes what?", "rob": "no no no no no no what?", "mia": "yes what? yes no no what? what?"} {
		var got []string
		for id := range int64(7) {
			got = append(got, outcome(func() error { return g.Unmute(people()[name], id+1) }))
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s ends mutes 1 to 7: %s, want %s", name, got, want)
		}
	}
	list, err := g.Mutes(people()["mia"])
	if err != nil || len(list) != 4 {
		t.Errorf("Mia sees %+v, %v", list, err)
	}
}

func (b *behind) Connectors(context.Context) ([]operator.Connector, error) {
	var list []operator.Connector
	for _, name := range []string{"blues", "hers", "reds", "shown", "gone"} {
		list = append(list, operator.Connector{Name: name, HookURL: "canary", FormerHook: &operator.FormerHook{URL: "canary"}})
	}
	return list, nil
}

func (b *behind) Deliveries(_ context.Context, f store.Filter) ([]operator.Delivery, error) {
	b.within = f.Within
	return nil, nil
}

func (b *behind) Count(_ context.Context, f store.Filter) (operator.Count, error) {
	b.within = f.Within
	return operator.Count{}, nil
}

func (b *behind) Rates(context.Context) (operator.Rates, error) {
	return operator.Rates{Events: map[string][]int{"shown": {1}, "blues": {1}}, Deliveries: map[string][]int{"red": {2}, "blue": {2}}}, nil
}

func (b *behind) Events(_ context.Context, f store.EventFilter) ([]operator.Fated, error) {
	b.within = f.Within
	return []operator.Fated{{Event: operator.Event{Connector: "shown"}, Reason: "route 1: to blue", Deliveries: []store.Standing{{Channel: "red"}, {Channel: "blue"}}}}, nil
}

func (b *behind) Explain(context.Context, string) ([]operator.Explanation, error) {
	to := func(connector string, channels ...string) operator.Explanation {
		x := operator.Explanation{Event: operator.Event{Connector: connector, Data: []byte("{}")}, Routes: []event.Trace{{
			Route: 1, Matched: true, Channels: channels, Suspended: channels, Muted: []event.MutedBy{{ID: 1, Channels: []string{"blue"}}, {ID: 2, Channels: channels}},
		}}}
		for _, c := range channels {
			x.Deliveries = append(x.Deliveries, operator.Explained{Delivery: operator.Delivery{Channel: c, Connector: connector}})
		}
		return x
	}
	return []operator.Explanation{to("shown", "blue", "red"), to("blues", "blue"), to("blues", "blue", "red"), to("hers", "plain")}, nil
}

func TestMembersSeeWhatIsTheirs(t *testing.T) {
	b := &behind{}
	g, _ := newGuard(b)
	mia, rob := people()["mia"], people()["rob"]

	list, _ := g.Connectors(mia)
	hooks := make(map[string]string)
	for _, c := range list {
		hooks[c.Name] = c.HookURL + c.FormerHook.URL
	}
	if diff := cmp.Diff(map[string]string{"hers": "canarycanary", "reds": "canarycanary", "shown": ""}, hooks); diff != "" {
		t.Errorf("the hook URLs of the connectors that Mia sees: %s", diff)
	}
	list, _ = g.Connectors(rob)
	if len(list) != 5 || slices.ContainsFunc(list, func(c operator.Connector) bool { return c.HookURL != "" || c.FormerHook.URL != "" }) {
		t.Errorf("Rob, who only looks, sees %+v", list)
	}

	_, _ = g.Deliveries(mia, store.Filter{})
	if diff := cmp.Diff(&store.Within{Channels: []string{"red"}, Connectors: []string{"hers", "reds"}}, b.within); diff != "" {
		t.Errorf("Mia's deliveries: %s", diff)
	}
	_, _ = g.Count(mia, store.Filter{})
	if diff := cmp.Diff(&store.Within{Channels: []string{"red"}, Connectors: []string{"hers", "reds"}}, b.within); diff != "" {
		t.Errorf("what Mia counts: %s", diff)
	}
	rates, _ := g.Rates(mia)
	if diff := cmp.Diff(operator.Rates{Events: map[string][]int{"shown": {1}}, Deliveries: map[string][]int{"red": {2}}}, rates); diff != "" {
		t.Errorf("Mia's rates: %s", diff)
	}
	events, _ := g.Events(mia, store.EventFilter{})
	if diff := cmp.Diff(&store.Within{Connectors: []string{"hers", "reds", "shown"}}, b.within); diff != "" || len(events[0].Deliveries) != 1 || events[0].Reason != "" {
		t.Errorf("Mia's events: %s, with the deliveries %v because of %q", diff, events[0].Deliveries, events[0].Reason)
	}
	if _, _ = g.Deliveries(rob, store.Filter{Within: &store.Within{}}); b.within != nil {
		t.Errorf("Rob's deliveries are narrowed to %v", b.within)
	}

	var ways []string
	explained, _ := g.Explain(mia, "key")
	for _, x := range explained {
		way := x.Connector + string(x.Data)
		for _, d := range x.Deliveries {
			way += " to " + d.Channel
		}
		for _, r := range x.Routes {
			way += fmt.Sprintf("; routed to %v, suspended to %v", r.Channels, r.Suspended)
			for _, m := range r.Muted {
				way += fmt.Sprintf(", muted to %v", m.Channels)
			}
		}
		ways = append(ways, way)
	}
	if diff := cmp.Diff([]string{
		"shown{} to red; routed to [red], suspended to [red], muted to [red]", "blues to red",
		"hers{} to plain; routed to [plain], suspended to [plain], muted to [blue], muted to [plain]",
	}, ways); diff != "" {
		t.Errorf("the ways of events that Mia sees: %s", diff)
	}
}

func TestChangesAreWrittenDown(t *testing.T) {
	b := &behind{}
	g, log := newGuard(b)
	ada, mia := people()["ada"], people()["mia"]
	_ = g.Pause(ada, "red", "maintenance")
	b.err = errors.New("no canary today")
	_ = g.Pause(ada, "red", "")
	_ = g.Pause(mia, "blue", strings.Repeat("x", 10_000))
	_, _ = g.Connectors(ada) // a question changes nothing
	want := []operator.Audited{
		{Who: "ada@example.com", Via: "session", Action: "pause", Subject: "channel red", Outcome: "done", Detail: "maintenance"},
		{Who: "ada@example.com", Via: "session", Action: "pause", Subject: "channel red", Outcome: "failed", Detail: "no [secret] today"},
		{Who: "mia@example.com", Via: "session", Action: "pause", Subject: "channel blue", Outcome: "refused", Detail: "channel blue: not found; `relay channels` lists them"},
	}
	if diff := cmp.Diff(want, *log); diff != "" {
		t.Error(diff)
	}

	for range 1000 {
		_ = g.Pause(mia, strings.Repeat("blue", 1000), "")
	}
	if len(*log) > 3+vainAtOnce || len([]rune((*log)[5].Subject)) > mostDetail {
		t.Errorf("1000 refused attempts made %d entries, with subjects of %d characters", len(*log)-3, len([]rune((*log)[5].Subject)))
	}
	*log = (*log)[:0]
	for range 1000 {
		_ = g.Pause(ada, "red", "") // which fails
	}
	if len(*log) > vainAtOnce {
		t.Errorf("1000 failed attempts made %d entries", len(*log))
	}
	b.err = nil
	if _ = g.Pause(ada, "red", ""); (*log)[len(*log)-1].Outcome != operator.Done {
		t.Error("after them, what Ada did is not written down")
	}
}

func (b *behind) Tokens(context.Context) ([]operator.Token, error) {
	return []operator.Token{{Name: "a", Person: "ada@example.com"}, {Name: "m", Person: "mia@example.com"}}, nil
}

func (b *behind) AuditLog(_ context.Context, f store.AuditFilter) ([]operator.Audited, error) {
	return []operator.Audited{{Who: f.Who}}, nil
}

func TestMembersSeeTheirOwnTokensAndDeeds(t *testing.T) {
	g, _ := newGuard(&behind{})
	for name, want := range map[string]int{"ada": 2, "rob": 0, "mia": 1} {
		if list, err := g.Tokens(people()[name]); err != nil || len(list) != want {
			t.Errorf("%s sees the tokens %+v, %v", name, list, err)
		}
	}
	for _, c := range []struct{ name, who, want string }{
		{"ada", "", ""}, {"ada", "bob@example.com", "bob@example.com"}, {"rob", "", ""}, {"mia", "", "mia@example.com"}, {"mia", "mia@example.com", "mia@example.com"}, {"mia", "ada@example.com", "nobody's"},
	} {
		list, err := g.AuditLog(people()[c.name], store.AuditFilter{Who: c.who})
		got := "nobody's"
		if len(list) > 0 {
			got = list[0].Who
		}
		if err != nil || got != c.want {
			t.Errorf("asked for what %q did, %s sees what %q did, %v", c.who, c.name, got, err)
		}
	}
}

func TestATokenMakesNoTokens(t *testing.T) {
	g, log := newGuard(&behind{})
	for _, p := range []access.Person{
		{Name: "ada@example.com", Role: access.Ops, Via: "token ci", Scopes: access.Everything()},
		{Name: "ada@example.com", Role: access.Ops, Via: "session", Scopes: []access.Scope{access.Configure}},
	} {
		_, err := g.CreateToken(access.With(t.Context(), p), operator.NewToken{Name: "more", Scopes: access.Everything()})
		if !errors.Is(err, operator.ErrForbidden) || len(*log) == 0 || (*log)[len(*log)-1].Outcome != operator.Refused {
			t.Errorf("via %s with the scopes %v: %v", p.Via, p.Scopes, err)
		}
	}
}
