package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/saved"
	"github.com/connector-relay/relay/relay/store"
	"github.com/connector-relay/relay/relay/store/storetest"
)

// teamsConfig has two teams with a channel each. Ada and Bea are red, Cyd is blue.
const teamsConfig = `relay {
  listen = "127.0.0.1:0"
  %s
}
dashboard {
  listen = "127.0.0.1:0"
}
team "red" {
  members = ["ada@example.com"]
  groups  = ["g-red"]
}
team "blue" { members = ["cyd@example.com"] }
channel "red" {
  type = "inbox"
  team = team.red
}
channel "blue" {
  type = "inbox"
  team = team.blue
}
channel "plain" { type = "inbox" }
connector "webhook" "ofafile" {
  route { to = [channel.red, channel.blue, channel.plain] }
}
`

func teams(more string) string { return fmt.Sprintf(teamsConfig, more) }

func member(name string, teams ...string) context.Context {
	return access.With(context.Background(), access.Person{Name: name, Role: access.Member, Teams: teams, Via: "session", Scopes: access.Everything()})
}

func ops() context.Context { return access.With(context.Background(), access.Local("test")) }

// hook is a draft of an incoming webhook.
func hook(name, team string, channels ...string) operator.Draft {
	return operator.Draft{Filled: &form.Filled{Type: "webhook", Name: name, Team: team, Channels: channels, Arguments: map[string]string{"title": "Made here"}}}
}

