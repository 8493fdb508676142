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

var _ saved.Daemon = (*Relay)(nil)
