package azuredevops

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/connector-relay/relay/relay/connector/connectortest"
	"github.com/connector-relay/relay/relay/event"
)

// firstComment is a comment in version 1 of its resource, which is the comment itself,
// with links to the rest.
const firstComment = `{"id":2,"author":{"displayName":"Grace"},"content":"Well done.","publishedDate":"2026-11-20T12:00:00Z","_links":{
	"threads":{"href":"https://dev.azure.com/acme/_apis/git/repositories/r1/pullRequests/42/threads/5"},
	"pullRequests":{"href":"https://dev.azure.com/acme/_apis/git/pullRequests/42"}}}`

// one receives a service hook's event and returns the one event it makes.
func one(t *testing.T, eventType, body string) event.Event {
	t.Helper()
	r := hook(eventType, "{}")
	r.Body = []byte(body)
	got, err := connectortest.New(t, New, map[string]any{
		"url": "https://dev.azure.com/acme", "project": "Relay", "username": "hooks", "password": "canary-password", "kinds": []string{"*"},
	}).Receive(t.Context(), r)
	if err != nil || len(got.Events) != 1 {
		t.Fatalf("%s: %+v, %v", eventType, got, err)
	}
	return got.Events[0]
}

// TestHooksAreReadInTheShapesTheyCome uses the shapes of the samples at
// https://learn.microsoft.com/azure/devops/service-hooks/events, with other people.
func TestHooksAreReadInTheShapesTheyCome(t *testing.T) {
	for _, test := range []struct{ name, eventType, resource, title string }{
		{
			"the release is known to the environment only", "ms.vss-release.deployment-started-event",
			`{"environment":{"id":5,"name":"Dev","status":"queued","release":{"id":5,"name":"Release-5"}},"release":{"id":0,"name":null,"createdBy":null,"releaseDefinition":{"id":1,"name":"Shop"}}}`,
			"The deployment of Release-5 to Dev began",
		},
		{
			"the environment is known to the approval only", "ms.vss-release.deployment-approval-pending-event",
			`{"approval":{"id":0,"approver":{"displayName":"Grace"},"status":"pending","releaseEnvironment":{"id":8,"name":"Dev"}},"release":{"id":1,"name":"Release-1"}}`,
			"Release-1 to Dev waits for approval",
		},
		{
			"a stage is known by its name", "ms.vss-pipelinechecks-events.approval-completed",
			`{"approval":{"id":"0f","steps":[{"status":"approved","comment":"Go"}],"status":"approved"},"pipeline":{"name":"CI"},"stage":null,"stageName":"Deploy"}`,
			"Deploy of CI was approved",
		},
		{"a deleted repository has a name", "git.repo.deleted", `{"repositoryId":"r1","repositoryName":"old","initiatedBy":{"displayName":"Ada"}}`, "Ada deleted repository old"},
		{"a renamed one has two", "git.repo.renamed", `{"oldName":"old","newName":"new","repository":{"id":"r1","name":"new"},"initiatedBy":{"displayName":"Ada"}}`, "Ada renamed repository old to new"},
		{"one may be enabled again", "git.repo.statuschanged", `{"disabled":false,"repository":{"name":"relay"},"initiatedBy":{"displayName":"Ada"}}`, "Ada enabled repository relay"},
		{"a comment is the resource", "ms.vss-code.git-pullrequest-comment-event", firstComment, "Grace commented on pull request 42"},
		{"an update has a number of its own", "workitem.updated", `{"id":2,"workItemId":0,"rev":2,"fields":{"System.State":{"oldValue":"New","newValue":"Done"}},"revision":{"id":5,"fields":{"System.Title":"Tabs","System.WorkItemType":"Bug"}}}`, "Bug 5: Tabs moved from New to Done"},
	} {
		e := one(t, test.eventType, string(hook(test.eventType, test.resource).Body))
		if e.Card.Title != test.title {
			t.Errorf("%s: %q, want %q", test.name, e.Card.Title, test.title)
		}
	}
	comment := one(t, "ms.vss-code.git-pullrequest-comment-event", string(hook("ms.vss-code.git-pullrequest-comment-event", firstComment).Body))
	if comment.Card.Text != "Well done." {
		t.Errorf("the comment says %q", comment.Card.Text)
	}
	old := one(t, "build.complete", string(hook("build.complete", `{"id":2,"buildNumber":"b2","status":"succeeded","sourceGetVersion":"LG:refs/heads/main:600c","definition":{"name":"CI"},"requests":[{"requestedFor":{"displayName":"Ada"}}]}`).Body))
	if facts := fmt.Sprint(old.Card.Sections[0].Facts); facts != "[{Branch main} {Requested by Ada}]" {
		t.Errorf("a build in the first version of its resource has the facts %s", facts)
	}
}