func (r *Relay) connector(t *testing.T, name string) operator.Connector {
	t.Helper()
	list, err := r.desk.Connectors(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no connector %s", name)
	return operator.Connector{}
}

func mustSave(t *testing.T, ctx context.Context, r *Relay, d operator.Draft) operator.Block {
	t.Helper()
	b, err := r.guard.Save(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestASavedConnectorRunsAtOnceAndAfterARestart(t *testing.T) {
	r, _, rewrite := running(t, teams(""), nil)
	_ = rewrite
	b := mustSave(t, member("ada@example.com", "red"), r, hook("made", "", "red"))
	want := "connector \"webhook\" \"made\" {\n  owner = \"ada@example.com\"\n  team  = team.red\n  title = \"Made here\"\n\n  route {\n    to = [channel.red]\n  }\n}\n"
	if diff := cmp.Diff(want, b.HCL); diff != "" || b.Revision != 1 || b.Owner != "ada@example.com" || b.Team != "red" || b.SavedBy != "ada@example.com" {
		t.Errorf("saved %+v: %s", b, diff)
	}
	takes(t, r, "made", "red")
	url := r.connector(t, "made").HookURL
	r = restarted(t, r)
	if again := r.connector(t, "made"); path(again.HookURL) != path(url) || !again.Saved || again.Owner != "ada@example.com" || again.Team != "red" {
		t.Errorf("after a restart it is %+v; its hook was %s", again, url)
	}
	takes(t, r, "made", "red")
}

func path(url string) string { _, p, _ := strings.Cut(url, "/hooks/"); return p }

// restarted stops a relay and starts another in its place.
func restarted(t *testing.T, r *Relay) *Relay {
	t.Helper()
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	again, err := Start(t.Context(), Options{Config: r.options.Config, Log: io.Discard, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := again.Stop(); err != nil {
			t.Error(err)
		}
	})
	return again
}

// TestAConnectorGoesToAFileAndBack: it keeps its hook URL, its checkpoint and its history,
// and its secret works in both places.
func TestAConnectorGoesToAFileAndBack(t *testing.T) {
	r, _, rewrite := running(t, teams(""), nil)
	feed := newFeed(t)
	if _, err := r.guard.Reload(ops()); err != nil {
		t.Fatal(err)
	}
	rewrite(teams(`http { allow = ["127.0.0.0/8"] }`))
	if _, err := r.guard.Reload(ops()); err != nil {
		t.Fatal(err)
	}
	d := operator.Draft{Filled: &form.Filled{
		Type: "rss", Name: "news", Channels: []string{"red"}, Arguments: map[string]string{"url": feed, "initial": "1"}, Schedule: "@every 1h",
	}}
	b := mustSave(t, member("ada@example.com", "red"), r, d)
	mustSave(t, member("ada@example.com", "red"), r, hook("made", "red", "red"))
	takes(t, r, "made", "red")
	if strings.Contains(b.HCL, feed) || !strings.Contains(b.HCL, `secret("news.url")`) {
		t.Errorf("the address, which the schema calls a secret, is not kept apart:\n%s", b.HCL)
	}
	kept := func() (text string) {
		t.Helper()
		list, err := r.store.Connectors(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			text += fmt.Sprintf("%s %s %s %s\n", c.Name, c.Type, c.HookToken, c.Checkpoint)
		}
		return text
	}
	soon(t, "the feed's entry is accepted", func() bool {
		events, err := r.desk.Events(t.Context(), store.EventFilter{Connector: "news"})
		return err == nil && len(events) == 1
	})
	soon(t, "the checkpoint is kept", func() bool { return strings.Contains(kept(), "news rss") })
	before := kept()

	exported, err := r.guard.Export(ops())
	if err != nil || exported.Connectors != 2 {
		t.Fatalf("exported %+v, %v", exported, err)
	}
	rewrite(teams(`http { allow = ["127.0.0.0/8"] }`) + exported.HCL)
	if _, err := r.guard.Reload(ops()); err != nil {
		t.Fatal(err)
	}
	blocks, err := r.guard.Blocks(ops())
	if err != nil || len(blocks) != 2 || !blocks[0].Declared || !strings.Contains(blocks[0].Problem, "which wins") {
		t.Fatalf("beside the file there are %+v, %v", blocks, err)
	}
	if c := r.connector(t, "news"); c.Saved || c.Owner != "ada@example.com" || c.Team != "red" {
		t.Errorf("in the file it is %+v", c)
	}
	for _, b := range blocks {
		if err := r.guard.RemoveBlock(ops(), b.Name, b.Revision); err != nil {
			t.Fatal(err)
		}
	}
	if after := kept(); after != before {
		t.Errorf("in the file it has\n%swhere it had\n%s", after, before)
	}
	takes(t, r, "made", "red")
	if _, err := r.guard.Poll(ops(), "news"); err != nil {
		t.Errorf("from the file it cannot poll, for which it needs its secret: %v", err)
	}

	rewrite(teams(`http { allow = ["127.0.0.0/8"] }`))
	if _, err := r.guard.Reload(ops()); err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		mustSave(t, ops(), r, operator.Draft{HCL: b.HCL})
	}
	if after := kept(); after != before {
		t.Errorf("back on the page it has\n%swhere it had\n%s", after, before)
	}
	if report, err := r.guard.Poll(ops(), "news"); err != nil || report.Events != 0 {
		t.Errorf("back on the page a poll finds %+v, %v", report, err)
	}
	takes(t, r, "made", "red")
}

// newFeed serves a feed with one entry and returns its address.
func newFeed(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/atom+xml")
		_, _ = io.WriteString(w, `<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><id>urn:f</id><updated>2026-01-01T00:00:00Z</updated><entry><title>One</title><id>urn:1</id><updated>2026-01-01T00:00:00Z</updated><link href="https://example.com/1"/></entry></feed>`)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/feed-CANARYCANARY"
}

// TestASaveThatFailsChangesNothing: neither what runs nor what is stored, whichever step
// fails; and when the process dies between, the next start shows one or the other.
func TestASaveThatFailsChangesNothing(t *testing.T) {
	for _, step := range []string{"saved connectors", "changes", "lanes", "addresses", "moved connectors", "connectors", "store"} {
		t.Run(step, func(t *testing.T) {
			r, faults, _ := running(t, teams(""), nil)
			mustSave(t, ops(), r, hook("made", "", "red"))
			before := r.current()
			if step == "store" {
				faults.Inject(storetest.Fail(errFaulty, "SaveBlock"))
			} else {
				r.options.after = func(s string) error {
					if s == step {
						return errFaulty
					}
					return nil
				}
			}
			d := hook("made", "", "blue")
			d.Revision = 1
			if _, err := r.guard.Save(ops(), d); !errors.Is(err, errFaulty) {
				t.Errorf("it says %v", err)
			}
			r.options.after = nil
			faults.Inject(nil)
			if r.current() != before {
				t.Error("another configuration runs")
			}
			blocks, err := r.guard.Blocks(ops())
			if err != nil || len(blocks) != 1 || blocks[0].Revision != 1 || strings.Contains(blocks[0].HCL, "blue") {
				t.Errorf("stored is %+v, %v", blocks, err)
			}
			takes(t, r, "made", "red")
			if _, err := r.guard.Save(ops(), d); err != nil {
				t.Errorf("once it can: %v", err)
			}
			takes(t, r, "made", "blue")
		})
	}
}

// TestWhatNobodyMadeValidDoesNotKeepTheRelayFromRunning: a block in the store with any
// mistake is set aside and shown, at the start and at a reload.
func TestWhatNobodyMadeValidDoesNotKeepTheRelayFromRunning(t *testing.T) {
	r, _, rewrite := running(t, teams(""), nil)
	mustSave(t, ops(), r, hook("made", "", "plain"))
	for name, hcl := range map[string]string{
		"broken": "connector {", "strange": `connector "nosuchtype" "strange" {}`, "gone": "connector \"webhook\" \"gone\" {\n  route { to = [channel.gone] }\n}",
		"invalid": `connector "webhook" "invalid" { image = "no address" }`, "ofafile": `connector "webhook" "ofafile" {}`,
		"thief": "connector \"webhook\" \"thief\" {\n  secret = secret(\"made.owner\")\n}",
	} {
		if _, err := r.store.SaveBlock(t.Context(), store.Block{Name: name, HCL: hcl}, nil); err != nil {
			t.Fatal(err)
		}
	}
	look := func(when string, broken ...string) {
		t.Helper()
		takes(t, r, "made", "plain")
		takes(t, r, "ofafile", "plain")
		problems, err := r.guard.Problems(ops())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range broken {
			found := false
			for _, p := range problems {
				found = found || p.Subject == "connector "+name && strings.Contains(p.Text, "set aside")
			}
			if !found {
				t.Errorf("%s: nobody hears of %s: %v", when, name, problems)
			}
		}
	}
	all := []string{"broken", "strange", "gone", "invalid", "ofafile", "thief"}
	if _, err := r.guard.Reload(ops()); err != nil {
		t.Fatal(err)
	}
	look("after a reload", all...)
	r = restarted(t, r)
	look("after a start", all...)
	rewrite(strings.ReplaceAll(teams(""), "plain", "lobby"))
	if _, err := r.guard.Reload(ops()); err != nil {
		t.Fatalf("a saved connector keeps ops from removing its channel: %v", err)
	}
	if c := r.connector(t, "made"); c.Health != "set aside" || !strings.Contains(c.Problem, `no channel "plain"`) {
		t.Errorf("the connector whose channel is gone is %+v", c)
	}
}

func TestOfTwoWhoSaveAtOnceTheSecondHearsOfIt(t *testing.T) {
	r, _, _ := running(t, teams(""), nil)
	mustSave(t, ops(), r, hook("made", "", "red"))
	var wait sync.WaitGroup
	outcomes := make([]error, 8)
	for i := range outcomes {
		wait.Go(func() {
			d := hook("made", "", "blue")
			d.Filled.Revision = 1
			_, outcomes[i] = r.guard.Save(ops(), d)
		})
	}
	wait.Wait()
	done := 0
	for _, err := range outcomes {
		switch {
		case err == nil:
			done++
		case !errors.Is(err, operator.ErrConflict):
			t.Errorf("one of them hears %v", err)
		}
	}
	if done != 1 {
		t.Errorf("%d saved the same revision", done)
	}
	if err := r.guard.RemoveBlock(ops(), "made", 1); !errors.Is(err, operator.ErrConflict) {
		t.Errorf("who removes an old revision hears %v", err)
	}
}

// mistakes are the fields that an error is about.
func mistakes(err error) (fields []string) {
	if e, ok := errors.AsType[*operator.MistakenError](err); ok {
		for _, m := range e.Mistakes {
			fields = append(fields, m.Field)
		}
	}
	return fields
}

func TestMistakesStandBesideTheirFields(t *testing.T) {
	r, _, _ := running(t, teams(""), nil)
	for name, c := range map[string]struct {
		change func(*form.Filled)
		want   string
	}{
		"what the form itself knows":    {func(f *form.Filled) { f.Name = "not a name" }, "name"},
		"what the configuration knows":  {func(f *form.Filled) { f.Schedule = "whenever" }, "schedule"},
		"what the schema knows":         {func(f *form.Filled) { f.Arguments["accept"] = "nothing" }, "argument.accept"},
		"what only the plugin knows":    {func(f *form.Filled) { f.Arguments["image"] = "ftp://example.com" }, "argument.image"},
		"a channel that there is not":   {func(f *form.Filled) { f.Channels = []string{"nowhere"} }, "channels"},
		"a condition about nothing":     {func(f *form.Filled) { f.Condition = "event.nothing" }, "condition"},
		"a condition that reads a file": {func(f *form.Filled) { f.Condition = `file("/etc/passwd") == ""` }, "condition"},
		"a condition that never ends": {func(f *form.Filled) {
			f.Condition = "length([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : c]]]) > 0"
		}, "condition"},
		"a path that can be guessed":  {func(f *form.Filled) { f.Path = "/guess" }, "path"},
		"a secret that is not stored": {func(f *form.Filled) { f.Kept = []string{"secret"} }, "argument.secret"},
		"a name that a file has":      {func(f *form.Filled) { f.Name = "ofafile" }, "name"},
	} {
		d := hook("made", "red", "red")
		c.change(d.Filled)
		_, err := r.guard.Save(member("ada@example.com", "red"), d)
		if got := mistakes(err); len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: mistakes at %q, want %s: %v", name, got, c.want, err)
		}
		if out, err := r.guard.Draft(member("ada@example.com", "red"), d); err != nil || len(out.Mistakes) != 1 {
			t.Errorf("%s: drafted %+v, %v", name, out.Mistakes, err)
		}
	}
	if blocks, err := r.guard.Blocks(ops()); err != nil || len(blocks) != 0 {
		t.Errorf("saved is %+v, %v", blocks, err)
	}
}

// TestAMemberSavesOnlyWhatIsHers.
func TestAMemberSavesOnlyWhatIsHers(t *testing.T) {
	r, _, _ := running(t, teams(""), nil)
	ada, bea, cyd := member("ada@example.com", "red"), member("bea@example.com", "red"), member("cyd@example.com", "blue")
	adas := mustSave(t, ada, r, hook("adas", "red", "red"))
	edit := func(d operator.Draft, revision int64) operator.Draft { d.Filled.Revision = revision; return d }
	raw := func(inside string) operator.Draft {
		return operator.Draft{HCL: "connector \"webhook\" \"made\" {\n  team = team.red\n" + inside + "\n}"}
	}
	block := adas.HCL
	for name, c := range map[string]struct {
		who   context.Context
		draft operator.Draft
		is    error
		field string
	}{
		"a channel of another team":            {ada, hook("made", "red", "blue"), operator.ErrInvalid, "channels"},
		"a channel of no team":                 {ada, hook("made", "red", "plain"), operator.ErrInvalid, "channels"},
		"another team":                         {ada, hook("made", "blue", "red"), operator.ErrInvalid, "team"},
		"a team that there is not":             {ada, hook("made", "green", "red"), operator.ErrInvalid, "team"},
		"a name that another team's has":       {cyd, hook("adas", "blue", "blue"), operator.ErrInvalid, "name"},
		"another team's connector":             {cyd, edit(hook("adas", "blue", "blue"), 1), operator.ErrNotFound, ""},
		"a colleague's connector":              {bea, edit(hook("adas", "red", "red"), 1), operator.ErrForbidden, ""},
		"who is in no team":                    {member("dan@example.com"), hook("made", "red", "red"), operator.ErrForbidden, ""},
		"nobody":                               {context.Background(), hook("made", "red", "red"), operator.ErrForbidden, ""},
		"HCL with private networks":            {ada, raw(`http { allow = ["10.0.0.0/8"] }`), operator.ErrForbidden, ""},
		"HCL with a proxy":                     {ada, raw(`http { proxy = "http://evil.example.com" }`), operator.ErrForbidden, ""},
		"HCL that reads the environment":       {ada, raw(`title = env("HOME")`), operator.ErrForbidden, ""},
		"HCL that reads a file":                {ada, raw(`title = file("/etc/passwd")`), operator.ErrForbidden, ""},
		"HCL with a card":                      {ada, raw("route {\n to = [channel.red]\n card { title = \"x\" }\n}"), operator.ErrForbidden, ""},
		"HCL with two routes":                  {ada, raw("route { to = [channel.red] }\nroute { to = [channel.blue] }"), operator.ErrForbidden, ""},
		"HCL with a quota of its own":          {ada, raw(`quota { events = "1000000/s" }`), operator.ErrForbidden, ""},
		"HCL with another's secret":            {ada, raw(`secret = secret("adas.owner")`), operator.ErrForbidden, ""},
		"HCL with a second block":              {ada, operator.Draft{HCL: block + "channel \"x\" { type = \"inbox\" }"}, operator.ErrInvalid, ""},
		"HCL with channels by a function":      {ada, raw("route { to = concat([channel.blue], []) }"), operator.ErrForbidden, ""},
		"a megabyte of HCL":                    {ada, operator.Draft{HCL: block + strings.Repeat("#", 1<<20)}, operator.ErrForbidden, ""},
		"a megabyte in a field":                {ada, operator.Draft{Filled: &form.Filled{Type: "webhook", Name: "made", Team: "red", Arguments: map[string]string{"title": strings.Repeat("x", 1<<20)}}}, operator.ErrInvalid, "argument.title"},
		"a path, and a name with a secret's":   {ada, hook("adas.owner", "red", "red"), operator.ErrInvalid, "name"},
		"a revision that was never there":      {ada, edit(hook("made", "red", "red"), 9), operator.ErrConflict, ""},
		"a type that there is not":             {ada, operator.Draft{Filled: &form.Filled{Type: "nope", Name: "made"}}, operator.ErrInvalid, ""},
		"a name in other letters that look so": {ada, hook("\u0430das", "red", "red"), operator.ErrInvalid, "name"},
	} {
		_, err := r.guard.Save(c.who, c.draft)
		if got := mistakes(err); !errors.Is(err, c.is) || c.field != "" && (len(got) != 1 || got[0] != c.field) {
			t.Errorf("%s: %v at %q, want %v at %q", name, err, got, c.is, c.field)
		}
		if _, err := r.guard.TryConnector(c.who, c.draft); !errors.Is(err, c.is) {
			t.Errorf("%s: trying it says %v, want %v", name, err, c.is)
		}
	}
	for _, who := range []context.Context{bea, cyd} {
		if err := r.guard.RemoveBlock(who, "adas", 1); err == nil {
			t.Error("somebody else removes Ada's connector")
		}
		if _, err := r.guard.TakeOver(who, "adas"); err == nil {
			t.Error("somebody else takes Ada's connector over while she is in the team")
		}
	}
	if b, err := r.guard.Blocks(cyd); err != nil || len(b) != 0 {
		t.Errorf("Cyd sees %+v, %v", b, err)
	}
	if e, err := r.guard.Export(cyd); err != nil || strings.Contains(e.HCL, "adas") {
		t.Errorf("Cyd exports %s, %v", e.HCL, err)
	}
	d := hook("impostor", "red", "red")
	d.Filled.Owner = "bea@example.com"
	if b := mustSave(t, ada, r, d); b.Owner != "ada@example.com" {
		t.Errorf("Ada saves as %s", b.Owner)
	}
}

// TestANameIsNotInherited: a removed connector's hook URL and checkpoint are for nobody but
// its owner.
func TestANameIsNotInherited(t *testing.T) {
	r, _, rewrite := running(t, teams("")+"connector \"webhook\" \"former\" {}\n", nil)
	ada, cyd := member("ada@example.com", "red"), member("cyd@example.com", "blue")
	mustSave(t, ada, r, hook("made", "red", "red"))
	url := r.connector(t, "made").HookURL
	if err := r.guard.RemoveBlock(ada, "made", 1); err != nil {
		t.Fatal(err)
	}
	rewrite(teams(""))
	if _, err := r.guard.Reload(ops()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"made", "former"} {
		if _, err := r.guard.Save(cyd, hook(name, "blue", "blue")); len(mistakes(err)) != 1 {
			t.Errorf("Cyd takes the name %s: %v", name, err)
		}
	}
	mustSave(t, ada, r, hook("made", "red", "red"))
	if again := r.connector(t, "made").HookURL; again != url {
		t.Errorf("Ada's own comes back at %s, and was at %s", again, url)
	}
	if err := r.guard.ForgetConnector(ops(), "made"); !errors.Is(err, operator.ErrInvalid) {
		t.Errorf("a saved connector is forgotten: %v", err)
	}
	if err := r.guard.RemoveBlock(ada, "made", 1); err != nil {
		t.Fatal(err)
	}
	if err := r.guard.ForgetConnector(ops(), "made"); err != nil {
		t.Fatal(err)
	}
	if names, err := r.store.Secrets(t.Context()); err != nil || len(names) != 0 {
		t.Errorf("of what is forgotten there is left %q, %v", names, err)
	}
	mustSave(t, cyd, r, hook("made", "blue", "blue"))
	if fresh := r.connector(t, "made").HookURL; fresh == url {
		t.Error("Cyd's has Ada's hook URL")
	}
}

// TestWhoLeavesATeamIsSuspendedUntilSomebodyTakesOver.
func TestWhoLeavesATeamIsSuspendedUntilSomebodyTakesOver(t *testing.T) {
	r, _, _ := running(t, teams(""), nil)
	bea, ada := member("bea@example.com", "red"), member("ada@example.com", "red")
	signIn := func(groups ...string) {
		t.Helper()
		p := store.Person{Name: "bea@example.com", Groups: groups, SignedIn: time.Now()}
		if err := r.store.SavePerson(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		r.signedIn(t.Context(), p)
	}
	suspended := func() map[string]string { return r.connector(t, "beas").Suspended }
	signIn("g-red")
	d := hook("beas", "red", "red")
	d.Filled.Arguments["secret"], d.Filled.Arguments["signature"] = "CANARY-beas-secret", "hmac-sha256"
	b := mustSave(t, bea, r, d)
	if len(suspended()) != 0 {
		t.Fatalf("it is suspended: %v", suspended())
	}
	if err := r.store.SaveToken(t.Context(), "beas", []byte("Bea's sign-in")); err != nil {
		t.Fatal(err)
	}

	signIn()
	soon(t, "it is suspended", func() bool {
		return strings.Contains(suspended()["red"], "bea@example.com is not a member of team red")
	})
	problems, _ := r.guard.Problems(ada)
	if len(problems) != 1 || !strings.Contains(problems[0].Text, "bea@example.com is not a member of team red") {
		t.Errorf("Ada hears of %v", problems)
	}
	signIn("g-red")
	soon(t, "it goes on", func() bool { return len(suspended()) == 0 })
	signIn()
	soon(t, "it is suspended again", func() bool { return len(suspended()) == 1 })
	b.Filled.Channels = nil
	if _, err := r.guard.Save(member("bea@example.com"), operator.Draft{Filled: b.Filled}); !errors.Is(err, operator.ErrForbidden) {
		t.Errorf("Bea still changes it: %v", err)
	}
	if _, err := r.guard.TakeOver(member("cyd@example.com", "blue"), "beas"); !errors.Is(err, operator.ErrNotFound) {
		t.Errorf("another team takes it over: %v", err)
	}

	b, err := r.guard.TakeOver(ada, "beas")
	if err != nil || b.Owner != "ada@example.com" || b.Revision != 2 || len(suspended()) != 0 {
		t.Fatalf("Ada takes over %+v, %v; suspended %v", b, err, suspended())
	}
	if _, err := r.store.Token(t.Context(), "beas"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Ada has Bea's sign-in: %v", err)
	}
	// The secret goes on with what it was given for, and with nothing else.
	b.Filled.Channels = []string{"red"}
	b.Filled.Schedule = ""
	b = mustSave(t, ada, r, operator.Draft{Filled: b.Filled})
	b.Filled.Arguments["signature_header"] = "X-Other"
	if _, err := r.guard.Save(ada, operator.Draft{Filled: b.Filled}); fmt.Sprint(mistakes(err)) != "[argument.secret]" {
		t.Errorf("Ada uses Bea's secret for something else: %v", err)
	}
	if _, err := r.guard.TryConnector(ada, operator.Draft{Filled: b.Filled}); fmt.Sprint(mistakes(err)) != "[argument.secret]" {
		t.Errorf("Ada tries Bea's secret on something else: %v", err)
	}
	b.Filled.Arguments["secret"] = "CANARY-adas-secret"
	mustSave(t, ada, r, operator.Draft{Filled: b.Filled})
}

// TestNoAnswerHasASecret: what people give as secrets comes back in no answer, nor in the
// store as it is.
func TestNoAnswerHasASecret(t *testing.T) {
	r, _, _ := running(t, teams(""), nil)
	ada := member("ada@example.com", "red")
	d := hook("made", "red", "red")
	d.Filled.Arguments["secret"], d.Filled.Arguments["signature"], d.Filled.Path = "CANARY-secret", "hmac-sha256", "/webhookb2/CANARY0123456789"
	out, err := r.guard.Draft(ada, d)
	if err != nil || len(out.Mistakes) > 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	b := mustSave(t, ada, r, d)
	blocks, _ := r.guard.Blocks(ada)
	e, _ := r.guard.Export(ops())
	list, _ := r.guard.Connectors(ada)
	stored, _ := r.store.Blocks(t.Context())
	var sealed []string
	names, _ := r.store.Secrets(t.Context())
	for _, name := range names {
		s, _ := r.store.Secret(t.Context(), name)
		sealed = append(sealed, string(s))
	}
	everything := fmt.Sprintf("%+v %+v %+v %+v %+v %+v %q %+v %+v", out, *out.Filled, b, blocks, e, list, sealed, stored, *b.Filled)
	everything += fmt.Sprint(b.Filled.Arguments, out.Filled.Arguments, out.HCL)
	if strings.Contains(everything, "CANARY") {
		t.Errorf("a secret comes back: %s", everything)
	}
	if diff := cmp.Diff([]string{"made.owner", "made.path", "made.secret"}, names); diff != "" {
		t.Errorf("sealed are (-want +got):\n%s", diff)
	}
	if r.masker.Mask("CANARY-secret /webhookb2/CANARY0123456789") != "[secret] [secret]" {
		t.Error("the secrets are not masked in the log")
	}
	b.Filled.Kept = nil // she takes them back
	mustSave(t, ada, r, operator.Draft{Filled: b.Filled})
	if names, _ := r.store.Secrets(t.Context()); len(names) != 1 {
		t.Errorf("she has taken back her secrets, and there are %q", names)
	}
}

func TestATrialShowsWhatWouldCome(t *testing.T) {
	r, _, rewrite := running(t, teams(""), nil)
	ada := member("ada@example.com", "red")
	feed := newFeed(t)
	d := operator.Draft{Filled: &form.Filled{Type: "rss", Channels: []string{"red"}, Arguments: map[string]string{"url": feed}}}
	got, err := r.guard.TryConnector(ada, d)
	if err != nil || len(got.Events) != 0 || !strings.Contains(got.Problem, "is not a public address") || strings.Contains(got.Problem, "CANARY") {
		t.Errorf("a member reaches this machine: %+v, %v", got, err)
	}
	rewrite(teams(`http { allow = ["127.0.0.0/8"] }`))
	if _, err := r.guard.Reload(ops()); err != nil {
		t.Fatal(err)
	}
	got, err = r.guard.TryConnector(ada, d)
	if err != nil || len(got.Events) != 1 || got.Events[0].Title != "One" || got.Samples {
		t.Errorf("the trial shows %+v, %v", got, err)
	}
	got, err = r.guard.TryConnector(ada, hook("", "red", "red"))
	if err != nil || !got.Samples || len(got.Events) < 3 {
		t.Errorf("the trial of a webhook shows %+v, %v", got, err)
	}
	events, err := r.desk.Events(t.Context(), store.EventFilter{})
	if err != nil || len(events) != 0 {
		t.Errorf("a trial has left %+v, %v", events, err)
	}
	for _, p := range r.host.Status() {
		if p.Name == "rss" {
			t.Error("a trial has left its plugin")
		}
	}
}

func TestTheGalleryHasEveryType(t *testing.T) {
	r, _, _ := running(t, teams(""), nil)
	types, err := r.guard.Types(member("ada@example.com", "red"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, typ := range types {
		names = append(names, typ.Type)
		if typ.Title == "" || typ.Summary == "" || typ.Plugin == "" || len(typ.Fields) == 0 || len(typ.Kinds) == 0 || len(typ.Kinds[0].Card) == 0 {
			t.Errorf("the gallery does not say enough of %+v", typ)
		}
	}
	if diff := cmp.Diff([]string{"azuredevops", "github", "webhook", "todo", "rss", "trello", "x"}, names); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
}

// TestBoundsOfWhatPeopleSave.
func TestBoundsOfWhatPeopleSave(t *testing.T) {
	r, _, _ := running(t, teams(""), nil)
	ada := member("ada@example.com", "red")
	for i := range 50 {
		b := store.Block{Name: fmt.Sprintf("c%d", i), HCL: fmt.Sprintf("connector \"webhook\" \"c%d\" {\n  owner = \"Ada@example.com\"\n}", i), Owner: "Ada@example.com"}
		if _, err := r.store.SaveBlock(t.Context(), b, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.guard.Save(ada, hook("more", "red", "red")); len(mistakes(err)) != 1 || !strings.Contains(err.Error(), "You have 50 connectors") {
		t.Errorf("one more: %v", err)
	}
	cyd := member("cyd@example.com", "blue")
	d := operator.Draft{Filled: &form.Filled{Type: "x", Name: "often", Team: "blue", Schedule: "@every 1s", Channels: []string{"blue"}, Arguments: map[string]string{"token": "CANARYTOKEN", "search": "relay"}}}
	if _, err := r.guard.Save(cyd, d); fmt.Sprint(mistakes(err)) != "[schedule]" {
		t.Errorf("each second: %v", err)
	}
	var err error
	for i := 0; i < 100 && (err == nil || len(mistakes(err)) > 0); i++ {
		_, err = r.guard.Save(cyd, operator.Draft{Filled: &form.Filled{Type: "webhook", Name: "not a name"}})
	}
	if !errors.Is(err, operator.ErrInvalid) || !strings.Contains(err.Error(), "too often") {
		t.Errorf("a hundred at once: %v", err)
	}
}

var _ saved.Daemon = (*Relay)(nil)
