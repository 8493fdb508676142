package github

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/golden"

	"github.com/connector-relay/relay/relay/connector/connectortest"
)

// example is one of GitHub's events, with payloads of it.
type example struct {
	Name     string            `json:"name"`
	Examples []json.RawMessage `json:"examples"`
}

// examples returns the payloads of @octokit/webhooks-examples.
func examples(t testing.TB) []example {
	t.Helper()
	f, err := os.Open("testdata/webhooks-examples.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var list []example
	if err := json.NewDecoder(z).Decode(&list); err != nil || len(list) < 50 {
		t.Fatal(len(list), err)
	}
	return list
}

// nothing lists the events that get no card, and why.
func nothing() map[string]string {
	const settings = "a change of settings, which concerns nobody in a channel"
	const billing = "a matter of billing"
	const apps = "a matter of Apps' installations"
	const boards = "a move on a project board, of which there are too many"
	return map[string]string{
		"branch_protection_rule": settings, "custom_property": settings, "custom_property_values": settings, "deploy_key": settings,
		"meta": settings, "ping": "GitHub tries the webhook", "repository_ruleset": settings,
		"org_block": settings, "repository_import": settings,
		"github_app_authorization": apps, "installation": apps, "installation_repositories": apps, "installation_target": apps,
		"marketplace_purchase": billing,
		"project":              boards, "project_card": boards, "project_column": boards, "projects_v2": boards, "projects_v2_item": boards,
		"watch":               "it comes as star, too",
		"merge_group":         "the event of the pull request's merge already says so",
		"workflow_dispatch":   "the run tells of it",
		"workflow_job":        "the run tells of it",
		"repository_dispatch": "a call between programs", "pull_request_review_thread": "a matter of the page",
		"secret_scanning_alert_location": "the alert tells of it", "deployment_protection_rule": "the deployment's states tell of it",
		"deployment_review": "the deployment's states tell of it", "repository_advisory": "not public yet",
		"content_reference": "retired by GitHub", "app_authorization": apps,
	}
}

// Every example gives a valid card, whether or not it would be posted by default, unless
// its event deliberately gets none.
func TestEveryExampleGivesACardOrADeliberateNothing(t *testing.T) {
	everything := &GitHub{Events: []string{"*"}}
	missing := make(map[string]bool)
	for _, e := range examples(t) {
		var out bytes.Buffer
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ")
		for n, raw := range e.Examples {
			made, ok := everything.received(e.Name, fmt.Sprint(n), raw, sampleTime())
			switch {
			case ok && nothing()[e.Name] != "":
				t.Errorf("%s: there is a card, but it is said that there is none", e.Name)
			case ok:
				if err := made.Card.Validate(); err != nil {
					t.Errorf("%s, example %d: %v", e.Name, n, err)
				}
				if err := enc.Encode(made.Card); err != nil {
					t.Fatal(err)
				}
			case nothing()[e.Name] == "":
				missing[fmt.Sprintf("%s, example %d", e.Name, n)] = !quiet(e.Name, parse(raw))
			}
		}
		if out.Len() > 0 {
			golden.Assert(t, out.String(), filepath.Join("cards", e.Name+".json"))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		if missing[name] {
			t.Errorf("%s gives no card", name)
		}
	}
}

// quiet reports whether a payload is of a kind that is shown but says nothing new.
func quiet(name string, p *payload) bool {
	switch name {
	case "deployment_status":
		return slices.Contains([]string{"pending", "queued", "in_progress", "inactive"}, p.Status.State)
	case "pull_request_review":
		return p.Review.Body == ""
	case "organization":
		return p.Membership == nil
	}
	return false
}

func TestWhatIsNoiseIsNotPostedByDefault(t *testing.T) {
	g := &GitHub{ExcludeActors: []string{"dependabot*", "renovate*", "github-actions*"}}
	for payload, want := range map[string]bool{
		`pull_request {"action":"opened","pull_request":{}}`:                                             true,
		`pull_request {"action":"labeled","pull_request":{}}`:                                            false,
		`pull_request {"action":"synchronize","pull_request":{}}`:                                        false,
		`pull_request {"action":"opened","pull_request":{},"sender":{"login":"dependabot[bot]"}}`:        false,
		`release {"action":"published","release":{},"sender":{"login":"github-actions[bot]"}}`:           true,
		`release {"action":"created","release":{}}`:                                                      false,
		`issues {"action":"milestoned","issue":{}}`:                                                      false,
		`issue_comment {"action":"edited","comment":{}}`:                                                 false,
		`workflow_run {"action":"requested","workflow_run":{}}`:                                          false,
		`workflow_run {"action":"completed","workflow_run":{},"sender":{"login":"github-actions[bot]"}}`: true,
		`check_run {"action":"completed","check_run":{}}`:                                                false,
		`status {"state":"success"}`:                                                                     false,
		`membership {"action":"added","member":{},"team":{}}`:                                            false,
		`page_build {"build":{}}`:                                                                        false,
		`label {"action":"created","label":{}}`:                                                          false,
		`team {"action":"added_to_repository","team":{}}`:                                                false, // team_add tells of it
		`team {"action":"edited","team":{}}`:                                                             true,
		`milestone {"action":"closed","milestone":{}}`:                                                   true,
		`sponsorship {"action":"pending_tier_change","sponsorship":{}}`:                                  true,
		`unheard_of {"action":"opened"}`:                                                                 false,
	} {
		name, raw, _ := strings.Cut(payload, " ")
		if got := g.wants(name, parse([]byte(raw))); got != want {
			t.Errorf("%s: %t, want %t", payload, got, want)
		}
	}
}

func TestPeopleChooseWhatIsPosted(t *testing.T) {
	const opened = `{"action":"opened","sender":{"login":"Ada"},"pull_request":{"base":{"ref":"release/1.0"},"labels":[{"name":"Bug"}]}}`
	for _, test := range []struct {
		name string
		g    *GitHub
		want bool
	}{
		{"a kind", &GitHub{Events: []string{"pull_request"}}, true},
		{"a kind and an action", &GitHub{Events: []string{"pull_request.open*"}}, true},
		{"another action", &GitHub{Events: []string{"pull_request.closed"}}, false},
		{"an excluded action", &GitHub{Exclude: []string{"*.opened"}}, false},
		{"an actor, however written", &GitHub{Actors: []string{"ada"}}, true},
		{"another actor", &GitHub{Actors: []string{"grace"}}, false},
		{"an excluded actor", &GitHub{ExcludeActors: []string{"A?a"}}, false},
		{"a branch with a slash", &GitHub{Branches: []string{"release*"}}, true},
		{"another branch", &GitHub{Branches: []string{"main"}}, false},
		{"a label", &GitHub{Labels: []string{"feature", "bug"}}, true},
		{"another label", &GitHub{Labels: []string{"feature"}}, false},
	} {
		if got := test.g.wants("pull_request", parse([]byte(opened))); got != test.want {
			t.Errorf("%s: %t, want %t", test.name, got, test.want)
		}
	}
}

func TestRoutesSeeThePayloadsOwnObjects(t *testing.T) {
	e, ok := (&GitHub{}).event("release", parse([]byte(`{"action":"published","release":{"tag_name":"v1","prerelease":true,"body":"x"},"issue":null}`)), "k", sampleTime())
	if !ok {
		t.Fatal("no event")
	}
	var data struct {
		Action  string         `json:"action"`
		Release map[string]any `json:"release"`
		Issue   any            `json:"issue"`
	}
	if err := json.Unmarshal(e.Data, &data); err != nil {
		t.Fatal(err)
	}
	if data.Action != "published" || data.Release["prerelease"] != true || data.Release["tag_name"] != "v1" || data.Issue != nil || data.Release["draft"] != false {
		t.Errorf("data: %s", e.Data)
	}
}

func TestWhatBelongsTogetherHasOneThread(t *testing.T) {
	for payload, want := range map[string]string{
		`pull_request {"action":"opened","pull_request":{"number":18}}`:                                "acme/relay/pull/18",
		`pull_request_review {"review":{"body":"x"},"pull_request":{"number":18}}`:                     "acme/relay/pull/18",
		`issue_comment {"comment":{"body":"x"},"issue":{"number":18,"pull_request":{}}}`:               "acme/relay/pull/18",
		`issue_comment {"comment":{"body":"x"},"issue":{"number":17}}`:                                 "acme/relay/issue/17",
		`issues {"action":"closed","issue":{"number":17}}`:                                             "acme/relay/issue/17",
		`discussion {"action":"created","discussion":{"number":5}}`:                                    "acme/relay/discussion/5",
		`release {"action":"published","release":{"tag_name":"v1"}}`:                                   "",
		`issues {"action":"closed","issue":{"number":0}}`:                                              "",
		`issues {"issue":{"number":17},"repository":{"full_name":"` + strings.Repeat("x", 200) + `"}}`: "",
	} {
		name, raw, _ := strings.Cut(payload, " ")
		p := parse([]byte(raw))
		if p.Repository.FullName == "" {
			p.Repository.FullName = "acme/relay"
		}
		if e, ok := (&GitHub{}).event(name, p, "k", sampleTime()); !ok || e.Thread != want {
			t.Errorf("%s: thread %q, want %q (card: %t)", payload, e.Thread, want, ok)
		}
	}
}

func TestHostilePayloadsGiveAHarmlessCard(t *testing.T) {
	for _, raw := range []string{
		`{"action":"opened","issue":{"number":1,"title":"<at>everyone</at> [x](javascript:alert(1)) **b**","body":"` + strings.Repeat("x", 1<<20) + `","html_url":"javascript:alert(1)"},"sender":{"login":"<b>","avatar_url":"file:///etc/passwd"}}`,
		`{"action":"opened","issue":{"number":1,"title":"x","body":"[a](mention:ada) <at>all</at> ` + "`<at>all</at>`" + ` <a href='javascript:alert(1)'>b</a> ![c](file:///etc/passwd) ` + strings.Repeat("[d](https://e.example/d) ", 5000) + `"}}`,
		`{"action":"edited","changes":{"title":{"from":"<at>x</at>` + strings.Repeat("y", 1<<16) + `"}},"issue":{"number":1,"title":"x","assignees":[` + strings.Repeat(`{"login":"<at>z</at>"},`, 1000) + `{}]}}`,
		`{"action":"opened","issue":{"number":"17","title":["a"],"body":null},"sender":null,"repository":"x"}`,
		"{\"action\":\"opened\",\"issue\":{\"title\":\"a\\u0000b\\u202ec\\n# d\"}}",
	} {
		e, ok := (&GitHub{Events: []string{"*"}}).received("issues", "1", json.RawMessage(raw), sampleTime())
		if !ok {
			t.Errorf("no card for %.80s", raw)
			continue
		}
		connectortest.Harmless(t, e)
		if b, err := e.Card.MarshalJSON(); err != nil || len(b) > 4000 {
			t.Errorf("%.80s gives a card of %d bytes, %v", raw, len(b), err)
		}
	}
}

func FuzzReceived(f *testing.F) {
	for _, e := range examples(f) {
		f.Add(e.Name, []byte(e.Examples[0]))
	}
	f.Add("push", []byte(`{"ref":5,"commits":[{"id":"x"}]}`))
	everything := &GitHub{Events: []string{"*"}}
	f.Fuzz(func(t *testing.T, name string, raw []byte) {
		if e, ok := everything.received(name, "1", raw, sampleTime()); ok {
			connectortest.Harmless(t, e)
		}
	})
}