func TestWithoutDetailsTheHooksOwnWordsAreTheTitle(t *testing.T) {
	for _, k := range table() {
		if k.Own.hook == "" {
			continue
		}
		for words, title := range map[string]string{
			`{"text":"Bug #5 was *changed*.\r\n(https://dev.azure.com/acme)"}`: `Bug \#5 was \*changed\*.`,
			`null`: inWords(k),
		} {
			for _, resource := range []string{"null", "{}"} {
				e := one(t, k.Own.hook, fmt.Sprintf(`{"id":"e-1","eventType":%q,"message":%s,"resource":%s}`, k.Own.hook, words, resource))
				if e.Card.Title != title {
					t.Errorf("%s with %s and %s: %q, want %q", k.Own.hook, words, resource, e.Card.Title, title)
				}
			}
		}
	}
}

func TestHappeningsWithoutNumbersHaveKeysOfTheirOwn(t *testing.T) {
	for _, k := range table() {
		if k.Own.hook == "" {
			continue
		}
		for _, resource := range []string{"null", "{}", `{"url":"https://dev.azure.com/acme/_apis/x"}`, `{"repository":{"id":"r1"},"release":{},"approval":{},"comment":{},"run":{"state":"completed"}}`} {
			body := `{"id":%q,"eventType":%q,"resource":%s}`
			a, b := one(t, k.Own.hook, fmt.Sprintf(body, "e-1", k.Own.hook, resource)), one(t, k.Own.hook, fmt.Sprintf(body, "e-2", k.Own.hook, resource))
			if a.Key == b.Key {
				t.Errorf("%s with %s: two happenings are both %q", k.Own.hook, resource, a.Key)
			}
		}
	}
	// A work item's number alone does not distinguish one change from the next.
	body := `{"id":%q,"eventType":"workitem.updated","resource":{"id":17}}`
	if a, b := one(t, "workitem.updated", fmt.Sprintf(body, "e-1")), one(t, "workitem.updated", fmt.Sprintf(body, "e-2")); a.Key == b.Key {
		t.Errorf("two changes are both %q", a.Key)
	}
}

func TestARunOfAYAMLPipelineIsTheBuildThatAPollFinds(t *testing.T) {
	run := one(t, "ms.vss-pipelines.run-state-changed-event", string(hook("ms.vss-pipelines.run-state-changed-event", `{"run":{"id":3,"name":"20261120.3","state":"completed","result":"failed"},"pipeline":{"name":"CI"}}`).Body))
	build := one(t, "build.complete", string(hook("build.complete", built).Body))
	if run.Key != build.Key {
		t.Errorf("the run is %q and the build %q", run.Key, build.Key)
	}
}

func TestAPushIsPostedForAnyOfItsBranches(t *testing.T) {
	r, _ := read([]byte(`{"refUpdates":[{"name":"refs/heads/topic"},{"name":"refs/heads/main"}]}`))
	if a := (AzureDevOps{Branches: []string{"main"}}); !a.wants(byName("push"), r) {
		t.Error("a push to main and another branch is left out")
	}
	if a := (AzureDevOps{Branches: []string{"release/*"}}); a.wants(byName("push"), r) {
		t.Error("a push to other branches is posted")
	}
}

func TestAreasAreChosenWithSlashes(t *testing.T) {
	r, _ := read([]byte(`{"id":17,"fields":{"System.AreaPath":"Relay\\Web\\Forms"}}`))
	for pattern, want := range map[string]bool{"Relay/Web/*": true, `Relay\Web\*`: true, "relay/*": true, "Relay/Server/*": false, "Relay/Web": false} {
		if got := (&AzureDevOps{Areas: []string{pattern}}).wants(byName("work_item_created"), r); got != want {
			t.Errorf("%s: %t, want %t", pattern, got, want)
		}
	}
}

func TestAnEventNamesTheServiceHookItIs(t *testing.T) {
	for status, kind := range map[string]string{"completed": "pull_request_completed", "abandoned": "pull_request_abandoned"} {
		e := one(t, "git.pullrequest.updated", string(hook("git.pullrequest.updated", fmt.Sprintf(`{"pullRequestId":42,"status":%q}`, status)).Body))
		if e.Kind != kind || !bytes.Contains(e.Data, []byte(`"event_type":"git.pullrequest.updated"`)) {
			t.Errorf("%s: %s with %s", status, e.Kind, e.Data)
		}
	}
}
